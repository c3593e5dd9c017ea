package org.tandemsip.engine.routing;

import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Via;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;

/**
 * Our branch parameter: {@code z9hG4bK} + mode (1 character) + key (16 hexadecimal digits) + loop hash (8).
 *
 * <pre>
 *   z9hG4bK t 0123456789abcdef 89abcdef
 *           | |                |
 *           | |                +-- hash of what routing looks at (RFC 5393 section 4.2): tells a loop from a spiral
 *           | +------------------- MAC over where the response goes next (topmost Via below ours: sent-by, branch,
 *           |                      received address and port), Call-ID, CSeq number and fork index. Finds the
 *           |                      client transaction; recomputed from a stateless response, so that none can be
 *           |                      forged or reflected
 *           +--------------------- s stateless, t stateful: who handles the response, whatever the mode is by then
 * </pre>
 *
 * A pure function of the request as received and the token key: a retransmission gets the same branch, before and after
 * a restart and on another node with the same key (RFC 3261 section 16.11). Low bits of the key index the transaction
 * table and the rest tells its generations apart, which is why no slot number stands beside it. Shard thread only.
 */
public final class Branches {
    /** Bytes of a branch of ours. */
    public static final int LENGTH = 7 + 1 + 16 + 8;
    /** Mode character of a branch whose response needs no state. */
    public static final char STATELESS = 's';
    /** Mode character of a branch that belongs to a client transaction. */
    public static final char STATEFUL = 't';

    /** Uses the token key of {@code context}. */
    public Branches(final ShardContext context) {
        throw new UnsupportedOperationException();
    }

    /** Key for the copy number {@code fork} (0 for the first) of a request as received from {@code source}. */
    public long key(final SipMessage request, final Source source, final int fork) {
        throw new UnsupportedOperationException();
    }

    /** Hash over Request-URI, Route set, tags and so on of a request as received (RFC 5393 section 4.2.1). */
    public int loopHash(final SipMessage request) {
        throw new UnsupportedOperationException();
    }

    /** Writes a branch value. */
    public void write(final AsciiWriter out, final char mode, final long key, final int loopHash) {
        throw new UnsupportedOperationException();
    }

    /**
     * Reads the branch of a Via that may be ours; {@code false} when it does not have the form of one. Then the
     * accessors below hold its parts.
     */
    public boolean read(final SipMessage message, final Via via) {
        throw new UnsupportedOperationException();
    }

    /** Mode character of the branch read last. */
    public char mode() {
        throw new UnsupportedOperationException();
    }

    /** Key of the branch read last. */
    public long key() {
        throw new UnsupportedOperationException();
    }

    /** Loop hash of the branch read last. */
    public int loopHash() {
        throw new UnsupportedOperationException();
    }

    /**
     * Whether the key of the branch read last is the one that fork 0 of this response's request got: recomputed from
     * the response's second Via, Call-ID and CSeq.
     */
    public boolean verifies(final SipMessage response) {
        throw new UnsupportedOperationException();
    }
}
