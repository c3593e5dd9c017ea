package org.tandemsip.engine.proxy;

import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Status;
import org.tandemsip.codec.ValueCursor;
import org.tandemsip.codec.Via;
import org.tandemsip.engine.handler.Emergencies;
import org.tandemsip.engine.routing.Branches;
import org.tandemsip.engine.routing.ListenPoints;

/**
 * Request validation (RFC 3261 section 16.3) of what the parser has found well-formed. Max-Breadth is looked at where
 * forking is decided (RFC 5393 section 5.3.3). Shard thread only.
 */
final class RequestChecks {
    private final ListenPoints listenPoints;
    private final Branches branches;
    private final ValueCursor vias = new ValueCursor();
    private final Via via = new Via();

    RequestChecks(final ListenPoints listenPoints, final Branches branches) {
        this.listenPoints = listenPoints;
        this.branches = branches;
    }

    /**
     * Checks {@code request}.
     *
     * @param requestUri its Request-URI after preprocessing
     * @param loopHash   hash of what routing looks at in it
     * @return {@code null} when it may be forwarded, else what to answer
     */
    Status check(final SipMessage request, final SipUri requestUri, final int loopHash) {
        if (requestUri.scheme() == SipUri.Scheme.OPAQUE
                && !Emergencies.isService(request.bytes(), requestUri.start(), requestUri.end())) {
            return Status.UNSUPPORTED_URI_SCHEME_416;
        }
        if (request.maxForwards() == 0) {
            return Status.TOO_MANY_HOPS_483;
        }
        if (hasLooped(request, loopHash)) {
            return Status.LOOP_DETECTED_482;
        }
        // CANCEL and ACK may not carry Proxy-Require (sections 9.1, 8.2.2.3), and refusing them would help nobody.
        if (request.firstRow(HeaderName.PROXY_REQUIRE) != SipMessage.NO_ROW && request.method() != Method.ACK
                && request.method() != Method.CANCEL) {
            return Status.BAD_EXTENSION_420;
        }
        return null;
    }

    /**
     * Whether a Via of ours says that we have forwarded this request before with nothing changed that routing looks at.
     * The hash does not know the method, so CANCEL and ACK are stopped exactly where their INVITE was, and nowhere
     * else.
     */
    private boolean hasLooped(final SipMessage request, final int loopHash) {
        if (isLoop(request, request.topVia(), loopHash)) {
            return true;
        }
        if (request.viaValues() > 1) {
            vias.reset(request, HeaderName.VIA).next();
            while (vias.next()) {
                if (via.wrap(request.bytes(), vias.start(), vias.end()) && isLoop(request, via, loopHash)) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean isLoop(final SipMessage request, final Via candidate, final int loopHash) {
        return branches.read(request, candidate) && branches.loopHash() == loopHash
                && listenPoints.isOurs(request.bytes(), candidate);
    }
}
