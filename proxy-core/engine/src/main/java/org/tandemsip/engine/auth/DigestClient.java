package org.tandemsip.engine.auth;

import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.DigestFields;
import org.tandemsip.codec.DigestFields.Field;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.auth.Challenge.Protection;
import org.tandemsip.engine.handler.ShardContext;

/**
 * Answers challenges with {@link Credentials} of ours (RFC 3261 sections 22.2 and 22.3, RFC 7616, RFC 8760): chooses
 * among the challenges of a 401 or 407, and writes the Authorization or Proxy-Authorization of the request that is sent
 * again. Whether whoever challenges may be answered at all is for the caller to say: it has to be a peer of the trunk
 * that the credentials are of, asked by a request that we have sent there.
 *
 * <pre>
 *   401, 407 --> {@link #read} --> Challenge --> {@link #write} --> "Proxy-Authorization: Digest username=..." CRLF
 *                 |                   |
 *                 |                   +-- kept, it answers the next request too, with a higher nonce count
 *                 +-- our realm; SHA-256 before MD5; qop auth before auth-int
 * </pre>
 *
 * Allocates nothing once the realm is known. Shard thread only.
 */
public final class DigestClient {
    /** What a response asks for. */
    public enum Reading {
        /** A challenge was taken over. */
        TAKEN,
        /** All challenges are of realms that the credentials are not for. */
        OTHER_REALM,
        /** No challenge, or none that is understood: another scheme or hash function, or malformed. */
        NOT_UNDERSTOOD
    }

    private static final long LABEL = 0x636e_6f6e_6365L;
    private static final int CNONCE_DIGITS = 16;
    private static final int COUNT_DIGITS = 8;
    private static final DigestAlgorithm[] ALGORITHMS = DigestAlgorithm.values();
    /** Number of no algorithm, worse than each. */
    private static final int NONE = ALGORITHMS.length;
    private static final byte[] DIGITS = ascii("0123456789abcdef");
    private static final byte[] TRUE = ascii("true");
    private static final byte[] AUTH = ascii("auth");
    private static final byte[] AUTH_INT = ascii("auth-int");
    private static final byte[] AUTHORIZATION = ascii("Authorization: Digest username=\"");
    private static final byte[] PROXY_AUTHORIZATION = ascii("Proxy-Authorization: Digest username=\"");
    private static final byte[] REALM = ascii("\", realm=\"");
    private static final byte[] NONCE = ascii("\", nonce=\"");
    private static final byte[] URI = ascii("\", uri=\"");
    private static final byte[] RESPONSE = ascii("\", response=\"");
    private static final byte[] ALGORITHM = ascii("\", algorithm=");
    private static final byte[] OPAQUE = ascii(", opaque=\"");
    private static final byte[] QOP = ascii(", qop=");
    private static final byte[] NC = ascii(", nc=");
    private static final byte[] CNONCE = ascii(", cnonce=\"");
    /** Bytes of a row besides user, realm, nonce, URI and opaque. */
    private static final int FIXED_BYTES = 320;

    private final KeyedHash hash;
    private final long shard;
    private final DigestFields fields = new DigestFields();
    private final UnsafeBuffer nonceBytes = new UnsafeBuffer(0, 0);
    private final byte[] cnonce = new byte[CNONCE_DIGITS];
    private final byte[] nc = new byte[COUNT_DIGITS];
    /** Per algorithm: what computes it, and room for two hashes. */
    private final DigestHash[] hashes = new DigestHash[NONE];
    private final byte[][] a2 = new byte[NONE][];
    private final byte[][] responses = new byte[NONE][];
    private long cnonces;

    /** Makes the client of one shard. */
    public DigestClient(final ShardContext context) {
        hash = new KeyedHash(context.keys().table0(), context.keys().table1());
        shard = context.shard();
        for (final DigestAlgorithm algorithm : ALGORITHMS) {
            hashes[algorithm.ordinal()] = new DigestHash(algorithm);
            a2[algorithm.ordinal()] = new byte[algorithm.digits()];
            responses[algorithm.ordinal()] = new byte[algorithm.digits()];
        }
    }

    /**
     * Chooses a challenge of a 401 or 407: of the realm that {@code credentials} are for, by the best hash function.
     *
     * @param bodyKnown whether {@link #write} can be given the body, as it will be sent: without it auth-int alone is
     *                  not understood
     * @param into      takes it over when there is one; else it stays as it is
     */
    public Reading read(final SipMessage response, final Credentials credentials, final boolean bodyKnown,
            final Challenge into) {
        final HeaderName own =
                response.statusCode() == 407 ? HeaderName.PROXY_AUTHENTICATE : HeaderName.WWW_AUTHENTICATE;
        int best = NONE;
        long otherRealm = Slice.NONE;
        for (int row = response.firstRow(own); row != SipMessage.NO_ROW; row = response.nextRow(row)) {
            final int algorithm = algorithm(response, row);
            if (algorithm < best && protection(bodyKnown) != null) {
                final Credentials.Secrets secrets = credentials.secrets(fields.bytes(), fields.get(Field.REALM));
                if (secrets == null) {
                    otherRealm = fields.get(Field.REALM);
                } else {
                    best = algorithm;
                    take(secrets, ALGORITHMS[algorithm], own, bodyKnown, into);
                }
            }
        }
        if (best < NONE) {
            return Reading.TAKEN;
        }
        if (!Slice.exists(otherRealm)) {
            return Reading.NOT_UNDERSTOOD;
        }
        credentials.refuse(response.bytes(), otherRealm);
        return Reading.OTHER_REALM;
    }

    private void take(final Credentials.Secrets secrets, final DigestAlgorithm algorithm, final HeaderName row,
            final boolean bodyKnown, final Challenge into) {
        into.take(fields.bytes(), fields.get(Field.NONCE), fields.get(Field.OPAQUE), fields.is(Field.STALE, TRUE),
                secrets);
        into.algorithm = algorithm;
        into.namesAlgorithm = Slice.exists(fields.get(Field.ALGORITHM));
        into.protection = protection(bodyKnown);
        into.proxy = row == HeaderName.PROXY_AUTHENTICATE;
    }

    /** Parses a challenge; the number of its algorithm, {@link #NONE} when it is none that can be answered. */
    private int algorithm(final SipMessage response, final int row) {
        final long value = response.rowValue(row);
        if (!fields.wrap(response.bytes(), Slice.offset(value), Slice.end(value))
                || !Slice.exists(fields.get(Field.REALM)) || !isTakable(Field.NONCE)
                || Slice.exists(fields.get(Field.OPAQUE)) && !isTakable(Field.OPAQUE)) {
            return NONE;
        }
        if (!Slice.exists(fields.get(Field.ALGORITHM))) {
            return DigestAlgorithm.MD5.ordinal();
        }
        for (int i = 0; i < NONE; i++) {
            if (fields.is(Field.ALGORITHM, ALGORITHMS[i].lowerCase())) {
                return i;
            }
        }
        return NONE;
    }

    private boolean isTakable(final Field field) {
        return Slice.exists(fields.get(field)) && Slice.length(fields.get(field)) <= Challenge.MOST_BYTES;
    }

    /** The best protection that the challenge parsed last offers; {@code null} for none that we can give. */
    private Protection protection(final boolean bodyKnown) {
        if (!Slice.exists(fields.get(Field.QOP))) {
            return Protection.NONE;
        }
        return fields.lists(Field.QOP, AUTH) ? Protection.AUTH
                : bodyKnown && fields.lists(Field.QOP, AUTH_INT) ? Protection.AUTH_INT : null;
    }

    /** Most bytes that {@link #write} writes for a URI of that many bytes. */
    public static int maxLength(final Challenge challenge, final Credentials credentials, final int uriBytes) {
        return FIXED_BYTES + credentials.user().length + challenge.secrets().realm().length + challenge.nonceLength()
                + Math.max(0, challenge.opaqueLength()) + uriBytes;
    }

    /** Whether a request carries an answer for the realm and the kind of server of {@code challenge} already. */
    public boolean isAnswered(final SipMessage request, final Challenge challenge) {
        final HeaderName name = challenge.proxy ? HeaderName.PROXY_AUTHORIZATION : HeaderName.AUTHORIZATION;
        for (int row = request.firstRow(name); row != SipMessage.NO_ROW; row = request.nextRow(row)) {
            final long value = request.rowValue(row);
            if (fields.wrap(request.bytes(), Slice.offset(value), Slice.end(value))
                    && fields.isExactly(Field.REALM, challenge.secrets().realm())) {
                return true;
            }
        }
        return false;
    }

    /**
     * Writes the row that answers {@code challenge}, Authorization or Proxy-Authorization with its CRLF. A nonce count
     * is used up by each call: what is retransmitted has to be kept.
     *
     * @param challenge taken over by {@link #read} with the same credentials
     * @param bytes     the request that is sent, as it is sent
     * @param method    its method in {@code bytes}
     * @param uri       its Request-URI
     * @param body      its body, empty for none; {@link Slice#NONE} where it is not known, as {@link #read} was told
     */
    public void write(final AsciiWriter out, final Challenge challenge, final Credentials credentials,
            final DirectBuffer bytes, final long method, final long uri, final long body) {
        final boolean counts = challenge.protection != Protection.NONE;
        if (counts) {
            putHex(challenge.nextCount(), nc);
            nonceBytes.wrap(challenge.nonce(), 0, challenge.nonceLength());
            putHex(hash.begin().add(LABEL).add(shard).add(cnonces++)
                    .add(nonceBytes, 0, nonceBytes.capacity()).end(), cnonce);
        }
        final byte[] response = respond(challenge, nc, cnonce, bytes, method, uri, body);
        out.put(challenge.proxy ? PROXY_AUTHORIZATION : AUTHORIZATION).put(credentials.user()).put(REALM)
                .put(challenge.secrets().realm()).put(NONCE);
        nonceBytes.wrap(challenge.nonce(), 0, challenge.nonceLength());
        out.put(nonceBytes, 0, challenge.nonceLength()).put(URI).putSlice(bytes, uri).put(RESPONSE).put(response);
        if (challenge.namesAlgorithm) {
            out.put(ALGORITHM).put(challenge.algorithm.bytes());
        } else {
            out.put('"');
        }
        if (challenge.opaqueLength() >= 0) {
            nonceBytes.wrap(challenge.opaque(), 0, challenge.opaqueLength());
            out.put(OPAQUE).put(nonceBytes, 0, challenge.opaqueLength()).put('"');
        }
        if (counts) {
            out.put(QOP).put(challenge.protection == Protection.AUTH ? AUTH : AUTH_INT).put(NC).put(nc).put(CNONCE)
                    .put(cnonce).put('"');
        }
        out.crlf();
    }

    /** Digits of the response (RFC 7616 section 3.4.1). */
    byte[] respond(final Challenge challenge, final byte[] nonceCount, final byte[] clientNonce,
            final DirectBuffer bytes, final long method, final long uri, final long body) {
        final int number = challenge.algorithm.ordinal();
        final DigestHash digest = hashes[number];
        final byte[] response = responses[number];
        if (challenge.protection == Protection.AUTH_INT) {
            digest.begin().add(bytes, body).end(response);
        }
        digest.begin().add(bytes, method).colon().add(bytes, uri);
        if (challenge.protection == Protection.AUTH_INT) {
            digest.colon().add(response);
        }
        digest.end(a2[number]);
        digest.begin().add(challenge.secrets().digits()[number]).colon()
                .add(challenge.nonce(), challenge.nonceLength()).colon();
        if (challenge.protection != Protection.NONE) {
            digest.add(nonceCount).colon().add(clientNonce).colon()
                    .add(challenge.protection == Protection.AUTH ? AUTH : AUTH_INT).colon();
        }
        digest.add(a2[number]).end(response);
        return response;
    }

    /** Fills {@code digits} with the lowest of {@code value}. */
    private static void putHex(final long value, final byte[] digits) {
        for (int i = 0; i < digits.length; i++) {
            digits[i] = DIGITS[(int) (value >>> (digits.length - 1 - i << 2)) & 15];
        }
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
