package org.tandemsip.perf.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SearchTest {
    @ParameterizedTest
    @ValueSource(ints = {3, 999, 1_000, 1_001, 11_500, 19_000, 31_999})
    void shouldComeWithinTwoPercentOfTheTruth(final int truth) {
        final Search search = new Search(1_000, 1e9);

        final int steps = run(search, truth);

        assertTrue(search.best() <= truth, "best " + search.best());
        assertTrue(search.best() * 1.02 >= truth || truth - search.best() < 1, "best " + search.best());
        assertTrue(steps < 25, "steps " + steps);
        assertFalse(search.limited());
    }

    @Test
    void shouldNotGoBeyondTheLimit() {
        final Search search = new Search(1_000, 5_000);

        run(search, 1_000_000);

        assertEquals(5_000, search.best());
        assertTrue(search.limited());
    }

    @Test
    void shouldFindNothingWhenNothingPasses() {
        final Search search = new Search(1_000, 5_000);

        run(search, 0);

        assertEquals(0, search.best());
        assertFalse(search.limited());
    }

    @Test
    void shouldKeepWhatPassedWhenItIsStopped() {
        final Search search = new Search(1_000, 1e9);
        search.tell(true);

        search.stop();

        assertTrue(Double.isNaN(search.next()));
        assertEquals(1_000, search.best());
        assertTrue(search.limited());
    }

    private static int run(final Search search, final int truth) {
        int steps = 0;
        while (!Double.isNaN(search.next())) {
            steps++;
            search.tell(search.next() <= truth);
        }
        return steps;
    }
}
