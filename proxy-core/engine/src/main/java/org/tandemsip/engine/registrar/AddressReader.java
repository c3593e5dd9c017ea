package org.tandemsip.engine.registrar;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;

/**
 * Finds out which user a URI names. One instance per thread; what it reads is overwritten by the next {@link #read}.
 */
public final class AddressReader {
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[AddressOfRecord.MAX_BYTES]);
    private final AddressOfRecord user = new AddressOfRecord(buffer.byteArray(), 0, 0, 0);
    private final KeyedHash hash;

    /** Reads keys of {@code table}. */
    public AddressReader(final LocationTable table) {
        hash = table.newHash();
    }

    /**
     * Reads the user of a sip, sips or tel URI.
     *
     * @param domain what the domain is called, lower case; may be empty
     * @return whether it names one; then {@link #user} is it
     */
    public boolean read(final DirectBuffer bytes, final SipUri uri, final byte[] domain) {
        final long name = uri.user();
        if (uri.scheme() == SipUri.Scheme.OPAQUE || !Slice.exists(name)) {
            return false;
        }
        final int userLength = unescape(bytes, name);
        if (userLength <= 0 || userLength + 1 + domain.length > AddressOfRecord.MAX_BYTES) {
            return false;
        }
        buffer.putByte(userLength, (byte) '@');
        buffer.putBytes(userLength + 1, domain);
        set(userLength, userLength + 1 + domain.length);
        return true;
    }

    /** Reads one that was written down; {@code false} when it can be none. */
    public boolean read(final DirectBuffer bytes, final int offset, final int length) {
        if (length <= 1 || length > AddressOfRecord.MAX_BYTES) {
            return false;
        }
        buffer.putBytes(0, bytes, offset, length);
        int at = length - 1;
        while (at > 0 && buffer.getByte(at) != '@') {
            at--;
        }
        set(at, length);
        return at > 0;
    }

    /** The bytes of the user read last; its user part comes first. */
    public DirectBuffer bytes() {
        return buffer;
    }

    /** The user read last. */
    public AddressOfRecord user() {
        return user;
    }

    private void set(final int userLength, final int length) {
        user.userLength = userLength;
        user.length = length;
        user.hash = (int) hash.begin().add(buffer, 0, length).end();
    }

    private int unescape(final DirectBuffer bytes, final long name) {
        int length = 0;
        int p = Slice.offset(name);
        final int end = Slice.end(name);
        while (p < end) {
            if (length == AddressOfRecord.MAX_BYTES) {
                return -1;
            }
            final int value = UriEquality.unescaped(bytes, p, end);
            p += UriEquality.escaped(bytes, p, end) ? 3 : 1;
            buffer.putByte(length++, (byte) value);
        }
        return length;
    }
}
