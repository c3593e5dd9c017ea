package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.engine.routing.CallRules;
import org.tandemsip.testkit.sim.LinkProfile;
import org.tandemsip.testkit.sim.UacPlan;
import org.tandemsip.testkit.wire.WireEvent;
import org.tandemsip.testkit.wire.WireMessage;

/**
 * A simulated B2BUA that is killed at any point, once or more often, and started again with nothing but what it had
 * written down. Whatever that point was: one record per INVITE that was let in (I-25), and of each call whose two sides
 * were up, one ends if and only if the other does (I-15).
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class RestartedCallsTest {
    private static final int SEEDS = Integer.getInteger("tandem.b2bua.seeds", 100);
    private static final String[] SCRIPTS =
            {"answer", "busy", "ring", "chatty", "answer2", "answer3", "answer4", "late"};
    private static final long SECOND = 1_000_000_000L;
    private static final long MS = 1_000_000L;

    @Test
    void shouldEndBothLegsAndWriteOneRecordWheneverItIsKilled() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            new Run(seed, LinkProfile.CLEAN).play();
        }
    }

    @Test
    void shouldDoSoWhenTheNetworkLosesPackets() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            new Run(seed, new LinkProfile(0.1, 0.05, 0.1, 1_000_000, 20_000_000)).play();
        }
    }

    private static final class Run extends SimBridge {
        private final MemoryRecords records;

        private Run(final long seed, final LinkProfile profile) {
            final MemoryRecords kept = new MemoryRecords();
            super(seed, profile, false, false, CallRules.DEFAULTS, kept::mode);
            records = kept;
        }

        private void play() {
            final UacPlan.Kind[] kinds = {UacPlan.Kind.CALL, UacPlan.Kind.REINVITE, UacPlan.Kind.CANCEL};
            for (int i = 0; i < SCRIPTS.length; i++) {
                final UacPlan plan = new UacPlan(kinds[random.nextInt(kinds.length)], 500 + random.nextInt(3_000),
                        2_000 + random.nextInt(4_000), random.nextBoolean(), 10, 60_000, 70, false);
                final String uri = "sip:" + SCRIPTS[i].replaceAll("\\d", "") + ".r600.h4000.c@10.0.9.1";
                final String callId = SCRIPTS[i] + "@" + seed;
                loop.after(i * 300 * MS, () -> caller.start(plan, uri, callId));
            }
            kills(records, 8);
            loop.runUntil(start + 60 * SECOND);
            network.heal();
            loop.runUntil(start + 5 * 3_600 * SECOND);
            judge();
        }

        private void judge() {
            assertEquals(Set.of(), records.states.keySet(), () -> "seed " + seed + ladders());
            nothingIsLeft(records);
            assertEquals(List.of(), RecordRules.judge(log, records.lines, "10.0.1.1"),
                    () -> "seed " + seed + ladders());
            for (final String callId : confirmed()) {
                final Set<String> ended = ends(callId);
                assertEquals(Set.of("caller", "callee"), ended, () -> "seed " + seed + ": " + callId + "\n"
                        + log.ladder(callId, 120, start));
            }
        }

        /** What was seen of the calls that have no record. */
        private String ladders() {
            final StringBuilder text = new StringBuilder();
            for (final String script : SCRIPTS) {
                if (records.lines.stream().noneMatch(line -> line.contains("\"" + script + "@"))) {
                    text.append('\n').append(log.ladder(script + "@" + seed, 60, start));
                }
            }
            return text.toString();
        }

        /** Calls of which the caller has got a 2xx and acknowledged it. */
        private Set<String> confirmed() {
            final Set<String> confirmed = new HashSet<>();
            for (final WireEvent event : log.events()) {
                final WireMessage message = event.message();
                if (message != null && event.kind() == WireEvent.Kind.SENT && event.element().equals("caller")
                        && message.isRequest() && message.method().equals("ACK") && !message.toTag().isEmpty()
                        && answered(message.callId())) {
                    confirmed.add(message.callId());
                }
            }
            return confirmed;
        }

        private boolean answered(final String callId) {
            return log.events().stream().anyMatch(event -> event.message() != null
                    && event.kind() == WireEvent.Kind.DELIVERED && event.element().equals("caller")
                    && event.message().callId().equals(callId) && !event.message().isRequest()
                    && event.message().method().equals("INVITE") && event.message().status() / 100 == 2);
        }

        /** Who has sent or got a BYE for the call that began with this Call-ID. */
        private Set<String> ends(final String callId) {
            final Set<String> ended = new HashSet<>();
            final Set<String> others = new HashSet<>();
            for (final String line : records.lines) {
                if (line.contains("\"call_id\":\"" + callId + "\"")) {
                    final Matcher matcher = Pattern.compile("\"xcid\":\"([^\"]*)\"").matcher(line);
                    if (matcher.find()) {
                        others.add(matcher.group(1));
                    }
                }
            }
            for (final WireEvent event : log.events()) {
                final WireMessage message = event.message();
                if (message != null && message.isRequest() && message.method().equals("BYE")
                        && (event.kind() == WireEvent.Kind.DELIVERED || event.kind() == WireEvent.Kind.SENT)) {
                    if (event.element().equals("caller") && message.callId().equals(callId)) {
                        ended.add("caller");
                    } else if (event.element().equals("callee") && others.contains(message.callId())) {
                        ended.add("callee");
                    }
                }
            }
            return ended;
        }
    }
}
