package org.tandemsip.testkit.judge;

import java.util.HashSet;
import java.util.Set;

import org.tandemsip.testkit.wire.WireEvent;
import org.tandemsip.testkit.wire.WireMessage;

/** Where packets may go and how: I-13, and what strangers get: I-29. */
final class PolicyRules {
    private static final int LARGE_BYTES = 1_300;

    private PolicyRules() {}

    /**
     * I-13. A proxy sends only to hosts of its trunks. A request of more than 1,300 bytes leaves over UDP only when it
     * came over UDP as large or the stream to that host was refused or failed before (RFC 3261 section 18.1.1); in this
     * version a trunk peer fixed to UDP counts as refused.
     */
    static void i13PolicyAndSize(final WireView view, final Set<String> udpOnly, final Findings findings) {
        final Set<String> refused = new HashSet<>(udpOnly);
        for (final WireEvent event : view.log.events()) {
            final ProxyFacts proxy = view.proxies.get(event.element());
            if (proxy == null) {
                continue;
            }
            if (event.kind() == WireEvent.Kind.STREAM_FAILED) {
                refused.add(event.note().replaceFirst(".* to ", "").replaceFirst(":.*", ""));
            }
            if (event.kind() != WireEvent.Kind.SENT) {
                continue;
            }
            final WireMessage message = event.message();
            final String host = event.packet().to().host();
            if (!proxy.trusted().contains(host)) {
                findings.add("I-13", event.element(), message == null ? null : message.callId(),
                        "sent to " + event.packet().to() + ": " + message);
            }
            if (message != null && message.isRequest() && !event.packet().stream()
                    && event.packet().bytes().length > LARGE_BYTES && !refused.contains(host)) {
                findings.add("I-13", event.element(), message.callId(),
                        event.packet().bytes().length + " bytes over UDP to " + host + ": " + message);
            }
        }
    }

    /**
     * I-29, as far as there is an attacker node in the simulation: nothing that it made (marked {@code X-Sim-Attacker})
     * is ever sent on or answered by a proxy, and no packet goes to it (part of I-13).
     */
    static void i29ForgeriesGoNowhere(final WireView view, final Findings findings) {
        for (final WireEvent event : view.log.events()) {
            if (event.kind() == WireEvent.Kind.SENT && view.isProxy(event.element()) && event.message() != null
                    && (event.message().first("x-sim-attacker") != null
                            || event.message().callId().startsWith("attack"))) {
                findings.add("I-29", event.element(), event.message().callId(), "forged: " + event.message());
            }
        }
    }
}
