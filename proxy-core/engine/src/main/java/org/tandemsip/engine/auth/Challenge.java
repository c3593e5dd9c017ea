package org.tandemsip.engine.auth;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.Slice;

/**
 * A challenge that was taken over from a response, with what has been answered to it: whoever keeps one answers further
 * requests with the same nonce before they are challenged (RFC 7616 section 3.6). Mutable, made once per owner; shard
 * thread only.
 */
public final class Challenge {
    /** What the answer covers (RFC 7616 section 3.4.3). */
    enum Protection {
        /** A server of RFC 2069: neither nonce count nor cnonce. */
        NONE,
        /** Method and URI. */
        AUTH,
        /** The body too. */
        AUTH_INT
    }

    /** Longest nonce and opaque that are taken, in bytes each. */
    static final int MOST_BYTES = 512;

    private final byte[] nonce = new byte[MOST_BYTES];
    private final byte[] opaque = new byte[MOST_BYTES];
    private int nonceLength;
    private int opaqueLength;
    Protection protection;
    DigestAlgorithm algorithm;
    /** Whether the challenge names its algorithm: the answer does so then. */
    boolean namesAlgorithm;
    /** Whether a proxy has challenged (407), and not the user agent server (401). */
    boolean proxy;
    private boolean stale;
    private Credentials.Secrets secrets;
    private int count;

    /** Whether there is one to be answered. */
    public boolean isKnown() {
        return secrets != null;
    }

    /** Whether the answer before it was right but for the age of its nonce (RFC 7616 section 3.3). */
    public boolean stale() {
        return stale;
    }

    /** Forgets it. */
    public void forget() {
        secrets = null;
    }

    /** Takes over the parts that are kept as bytes, none longer than {@link #MOST_BYTES}. */
    void take(final DirectBuffer bytes, final long nonceSlice, final long opaqueSlice, final boolean isStale,
            final Credentials.Secrets with) {
        nonceLength = Slice.length(nonceSlice);
        bytes.getBytes(Slice.offset(nonceSlice), nonce, 0, nonceLength);
        opaqueLength = Slice.exists(opaqueSlice) ? Slice.length(opaqueSlice) : -1;
        if (opaqueLength > 0) {
            bytes.getBytes(Slice.offset(opaqueSlice), opaque, 0, opaqueLength);
        }
        stale = isStale;
        secrets = with;
        count = 0;
    }

    Credentials.Secrets secrets() {
        return secrets;
    }

    byte[] nonce() {
        return nonce;
    }

    int nonceLength() {
        return nonceLength;
    }

    byte[] opaque() {
        return opaque;
    }

    /** Bytes of the opaque; -1 when the challenge has none. */
    int opaqueLength() {
        return opaqueLength;
    }

    /** Counts another answer with this nonce; returns how many there are now. */
    int nextCount() {
        return ++count;
    }
}
