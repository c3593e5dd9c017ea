package org.tandemsip.testkit.judge;

import java.util.ArrayList;
import java.util.List;

import org.tandemsip.testkit.wire.WireEvent;
import org.tandemsip.testkit.wire.WireMessage;

/**
 * A server transaction of an element as the wire shows it: one life of it, from its first request until its timers have
 * ended.
 */
public final class ServerSide {
    private static final long T1_64 = 32_000_000_000L;
    private static final long T4 = 5_000_000_000L;

    final String element;
    final String key;
    final WireEvent first;
    final boolean invite;
    final List<WireEvent> requests = new ArrayList<>();
    final List<WireEvent> acks = new ArrayList<>();
    final List<WireEvent> responses = new ArrayList<>();
    final List<ClientSide> forwards = new ArrayList<>();
    /**
     * How the element treats it: {@code t} stateful and {@code s} stateless proxy, {@code ?} a proxy whose mode changed
     * while copies of the request came, {@code a} agent.
     */
    char mode;
    /** When its element crashed, or {@link Long#MAX_VALUE}. */
    long crashedNs = WireView.NEVER_NS;

    ServerSide(final String element, final String key, final WireEvent first, final char mode) {
        this.mode = mode;
        this.element = element;
        this.key = key;
        this.first = first;
        this.invite = first.message().method().equals("INVITE");
    }

    WireMessage request() {
        return first.message();
    }

    String callId() {
        return request().callId();
    }

    boolean crashed() {
        return crashedNs != WireView.NEVER_NS;
    }

    boolean stream() {
        return first.packet().stream();
    }

    /** First final response sent, or {@code null}. */
    WireEvent firstFinal() {
        for (final WireEvent response : responses) {
            if (response.message().status() >= 200) {
                return response;
            }
        }
        return null;
    }

    /** Whether a stateful proxy holds it. */
    boolean stateful() {
        return mode == 't';
    }

    /** Whether a stateful proxy holds it that was stateless a moment ago, and gives branches the old form. */
    boolean transitional() {
        return stateful() && forwards.stream().anyMatch(
                forward -> forward.branch().startsWith("z9hG4bKs") && forward.mode() == 't');
    }

    /** Whether a stateless proxy only passes it on. */
    boolean stateless() {
        return mode == 's';
    }

    /** When the last of its timers ends (RFC 3261 section 17.2, RFC 6026), or {@link Long#MAX_VALUE}. */
    long goneNs() {
        final WireEvent last = firstFinal();
        if (last == null) {
            return WireView.NEVER_NS;
        }
        if (!invite) {
            return last.timeNs() + (stream() ? 0 : T1_64);
        }
        if (last.message().status() < 300 || acks.isEmpty()) {
            return last.timeNs() + T1_64;
        }
        return acks.get(0).timeNs() + (stream() ? 0 : T4);
    }
}
