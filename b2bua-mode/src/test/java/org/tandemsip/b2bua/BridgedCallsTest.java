package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.routing.CallRules;
import org.tandemsip.engine.routing.CreditPolicy;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.testkit.judge.Judge;
import org.tandemsip.testkit.judge.NodeFacts;
import org.tandemsip.testkit.judge.Violation;
import org.tandemsip.testkit.sim.LinkProfile;
import org.tandemsip.testkit.sim.UacPlan;
import org.tandemsip.testkit.sim.UacResult;
import org.tandemsip.testkit.wire.WireEvent;

/** Scripted agents call each other through a simulated B2BUA, over good and bad networks. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class BridgedCallsTest {
    private static final int SEEDS = Integer.getInteger("tandem.b2bua.seeds", 100);
    private static final String[] SCRIPTS =
            {"answer", "busy", "decline", "unavailable", "challenge", "redirect", "ring",
                "endless", "chatty", "silent", "late", "deaf", "fork", "norr"};
    private static final long SECOND = 1_000_000_000L;

    @Test
    void shouldReachEveryOutcomeWhenTheNetworkIsClean() {
        final Run run = new Run(7, LinkProfile.CLEAN, false, false);
        run.play();
        for (final UacResult result : run.caller.results()) {
            final int expected = switch (run.script(result)) {
                case "answer", "chatty", "fork", "norr" -> 200;
                case "busy" -> 486;
                case "decline" -> 603;
                case "unavailable" -> 503;
                case "challenge" -> 401;
                case "redirect" -> 302;
                case "silent" -> 408;
                default -> 487;
            };
            assertEquals(expected, result.status(), result + "\n" + run.ladder(result.callId()));
        }
        assertEquals(SCRIPTS.length, run.caller.results().size());
    }

    @Test
    void shouldEndBothLegsWhenTheNetworkLosesPackets() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            new Run(seed, new LinkProfile(0.2, 0.05, 0.1, 1_000_000, 20_000_000), false, false).play();
        }
    }

    @Test
    void shouldEndBothLegsOverStreams() {
        for (long seed = 1; seed <= Math.max(20, SEEDS / 5); seed++) {
            new Run(seed, new LinkProfile(0.05, 0, 0, 1_000_000, 20_000_000), true, seed % 2 == 0).play();
        }
    }

    @Test
    void shouldEndBothLegsWhenSessionsRunOutOrAreRefreshed() {
        for (long seed = 1; seed <= Math.max(20, SEEDS / 2); seed++) {
            new Run(seed, new LinkProfile(0.2, 0.05, 0.1, 1_000_000, 20_000_000), false, false,
                    new CallRules(90, 90, CallRules.Refer.PASS, false, List.of()), 250_000).play();
        }
    }

    @Test
    void shouldEndBothLegsWhenCallersAreShownEachBranchOfAFork() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            final boolean clean = seed % 3 == 0;
            new Run(seed, clean ? LinkProfile.CLEAN : new LinkProfile(0.2, 0.05, 0.1, 1_000_000, 20_000_000), false,
                    false, CallRules.DEFAULTS.with(CallRules.EarlyDialogs.EACH), 2_000).play();
        }
        final Run each = new Run(7, LinkProfile.CLEAN, false, false,
                CallRules.DEFAULTS.with(CallRules.EarlyDialogs.EACH), 2_000);
        each.play();
        assertEquals(2, each.tagsShown("fork"));
        final Run one = new Run(7, LinkProfile.CLEAN, false, false);
        one.play();
        assertEquals(1, one.tagsShown("fork"));
    }

    /** RFC 3262 and RFC 3311, before the call is answered and after, of one dialog and of several. */
    @Test
    void shouldTakeEachPrackToWhoHasSentTheResponse() {
        int pracks = 0;
        for (long seed = 1; seed <= 2 * SEEDS; seed++) {
            final boolean clean = seed % 3 == 0;
            final CallRules.EarlyDialogs shown =
                    seed % 2 == 0 ? CallRules.EarlyDialogs.EACH : CallRules.DEFAULTS.early();
            final Run run = new Run(seed, clean ? LinkProfile.CLEAN
                    : new LinkProfile(0.2, 0.05, 0.1, 1_000_000, 20_000_000), false, false,
                    CallRules.DEFAULTS.with(shown), 2_000);
            run.caller.reliable(true);
            run.callee.reliable(true);
            run.play();
            pracks += ReliableRules.judge(run.log, "b2bua", "seed " + seed);
            if (clean) {
                assertEquals(0, run.caller.neverAcknowledged() + run.callee.neverAcknowledged(), "seed " + seed);
            }
        }
        assertTrue(pracks > SEEDS * 10, "PRACKs: " + pracks);
    }

    @Test
    void shouldLeaveNothingBehindWhateverTheCreditServiceSays() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            final boolean clean = seed % 3 == 0;
            new Run(seed, clean ? LinkProfile.CLEAN : new LinkProfile(0.2, 0.05, 0.1, 1_000_000, 20_000_000), false,
                    false, CallRules.DEFAULTS, 7_000, new SimCredit(seed)).play();
        }
    }

    /** Refused by limits, tried at a peer that is dead, cancelled, lost: what was counted is given back. */
    @Test
    void shouldCountNoCallThatIsOver() {
        long tooMany = 0;
        long tooFast = 0;
        long timeouts = 0;
        for (long seed = 1; seed <= SEEDS; seed++) {
            final boolean clean = seed % 3 == 0;
            final Run run = new Run(seed, clean ? LinkProfile.CLEAN
                    : new LinkProfile(0.2, 0.05, 0.1, 1_000_000, 20_000_000), false, false, CallRules.DEFAULTS,
                    2_000, new SimBridge.Bounds(2 + (int) (seed % 4), 1 + (int) (seed % 3), 600_000_000L));
            run.play();
            for (final Trunk trunk : run.policy.trunks()) {
                tooMany += trunk.state().refusedCalls();
                tooFast += trunk.state().refusedRate();
            }
            timeouts += run.log.events().stream().filter(event -> event.kind() == WireEvent.Kind.SENT
                    && event.message() != null && event.message().isRequest()
                    && event.packet().to().host().equals("10.0.2.9")).count();
        }
        assertTrue(tooMany > 0 && tooFast > 0 && timeouts > 0, tooMany + ", " + tooFast + ", " + timeouts);
    }

    private static final class Run extends SimBridge {
        private final int holdMs;
        private final SimCredit credit;
        private final MemoryRecords records;

        private Run(final long seed, final LinkProfile profile, final boolean callerStream,
                final boolean calleeStream) {
            this(seed, profile, callerStream, calleeStream, CallRules.DEFAULTS, 2_000);
        }

        private Run(final long seed, final LinkProfile profile, final boolean callerStream,
                final boolean calleeStream, final CallRules rules, final int holdMs) {
            this(seed, profile, callerStream, calleeStream, rules, holdMs, (SimCredit) null);
        }

        private Run(final long seed, final LinkProfile profile, final boolean callerStream,
                final boolean calleeStream, final CallRules rules, final int holdMs, final SimCredit credit) {
            final MemoryRecords kept = new MemoryRecords();
            super(seed, profile, callerStream, calleeStream, rules,
                    (context, loop) -> calls(context, seed, credit, kept, loop.nowNs()));
            records = kept;
            this.credit = credit;
            this.holdMs = holdMs;
            if (credit != null) {
                credit.of(loop, node);
            }
        }

        private Run(final long seed, final LinkProfile profile, final boolean callerStream,
                final boolean calleeStream, final CallRules rules, final int holdMs, final Bounds bounds) {
            final MemoryRecords kept = new MemoryRecords();
            super(seed, profile, callerStream, calleeStream, rules, bounds, kept::mode);
            records = kept;
            this.holdMs = holdMs;
            credit = null;
        }

        private static B2bua calls(final ShardContext context, final long seed, final SimCredit credit,
                final MemoryRecords records, final long nowNs) {
            final B2bua calls = new B2bua(context);
            calls.records(records, nowNs);
            if (credit != null) {
                ((RoutingPolicy) context.policy()).trunks().getFirst().state()
                        .credit(seed % 2 == 0 ? CreditPolicy.OPEN : CreditPolicy.CLOSED);
                calls.credit(credit);
            }
            return calls;
        }

        private void play() {
            final UacPlan.Kind[] kinds = {UacPlan.Kind.CALL, UacPlan.Kind.REINVITE, UacPlan.Kind.GLARE,
                UacPlan.Kind.CANCEL, UacPlan.Kind.NO_ACK, UacPlan.Kind.LATE_RETRANSMISSION};
            for (int i = 0; i < SCRIPTS.length; i++) {
                final UacPlan.Kind kind = seed == 7 ? UacPlan.Kind.CALL : kinds[random.nextInt(kinds.length)];
                final UacPlan plan = new UacPlan(kind, 500 + random.nextInt(3_000), holdMs, random.nextBoolean(), 10,
                        60_000, 70, seed % 3 == 0);
                final String uri = "sip:" + SCRIPTS[i] + ".r1200.h" + holdMs + ".c.g@10.0.9.1";
                final String callId = SCRIPTS[i] + "@" + seed;
                loop.after(i * 300_000_000L, () -> caller.start(plan, uri, callId));
            }
            final long start = loop.nowNs();
            loop.runUntil(start + 60 * SECOND);
            network.heal();
            loop.runUntil(start + 900 * SECOND);
            final NodeFacts facts = node.facts();
            assertEquals(List.of(), facts.faults(), "seed " + seed);
            final List<Violation> violations = new ArrayList<>(Judge.judge(log, List.of(), List.of(facts), Set.of()));
            // What the rate refuses is refused without state (RFC 3261 section 8.2.7): no timer G, and where that is
            // lost the INVITE that comes again may be let in.
            violations.removeIf(violation -> Set.of("I-01", "I-02", "I-12").contains(violation.invariant())
                    && wasRefusedAtOnce(violation.callId()));
            assertTrue(violations.isEmpty(), () -> "seed " + seed + ": " + violations + "\n"
                    + log.ladder(violations.get(0).callId(), 80, start));
            final List<String> legs = LegRules.judge(log, "b2bua", "10.0.1.1", "10.0.2.1");
            assertEquals(List.of(), legs, "seed " + seed);
            assertEquals(List.of(), RecordRules.judge(log, records.lines, "10.0.1.1"), "seed " + seed);
            assertEquals(Set.of(), records.states.keySet(), "seed " + seed);
            if (credit != null) {
                credit.judge("seed " + seed);
            }
            assertEquals(0, carried(), "trunks, seed " + seed);
            assertEquals(0, facts.excess(), "limits, seed " + seed);
            assertEquals(0, facts.live(), "node, seed " + seed);
            assertEquals(0, facts.armedTimers(), "timers, seed " + seed);
            assertEquals(0, caller.live(), "caller, seed " + seed + ": " + caller.leftovers());
            assertEquals(callee.unanswered(), callee.live(), "callee, seed " + seed + ": " + callee.leftovers());
        }

        private boolean wasRefusedAtOnce(final String callId) {
            return log.events().stream().anyMatch(event -> event.kind() == WireEvent.Kind.SENT
                    && event.element().equals("b2bua") && event.message() != null
                    && event.message().callId().equals(callId) && event.message().status() == 503
                    && !event.message().toTag().startsWith("B2B."));
        }

        /** To tags of ours that the caller of this script has been answered its INVITE with. */
        private long tagsShown(final String script) {
            return log.events().stream().filter(event -> event.kind() == WireEvent.Kind.SENT
                    && event.element().equals("b2bua") && event.message() != null && !event.message().isRequest()
                    && event.message().callId().startsWith(script + '@') && event.message().method().equals("INVITE"))
                    .map(event -> event.message().toTag()).filter(tag -> !tag.isEmpty()).distinct().count();
        }

        private String ladder(final String callId) {
            return log.ladder(callId, 80, 0);
        }

        private String script(final UacResult result) {
            return result.callId().substring(0, result.callId().indexOf('@'));
        }
    }
}
