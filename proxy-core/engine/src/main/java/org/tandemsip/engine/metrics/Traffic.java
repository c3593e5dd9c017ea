package org.tandemsip.engine.metrics;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.Transport;

/**
 * Messages of one loop by transport and method, and how long they took through this server: written by its thread alone
 * without locks, read by any. The method is read from the first bytes of the message, so that what is dropped before it
 * is parsed counts as well; responses are one kind whatever they answer.
 */
public final class Traffic {
    /** Kind of a response; all others are the ordinals of {@link Method}. */
    public static final int RESPONSE = Method.values().length;
    /** Number of kinds. */
    public static final int KINDS = RESPONSE + 1;
    private static final int TRANSPORTS = Transport.values().length;
    private static final long[] BOUNDS_NS = {10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
        5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000};
    /** Upper bounds of the buckets of {@link #forwarded}, in seconds; one more bucket holds what took longer. */
    public static final double[] BOUNDS = bounds();
    private static final int BUCKETS = BOUNDS_NS.length + 1;

    private static final int SENT = TRANSPORTS * KINDS;
    private static final int FORWARDED = 2 * SENT;
    private static final int FORWARDED_NS = FORWARDED + KINDS * BUCKETS;
    private static final Method[] METHODS = Method.values();

    private final Cells cells = new Cells(FORWARDED_NS + KINDS);

    /** The kind of a message that begins there: ordinal of its method, or {@link #RESPONSE}. */
    public static int kindOf(final DirectBuffer bytes, final int offset, final int length) {
        if (length < 10) {
            return Method.EXTENSION.ordinal();
        }
        // SIP/ in the byte order of all machines that this runs on.
        if (bytes.getInt(offset) == 0x2F50_4953) {
            return RESPONSE;
        }
        final byte first = bytes.getByte(offset);
        for (int kind = 0; kind < Method.EXTENSION.ordinal(); kind++) {
            final byte[] token = METHODS[kind].token();
            if (token[0] == first && isToken(bytes, offset, token)) {
                return kind;
            }
        }
        return Method.EXTENSION.ordinal();
    }

    private static boolean isToken(final DirectBuffer bytes, final int offset, final byte[] token) {
        for (int i = 1; i < token.length; i++) {
            if (bytes.getByte(offset + i) != token[i]) {
                return false;
            }
        }
        return bytes.getByte(offset + token.length) == ' ';
    }

    /** A message has come. Owner thread only. */
    public void received(final Transport transport, final int kind) {
        cells.add(transport.ordinal() * KINDS + kind, 1);
    }

    /** A message was handed to a socket. Owner thread only. */
    public void sent(final Transport transport, final int kind) {
        cells.add(SENT + transport.ordinal() * KINDS + kind, 1);
    }

    /** A message that was sent came {@code durationNs} before by another socket. Owner thread only. */
    public void forwarded(final int kind, final long durationNs) {
        int bucket = 0;
        while (bucket < BOUNDS_NS.length && durationNs > BOUNDS_NS[bucket]) {
            bucket++;
        }
        cells.add(FORWARDED + kind * BUCKETS + bucket, 1);
        cells.add(FORWARDED_NS + kind, durationNs);
    }

    /** Messages of a kind that have come. Any thread. */
    public long receivedCount(final Transport transport, final int kind) {
        return cells.get(transport.ordinal() * KINDS + kind);
    }

    /** Messages of a kind that were handed to sockets. Any thread. */
    public long sentCount(final Transport transport, final int kind) {
        return cells.get(SENT + transport.ordinal() * KINDS + kind);
    }

    /** Messages of a kind that fell into one bucket; the last one is beyond all {@link #BOUNDS}. Any thread. */
    public long forwardedCount(final int kind, final int bucket) {
        return cells.get(FORWARDED + kind * BUCKETS + bucket);
    }

    /** How long all messages of a kind took together. Any thread. */
    public long forwardedNs(final int kind) {
        return cells.get(FORWARDED_NS + kind);
    }

    private static double[] bounds() {
        final double[] seconds = new double[BOUNDS_NS.length];
        for (int i = 0; i < seconds.length; i++) {
            seconds[i] = BOUNDS_NS[i] / 1e9;
        }
        return seconds;
    }
}
