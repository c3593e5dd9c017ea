package org.tandemsip.server.dns;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.tandemsip.codec.IpAddress;

/**
 * Reads what records say. The bytes are those of a stranger: every length is looked at before it is believed, names end
 * after 255 bytes (RFC 1035 section 2.3.4), and a compressed name may only point to what stands before it, so that it
 * has an end.
 */
final class Rdatas {
    private static final int MAX_NAME = 255;
    private static final int MAX_LABEL = 63;
    private static final int POINTER = 0xC0;

    private Rdatas() {}

    /**
     * Reads one record.
     *
     * @param data buffer of the whole message, its readable bytes being those of the record
     * @return what it says, or {@code null} when it is malformed
     */
    static Rdata read(final RecordType type, final ByteBuf data) {
        return switch (type) {
            case A -> data.readableBytes() != 4 ? null
                    : new Rdata.Address(0, IpAddress.IPV4_PREFIX | data.getUnsignedInt(data.readerIndex()));
            case AAAA -> data.readableBytes() != 16 ? null
                    : new Rdata.Address(data.getLong(data.readerIndex()), data.getLong(data.readerIndex() + 8));
            case SRV -> srv(data.duplicate());
            case NAPTR -> naptr(data.duplicate());
        };
    }

    private static Rdata srv(final ByteBuf data) {
        if (data.readableBytes() < 7) {
            return null;
        }
        final int priority = data.readUnsignedShort();
        final int weight = data.readUnsignedShort();
        final int port = data.readUnsignedShort();
        final String target = name(data);
        // Port 0 can be sent to by nobody, but stands beside the target "." that says so.
        return target == null || port == 0 && !target.isEmpty() ? null : new Rdata.Srv(priority, weight, port, target);
    }

    private static Rdata naptr(final ByteBuf data) {
        if (data.readableBytes() < 8) {
            return null;
        }
        final int order = data.readUnsignedShort();
        final int preference = data.readUnsignedShort();
        final String flags = text(data);
        final String service = flags == null ? null : text(data);
        final String regexp = service == null ? null : text(data);
        final String replacement = regexp == null ? null : name(data);
        return replacement == null ? null
                : new Rdata.Naptr(order, preference, flags.toLowerCase(Locale.ROOT), service.toLowerCase(Locale.ROOT),
                        regexp, replacement);
    }

    /** A character-string (RFC 1035 section 3.3), or {@code null} when it is longer than what holds it. */
    private static String text(final ByteBuf data) {
        if (!data.isReadable() || data.getUnsignedByte(data.readerIndex()) >= data.readableBytes()) {
            return null;
        }
        final int length = data.readUnsignedByte();
        return data.readCharSequence(length, StandardCharsets.ISO_8859_1).toString();
    }

    /**
     * A domain name in lower case without the dot at its end, empty for the root; {@code null} when it is malformed or
     * holds a label that is no part of a host or service name.
     */
    static String name(final ByteBuf data) {
        final StringBuilder name = new StringBuilder();
        final int end = data.writerIndex();
        int position = data.readerIndex();
        int before = position;
        boolean jumped = false;
        while (position < (jumped ? data.capacity() : end)) {
            final int length = data.getUnsignedByte(position++);
            if (length == 0) {
                return name.toString();
            }
            if ((length & POINTER) == POINTER) {
                if (position >= data.capacity()) {
                    return null;
                }
                final int target = (length & ~POINTER) << 8 | data.getUnsignedByte(position);
                if (target >= before) {
                    return null;
                }
                before = target;
                position = target;
                jumped = true;
            } else if (length > MAX_LABEL || position + length > data.capacity()
                    || !label(data, position, length, name) || name.length() > MAX_NAME) {
                return null;
            } else {
                position += length;
            }
        }
        return null;
    }

    private static boolean label(final ByteBuf data, final int start, final int length, final StringBuilder name) {
        if (!name.isEmpty()) {
            name.append('.');
        }
        for (int i = start; i < start + length; i++) {
            final int c = data.getUnsignedByte(i);
            final boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
            if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_') {
                return false;
            }
            name.append((char) (letter ? c | 0x20 : c));
        }
        return true;
    }
}
