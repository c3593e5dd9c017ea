package org.tandemsip.engine.auth;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.DigestFields;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;

/**
 * Who may send requests, and how they show it: a protection space of Digest authentication. Holds H(A1) of each user,
 * never a password. Immutable, shared by all shards.
 */
public final class Realm {
    private final byte[] name;
    private final List<DigestAlgorithm> algorithms;
    private final long nonceTtlNs;
    /** Users by keyed hash of the name, in open addressing: nobody without the key can aim names at one place. */
    private final byte[][] users;
    /** Per algorithm of the enum, then as {@link #users}: the digits of H(A1). */
    private final byte[][][] secrets;
    /** For names that nobody has: the same work, never the right answer. */
    private final byte[][] nobody;

    /**
     * Makes a realm.
     *
     * @param name       as shown to clients, without quotes or backslashes
     * @param algorithms to offer, best first; at least one
     * @param nonceTtlNs how long an answer to a challenge is good
     * @param passwords  by user name
     * @param hash       keyed with what {@link Authenticator} has too
     */
    public Realm(final String name, final List<DigestAlgorithm> algorithms, final long nonceTtlNs,
            final Map<String, String> passwords, final KeyedHash hash) {
        this.name = name.getBytes(StandardCharsets.UTF_8);
        this.algorithms = List.copyOf(algorithms);
        this.nonceTtlNs = nonceTtlNs;
        final int slots = Integer.highestOneBit(Math.max(4, passwords.size() * 2)) * 2;
        users = new byte[slots][];
        secrets = new byte[DigestAlgorithm.values().length][slots][];
        nobody = new byte[DigestAlgorithm.values().length][];
        passwords.forEach((user, password) -> put(user.getBytes(StandardCharsets.UTF_8), password, hash));
        for (final DigestAlgorithm algorithm : algorithms) {
            nobody[algorithm.ordinal()] = secret(algorithm, new byte[0], Long.toHexString(hash.begin().end()));
        }
    }

    private void put(final byte[] user, final String password, final KeyedHash hash) {
        int slot = slot(hash, new UnsafeBuffer(user), Slice.of(0, user.length));
        while (users[slot] != null) {
            slot = slot + 1 & users.length - 1;
        }
        users[slot] = user;
        for (final DigestAlgorithm algorithm : algorithms) {
            secrets[algorithm.ordinal()][slot] = secret(algorithm, user, password);
        }
    }

    private byte[] secret(final DigestAlgorithm algorithm, final byte[] user, final String password) {
        final byte[] digits = new byte[algorithm.digits()];
        new DigestHash(algorithm).begin().add(user).colon().add(name).colon()
                .add(password.getBytes(StandardCharsets.UTF_8)).end(digits);
        return digits;
    }

    private int slot(final KeyedHash hash, final DirectBuffer bytes, final long user) {
        return (int) hash.begin().addSlice(bytes, user).end() & users.length - 1;
    }

    /**
     * Whether a Proxy-Authorization row is for this realm. Nobody further on needs it then (RFC 3261 section 22.3).
     *
     * @param fields holds what the row says when it is
     */
    public boolean isOf(final DigestFields fields, final SipMessage request, final int row) {
        final long value = request.rowValue(row);
        return fields.wrap(request.bytes(), Slice.offset(value), Slice.end(value))
                && fields.isExactly(DigestFields.Field.REALM, name);
    }

    /** Name of the realm, as bytes. */
    byte[] name() {
        return name;
    }

    /** Algorithms offered, best first. */
    List<DigestAlgorithm> algorithms() {
        return algorithms;
    }

    /** How long an answer to a challenge is good, in nanoseconds. */
    long nonceTtlNs() {
        return nonceTtlNs;
    }

    /**
     * Digits of H(A1) of a user; those of nobody when there is none of that name, so that both cost the same.
     */
    byte[] secret(final KeyedHash hash, final DigestAlgorithm algorithm, final DirectBuffer bytes, final long user) {
        int slot = slot(hash, bytes, user);
        while (users[slot] != null) {
            if (is(users[slot], bytes, user)) {
                return secrets[algorithm.ordinal()][slot];
            }
            slot = slot + 1 & users.length - 1;
        }
        return nobody[algorithm.ordinal()];
    }

    /** Whether there is a user of the name in {@code bytes[offset, offset + length)}. */
    public boolean knows(final KeyedHash hash, final DirectBuffer bytes, final int offset, final int length) {
        final long user = Slice.of(offset, length);
        int slot = slot(hash, bytes, user);
        while (users[slot] != null && !is(users[slot], bytes, user)) {
            slot = slot + 1 & users.length - 1;
        }
        return users[slot] != null;
    }

    /** Whether the bytes of {@code slice} are {@code expected}. Not for secrets: it stops at the first difference. */
    static boolean is(final byte[] expected, final DirectBuffer bytes, final long slice) {
        if (Slice.length(slice) != expected.length) {
            return false;
        }
        for (int i = 0; i < expected.length; i++) {
            if (bytes.getByte(Slice.offset(slice) + i) != expected[i]) {
                return false;
            }
        }
        return true;
    }

    /** Its name. */
    @Override
    public String toString() {
        return new String(name, StandardCharsets.UTF_8);
    }
}
