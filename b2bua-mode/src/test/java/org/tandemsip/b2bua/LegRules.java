package org.tandemsip.b2bua;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.tandemsip.testkit.wire.WireEvent;
import org.tandemsip.testkit.wire.WireLog;
import org.tandemsip.testkit.wire.WireMessage;

/**
 * What must hold on both legs of every call, judged from the wire alone: I-15 one leg ends if and only if the other
 * does; I-16 every 2xx is acknowledged, whenever it comes; I-17 no BYE overtakes an ACK that is owed; I-18 numbers
 * rise, and no offer is made while another one has no answer; I-19 neither an address nor a Call-ID, tag or branch
 * of one leg is seen on the other. The two legs of a call are told by the script in the Request-URI.
 */
final class LegRules {
    /** The time that a BYE may wait for an ACK, and some for the way. */
    private static final long APART_NS = 33_000_000_000L;

    private final String node;
    private final String callerHost;
    private final String calleeHost;
    private final List<String> findings = new ArrayList<>();
    private final Map<String, String> scripts = new HashMap<>();
    private final Map<String, Long> callerEnds = new HashMap<>();
    private final Map<String, Long> calleeEnds = new HashMap<>();
    private final Set<String> answered = new HashSet<>();
    private final Set<String> callerCallIds = new HashSet<>();
    private final Map<String, String> firstTags = new HashMap<>();
    private final Map<String, Long> owed = new LinkedHashMap<>();
    private final Map<String, Long> numbers = new HashMap<>();
    private final Map<String, String> branches = new HashMap<>();
    private final Map<String, Map<String, Offer>> offers = new HashMap<>();
    private final Set<String> requests = new HashSet<>();
    private final Set<String> ofCaller = new HashSet<>();
    private final Set<String> ofCallee = new HashSet<>();

    private LegRules(final String node, final String callerHost, final String calleeHost) {
        this.node = node;
        this.callerHost = callerHost;
        this.calleeHost = calleeHost;
    }

    /** What is wrong in {@code log}, empty when nothing is. */
    static List<String> judge(final WireLog log, final String node, final String callerHost,
            final String calleeHost) {
        final LegRules rules = new LegRules(node, callerHost, calleeHost);
        for (final WireEvent event : log.events()) {
            if (event.message() != null && event.element().equals(node)) {
                if (event.kind() == WireEvent.Kind.SENT) {
                    rules.onSent(event);
                } else if (event.kind() == WireEvent.Kind.DELIVERED) {
                    rules.onDelivered(event);
                }
            }
        }
        rules.rest();
        return rules.findings;
    }

    private void onSent(final WireEvent event) {
        final WireMessage message = event.message();
        final boolean toCaller = event.packet().to().host().equals(callerHost);
        learn(message, toCaller);
        hidden(event, toCaller);
        offers(event, true);
        if (!message.isRequest()) {
            if (toCaller && message.method().equals("INVITE") && message.status() / 100 == 2
                    && callerCallIds.contains(message.callId())) {
                answered.add(script(message.callId()));
            }
            return;
        }
        if (!toCaller && message.method().equals("INVITE") && message.toTag().isEmpty()) {
            scripts.put(message.callId(), user(message.uri()));
        }
        rising(event);
        if (message.method().equals("ACK")) {
            owed.remove(dialog(message) + message.cseq());
        } else if (message.method().equals("BYE")) {
            owed.keySet().stream().filter(key -> key.startsWith(dialog(message))).findFirst().ifPresent(
                    key -> findings.add("I-17 BYE before the ACK for " + key + " at " + event.timeNs()));
            ends(event, toCaller);
        }
    }

    private void onDelivered(final WireEvent event) {
        final WireMessage message = event.message();
        final boolean fromCaller = event.packet().from().host().equals(callerHost);
        learn(message, fromCaller);
        offers(event, false);
        if (message.isRequest()) {
            if (fromCaller && message.method().equals("INVITE") && message.toTag().isEmpty()) {
                callerCallIds.add(message.callId());
            } else if (message.method().equals("BYE")) {
                ends(event, fromCaller);
            }
        } else if (message.method().equals("INVITE") && message.status() / 100 == 2) {
            if (!fromCaller) {
                firstTags.putIfAbsent(message.callId(), message.toTag());
            }
            owed.put(dialog(message) + message.cseq(), event.timeNs());
        }
    }

    private void ends(final WireEvent event, final boolean caller) {
        final WireMessage message = event.message();
        if (caller) {
            callerEnds.putIfAbsent(script(message.callId()), event.timeNs());
        } else {
            final String first = firstTags.get(message.callId());
            if (message.toTag().equals(first) || message.fromTag().equals(first)) {
                calleeEnds.putIfAbsent(scripts.get(message.callId()), event.timeNs());
            }
        }
    }

    private void rising(final WireEvent event) {
        final WireMessage message = event.message();
        if (message.method().equals("ACK") || message.method().equals("CANCEL")) {
            return;
        }
        final String dialog = dialog(message);
        final String branch = message.topVia().branch();
        final Long before = numbers.put(dialog, message.cseq());
        final boolean again = branch.equals(branches.put(dialog + message.cseq(), branch));
        if (before != null && !again && message.cseq() <= before) {
            findings.add("I-18 " + message + " after number " + before);
        }
        if (again && before != null) {
            numbers.put(dialog, Math.max(before, message.cseq()));
        }
    }

    /** What tells a leg from others. */
    private void learn(final WireMessage message, final boolean caller) {
        final Set<String> known = caller ? ofCaller : ofCallee;
        known.add(message.callId());
        known.add(message.fromTag());
        known.add(message.toTag());
        known.add(message.topVia().branch());
        known.remove("");
    }

    /**
     * An offer stands until its request has a final response, or a reliable provisional one with a body. Whether we may
     * make another is judged inside a dialog: an INVITE that begins one may be tried elsewhere, and the branches of a
     * fork know nothing of each other.
     */
    private void offers(final WireEvent event, final boolean ours) {
        final WireMessage message = event.message();
        if (!message.method().equals("INVITE") && !message.method().equals("UPDATE")) {
            return;
        }
        final Map<String, Offer> pending = offers.computeIfAbsent(message.callId(), _ -> new HashMap<>());
        final String request = message.topVia().branch();
        if (!message.isRequest()) {
            if (message.status() >= 200 || message.first("rseq") != null && !message.body().isEmpty()) {
                pending.remove(request);
            }
        } else if (!message.body().isEmpty() && requests.add(request)) {
            // What comes at the same moment may be looked at in any order.
            final Offer offer = new Offer(event.timeNs(), message.fromTag(), message.toTag());
            if (ours && !message.toTag().isEmpty() && pending.values().stream().anyMatch(offer::crosses)) {
                findings.add("I-18 " + message + " while an offer has no answer: " + pending);
            }
            pending.put(request, offer);
        }
    }

    private void hidden(final WireEvent event, final boolean toCaller) {
        final String text = new String(event.packet().bytes(), java.nio.charset.StandardCharsets.ISO_8859_1);
        final String head = text.split("\r\n\r\n")[0];
        final String secret = toCaller ? calleeHost + ':' : callerHost + ':';
        if (head.contains(secret)) {
            findings.add("I-19 " + secret + " in " + head);
        }
        final Set<String> others = toCaller ? ofCallee : ofCaller;
        for (final String word : head.replace("%40", "@").split("[\\s;=<>\",]+|%3[BD]")) {
            if (others.contains(word)) {
                findings.add("I-19 " + word + " of the other leg in " + head);
            }
        }
    }

    private void rest() {
        owed.forEach((dialog, timeNs) -> findings.add("I-16 no ACK for the 2xx of " + dialog + " at " + timeNs));
        for (final String script : answered) {
            final Long caller = callerEnds.get(script);
            final Long callee = calleeEnds.get(script);
            if (caller == null || callee == null || Math.abs(caller - callee) > APART_NS) {
                findings.add("I-15 " + script + ": caller's leg ended at " + caller + ", callee's at " + callee);
            }
        }
    }

    private static String script(final String callId) {
        return callId.substring(0, callId.indexOf('@'));
    }

    private static String user(final String uri) {
        final String user = uri.substring(uri.indexOf(':') + 1, uri.indexOf('@'));
        return user.substring(0, user.indexOf('.')).toLowerCase(Locale.ROOT);
    }

    /** What was offered when, and in which dialog: in all of its INVITE where that has no To tag. */
    private record Offer(long sinceNs, String fromTag, String toTag) {
        boolean crosses(final Offer earlier) {
            final boolean again = fromTag.equals(earlier.fromTag) && earlier.isIn(toTag);
            final boolean across = toTag.equals(earlier.fromTag) && earlier.isIn(fromTag);
            return earlier.sinceNs < sinceNs && (again || across);
        }

        private boolean isIn(final String remoteTag) {
            return toTag.isEmpty() || toTag.equals(remoteTag);
        }
    }

    /** Of a request of ours, or a response to one. */
    private static String dialog(final WireMessage message) {
        return message.callId() + ' ' + message.fromTag() + ' ' + message.toTag() + ' ';
    }
}
