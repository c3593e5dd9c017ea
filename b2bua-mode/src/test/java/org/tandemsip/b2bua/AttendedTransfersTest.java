package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
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
 * Callers of a simulated B2BUA with two shards have two calls each, one in either shard, and have it bring together who
 * they have called (RFC 5589 section 7), over bad networks and while it is killed and started again; and what the shards
 * say to each other comes late, twice or never. Whatever comes of that, of two who were brought together one ends if and
 * only if the other does (I-15), and so do the two of each call that is left.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class AttendedTransfersTest {
    private static final int SEEDS = Integer.getInteger("tandem.b2bua.seeds", 100);
    private static final int CALLS = 6;
    private static final int SHARDS = 2;
    private static final long SECOND = 1_000_000_000L;
    private static final long MS = 1_000_000L;
    /** What two ends may be apart: all that is sent is given up after 32 s, and who is gone is asked for first. */
    private static final long APART_NS = 70 * SECOND;
    private static final LinkProfile BAD = new LinkProfile(0.1, 0.05, 0.1, 1_000_000, 20_000_000);

    /** What has come of all runs. */
    private int bridged;
    private int crossed;
    private final Map<String, Long> counts = new HashMap<>();

    private void play(final LinkProfile profile, final boolean killed) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            final Run run = new Run(seed, profile, killed);
            bridged += run.play();
            crossed += run.crossed;
            run.node.facts().counters().forEach((name, count) -> counts.merge(name, count, Long::sum));
        }
    }

    private void assertCounted(final String... names) {
        for (final String name : names) {
            assertTrue(counts.getOrDefault(name, 0L) > 0, name + " of " + counts);
        }
    }

    @Test
    void shouldEndBothSidesWhateverComesOfATransfer() {
        play(LinkProfile.CLEAN, false);
        assertTrue(bridged > SEEDS, "only " + bridged + " transfers");
        assertTrue(crossed > 2 * bridged, "only " + crossed + " commands");
        assertCounted("REPLACES_UNANSWERED", "DIALOG_LATE");
    }

    @Test
    void shouldEndBothSidesWhenTheNetworkLosesPackets() {
        play(BAD, false);
        assertTrue(bridged > SEEDS / 2, "only " + bridged + " transfers");
    }

    @Test
    void shouldEndBothSidesWhenItIsKilledMeanwhile() {
        play(LinkProfile.CLEAN, true);
        assertTrue(bridged > SEEDS / 2, "only " + bridged + " transfers");
    }

    @Test
    void shouldEndBothSidesWhenItIsKilledAndTheNetworkLosesPackets() {
        play(BAD, true);
    }

    private static final class Run extends SimBridge {
        private final MemoryRecords records;
        private final boolean killed;
        private final boolean releases;
        private final String[] callIds = new String[2 * CALLS];
        /** By agent and Call-ID: dialogs that were confirmed, and when they ended. */
        private final Set<String> confirmed = new HashSet<>();
        private final Map<String, Long> ended = new HashMap<>();
        /** Call-ID of the dialog in which a user was called. */
        private final Map<String, String> asked = new HashMap<>();
        /** By Call-ID of the dialog that was to be replaced: those in its place, several where a REFER came again. */
        private final Map<String, List<String>> replaced = new HashMap<>();
        /** Call-IDs of those who were not wanted any more when they answered: nobody was brought together with them. */
        private final Set<String> cancelled = new HashSet<>();

        private Run(final long seed, final LinkProfile profile, final boolean killed) {
            final MemoryRecords kept = new MemoryRecords();
            super(seed, profile, new CallRules(0, 90,
                    seed % 3 == 0 ? CallRules.Refer.RELEASE : CallRules.Refer.HANDLE, seed % 4 == 0, List.of()), SHARDS,
                    kept::mode);
            records = kept;
            this.killed = killed;
            releases = seed % 3 == 0;
            for (int i = 0; i < callIds.length; i++) {
                int draw = 0;
                do {
                    callIds[i] = i + "." + draw++ + "@" + seed;
                } while (shardOf(callIds[i], SHARDS) != (i + i / 2) % SHARDS);
            }
        }

        /** Whoever was called stays for hours. */
        private static String user(final int number) {
            return "answer.r300.h" + (8_000_000 + number);
        }

        private UacPlan plan(final int holdMs) {
            return new UacPlan(UacPlan.Kind.CALL, 0, holdMs, false, 10, 60_000, 70, false);
        }

        private int play() {
            for (int i = 0; i < CALLS; i++) {
                final int call = 2 * i;
                final UacPlan first = plan(3_000 + random.nextInt(20_000));
                // Some of the second calls are over by then.
                final UacPlan second = plan(4_000 + random.nextInt(60_000));
                loop.after(i * 300 * MS,
                        () -> caller.startAttended(first, "sip:" + user(call) + "@10.0.9.1", callIds[call], second,
                                "sip:" + user(call + 1) + "@10.0.9.1", callIds[call + 1]));
            }
            if (killed) {
                kills(records, 15);
            }
            loop.runUntil(start + 90 * SECOND);
            network.heal();
            loop.runUntil(start + 5 * 3_600 * SECOND);
            return judge();
        }

        private int judge() {
            nothingIsLeft(records);
            assertEquals(0, carried(), "carried, seed " + seed);
            read();
            int together = 0;
            for (int i = 0; i < callIds.length; i += 2) {
                together += judge(i) ? 1 : 0;
            }
            return together;
        }

        /** Whether the two who were called in a pair of calls were brought together. */
        private boolean judge(final int first) {
            final String one = asked.get(user(first));
            final String two = asked.get(user(first + 1));
            final List<String> thirds = replaced.getOrDefault(two, List.of());
            // Who was let go at once leaves the other one waiting for as long as somebody may answer.
            final long apartNs = releases ? APART_NS + Timing.DEFAULTS.timerCNs() : APART_NS;
            final boolean wanted = !cancelled.containsAll(thirds);
            if (two != null) {
                together(apartNs, "caller" + callIds[first + 1], "callee" + two);
            }
            if (one == null) {
                return false;
            }
            if (thirds.stream().anyMatch(third -> !cancelled.contains(third)
                    && areTogether(APART_NS, "callee" + one, "callee" + third))) {
                return true;
            }
            // A new call that is killed before it is one is ended when its 2xx comes again.
            assertTrue(!wanted || killed, () -> "seed " + seed + "\n" + ladder(callIds[first], one, two) + thirds);
            together(apartNs, "caller" + callIds[first], "callee" + one);
            return false;
        }

        private boolean areTogether(final long apartNs, final String one, final String other) {
            final Long first = ended.get(one);
            final Long second = ended.get(other);
            return first != null && second != null && Math.abs(first - second) <= apartNs;
        }

        private void together(final long apartNs, final String caller, final String callee) {
            if (confirmed.contains(caller)) {
                assertTrue(areTogether(apartNs, caller, callee),
                        () -> "seed " + seed + ": " + caller + " ended at " + ended.get(caller) + ", " + callee + " at "
                                + ended.get(callee) + "\n" + ladder(caller.substring(6), callee.substring(6)));
            }
        }

        private String ladder(final String... callIdsOfThem) {
            final StringBuilder text = new StringBuilder();
            for (final String callId : callIdsOfThem) {
                text.append(callId == null ? "" : log.ladder(callId, 200, start)).append('\n');
            }
            return text.toString();
        }

        private void read() {
            final Set<String> accepted = new HashSet<>();
            final Map<String, String> replaces = new HashMap<>();
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
                            final List<String> row = message.all("replaces");
                            if (row.isEmpty()) {
                                asked.put(uri.substring(uri.indexOf(':') + 1, uri.indexOf('@')), message.callId());
                            } else {
                                replaces.put(message.callId(),
                                        row.getFirst().substring(0, row.getFirst().indexOf(';')));
                            }
                        }
                    }
                    case "ACK" -> {
                        if (accepted.contains(dialog) && confirmed.add(dialog)
                                && replaces.containsKey(message.callId())) {
                            replaced.computeIfAbsent(replaces.get(message.callId()), _ -> new ArrayList<>())
                                    .add(message.callId());
                        }
                    }
                    case "BYE" -> ended.putIfAbsent(dialog, event.timeNs());
                    default -> {
                        // Says nothing about the life of a dialog.
                    }
                }
            }
            asked.values().removeIf(callId -> !confirmed.contains("callee" + callId));
        }
    }
}
