package org.tandemsip.engine.routing;

import java.util.List;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.handler.ShardContext;

/**
 * Orders the peers of a trunk for a call by rendezvous hashing (Thaler and Ravishankar, "Using name-based mappings to
 * increase hit rates", 1998): each peer's weight is a hash of the call and the peer, the heaviest comes first. All
 * requests of a Call-ID get the same order, on every node with the same token key, and a peer that comes or goes moves
 * only its own share of the calls. The order is the order of failover as well. Shard thread only.
 */
public final class Rendezvous {
    /** Most peers that are put in order. */
    public static final int MAX = 10;

    private static final long LABEL = 0x7065_6572L;

    private final KeyedHash hash;
    private final Peer[] order = new Peer[MAX];
    private final long[] weights = new long[MAX];
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
        size = 0;
        for (int i = 0; i < peers.size(); i++) {
            insert(peers.get(i), mix(callHash ^ peers.get(i).hash()), Math.min(limit, MAX));
        }
        return size;
    }

    /** Peer number {@code place} of the order made last, from 0. */
    public Peer peer(final int place) {
        return order[place];
    }

    private void insert(final Peer peer, final long weight, final int limit) {
        if (size == limit) {
            if (size == 0 || Long.compareUnsigned(weight, weights[size - 1]) <= 0) {
                return;
            }
            size--;
        }
        int place = size++;
        while (place > 0 && Long.compareUnsigned(weights[place - 1], weight) < 0) {
            order[place] = order[place - 1];
            weights[place] = weights[place - 1];
            place--;
        }
        order[place] = peer;
        weights[place] = weight;
    }

    /** Finalizer of SplittableRandom: every input bit moves every output bit. */
    private static long mix(final long value) {
        long mixed = (value ^ value >>> 30) * 0xBF58_476D_1CE4_E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D0_49BB_1331_11EBL;
        return mixed ^ mixed >>> 31;
    }
}
