package org.tandemsip.server.registrar;

import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.registrar.AddressOfRecord;
import org.tandemsip.engine.registrar.AddressReader;
import org.tandemsip.engine.registrar.Binding;
import org.tandemsip.engine.registrar.Bindings;
import org.tandemsip.engine.registrar.Flow;

/**
 * All contacts of one user as bytes.
 *
 * <pre>
 *   version (8) user contacts (1) { expires (8) cseq (8) q (4) reg-id (4) contact call-id path instance
 *                                   flow? (1) [ transport local (8) address (16) port (4) pinned (1) ] }
 * </pre>
 * Texts are preceded by their length (2). The connection of a flow is not kept: there is none after a restart.
 */
final class UserRecord {
    private static final int FIXED = 8 + 2 + 1;
    private static final int FIXED_PER_CONTACT = 8 + 8 + 4 + 4 + 4 * 2 + 1;
    private static final int FIXED_PER_FLOW = 2 + 8 + 16 + 4 + 1;

    private UserRecord() {}

    static int length(final AddressOfRecord user, final Bindings bindings) {
        int length = FIXED + user.length();
        for (int i = 0; i < bindings.size(); i++) {
            final Binding binding = bindings.get(i);
            length += FIXED_PER_CONTACT + binding.contact().length + binding.callId().length + binding.path().length
                    + binding.instance().length;
            if (binding.flow() != null) {
                length += FIXED_PER_FLOW + binding.flow().transport().token().length;
            }
        }
        return length;
    }

    /** Writes a record; returns the index behind it. */
    static int write(final AddressOfRecord user, final Bindings bindings, final MutableDirectBuffer out,
            final int index) {
        out.putLong(index, bindings.version());
        out.putShort(index + 8, (short) user.length());
        int p = index + 10;
        for (int i = 0; i < user.length(); i++) {
            out.putByte(p++, user.byteAt(i));
        }
        out.putByte(p++, (byte) bindings.size());
        for (int i = 0; i < bindings.size(); i++) {
            p = write(bindings.get(i), out, p);
        }
        return p;
    }

    private static int write(final Binding binding, final MutableDirectBuffer out, final int index) {
        out.putLong(index, binding.expiresAtMs());
        out.putLong(index + 8, binding.cseq());
        out.putInt(index + 16, binding.q());
        out.putInt(index + 20, binding.regId());
        int p = put(binding.contact(), out, index + 24);
        p = put(binding.callId(), out, p);
        p = put(binding.path(), out, p);
        p = put(binding.instance(), out, p);
        final Flow flow = binding.flow();
        out.putByte(p++, (byte) (flow == null ? 0 : 1));
        if (flow == null) {
            return p;
        }
        p = put(flow.transport().token(), out, p);
        out.putLong(p, flow.local());
        out.putLong(p + 8, flow.addressHigh());
        out.putLong(p + 16, flow.addressLow());
        out.putInt(p + 24, flow.port());
        out.putByte(p + 28, (byte) (flow.pinned() ? 1 : 0));
        return p + 29;
    }

    private static int put(final byte[] text, final MutableDirectBuffer out, final int index) {
        out.putShort(index, (short) text.length);
        out.putBytes(index + 2, text);
        return index + 2 + text.length;
    }

    /** Reads the user of a record into {@code reader}; {@code false} when there is none. */
    static boolean readUser(final DirectBuffer bytes, final AddressReader reader) {
        final int length = bytes.getShort(8) & 0xFFFF;
        return length < bytes.capacity() - 10 && reader.read(bytes, 10, length);
    }

    /** Version of a record. */
    static long version(final DirectBuffer bytes) {
        return bytes.getLong(0);
    }

    /** Contacts of a record. */
    static Bindings bindings(final DirectBuffer bytes) {
        final Cursor cursor = new Cursor(bytes, 10 + (bytes.getShort(8) & 0xFFFF));
        final int count = bytes.getByte(cursor.p++);
        final List<Binding> bindings = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            bindings.add(cursor.binding());
        }
        return new Bindings(bindings, version(bytes));
    }

    /** Walks through the contacts of a record. */
    private static final class Cursor {
        private final DirectBuffer bytes;
        private int p;

        Cursor(final DirectBuffer bytes, final int start) {
            this.bytes = bytes;
            p = start;
        }

        Binding binding() {
            final long expiresAtMs = bytes.getLong(p);
            final long cseq = bytes.getLong(p + 8);
            final int q = bytes.getInt(p + 16);
            final int regId = bytes.getInt(p + 20);
            p += 24;
            final byte[] contact = text();
            final byte[] callId = text();
            final byte[] path = text();
            final byte[] instance = text();
            return new Binding(contact, q, expiresAtMs, callId, cseq, path, instance, regId,
                    bytes.getByte(p++) == 0 ? null : flow());
        }

        private Flow flow() {
            final byte[] token = text();
            final Transport transport = Transport.of(new UnsafeBuffer(token), 0, token.length);
            p += 29;
            return new Flow(transport, bytes.getLong(p - 29), bytes.getLong(p - 21), bytes.getLong(p - 13),
                    bytes.getInt(p - 5), 0, bytes.getByte(p - 1) != 0);
        }

        private byte[] text() {
            final byte[] text = new byte[bytes.getShort(p) & 0xFFFF];
            bytes.getBytes(p + 2, text);
            p += 2 + text.length;
            return text.length == 0 ? Binding.NOTHING : text;
        }
    }
}
