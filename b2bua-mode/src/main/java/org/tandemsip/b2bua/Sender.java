package org.tandemsip.b2bua;

import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Places;
import org.tandemsip.engine.routing.ListenPoints;
import org.tandemsip.engine.routing.TcpRefusals;
import org.tandemsip.engine.transaction.ClientTransaction;
import org.tandemsip.engine.transaction.TransactionUser;

/**
 * Sends the requests of legs. One over 1,300 bytes goes over TCP where nobody has said that the other side speaks UDP,
 * and over UDP after all when TCP is refused (RFC 3261 section 18.1.1). That says nothing about the requests to come:
 * Contact stays what it is. Shard thread only.
 */
final class Sender {
    private final B2bua owner;
    private final TcpRefusals refusals = new TcpRefusals();
    private final KeptBytes large;
    private final Destination tcp = new Destination();
    private ClientTransaction transaction;

    Sender(final B2bua owner) {
        this.owner = owner;
        large = new KeptBytes(owner.memory);
    }

    /** The transaction of the request written last, to be started. */
    ClientTransaction transaction() {
        return transaction;
    }

    /**
     * Writes a request of {@code leg} with what stands in {@link B2bua#extra}, in a transaction of its own.
     *
     * @param original the request of the other leg that it takes over, or {@code null}
     * @return size in bytes to start {@link #transaction} with; 0 when there is no room, and no transaction then
     */
    int write(final Leg leg, final Method method, final long cseq, final SipMessage original, final int hops,
            final TransactionUser user, final long nowNs) {
        final long key = owner.draws.key();
        transaction = create(key, method, leg.remote, user, nowNs);
        if (transaction == null) {
            return 0;
        }
        final MutableDirectBuffer out = transaction.claim(maxLength(leg, original));
        final int length = owner.writer.request(leg, method, cseq, original, hops, owner.extra, key,
                transaction.place(), out);
        if (length == 0) {
            discard(nowNs);
        }
        return goesOverTcp(leg, out, length, nowNs) ? overTcp(method, length, user, nowNs) : length;
    }

    /** Writes the same for {@link #tcp}; it stays what it is where there is no room for that. */
    private int overTcp(final Method method, final int udpLength, final TransactionUser user, final long nowNs) {
        final ClientTransaction udp = transaction;
        final long key = owner.draws.key();
        transaction = create(key, method, tcp, user, nowNs);
        if (transaction == null) {
            transaction = udp;
            large.forget();
            return udpLength;
        }
        udp.handOver(TransactionUser.NOBODY);
        udp.terminate(nowNs);
        refusals.tried(key, tcp);
        return rewriteLarge(key, transaction.place(), transaction.claim(owner.writer.maxLengthElsewhere(udpLength)));
    }

    private int rewriteLarge(final long key, final long place, final MutableDirectBuffer out) {
        final int length = owner.writer.elsewhere(large.buffer(), large.offset(), large.length(), tcp.listenPoint, key,
                place, out);
        large.forget();
        return length;
    }

    /**
     * Sends a request that no transaction repeats.
     *
     * @param keeper who has to repeat it for 2xx of {@code dialog}, or {@code null}
     * @return whether there was room for it
     */
    boolean once(final Leg leg, final Method method, final long cseq, final SipMessage original, final Keeper keeper,
            final long dialog, final long nowNs) {
        final MutableDirectBuffer out = owner.egress.claim(maxLength(leg, original));
        final int length = owner.writer.request(leg, method, cseq, original, owner.hops(original), owner.extra,
                owner.draws.key(), Places.NONE, out);
        if (length > 0 && keeper != null) {
            keeper.keep(dialog, out, length, leg.remote);
        }
        if (goesOverTcp(leg, out, length, nowNs)) {
            // Where that is refused the 2xx comes again, and what was kept goes over UDP.
            final long key = owner.draws.key();
            refusals.tried(key, tcp);
            final MutableDirectBuffer again = owner.egress.claim(owner.writer.maxLengthElsewhere(length));
            owner.egress.send(rewriteLarge(key, Places.NONE, again), tcp, key);
        } else if (length > 0) {
            owner.egress.send(length, leg.remote, 0);
        }
        return length > 0;
    }

    /** Whether a request that was written for UDP is to go to {@link #tcp}: it is kept in {@link #large} then. */
    private boolean goesOverTcp(final Leg leg, final MutableDirectBuffer out, final int length, final long nowNs) {
        if (length <= TcpRefusals.UDP_LIMIT || !owner.hops.mayTakeTcp(leg)) {
            return false;
        }
        final int listenPoint = tcpFor(leg, nowNs);
        if (listenPoint != ListenPoints.NONE) {
            large.keep(out, 0, length);
            tcp.set(leg.remote);
            tcp.transport = Transport.TCP;
            tcp.listenPoint = listenPoint;
            tcp.connection = 0;
        }
        return large.length() > 0;
    }

    /**
     * Listen point from which the other side of a leg that is asked over UDP may be asked over TCP, or
     * {@code ListenPoints.NONE}.
     */
    int tcpFor(final Leg leg, final long nowNs) {
        return refusals.refuses(leg.remote, nowNs) ? ListenPoints.NONE
                : owner.listenPoints.select(Transport.TCP, leg.remote.addressHigh, leg.remote.addressLow,
                        leg.remote.listenPoint, owner.policy().listenersOf(leg.trunk));
    }

    /**
     * Sends a request once more that was not sent: over UDP where TCP was tried for its size.
     *
     * @return its new transaction; {@code null} where there is no other way, or no room
     */
    ClientTransaction overUdp(final ClientTransaction failed, final Leg leg, final TransactionUser user,
            final long nowNs) {
        if (failed.destination().transport != Transport.TCP || leg.remote.transport != Transport.UDP
                || !failed.hasRequest()) {
            return null;
        }
        failed.request(owner.earlier);
        final SipMessage request = owner.earlier;
        final long key = owner.draws.key();
        final ClientTransaction udp = create(key, request.method(), leg.remote, user, nowNs);
        if (udp != null) {
            final MutableDirectBuffer out = udp.claim(owner.writer.maxLengthElsewhere(request.length()));
            udp.start(owner.writer.elsewhere(request.bytes(), Slice.offset(request.startLine()), request.length(),
                    leg.remote.listenPoint, key, udp.place(), out), nowNs);
        }
        return udp;
    }

    /** Takes the report that what was sent with {@code correlation} did not get to the peer. */
    void onPeerFailed(final long correlation, final long nowNs) {
        refusals.onSendFailed(correlation, nowNs);
    }

    private ClientTransaction create(final long key, final Method method, final Destination to,
            final TransactionUser user, final long nowNs) {
        return owner.transactions.createClient(key, method == Method.INVITE, to, user, nowNs);
    }

    private int maxLength(final Leg leg, final SipMessage original) {
        return owner.writer.maxLength(leg, original) + owner.extra.length();
    }

    private void discard(final long nowNs) {
        transaction.handOver(TransactionUser.NOBODY);
        transaction.terminate(nowNs);
        transaction = null;
    }
}
