package org.tandemsip.testkit.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Thousands of seeded runs of the real shards and proxies. {@code -Dtandem.sim.seed=N} replays one seed,
 * {@code -Dtandem.sim.seeds=1000000} runs a million, {@code -Dtandem.sim.from=N} begins at another than 1.
 */
@Timeout(value = 7, unit = TimeUnit.DAYS)
class SimulationTest {
    private static final int MOST_REPORTS = 3;

    @Test
    void shouldKeepAllInvariantsWhateverTheSeed() {
        final Long single = Long.getLong("tandem.sim.seed");
        final long from = single != null ? single : Long.getLong("tandem.sim.from", 1);
        final long to = single != null ? single : from + Long.getLong("tandem.sim.seeds", 2_000) - 1;
        final StringBuilder reports = new StringBuilder();
        final Map<String, Integer> broken = new TreeMap<>();
        int failures = 0;
        for (long seed = from; seed <= to; seed++) {
            final SimRun.Outcome outcome = SimRun.run(seed);
            if (!outcome.violations().isEmpty()) {
                broken.merge(outcome.violations().get(0).invariant(), 1, Integer::sum);
                reports.append(failures++ < MOST_REPORTS ? outcome.report() + "\n\n" : "");
            } else if (seed % 100 == 0) {
                assertEquals(outcome.sha256(), SimRun.run(seed).sha256(), "seed " + seed + " is not repeatable");
            }
        }
        if (failures > 0) {
            fail(failures + " of " + (to - from + 1) + " seeds failed, first violations by invariant: " + broken + "\n"
                    + reports);
        }
    }
}
