package org.tandemsip.engine.auth;

import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.DigestFields;
import org.tandemsip.codec.DigestFields.Field;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.Hex;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.handler.ShardContext;

/**
 * Checks the credentials of requests against a {@link Realm}, and writes the challenges (RFC 3261 section 22.3,
 * RFC 7616, RFC 8760).
 *
 * <pre>
 *   nonce: 0000a1b2 00000007 0123456789abcdef
 *          |        |        |
 *          |        |        +-- MAC over the two before, the realm and the Call-ID
 *          |        +-- number of the challenge in this shard
 *          +-- when, in steps of 2^30 ns
 * </pre>
 *
 * A nonce holds for one Call-ID, and so for one shard: what has been used of it is known here and nowhere else has to
 * be. A client that answers with one of another call gets {@code stale=true} and tries again, as RFC 3261 section 22.3
 * has it do anyway. Shard thread only.
 */
public final class Authenticator {
    /** What credentials are worth. */
    public enum Verdict {
        /** There are none for this realm, or for a nonce that was never ours. */
        MISSING,
        /** The user is not known, or the password is wrong: nobody is told which. */
        WRONG,
        /** Right, but for a nonce whose time is over. */
        STALE,
        /** Right, but used before. */
        REPLAYED,
        /** Right. */
        RIGHT
    }

    private static final long LABEL = 0x6469_6765_7374L;
    private static final int TICK_BITS = 30;
    private static final int NONCE_DIGITS = 32;
    private static final int NC_DIGITS = 8;
    /** Times eight nonces, in 1.2 MB: 500 calls/s with a nonce's time of a minute. */
    private static final int REPLAY_GROUPS = 4_096;
    private static final byte[] PROXY_CHALLENGE = ascii("Proxy-Authenticate: Digest realm=\"");
    private static final byte[] CHALLENGE = ascii("WWW-Authenticate: Digest realm=\"");
    private static final byte[] QOP = ascii("\", qop=\"auth\", algorithm=");
    private static final byte[] NONCE = ascii(", nonce=\"");
    private static final byte[] STALE = ascii(", stale=true");
    private static final byte[] AUTH = ascii("auth");
    /** Bytes of one challenge besides the name of the realm. */
    private static final int CHALLENGE_BYTES = 140;

    private final KeyedHash hash;
    private final DigestFields fields = new DigestFields();
    private final UnsafeBuffer realmName = new UnsafeBuffer(0, 0);
    /** Per algorithm: what computes it, and room for two hashes. */
    private final DigestHash[] hashes = new DigestHash[DigestAlgorithm.values().length];
    private final byte[][] a2 = new byte[hashes.length][];
    private final byte[][] expected = new byte[hashes.length][];
    private ReplayTable used;
    private int challenges;
    private long nonceMac;
    private long nonceAgeNs;
    private int nonceCount;
    private long user;

    /** Uses the token key of {@code context}, so that a restart or another node knows our nonces too. */
    public Authenticator(final ShardContext context) {
        hash = new KeyedHash(context.keys().token0(), context.keys().token1());
        for (final DigestAlgorithm algorithm : DigestAlgorithm.values()) {
            hashes[algorithm.ordinal()] = new DigestHash(algorithm);
            a2[algorithm.ordinal()] = new byte[algorithm.digits()];
            expected[algorithm.ordinal()] = new byte[algorithm.digits()];
        }
    }

    /**
     * Looks at the rows of {@code request} that are for {@code realm}; those for others are not looked at. One that is
     * right is enough.
     *
     * @param name Proxy-Authorization for a proxy, Authorization for a registrar
     */
    public Verdict check(final SipMessage request, final Realm realm, final HeaderName name, final long nowNs) {
        Verdict best = Verdict.MISSING;
        user = Slice.NONE;
        for (int row = request.firstRow(name); row != SipMessage.NO_ROW; row = request.nextRow(row)) {
            if (realm.isOf(fields, request, row)) {
                final Verdict verdict = judge(request, realm, nowNs);
                if (verdict == Verdict.RIGHT) {
                    user = fields.get(Field.USERNAME);
                }
                best = verdict.compareTo(best) > 0 ? verdict : best;
            }
        }
        return best;
    }

    /** The user who has shown the right credentials in the request checked last, or {@link Slice#NONE}. */
    public long user() {
        return user;
    }

    private Verdict judge(final SipMessage request, final Realm realm, final long nowNs) {
        final DirectBuffer bytes = request.bytes();
        final DigestAlgorithm algorithm = algorithm(realm);
        if (!readNonce(request, realm, nowNs)) {
            return Verdict.MISSING;
        }
        final boolean qop = Slice.exists(fields.get(Field.QOP));
        if (algorithm == null || !Slice.exists(fields.get(Field.USERNAME)) || !Slice.exists(fields.get(Field.URI))
                || !Slice.exists(fields.get(Field.RESPONSE)) || qop && !(fields.is(Field.QOP, AUTH) && readCount())) {
            return Verdict.WRONG;
        }
        final DigestHash digest = hashes[algorithm.ordinal()];
        final byte[] hashOfA2 = a2[algorithm.ordinal()];
        digest.begin().add(bytes, request.methodToken()).colon().add(bytes, fields.get(Field.URI)).end(hashOfA2);
        digest.begin().add(realm.secret(hash, algorithm, bytes, fields.get(Field.USERNAME))).colon()
                .add(bytes, fields.get(Field.NONCE)).colon();
        if (qop) {
            digest.add(bytes, fields.get(Field.NC)).colon().add(bytes, fields.get(Field.CNONCE)).colon()
                    .add(bytes, fields.get(Field.QOP)).colon();
        } else {
            nonceCount = 0;
        }
        digest.add(hashOfA2).end(expected[algorithm.ordinal()]);
        if (!isExpected(expected[algorithm.ordinal()], bytes, fields.get(Field.RESPONSE))) {
            return Verdict.WRONG;
        }
        if (nonceAgeNs > realm.nonceTtlNs()) {
            return Verdict.STALE;
        }
        if (used == null) {
            used = new ReplayTable(REPLAY_GROUPS);
        }
        return used.use(nonceMac, nonceCount, identity(request), nowNs - nonceAgeNs, realm.nonceTtlNs(), nowNs)
                ? Verdict.RIGHT : Verdict.REPLAYED;
    }

    /** MD5 where none is named (RFC 7616 section 3.4); {@code null} for one that was not offered. */
    private DigestAlgorithm algorithm(final Realm realm) {
        for (int i = 0; i < realm.algorithms().size(); i++) {
            final DigestAlgorithm algorithm = realm.algorithms().get(i);
            if (Slice.exists(fields.get(Field.ALGORITHM)) ? fields.is(Field.ALGORITHM, algorithm.lowerCase())
                    : algorithm == DigestAlgorithm.MD5) {
                return algorithm;
            }
        }
        return null;
    }

    /** Whether the nonce is one that we gave for this call, however long ago. */
    private boolean readNonce(final SipMessage request, final Realm realm, final long nowNs) {
        final long nonce = fields.get(Field.NONCE);
        if (!Slice.exists(nonce) || Slice.length(nonce) != NONCE_DIGITS) {
            return false;
        }
        final DirectBuffer bytes = request.bytes();
        final int start = Slice.offset(nonce);
        final long tick = Hex.parse8(bytes, start);
        final long number = Hex.parse8(bytes, start + 8);
        final long high = Hex.parse8(bytes, start + 16);
        final long low = Hex.parse8(bytes, start + 24);
        if (tick == Hex.NONE || number == Hex.NONE || high == Hex.NONE || low == Hex.NONE) {
            return false;
        }
        nonceMac = mac(tick << 32 | number, realm, request);
        // Modulo 2^32 ticks, some 146 years. One from the future is as good as one too old.
        nonceAgeNs = ((int) (nowNs >>> TICK_BITS) - (int) tick & 0xFFFF_FFFFL) << TICK_BITS;
        return nonceMac == (high << 32 | low);
    }

    /** Reads nc, which comes with a cnonce. */
    private boolean readCount() {
        final long count = fields.get(Field.NC);
        if (!Slice.exists(count) || Slice.length(count) != NC_DIGITS || !Slice.exists(fields.get(Field.CNONCE))) {
            return false;
        }
        nonceCount = 0;
        for (int i = Slice.offset(count); i < Slice.end(count); i++) {
            final int digit = Character.digit(fields.bytes().getByte(i), 16);
            if (digit < 0) {
                return false;
            }
            nonceCount = nonceCount << 4 | digit;
        }
        return nonceCount != 0;
    }

    private long mac(final long issued, final Realm realm, final SipMessage request) {
        realmName.wrap(realm.name());
        final long mac = hash.begin().add(LABEL).add(issued).add(realmName, 0, realmName.capacity()).add(LABEL)
                .addSlice(request.bytes(), request.callId()).end();
        // 0 is an empty place in the table of nonces.
        return mac == 0 ? 1 : mac;
    }

    /** What tells a retransmission, which may use its nonce count once more, from a replay. */
    private long identity(final SipMessage request) {
        final DirectBuffer bytes = request.bytes();
        return hash.begin().add(LABEL).add(request.cseqNumber()).addSlice(bytes, request.methodToken())
                .addSlice(bytes, request.requestUri()).addSlice(bytes, request.topVia().branch()).end();
    }

    /** Compares in a time that says nothing about where they differ; digits may be in upper case. */
    private static boolean isExpected(final byte[] digits, final DirectBuffer bytes, final long response) {
        if (Slice.length(response) != digits.length) {
            return false;
        }
        int difference = 0;
        for (int i = 0; i < digits.length; i++) {
            difference |= digits[i] ^ (bytes.getByte(Slice.offset(response) + i) | 0x20);
        }
        return difference == 0;
    }

    /** Most bytes that {@link #writeChallenges} writes. */
    public static int maxLength(final Realm realm) {
        return realm.algorithms().size() * (CHALLENGE_BYTES + realm.name().length);
    }

    /**
     * Writes one row per algorithm, best first (RFC 8760 section 2.3).
     *
     * @param proxy whether it is a proxy that asks (Proxy-Authenticate) and not a registrar (WWW-Authenticate)
     * @param stale whether the password was right, so that nobody need be asked for it again
     */
    public void writeChallenges(final AsciiWriter out, final SipMessage request, final Realm realm,
            final boolean proxy, final boolean stale, final long nowNs) {
        final long issued = nowNs >>> TICK_BITS << 32 | challenges++ & 0xFFFF_FFFFL;
        final long mac = mac(issued, realm, request);
        for (int i = 0; i < realm.algorithms().size(); i++) {
            out.put(proxy ? PROXY_CHALLENGE : CHALLENGE).put(realm.name()).put(QOP)
                    .put(realm.algorithms().get(i).bytes()).put(NONCE)
                    .putHex(issued, 16).putHex(mac, 16).put('"');
            if (stale) {
                out.put(STALE);
            }
            out.crlf();
        }
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
