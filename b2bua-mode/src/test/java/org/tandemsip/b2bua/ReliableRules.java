package org.tandemsip.b2bua;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tandemsip.testkit.wire.WireEvent;
import org.tandemsip.testkit.wire.WireLog;
import org.tandemsip.testkit.wire.WireMessage;

/**
 * What must hold of reliable provisional responses and their PRACKs (RFC 3262), judged from the wire alone. A PRACK of
 * ours is for a response that its receiver has sent, in that dialog, and there is one for each. Of ours to one request
 * in one dialog the numbers rise by one, and there is no second before the first is acknowledged (section 3). Whoever
 * has sent one gets its PRACK or has ended its INVITE.
 */
final class ReliableRules {
    private final String node;
    private final List<String> findings = new ArrayList<>();
    /** What agents have sent, by who it was and what its PRACK says, until it comes. */
    private final Set<String> sent = new HashSet<>();
    private final Map<String, String> waiting = new HashMap<>();
    private final Map<String, String> pracks = new HashMap<>();
    /** Last number of ours for each INVITE and dialog, and those of which one is acknowledged. */
    private final Map<String, Long> numbers = new HashMap<>();
    private final Set<String> acknowledged = new HashSet<>();
    private int passed;

    private ReliableRules(final String node) {
        this.node = node;
    }

    /** Fails when something is wrong in {@code log}; else returns how many PRACKs were passed. */
    static int judge(final WireLog log, final String node, final String what) {
        final ReliableRules rules = new ReliableRules(node);
        for (final WireEvent event : log.events()) {
            if (event.message() == null) {
                continue;
            }
            final boolean ours = event.element().equals(node);
            if (event.kind() == WireEvent.Kind.SENT && ours) {
                rules.onSent(event);
            } else if (event.kind() == WireEvent.Kind.DELIVERED && ours) {
                rules.onDelivered(event.message());
            } else if (event.kind() == WireEvent.Kind.SENT) {
                rules.onSentByAgent(event.message());
            } else if (event.kind() == WireEvent.Kind.DELIVERED && event.message().method().equals("PRACK")
                    && event.message().isRequest()) {
                rules.waiting.remove(prack(event.message()));
            }
        }
        rules.waiting.forEach((response, invite) -> rules.findings.add("neither PRACK nor end: " + response));
        if (!rules.findings.isEmpty()) {
            throw new AssertionError(what + ": " + rules.findings);
        }
        return rules.passed;
    }

    private void onSent(final WireEvent event) {
        final WireMessage message = event.message();
        if (message.isRequest() && message.method().equals("PRACK")) {
            final String key = prack(message);
            if (!sent.contains(key)) {
                findings.add("nothing was sent for " + key);
            }
            final String branch = message.topVia().branch();
            final String before = pracks.putIfAbsent(key, branch);
            passed += before == null ? 1 : 0;
            if (before != null && !before.equals(branch)) {
                findings.add("a second PRACK for " + key);
            }
        } else if (isReliable(message)) {
            final String invite = invite(message);
            final long rseq = Long.parseLong(message.one("rseq"));
            final Long last = numbers.get(invite);
            if (last != null && rseq > last + 1) {
                findings.add(message + " has number " + rseq + " after " + last);
            } else if (last != null && rseq == last + 1 && !acknowledged.contains(invite)) {
                findings.add(message + " though the first is not acknowledged at " + event.timeNs());
            }
            numbers.merge(invite, rseq, Math::max);
        }
    }

    private void onDelivered(final WireMessage message) {
        if (message.isRequest() && message.method().equals("PRACK")) {
            acknowledged.add(message.callId() + ' ' + message.toTag() + ' ' + message.one("rack").split(" ")[1]);
        }
    }

    private void onSentByAgent(final WireMessage message) {
        if (message.isRequest() || !message.method().equals("INVITE")) {
            return;
        }
        if (isReliable(message)) {
            final String key = message.callId() + ' ' + message.toTag() + ' ' + message.one("rseq") + ' '
                    + message.cseq() + " INVITE";
            if (sent.add(key)) {
                waiting.put(key, message.callId() + ' ' + message.cseq());
            }
        } else if (message.status() >= 200) {
            waiting.values().removeIf((message.callId() + ' ' + message.cseq())::equals);
        }
    }

    private static boolean isReliable(final WireMessage message) {
        return !message.isRequest() && message.status() < 200 && message.first("rseq") != null;
    }

    private static String invite(final WireMessage response) {
        return response.callId() + ' ' + response.toTag() + ' ' + response.cseq();
    }

    private static String prack(final WireMessage prack) {
        return prack.callId() + ' ' + prack.toTag() + ' ' + prack.one("rack");
    }
}
