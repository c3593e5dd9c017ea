package org.tandemsip.testkit.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.testkit.judge.Judge;
import org.tandemsip.testkit.judge.Violation;
import org.tandemsip.testkit.wire.SimAddress;
import org.tandemsip.testkit.wire.WireLog;

/** The scripted agents against each other, without a proxy: what judges the product must itself keep the rules. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class DirectCallsTest {
    private static final int SEEDS = 300;
    private static final String[] SCRIPTS =
            {"answer", "busy", "decline", "unavailable", "challenge", "redirect", "ring",
                "endless", "chatty", "silent", "late", "deaf", "fork", "norr"};

    @Test
    void shouldKeepTheRulesWhenTheNetworkLosesPackets() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            final LinkProfile profile = new LinkProfile(0.2, 0.05, 0.1, 1_000_000, 20_000_000);
            run(seed, profile);
        }
    }

    @Test
    void shouldReachEveryOutcomeWhenTheNetworkIsClean() {
        final Run run = run(7, LinkProfile.CLEAN);
        for (final UacResult result : run.caller.results()) {
            final int expected = switch (run.script(result)) {
                case "answer", "chatty", "fork", "norr" -> 200;
                case "busy" -> 486;
                case "decline" -> 603;
                case "unavailable" -> 503;
                case "challenge" -> 401;
                case "redirect" -> 302;
                case "ring", "endless" -> 487;
                case "late" -> 200;
                default -> 0;
            };
            assertEquals(expected, result.status(), result + "\n" + run.log.ladder(result.callId(), 60, 0));
        }
        assertEquals(SCRIPTS.length, run.caller.results().size());
    }

    @Test
    void shouldCarryStreamsWhenMessagesAreCutAnywhere() {
        for (long seed = 1; seed <= 50; seed++) {
            final Run run = new Run(seed, new LinkProfile(0.05, 0, 0, 1_000_000, 20_000_000), true);
            run.play();
            for (final UacResult result : run.caller.results()) {
                if (run.script(result).equals("answer")) {
                    assertEquals(200, result.status(), run.log.ladder(result.callId(), 60, 0));
                    assertTrue(result.byeOk(), run.log.ladder(result.callId(), 60, 0));
                }
            }
        }
    }

    private static Run run(final long seed, final LinkProfile profile) {
        final Run run = new Run(seed, profile, false);
        run.play();
        return run;
    }

    private static final class Run {
        private final WireLog log = new WireLog();
        private final SimLoop loop;
        private final SimNetwork network;
        private final SimUa caller;
        private final SimUa callee;
        private final SplittableRandom random;
        private final long seed;

        private Run(final long seed, final LinkProfile profile, final boolean stream) {
            this.seed = seed;
            random = new SplittableRandom(seed);
            loop = new SimLoop(random.nextLong(-1_000_000_000L, 1_000_000_000L));
            network = new SimNetwork(loop, random.split(), log);
            network.standard(profile);
            final SimAddress a = SimAddress.of("10.0.1.1");
            final SimAddress b = SimAddress.of("10.0.2.1");
            caller = new SimUa("caller", network, random.split(), a, a, stream, null, 0).rport(seed % 2 == 0);
            callee = new SimUa("callee", network, random.split(), b, b, stream, null, 0);
        }

        private void play() {
            final UacPlan.Kind[] kinds = UacPlan.Kind.values();
            for (int i = 0; i < SCRIPTS.length; i++) {
                final UacPlan.Kind kind = seed == 7 ? UacPlan.Kind.CALL : kinds[random.nextInt(kinds.length)];
                final UacPlan plan = new UacPlan(kind, 500 + random.nextInt(3_000), 2_000, random.nextBoolean(), 10,
                        60_000, 70, seed % 3 == 0);
                final String uri = "sip:" + SCRIPTS[i] + ".r1200.h2000.c.g@10.0.2.1";
                final String callId = SCRIPTS[i] + "@" + seed;
                loop.after(i * 300_000_000L, () -> caller.start(plan, uri, callId));
            }
            final long start = loop.nowNs();
            loop.runUntil(start + 60_000_000_000L);
            network.heal();
            loop.runUntil(start + 900_000_000_000L);
            final List<Violation> violations = Judge.judge(log, List.of(), List.of(), Set.of());
            assertTrue(violations.isEmpty(), () -> "seed " + seed + ": " + violations + "\n"
                    + log.ladder(violations.get(0).callId(), 80, start));
            assertEquals(0, caller.live(), "caller, seed " + seed);
            assertEquals(1 * waiting(), callee.live(), "callee, seed " + seed);
        }

        /** INVITEs that the callee never answers by design. */
        private long waiting() {
            return callee.unanswered();
        }

        private String script(final UacResult result) {
            return result.callId().substring(0, result.callId().indexOf('@'));
        }
    }
}
