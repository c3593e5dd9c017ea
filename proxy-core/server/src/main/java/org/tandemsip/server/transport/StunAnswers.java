package org.tandemsip.server.transport;

import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;

/**
 * Answers the STUN Binding requests by which user agents keep their way through a NAT open and notice when it has
 * changed (RFC 5626 sections 4.4.2 and 8, RFC 5389): with the address that they came from, and nothing else. Loop
 * thread only.
 *
 * <pre>
 *   0       2        4              8                20
 *   type    length   magic cookie   transaction id   attributes: type (2), length (2), value, to a multiple of 4
 * </pre>
 *
 * A trunk must claim the source, and {@code source-rate} holds, since the address may be made up; the answer is 12
 * bytes longer than the shortest request (24 over IPv6), as the RFC has it. Whatever else begins like STUN is dropped.
 */
final class StunAnswers {
    private static final int MAGIC_COOKIE = 0x2112_A442;
    private static final int HEADER = 20;
    private static final int BINDING_REQUEST = 0x0001;
    private static final int BINDING_SUCCESS = 0x0101;
    private static final int BINDING_ERROR = 0x0111;
    private static final int ERROR_CODE = 0x0009;
    private static final int UNKNOWN_ATTRIBUTES = 0x000A;
    private static final int XOR_MAPPED_ADDRESS = 0x0020;
    private static final int UNKNOWN_ATTRIBUTE_420 = 4 << 8 | 20;
    /** Attributes below this must be understood. */
    private static final int OPTIONAL = 0x8000;
    private static final int MOST_UNKNOWN = 8;
    private static final int MOST_BYTES = 64;
    private static final ByteOrder WIRE = ByteOrder.BIG_ENDIAN;

    private final Loop loop;
    private final Destination destination = new Destination();
    private final Origin origin = new Origin();
    private final short[] unknown = new short[MOST_UNKNOWN];

    StunAnswers(final Loop loop) {
        this.loop = loop;
    }

    /**
     * Whether a datagram is STUN: its first two bits are zero, which those of some methods are too, and the magic
     * cookie stands where it must.
     */
    static boolean isStun(final DirectBuffer bytes) {
        return (bytes.getByte(0) & 0xC0) == 0 && bytes.capacity() >= HEADER
                && bytes.getInt(4, WIRE) == MAGIC_COOKIE;
    }

    /** Takes in a datagram that {@link #isStun}. */
    void onDatagram(final DirectBuffer bytes, final Source source) {
        loop.counters().increment(Counter.KEEPALIVES_UDP);
        if (unsigned(bytes, 0) != BINDING_REQUEST || unsigned(bytes, 2) != bytes.capacity() - HEADER
                || !loop.filter().known(source) || loop.overRate(source)) {
            return;
        }
        final int count = readUnknown(bytes);
        if (count >= 0) {
            final MutableDirectBuffer out = loop.outbound().claim(MOST_BYTES);
            out.putBytes(4, bytes, 4, HEADER - 4);
            final int length = count == 0 ? writeAddress(out, source) : writeUnknown(out, count);
            out.putShort(2, (short) (length - HEADER), WIRE);
            destination.set(source);
            loop.counters().increment(Counter.STUN_ANSWERED);
            loop.outbound().send(length, destination,
                    origin.set(Origin.NO_SHARD, 0, source.receivedNs, source.receivedNs));
        }
    }

    /** Reads which attributes are not understood but must be (section 7.3.1); -1 when they are broken. */
    private int readUnknown(final DirectBuffer bytes) {
        int count = 0;
        int at = HEADER;
        while (at < bytes.capacity()) {
            if (bytes.capacity() - at < 4) {
                return -1;
            }
            final int type = unsigned(bytes, at);
            if (type < OPTIONAL && !isOfRfc5389(type) && count < MOST_UNKNOWN) {
                unknown[count++] = (short) type;
            }
            at += 4 + (unsigned(bytes, at + 2) + 3 & ~3);
        }
        return at == bytes.capacity() ? count : -1;
    }

    /** USERNAME, MESSAGE-INTEGRITY, REALM and NONCE among them: nobody is asked who it is here (RFC 5626 section 8). */
    private static boolean isOfRfc5389(final int type) {
        return switch (type) {
            case 0x0001, 0x0006, 0x0008, ERROR_CODE, UNKNOWN_ATTRIBUTES, 0x0014, 0x0015, XOR_MAPPED_ADDRESS -> true;
            default -> false;
        };
    }

    private static int writeAddress(final MutableDirectBuffer out, final Source source) {
        final boolean ipv4 = IpAddress.isIpv4(source.addressHigh, source.addressLow);
        out.putShort(0, (short) BINDING_SUCCESS, WIRE);
        out.putShort(HEADER, (short) XOR_MAPPED_ADDRESS, WIRE);
        out.putShort(HEADER + 2, (short) (ipv4 ? 8 : 20), WIRE);
        out.putShort(HEADER + 4, (short) (ipv4 ? 1 : 2), WIRE);
        out.putShort(HEADER + 6, (short) (source.port ^ MAGIC_COOKIE >>> 16), WIRE);
        if (ipv4) {
            out.putInt(HEADER + 8, (int) source.addressLow ^ MAGIC_COOKIE, WIRE);
            return HEADER + 12;
        }
        // The cookie and the transaction id behind it are the mask.
        out.putLong(HEADER + 8, source.addressHigh ^ out.getLong(4, WIRE), WIRE);
        out.putLong(HEADER + 16, source.addressLow ^ out.getLong(12, WIRE), WIRE);
        return HEADER + 24;
    }

    private int writeUnknown(final MutableDirectBuffer out, final int count) {
        out.putShort(0, (short) BINDING_ERROR, WIRE);
        out.putShort(HEADER, (short) ERROR_CODE, WIRE);
        out.putShort(HEADER + 2, (short) 4, WIRE);
        out.putInt(HEADER + 4, UNKNOWN_ATTRIBUTE_420, WIRE);
        out.putShort(HEADER + 8, (short) UNKNOWN_ATTRIBUTES, WIRE);
        out.putShort(HEADER + 10, (short) (2 * count), WIRE);
        for (int i = 0; i < count; i++) {
            out.putShort(HEADER + 12 + 2 * i, unknown[i], WIRE);
        }
        if ((count & 1) != 0) {
            out.putShort(HEADER + 12 + 2 * count, (short) 0, WIRE);
        }
        return HEADER + 12 + (2 * count + 3 & ~3);
    }

    private static int unsigned(final DirectBuffer bytes, final int at) {
        return bytes.getShort(at, WIRE) & 0xFFFF;
    }
}
