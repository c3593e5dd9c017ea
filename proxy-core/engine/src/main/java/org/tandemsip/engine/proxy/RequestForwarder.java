package org.tandemsip.engine.proxy;

import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Source;

/**
 * Writes the copy of a request that goes to one target: RFC 3261 section 16.6 steps 1 to 8 and RFC 3581 as edits over
 * the received bytes. Shared by both proxies. Shard thread only.
 *
 * <p>Use: {@link #prepare} once per request with what preprocessing found (section 16.4), then {@link #write} per
 * target.
 */
final class RequestForwarder {
    /**
     * Remembers what all copies share: Max-Forwards lowered or inserted, received and rport put on the topmost Via, our
     * own Route removed, a strict router's Request-URI put back, Max-Breadth.
     *
     * <p>Depends on its arguments alone: a stateful proxy calls this again with its kept copy of the request when it
     * tries a later target.
     */
    void prepare(final SipMessage request, final Source source, final boolean recordRoute) {
        throw new UnsupportedOperationException();
    }

    /** Whether copies of the request prepared last get a Record-Route. */
    boolean recordRoute() {
        throw new UnsupportedOperationException();
    }

    /**
     * Settles on the transport to {@code target}: TCP for a request over 1,300 bytes where the target may be tried that
     * way and has not refused it lately (section 18.1.1). Changes {@link Target#destination}, so call it before a
     * client transaction is made with that; again for each try.
     */
    void chooseTransport(final Target target, final long nowNs) {
        throw new UnsupportedOperationException();
    }

    /**
     * Mode character that {@link StatefulProxy} gives to {@link #write}:
     * {@link org.tandemsip.engine.routing.Branches#STATEFUL}, but for 64*T1 after a switch from stateless to stateful
     * still {@link org.tandemsip.engine.routing.Branches#STATELESS}.
     */
    char statefulMode() {
        throw new UnsupportedOperationException();
    }

    /** Upper bound for the size of a copy, to claim memory with. */
    int maxLength() {
        throw new UnsupportedOperationException();
    }

    /**
     * Writes the copy for {@code target}: Record-Route, Via with {@code mode}, {@code branchKey} and the request's loop
     * hash.
     *
     * @param maxBreadth Max-Breadth of this copy, or 0 to leave the header out
     * @return size in bytes, written from index 0
     */
    int write(final Target target, final char mode, final long branchKey, final int maxBreadth,
            final MutableDirectBuffer out) {
        throw new UnsupportedOperationException();
    }
}
