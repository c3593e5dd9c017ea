package org.tandemsip.engine.routing;

import java.util.Arrays;
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
    /** Requests to each trunk so far, by its index. */
    private int[] turns = new int[16];

    /** Uses the token key of {@code context}. */
    public Rendezvous(final ShardContext context) {
        hash = new KeyedHash(context.keys().token0(), context.keys().token1());
    }

    /** What the calls of {@code request} are told apart by. */
    public long callHash(final SipMessage request) {
        final long callId = request.callId();
        return hash.begin().add(LABEL).add(request.bytes(), Slice.offset(callId), Slice.length(callId)).end();
    }

    /** As {@link #nextTurn}, for those of {@code trunks} whose choice needs it. */
    public void nextTurns(final List<Trunk> trunks) {
        for (int i = 0; i < trunks.size(); i++) {
            if (!trunks.get(i).balance().worksWithoutState()) {
                nextTurn(trunks.get(i));
            }
        }
    }

    /**
     * Begins the choice of peers for another request: trunks that go by turns give the next turn.
     */
    public void nextTurn(final Trunk trunk) {
        if (trunk.index() >= turns.length) {
            turns = Arrays.copyOf(turns, trunk.index() + 16);
        }
        turns[trunk.index()]++;
    }

    /**
     * Puts the peers of {@code trunk} in order for a call, at most {@code limit} of them.
     *
     * @param all whether peers that take no new requests are in it too
     * @return how many there are
     */
    public int order(final Trunk trunk, final long callHash, final int limit, final boolean all) {
        final List<Peer> peers = trunk.peers();
        final boolean even = evenWeights(peers);
        size = 0;
        for (int i = 0; i < peers.size(); i++) {
            final Peer peer = peers.get(i);
            if (all || peer.state().usable()) {
                final long mixed = mix(callHash ^ peer.hash());
                final long score = switch (trunk.balance()) {
                    case CALL_ID, WEIGHTED, ROUND_ROBIN -> even ? mixed : weighted(mixed, peer.weight());
                    case LEAST_CALLS -> leastCalls(mixed, peer);
                    case PRIORITY -> Integer.MAX_VALUE - i;
                };
                insert(peer, score, Math.min(limit, MAX));
            }
        }
        if (trunk.balance() == Balance.ROUND_ROBIN || trunk.balance() == Balance.WEIGHTED) {
            takeTurn(trunk, all);
        }
        return size;
    }

    /** Fewest calls for its weight first; the upper half of the score, so that the hash decides among equals. */
    private static long leastCalls(final long mixed, final Peer peer) {
        final long load = (peer.state().calls() + 1L << 12) / Math.max(1, peer.weight());
        return Integer.MAX_VALUE - Math.min(load, Integer.MAX_VALUE) << 32 | mixed >>> 32;
    }

    /** Moves the peer whose turn it is to the front of the order. */
    private void takeTurn(final Trunk trunk, final boolean all) {
        final boolean byWeight = trunk.balance() == Balance.WEIGHTED;
        final int best = size == 0 ? 0 : order[0].priority();
        long total = 0;
        for (int i = 0; i < trunk.peers().size(); i++) {
            total += share(trunk.peers().get(i), best, all, byWeight);
        }
        if (total == 0) {
            return;
        }
        final int turn = trunk.index() < turns.length ? turns[trunk.index()] : 0;
        // Multiples of the golden ratio spread the turns of a heavy peer out; whole numbers go round.
        long place = byWeight ? Math.unsignedMultiplyHigh(turn * 0x9E37_79B9_7F4A_7C15L, total)
                : Integer.remainderUnsigned(turn, (int) total);
        for (int i = 0; i < trunk.peers().size(); i++) {
            final Peer peer = trunk.peers().get(i);
            place -= share(peer, best, all, byWeight);
            if (place < 0) {
                moveToFront(peer);
                return;
            }
        }
    }

    private static long share(final Peer peer, final int priority, final boolean all, final boolean byWeight) {
        return peer.priority() != priority || !all && !peer.state().usable() ? 0 : byWeight ? peer.weight() : 1;
    }

    private void moveToFront(final Peer peer) {
        int place = size - 1;
        while (place > 0 && order[place] != peer) {
            place--;
        }
        for (; place > 0; place--) {
            order[place] = order[place - 1];
        }
        order[0] = peer;
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
