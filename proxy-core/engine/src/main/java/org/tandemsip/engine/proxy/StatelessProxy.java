package org.tandemsip.engine.proxy;

import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.routing.Branches;
import org.tandemsip.engine.routing.Target;
import org.tandemsip.engine.routing.Targets;

/**
 * Stateless forwarding (RFC 3261 section 16.11): one message in, one message out, nothing kept. CANCEL and ACK follow
 * their INVITE because the target and the branch are functions of what they have in common with it. No response is ever
 * made here, least of all a provisional one; every response is passed on, 100 included, since section 16.7 does not
 * apply. Shard thread only.
 */
final class StatelessProxy {
    private final Egress egress;
    private final Branches branches;
    private final RequestForwarder requests;
    private final ResponseForwarder responses;
    private final Fallbacks fallbacks = new Fallbacks();

    StatelessProxy(final ShardContext context, final Branches branches, final RequestForwarder requests,
            final ResponseForwarder responses) {
        egress = context.egress();
        this.branches = branches;
        this.requests = requests;
        this.responses = responses;
    }

    /**
     * Forwards a checked, routed request to the first target. {@link RequestForwarder#prepare} has been called with it.
     *
     * @param mode mode character of the branch
     * @return {@code null} when it cannot be written
     */
    Disposition forward(final SipMessage request, final Source source, final Targets targets, final char mode,
            final long nowNs) {
        final Target target = targets.get(0);
        requests.chooseTransport(target, nowNs);
        final long key = branches.key(request, source, 0);
        final MutableDirectBuffer out = egress.claim(requests.maxLength(target));
        final int length = requests.write(target, mode, key, 0, out);
        if (length <= 0) {
            return null;
        }
        // Only a TCP tried for size is worth a report: the client's retransmission then goes over UDP.
        final boolean tcpForSize = RequestForwarder.isTcpForSize(target);
        egress.send(length, target.destination, tcpForSize ? key : 0);
        if (source.transport.stream()) {
            keepFallback(target, mode, key);
        }
        return Disposition.FORWARDED;
    }

    /** A client on a stream sends only once, so its request has to be at hand when the transport is refused. */
    private void keepFallback(final Target target, final char mode, final long key) {
        if (!requests.changeTransport(target)) {
            return;
        }
        final MutableDirectBuffer out = egress.claim(requests.maxLength(target));
        final int length = requests.write(target, mode, key, 0, out);
        if (length <= 0) {
            return;
        }
        fallbacks.keep(key, target.destination, out, length);
    }

    /** Takes the report that what was sent with {@code correlation} (a branch key) did not get there. */
    void onSendFailed(final long correlation) {
        fallbacks.onSendFailed(correlation, egress);
    }

    /**
     * Forwards a response whose topmost Via is ours and whose branch was read and has no client transaction. It goes to
     * the second Via only when the branch proves that this is where the request came from; else anybody could use us to
     * send to anybody.
     */
    Disposition onResponse(final SipMessage response, final Source source, final long nowNs) {
        if (!branches.verifies(response)) {
            return Disposition.DROPPED_STRAY_RESPONSE;
        }
        responses.between(source, branches.responseDestination());
        final int length = responses.write(response, egress.claim(responses.maxLength(response)));
        egress.send(length, branches.responseDestination(), 0);
        return Disposition.FORWARDED;
    }
}
