package org.tandemsip.engine.registrar;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Name of a user in canonical form (RFC 3261 section 10.3 step 5): user part with escapes undone, an at sign, domain in
 * lower case. Key of the {@link LocationTable}, hashed with a key so that nobody can aim at one place of it. Immutable,
 * but for the one that an {@link AddressReader} reads into.
 */
public final class AddressOfRecord {
    /** Longest one, in bytes. */
    public static final int MAX_BYTES = 320;

    final byte[] bytes;
    int length;
    int userLength;
    int hash;

    AddressOfRecord(final byte[] bytes, final int length, final int userLength, final int hash) {
        this.bytes = bytes;
        this.length = length;
        this.userLength = userLength;
        this.hash = hash;
    }

    /** One of its own, to be kept. */
    AddressOfRecord copy() {
        return new AddressOfRecord(Arrays.copyOf(bytes, length), length, userLength, hash);
    }

    /** Size in bytes. */
    public int length() {
        return length;
    }

    /** Size of the user part, with which it begins, in bytes. */
    public int userLength() {
        return userLength;
    }

    /** Byte number {@code index}. */
    public byte byteAt(final int index) {
        return bytes[index];
    }

    /** Whether a user name is that of this user, with or without the domain. */
    public boolean isNamed(final org.agrona.DirectBuffer buffer, final int offset, final int nameLength) {
        if (nameLength != length && nameLength != userLength) {
            return false;
        }
        for (int i = 0; i < nameLength; i++) {
            if (buffer.getByte(offset + i) != bytes[i]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof final AddressOfRecord that && hash == that.hash
                && Arrays.equals(bytes, 0, length, that.bytes, 0, that.length);
    }

    /** For people. */
    @Override
    public String toString() {
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }
}
