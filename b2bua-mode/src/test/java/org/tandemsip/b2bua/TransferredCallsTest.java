package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.engine.routing.CallRules;
import org.tandemsip.engine.timer.Timing;
import org.tandemsip.testkit.sim.LinkProfile;
import org.tandemsip.testkit.sim.UacPlan;
import org.tandemsip.testkit.wire.WireEvent;
import org.tandemsip.testkit.wire.WireMessage;

/**
 * Callers of a simulated B2BUA have it bring together who they have called with somebody else (RFC 3515), over bad
 * networks and while it is killed and started again. Whatever comes of that, of two who were brought together one ends
 * if and only if the other does (I-15), and so do the two of a call that was not transferred.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class TransferredCallsTest {
    private static final int SEEDS = Integer.getInteger("tandem.b2bua.seeds", 100);
    private static final int CALLS = 6;
    private static final long SECOND = 1_000_000_000L;
    private static final long MS = 1_000_000L;
    /** What two ends may be apart: all that is sent is given up after 32 s, and who is gone is asked for first. */
    private static final long APART_NS = 70 * SECOND;
    /** Who is asked for in a REFER; most answer. */
    private static final String[] THIRDS = {"answer", "answer", "answer", "busy", "ring", "chatty"};

    @Test
    void shouldEndBothSidesWhateverComesOfATransfer() {
        int bridged = 0;
        for (long seed = 1; seed <= SEEDS; seed++) {
            bridged += new Run(seed, LinkProfile.CLEAN, false).play();
        }
        assertTrue(bridged > SEEDS, "only " + bridged + " transfers");
    }

    @Test
    void shouldEndBothSidesWhenTheNetworkLosesPackets() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            new Run(seed, new LinkProfile(0.1, 0.05, 0.1, 1_000_000, 20_000_000), false).play();
        }
    }

    @Test
    void shouldEndBothSidesWhenItIsKilledMeanwhile() {
        int bridged = 0;
        for (long seed = 1; seed <= SEEDS; seed++) {
            bridged += new Run(seed, LinkProfile.CLEAN, true).play();
        }
        assertTrue(bridged > SEEDS / 2, "only " + bridged + " transfers");
    }

    @Test
    void shouldEndBothSidesWhenItIsKilledAndTheNetworkLosesPackets() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            new Run(seed, new LinkProfile(0.1, 0.05, 0.1, 1_000_000, 20_000_000), true).play();
        }
    }

    private static final class Run extends SimBridge {
        private final MemoryRecords records;
        private final boolean killed;
        private final boolean releases;
        /** By agent and Call-ID: dialogs that were confirmed, and when they ended. */
        private final Set<String> confirmed = new HashSet<>();
        private final Map<String, Long> ended = new HashMap<>();
        /**
         * By user: the Call-ID of the confirmed dialog with it that has ended last. One that was answered while nobody
         * was there is ended as soon as that is known.
         */
        private final Map<String, String> asked = new HashMap<>();
        /** Call-IDs of those who were not wanted any more when they answered: nobody was brought together with them. */
        private final Set<String> cancelled = new HashSet<>();

        private Run(final long seed, final LinkProfile profile, final boolean killed) {
            final MemoryRecords kept = new MemoryRecords();
            super(seed, profile, false, false, new CallRules(0, 90,
                    seed % 3 == 0 ? CallRules.Refer.RELEASE : CallRules.Refer.HANDLE, seed % 4 == 0, List.of()),
                    kept::mode);
            records = kept;
            this.killed = killed;
            releases = seed % 3 == 0;
        }

        /** Who was called stays for hours; who it is brought together with hangs up after minutes. */
        private static String first(final int call) {
            return "answer.r300.h" + (8_000_000 + call);
        }

        private static String third(final int call, final long seed) {
            return THIRDS[(int) ((call + seed) % THIRDS.length)] + ".r300.h" + (300_000 + call) + ".c";
        }

        /** Returns how many were brought together. */
        private int play() {
            for (int i = 0; i < CALLS; i++) {
                final int call = i;
                final UacPlan plan = new UacPlan(UacPlan.Kind.CALL, 0, 3_000 + random.nextInt(20_000), false, 10,
                        60_000, 70, false);
                loop.after(i * 300 * MS, () -> caller.start(plan, "sip:" + first(call) + "@10.0.9.1",
                        call + "@" + seed, "sip:" + third(call, seed) + "@10.0.9.1"));
            }
            if (killed) {
                kills(records, 15);
            }
            loop.runUntil(start + 60 * SECOND);
            network.heal();
            loop.runUntil(start + 5 * 3_600 * SECOND);
            return judge();
        }

        private int judge() {
            nothingIsLeft(records);
            read();
            int bridged = 0;
            for (int i = 0; i < CALLS; i++) {
                final String one = asked.get(first(i));
                final String third = asked.get(third(i, seed));
                if (one == null) {
                    continue;
                }
                final String callId = i + "@" + seed;
                if (third != null && !cancelled.contains(third)) {
                    together(callId, "callee" + one, "callee" + third, APART_NS);
                    bridged++;
                    continue;
                }
                // Who is killed while it ends such a dialog knows nothing of that afterwards.
                assertTrue(third == null || killed || ended.containsKey("callee" + third), "seed " + seed);
                if (confirmed.contains("caller" + callId)) {
                    // Who was let go at once leaves the other one waiting for as long as somebody may ring.
                    together(callId, "caller" + callId, "callee" + one,
                            releases ? APART_NS + Timing.DEFAULTS.timerCNs() : APART_NS);
                }
            }
            return bridged;
        }

        private void together(final String callId, final String one, final String other, final long apartNs) {
            final Long first = ended.get(one);
            final Long second = ended.get(other);
            assertTrue(first != null && second != null && Math.abs(first - second) <= apartNs,
                    () -> "seed " + seed + ", call " + callId + ": " + one + " ended at "
                            + (first == null ? null : (first - start) / MS) + ", " + other + " at "
                            + (second == null ? null : (second - start) / MS) + "\n" + ladder(callId, one, other));
        }

        private String ladder(final String callId, final String... dialogs) {
            final StringBuilder text = new StringBuilder(log.ladder(callId, 200, start));
            final Set<String> seen = new HashSet<>(Set.of(callId));
            for (final String dialog : dialogs) {
                final String id = dialog.substring("callee".length());
                if (seen.add(id)) {
                    text.append('\n').append(log.ladder(id, 200, start));
                }
            }
            return text.toString();
        }

        private void read() {
            final Set<String> accepted = new HashSet<>();
            final Map<String, String> users = new HashMap<>();
            for (final WireEvent event : log.events()) {
                final WireMessage message = event.message();
                if (message != null && message.isRequest() && message.method().equals("CANCEL")) {
                    cancelled.add(message.callId());
                }
                if (message == null || event.element().equals("b2bua")
                        || event.kind() != WireEvent.Kind.SENT && event.kind() != WireEvent.Kind.DELIVERED) {
                    continue;
                }
                final String dialog = event.element() + message.callId();
                if (!message.isRequest()) {
                    if (message.method().equals("INVITE") && message.status() / 100 == 2) {
                        accepted.add(dialog);
                    }
                    continue;
                }
                switch (message.method()) {
                    case "INVITE" -> {
                        if (event.element().equals("callee") && message.toTag().isEmpty()) {
                            final String uri = message.uri();
                            users.put(message.callId(), uri.substring(uri.indexOf(':') + 1, uri.indexOf('@')));
                        }
                    }
                    case "ACK" -> {
                        if (accepted.contains(dialog)) {
                            confirmed.add(dialog);
                        }
                    }
                    case "BYE" -> ended.putIfAbsent(dialog, event.timeNs());
                    default -> {
                        // Says nothing about the life of a dialog.
                    }
                }
            }
            users.forEach((callId, user) -> {
                if (confirmed.contains("callee" + callId)) {
                    asked.merge(user, callId, (one, other) -> endOf(one) > endOf(other) ? one : other);
                }
            });
        }

        private long endOf(final String callId) {
            return ended.getOrDefault("callee" + callId, Long.MAX_VALUE);
        }
    }
}
