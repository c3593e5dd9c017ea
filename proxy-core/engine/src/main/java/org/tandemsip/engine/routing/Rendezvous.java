package org.tandemsip.engine.routing;

import java.util.List;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.handler.ShardContext;

/**
 * Orders the peers of a trunk for a call by rendezvous hashing (Thaler and Ravishankar, "Using name-based mappings to
 * increase hit rates", 1998): each peer's score is a hash of the call and the peer, the highest comes first. All
 * requests of a Call-ID get the same order, on every node with the same token key, and a peer that comes or goes moves
 * only its own share of the calls. The order is the order of failover as well. Shard thread only.
 *
 * <p>Peers of a lower priority number come before all others. Among peers of one priority each gets calls in proportion
 * to its weight, as RFC 2782 wants: the score is then {@code -weight / ln(u)} with the hash as {@code u} between 0 and
 * 1, which where all weights are the same orders like the hash alone.
 */
public final class Rendezvous {
    /** Most peers that are put in order. */
    public static final int MAX = 10;

    private static final long LABEL = 0x7065_6572L;

    private final KeyedHash hash;
    private final Peer[] order = new Peer[MAX];
    private final long[] scores = new long[MAX];
    private int size;

    /** Uses the token key of {@code context}. */
    public Rendezvous(final ShardContext context) {
        hash = new KeyedHash(context.keys().token0(), context.keys().token1());
    }

    /** What the calls of {@code request} are told apart by. */
    public long callHash(final SipMessage request) {
        final long callId = request.callId();
        return hash.begin().add(LABEL).add(request.bytes(), Slice.offset(callId), Slice.length(callId)).end();
    }

    /**
     * Puts the peers of {@code trunk} in order for a call, at most {@code limit} of them.
     *
     * @return how many there are
     */
    public int order(final Trunk trunk, final long callHash, final int limit) {
        final List<Peer> peers = trunk.peers();
        final boolean even = evenWeights(peers);
        size = 0;
        for (int i = 0; i < peers.size(); i++) {
            final Peer peer = peers.get(i);
            final long mixed = mix(callHash ^ peer.hash());
            insert(peer, even ? mixed : weighted(mixed, peer.weight()), Math.min(limit, MAX));
        }
        return size;
    }

    private static boolean evenWeights(final List<Peer> peers) {
        for (int i = 1; i < peers.size(); i++) {
            if (peers.get(i).weight() != peers.get(0).weight()) {
                return false;
            }
        }
        return true;
    }

    /** Score of a weight, its bits ordered like the number; weight 0 has a very small chance (RFC 2782). */
    private static long weighted(final long mixed, final int weight) {
        final double uniform = ((mixed >>> 12) + 0.5) * 0x1.0p-52;
        return Double.doubleToRawLongBits(Math.max(weight, 0.001) / -Math.log(uniform));
    }

    /** Peer number {@code place} of the order made last, from 0. */
    public Peer peer(final int place) {
        return order[place];
    }

    private void insert(final Peer peer, final long score, final int limit) {
        if (size == limit) {
            if (size == 0 || !precedes(peer, score, size - 1)) {
                return;
            }
            size--;
        }
        int place = size++;
        while (place > 0 && precedes(peer, score, place - 1)) {
            order[place] = order[place - 1];
            scores[place] = scores[place - 1];
            place--;
        }
        order[place] = peer;
        scores[place] = score;
    }

    private boolean precedes(final Peer peer, final long score, final int place) {
        return peer.priority() == order[place].priority() ? Long.compareUnsigned(score, scores[place]) > 0
                : peer.priority() < order[place].priority();
    }

    /** Finalizer of SplittableRandom: every input bit moves every output bit. */
    private static long mix(final long value) {
        long mixed = (value ^ value >>> 30) * 0xBF58_476D_1CE4_E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D0_49BB_1331_11EBL;
        return mixed ^ mixed >>> 31;
    }
}
