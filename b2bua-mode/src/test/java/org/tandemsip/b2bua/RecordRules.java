package org.tandemsip.b2bua;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tandemsip.testkit.wire.WireEvent;
import org.tandemsip.testkit.wire.WireLog;
import org.tandemsip.testkit.wire.WireMessage;

/**
 * I-25, judged from the wire: one record per INVITE that was let in, under an id of its own, its times in order, with
 * the code that the caller was told and the side that has hung up.
 */
final class RecordRules {
    private static final Pattern FIELD = Pattern.compile("\"(\\w+)\":(?:\"((?:[^\"\\\\]|\\\\.)*)\"|(-?\\d+))");

    private final WireLog log;
    private final String callerHost;
    private final List<String> findings = new ArrayList<>();
    /** Call-IDs of which some INVITE was refused without a transaction: it may come again, and be let in. */
    private final Set<String> refused = new HashSet<>();

    private RecordRules(final WireLog log, final String callerHost) {
        this.log = log;
        this.callerHost = callerHost;
    }

    /** What is wrong in {@code records}, empty when nothing is. */
    static List<String> judge(final WireLog log, final List<String> records, final String callerHost) {
        final RecordRules rules = new RecordRules(log, callerHost);
        final Map<String, Map<String, Integer>> invites = rules.invites();
        final Map<String, List<Map<String, String>>> written = new TreeMap<>();
        final Set<String> ids = new HashSet<>();
        for (final String line : records) {
            final Map<String, String> record = fields(line);
            if (!ids.add(record.get("id"))) {
                rules.findings.add("id given twice: " + line);
            }
            inOrder(record, rules.findings);
            written.computeIfAbsent(record.get("call_id"), _ -> new ArrayList<>()).add(record);
        }
        invites.keySet().removeAll(rules.refused);
        written.keySet().removeAll(rules.refused);
        invites.forEach((callId, codes) -> rules.compare(callId, codes, written.getOrDefault(callId, List.of())));
        written.keySet().stream().filter(callId -> !invites.containsKey(callId))
                .forEach(callId -> rules.findings.add("a record of " + callId + ", which was not let in"));
        return rules.findings;
    }

    private static Map<String, String> fields(final String line) {
        final Map<String, String> fields = new LinkedHashMap<>();
        final Matcher matcher = FIELD.matcher(line);
        while (matcher.find()) {
            fields.put(matcher.group(1), matcher.group(2) == null ? matcher.group(3) : matcher.group(2));
        }
        return fields;
    }

    private static void inOrder(final Map<String, String> record, final List<String> findings) {
        Instant before = Instant.MIN;
        for (final String name : List.of("start", "ring", "answer", "end")) {
            if (record.get(name) != null) {
                final Instant time = Instant.parse(record.get(name));
                if (time.isBefore(before)) {
                    findings.add(name + " is too early in " + record);
                }
                before = time;
            }
        }
    }

    /**
     * INVITEs outside of dialogs that were let in, by Call-ID, each with the final code that was sent for it last, 0
     * for none: one that comes again after a restart, or when its transaction is over, is let in once more.
     */
    private Map<String, Map<String, Integer>> invites() {
        final Map<String, Map<String, Integer>> invites = new HashMap<>();
        int life = 0;
        for (final WireEvent event : log.events()) {
            final WireMessage message = event.message();
            life += event.kind() == WireEvent.Kind.RESTARTED ? 1 : 0;
            if (message == null || event.kind() != WireEvent.Kind.SENT || !event.element().equals("b2bua")
                    || message.isRequest() || !message.method().equals("INVITE")
                    || !event.packet().to().host().equals(callerHost)) {
                continue;
            }
            final Map<String, Integer> codes = invites.computeIfAbsent(message.callId(), _ -> new HashMap<>());
            final String branch = message.topVia().branch() + ' ' + life;
            if (message.status() == 100 && message.toTag().isEmpty()) {
                final Integer over = codes.get(branch);
                if (over != null && over != 0) {
                    codes.put(branch + ' ' + codes.size(), over);
                }
                codes.put(branch, 0);
            } else if (message.status() >= 200) {
                if (!message.toTag().startsWith("B2B.")) {
                    refused.add(message.callId());
                }
                codes.computeIfPresent(branch, (_, _) -> message.status());
            }
        }
        return invites;
    }

    private void compare(final String callId, final Map<String, Integer> codes,
            final List<Map<String, String>> records) {
        if (codes.size() != records.size()) {
            findings.add(records.size() + " records for " + codes.size() + " INVITEs of " + callId + ": " + records);
            return;
        }
        final List<Integer> told = new ArrayList<>(codes.values());
        for (final Map<String, String> record : records) {
            final int code = Integer.parseInt(record.get("code"));
            // Whoever was killed before the answer has told nobody.
            if (!told.remove((Integer) code)
                    && !(record.get("hangup_by").equals("unknown") && told.remove((Integer) 0))) {
                findings.add("code " + code + " where the caller was told " + codes + ": " + record);
            }
            if (code / 100 == 2) {
                endedBy(record);
            }
        }
    }

    /** The side that a record names has sent the first BYE that there was. */
    private void endedBy(final Map<String, String> record) {
        final String by = record.get("hangup_by");
        String tag = null;
        for (final WireEvent event : log.events()) {
            final WireMessage message = event.message();
            final boolean delivered = event.kind() == WireEvent.Kind.DELIVERED;
            if (message == null || !event.element().equals("b2bua")
                    || !delivered && event.kind() != WireEvent.Kind.SENT) {
                continue;
            }
            final boolean toCallee = message.callId().equals(record.get("xcid"));
            if (toCallee && !message.isRequest() && message.method().equals("INVITE") && message.status() / 100 == 2
                    && tag == null) {
                tag = message.toTag();
            }
            // The other dialogs of a fork are ended as soon as they are there.
            if (tag == null && toCallee || !message.isRequest() || !message.method().equals("BYE")
                    || !(toCallee ? Set.of(message.fromTag(), message.toTag()).contains(tag)
                            : message.callId().equals(record.get("call_id")))) {
                continue;
            }
            final String side = !delivered ? "us"
                    : event.packet().from().host().equals(callerHost) ? "caller" : "callee";
            if (!side.equals("us") && !side.equals(by)
                    || side.equals("us") && Set.of("caller", "callee").contains(by)) {
                findings.add("the first BYE was of " + side + ": " + record);
            }
            return;
        }
    }
}
