package org.tandemsip.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.tandemsip.codec.DigestFields.Field;

class DigestFieldsTest {
    private final DigestFields fields = new DigestFields();

    @Test
    void shouldReadTheExampleOfRfc3261() {
        assertTrue(wrap(
                "Digest username=\"bob\",\r\n realm=\"biloxi.com\",\r\n nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\""
                        + ",\r\n uri=\"sip:bob@biloxi.com\",\r\n qop=auth,\r\n nc=00000001,\r\n cnonce=\"0a4f113b\",\r\n"
                        + " response=\"6629fae49393a05397450978507c4ef1\",\r\n opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""));

        assertEquals("bob", get(Field.USERNAME));
        assertEquals("biloxi.com", get(Field.REALM));
        assertEquals("dcd98b7102dd2f0e8b11d0f600bfb0c093", get(Field.NONCE));
        assertEquals("sip:bob@biloxi.com", get(Field.URI));
        assertEquals("auth", get(Field.QOP));
        assertEquals("00000001", get(Field.NC));
        assertEquals("0a4f113b", get(Field.CNONCE));
        assertEquals("6629fae49393a05397450978507c4ef1", get(Field.RESPONSE));
        assertEquals("5ccc069c403ebaf9f0171e9517f40e41", get(Field.OPAQUE));
        assertFalse(Slice.exists(fields.get(Field.ALGORITHM)));
        assertTrue(fields.isExactly(Field.REALM, "biloxi.com".getBytes(StandardCharsets.US_ASCII)));
        assertFalse(fields.isExactly(Field.REALM, "Biloxi.com".getBytes(StandardCharsets.US_ASCII)));
        assertFalse(fields.isExactly(Field.STALE, new byte[0]));
    }

    @Test
    void shouldNotMindCaseBlanksEscapesAndUnknownFields() {
        assertTrue(wrap("DIGEST  Realm = \"a \\\"b\\\", c\" ,x=y,NONCE=\"\",algorithm=md5 , stale=TRUE"));

        assertEquals("a \\\"b\\\", c", get(Field.REALM));
        assertEquals("", get(Field.NONCE));
        assertTrue(fields.is(Field.ALGORITHM, "md5".getBytes(StandardCharsets.US_ASCII)));
        assertTrue(fields.is(Field.STALE, "true".getBytes(StandardCharsets.US_ASCII)));
    }

    @Test
    void shouldFindTokensInAList() {
        assertTrue(wrap("Digest qop=\"auth-int , AUTH,,x\", nonce=auth, realm=\"\""));

        assertTrue(lists(Field.QOP, "auth") && lists(Field.QOP, "auth-int") && lists(Field.QOP, "x"));
        assertTrue(lists(Field.NONCE, "auth"));
        assertFalse(lists(Field.QOP, "int") || lists(Field.REALM, "auth") || lists(Field.OPAQUE, "auth"));
        assertTrue(wrap("Digest qop=\"authx, ;auth\""));
        assertTrue(lists(Field.QOP, "auth") && !lists(Field.QOP, "aut"));
    }

    private boolean lists(final Field field, final String token) {
        return fields.lists(field, token.getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void shouldRefuseWhatIsNoDigest() {
        for (final String value : new String[] {"", "Digest", "Digest ", "Basic realm=\"a\"", "Digestrealm=\"a\"",
            "Digest realm", "Digest realm=", "Digest realm=\"a", "Digest realm=\"a\" nonce=\"b\"",
            "Digest realm=\"a\",",
            "Digest ,realm=\"a\"", "Digest realm=\"a\",,nonce=\"b\"", "Digest realm=\"a\";nonce=\"b\"",
            "Digest realm=\"a\",REALM=\"b\"", "Digest realm=a\"b"}) {
            assertFalse(wrap(value), value);
        }
    }

    @Test
    void shouldNeverThrowWhateverComes() {
        final byte[] text = "Digest username=\"b\\\"ob\", realm=\"r\", nonce=\"n\",uri=\"sip:a\",response=\"x\",nc=1"
                .getBytes(StandardCharsets.US_ASCII);
        final SplittableRandom random = new SplittableRandom(1);
        int wellFormed = 0;
        for (int i = 0; i < 200_000; i++) {
            final byte[] mutated = text.clone();
            for (int changes = random.nextInt(1, 4); changes > 0; changes--) {
                mutated[random.nextInt(mutated.length)] = (byte) random.nextInt(256);
            }
            final int length = random.nextInt(mutated.length + 1);
            if (fields.wrap(new UnsafeBuffer(mutated, 0, length), 0, length)) {
                wellFormed++;
                for (final Field field : Field.values()) {
                    final long slice = fields.get(field);
                    assertTrue(!Slice.exists(slice) || Slice.length(slice) >= 0 && Slice.end(slice) <= length);
                }
            }
        }
        assertTrue(wellFormed > 100);
    }

    private boolean wrap(final String value) {
        final UnsafeBuffer buffer = new UnsafeBuffer(('x' + value + "\",z").getBytes(StandardCharsets.US_ASCII));
        return fields.wrap(buffer, 1, 1 + value.length());
    }

    private String get(final Field field) {
        return fields.bytes().getStringWithoutLengthAscii(Slice.offset(fields.get(field)),
                Slice.length(fields.get(field)));
    }
}
