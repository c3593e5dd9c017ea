package org.tandemsip.testkit.judge;

import java.util.ArrayList;
import java.util.List;

import org.tandemsip.testkit.wire.SimAddress;
import org.tandemsip.testkit.wire.WireEvent;
import org.tandemsip.testkit.wire.WireMessage;

/** A client transaction of an element as the wire shows it, in one life of the element. */
public final class ClientSide {
    final String element;
    final WireEvent first;
    final boolean invite;
    final List<WireEvent> requests = new ArrayList<>();
    final List<WireEvent> acks = new ArrayList<>();
    final List<WireEvent> responses = new ArrayList<>();
    /** Server transaction whose request this is a copy of, or {@code null}. */
    ServerSide server;
    /** For a CANCEL: the INVITE it cancels. For an INVITE: its CANCEL. */
    ClientSide partner;
    long crashedNs = WireView.NEVER_NS;
    /** When the element was told that a stream to this destination failed, or {@link Long#MAX_VALUE}. */
    long streamFailedNs = WireView.NEVER_NS;

    ClientSide(final String element, final WireEvent first) {
        this.element = element;
        this.first = first;
        this.invite = first.message().method().equals("INVITE");
    }

    WireMessage request() {
        return first.message();
    }

    String callId() {
        return request().callId();
    }

    String branch() {
        return request().topVia().branch();
    }

    SimAddress destination() {
        return first.packet().to();
    }

    boolean stream() {
        return first.packet().stream();
    }

    /** As {@link ServerSide#mode}; a CANCEL that came from upstream is passed on without state by any proxy. */
    char mode() {
        if (server == null) {
            return invite || partner == null || partner.server == null ? 'a' : partner.server.mode;
        }
        return request().method().equals("CANCEL") ? 's' : server.mode;
    }

    WireEvent firstResponse(final int from, final int to) {
        for (final WireEvent response : responses) {
            if (response.message().status() >= from && response.message().status() <= to) {
                return response;
            }
        }
        return null;
    }

    WireEvent firstFinal() {
        return firstResponse(200, 699);
    }

    /** Whether it has ended by {@code timeNs}, so that the same branch begins a new life. */
    boolean over(final long timeNs) {
        return firstFinal() != null || timeNs - first.timeNs() > 32_000_000_000L && firstResponse(100, 199) == null;
    }

    boolean crashed() {
        return crashedNs != WireView.NEVER_NS;
    }
}
