package org.tandemsip.engine.auth;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.Slice;

/**
 * The name and password that we show to whoever challenges us, and the one realm they are for (RFC 7616 section 3.4).
 * Where the configuration names no realm, the first one that is answered is the only one from then on: somebody who
 * gets between us and the carrier later, or a peer that is led to challenge in another's name, learns no hash to guess
 * the password by.
 *
 * <p>Holds the password, since the realm may be known only when a challenge comes. One object for all shards, kept over
 * reloads that do not change it. What is allocated is allocated with the first challenge.
 */
public final class Credentials {
    /** Longest realm that is answered, in bytes. */
    static final int MOST_REALM = 256;

    /** Digits of H(A1) for one realm, per algorithm of the enum. */
    record Secrets(byte[] realm, byte[][] digits) {}

    private final byte[] user;
    private final byte[] password;
    /** As configured, or {@code null} for the first one seen. */
    private final byte[] realm;
    private final boolean callers;
    private final AtomicReference<Secrets> secrets = new AtomicReference<>();
    private final AtomicReference<String> refusedRealm = new AtomicReference<>();
    private final AtomicLong refused = new AtomicLong();

    /**
     * Makes credentials.
     *
     * @param user     without quotes, colons and backslashes
     * @param password as the carrier has given it
     * @param realm    the realm they are for; {@code null} for the first one that challenges
     */
    public Credentials(final String user, final String password, final String realm) {
        this(user, password, realm, false);
    }

    /** The same. @param callers whether they are shown, too, to a side that has called us */
    public Credentials(final String user, final String password, final String realm, final boolean callers) {
        this.user = user.getBytes(StandardCharsets.UTF_8);
        this.password = password.getBytes(StandardCharsets.UTF_8);
        this.realm = realm == null ? null : realm.getBytes(StandardCharsets.UTF_8);
        this.callers = callers;
        if (realm != null) {
            secrets.set(secretsOf(this.realm));
        }
    }

    /** Whether {@code other} was configured as this was. */
    public boolean isLike(final Credentials other) {
        return other != null && Arrays.equals(user, other.user) && Arrays.equals(password, other.password)
                && Arrays.equals(realm, other.realm) && callers == other.callers;
    }

    /** The realm they are for; {@code null} while none is known. */
    public String realm() {
        final Secrets now = secrets.get();
        return now == null ? null : new String(now.realm, StandardCharsets.UTF_8);
    }

    /**
     * Whether they are shown inside a dialog: the realm has to be known by then, since anybody behind the trunk may be
     * the first who challenges there.
     *
     * @param called whether it is the side that we have called
     */
    public boolean holdInside(final boolean called) {
        return (called || callers) && secrets.get() != null;
    }

    /** Challenges that were not answered since they came from another realm. */
    public long refused() {
        return refused.get();
    }

    /** Another realm that has challenged since this was asked last; {@code null} for none. */
    public String takeRefusedRealm() {
        return refusedRealm.getAndSet(null);
    }

    /** Whether {@code name} is their user. Allocates nothing. */
    public boolean isUser(final DirectBuffer bytes, final long name) {
        return Realm.is(user, bytes, name);
    }

    /** User name as bytes. */
    byte[] user() {
        return user;
    }

    /** What answers a challenge of the realm in {@code bytes}; {@code null} when that is another realm than theirs. */
    Secrets secrets(final DirectBuffer bytes, final long name) {
        Secrets now = secrets.get();
        if (now == null && Slice.length(name) <= MOST_REALM) {
            final byte[] first = new byte[Slice.length(name)];
            bytes.getBytes(Slice.offset(name), first);
            secrets.compareAndSet(null, secretsOf(first));
            now = secrets.get();
        }
        return now != null && Realm.is(now.realm, bytes, name) ? now : null;
    }

    /** Counts a response that was not answered since it challenges for another realm. */
    void refuse(final DirectBuffer bytes, final long name) {
        refused.incrementAndGet();
        if (refusedRealm.get() == null) {
            refusedRealm.set(bytes.getStringWithoutLengthAscii(Slice.offset(name),
                    Math.min(MOST_REALM, Slice.length(name))));
        }
    }

    private Secrets secretsOf(final byte[] name) {
        final DigestAlgorithm[] algorithms = DigestAlgorithm.values();
        final byte[][] digits = new byte[algorithms.length][];
        for (final DigestAlgorithm algorithm : algorithms) {
            digits[algorithm.ordinal()] = new byte[algorithm.digits()];
            new DigestHash(algorithm).begin().add(user).colon().add(name).colon().add(password)
                    .end(digits[algorithm.ordinal()]);
        }
        return new Secrets(name, digits);
    }

    @Override
    public String toString() {
        return new String(user, StandardCharsets.UTF_8);
    }
}
