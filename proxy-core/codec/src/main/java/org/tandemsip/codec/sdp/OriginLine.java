package org.tandemsip.codec.sdp;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.Slice;

/**
 * The {@code o=} line of what one side is sent by us: it says nothing of the other side's, is the same for the whole
 * session, and its version rises by one with each description that is not the one before (RFC 3264 section 8). The
 * address is that of the relay, which has put it there. Not thread-safe.
 */
public final class OriginLine {
    private static final byte[] START = {'o', '=', '-', ' '};

    private long session;
    private long version;
    private long lastHash;

    /** Begins with a session of this number. */
    public OriginLine begin(final long number) {
        session = number >>> 1;
        version = 0;
        lastHash = 0;
        return this;
    }

    /** Writes down its 16 bytes for another process. */
    public void save(final MutableDirectBuffer out, final int index) {
        out.putLong(index, session);
        out.putLong(index + 8, version);
    }

    /** Goes on with what was written down: the next description counts as another one. */
    public void resume(final DirectBuffer in, final int index) {
        session = in.getLong(index);
        version = in.getLong(index + 8);
        lastHash = 0;
    }

    /** Writes it in the place of the one that {@code sdp} has. */
    void write(final Sdp sdp, final AsciiWriter out) {
        final long hash = hash(sdp);
        if (hash != lastHash || version == 0) {
            version++;
            lastHash = hash;
        }
        final int line = sdp.origin();
        final long network = sdp.word(line, 3);
        out.put(START).putDecimal(session).put(' ').putDecimal(version).put(' ');
        out.put(sdp.bytes(), Slice.offset(network), sdp.textEnd(line) - Slice.offset(network)).crlf();
    }

    /** Of all but the line itself; FNV-1a, since nobody gains by two that are alike. */
    private static long hash(final Sdp sdp) {
        final DirectBuffer bytes = sdp.bytes();
        final int from = sdp.start(sdp.origin());
        final int to = sdp.end(sdp.origin());
        final int length = sdp.end(sdp.lines() - 1);
        long hash = 0xcbf2_9ce4_8422_2325L;
        for (int i = 0; i < length; i = i + 1 == from ? to : i + 1) {
            hash = (hash ^ bytes.getByte(i)) * 0x0000_0100_0000_01b3L;
        }
        return hash;
    }
}
