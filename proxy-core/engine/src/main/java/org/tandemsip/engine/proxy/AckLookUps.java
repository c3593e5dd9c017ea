package org.tandemsip.engine.proxy;

import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.ValueCursor;
import org.tandemsip.engine.routing.ListenPoints;

/**
 * Has the name in the Contact of a 2xx to an INVITE looked up while the 2xx is on its way to the caller: the ACK goes
 * there, and an ACK does not wait. Only where we are the last hop before it, so that our Record-Route stands on top;
 * elsewhere the next Route counts. Shard thread only.
 */
final class AckLookUps {
    private final ListenPoints listenPoints;
    private final HostNames names;
    private final ValueCursor cursor = new ValueCursor();
    private final NameAddr nameAddr = new NameAddr();
    private final SipUri uri = new SipUri();

    AckLookUps(final ListenPoints listenPoints, final HostNames names) {
        this.listenPoints = listenPoints;
        this.names = names;
    }

    /** Takes a response that has been passed on; nobody waits for what comes of it. */
    void onResponse(final SipMessage response, final long nowNs) {
        if (response.method() == Method.INVITE && response.statusCode() / 100 == 2
                && readFirst(response, HeaderName.RECORD_ROUTE) && isOurs(response)
                && readFirst(response, HeaderName.CONTACT) && !isOurs(response)) {
            names.find(response.bytes(), Slice.exists(uri.maddr()) ? uri.maddr() : uri.host(),
                    uri.port() == SipUri.NOT_GIVEN ? 0 : uri.port(), uri.transport(), nowNs);
        }
    }

    private boolean isOurs(final SipMessage response) {
        return listenPoints.find(response.bytes(), uri) != ListenPoints.NONE;
    }

    /** Reads the URI of the first value of a header; {@code false} when there is none that could be followed. */
    private boolean readFirst(final SipMessage response, final HeaderName name) {
        if (response.firstRow(name) == SipMessage.NO_ROW) {
            return false;
        }
        cursor.reset(response, name);
        if (!cursor.next() || !nameAddr.wrap(response.bytes(), cursor.start(), cursor.end())) {
            return false;
        }
        final long slice = nameAddr.uri();
        return uri.wrap(response.bytes(), Slice.offset(slice), Slice.end(slice))
                && uri.scheme() == SipUri.Scheme.SIP;
    }
}
