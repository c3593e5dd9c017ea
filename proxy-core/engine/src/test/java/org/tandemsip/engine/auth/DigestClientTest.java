package org.tandemsip.engine.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.auth.DigestClient.Reading;
import org.tandemsip.engine.routing.Messages;

@Timeout(60)
class DigestClientTest {
    private static final String URI = "sip:+4930123@carrier.example";
    private static final String BODY = "v=0\r\n";
    private static final String SHA_256 = "Digest realm=\"carrier.example\", nonce=\"n256\", algorithm=SHA-256, "
            + "qop=\"auth,auth-int\", opaque=\"o\"";
    private static final String MD5 = "Digest realm=\"carrier.example\", nonce=\"n5\", algorithm=MD5, qop=\"auth\"";

    private final DigestClient client =
            new DigestClient(Messages.context(Messages.listenPoint(0, Transport.UDP, "203.0.113.10:5060")));
    private final Credentials credentials = new Credentials("alice", "wonderland", null);
    private final Challenge challenge = new Challenge();

    @Test
    void shouldGiveTheResponsesOfRfc7616() {
        final Credentials mufasa = new Credentials("Mufasa", "Circle of Life", null);
        final String rest = ", realm=\"http-auth@example.org\", qop=\"auth, auth-int\","
                + " nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\","
                + " opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
        final byte[] cnonce = ascii("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ");
        final UnsafeBuffer request = new UnsafeBuffer(ascii("GET /dir/index.html"));
        final Map<String, String> responses = Map.of("MD5", "8ca523f5e9506fed4657c9700eebdbec", "SHA-256",
                "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");

        responses.forEach((algorithm, expected) -> {
            assertEquals(Reading.TAKEN,
                    client.read(response(401, "Digest algorithm=" + algorithm + rest), mufasa, false,
                            challenge));
            assertEquals(expected, text(client.respond(challenge, ascii("00000001"), cnonce, request, Slice.of(0, 3),
                    Slice.of(4, 15), Slice.NONE)));
        });
    }

    @Test
    void shouldPreferTheBetterHashWhateverComesFirst() {
        for (final String[] rows : new String[][] {{MD5, SHA_256}, {SHA_256, MD5}}) {
            assertEquals(Reading.TAKEN, read(407, rows));

            final Map<String, String> answer = answer();
            assertEquals("SHA-256", answer.get("algorithm"));
            assertEquals("n256", answer.get("nonce"));
            assertEquals("o", answer.get("opaque"));
            assertEquals("auth", answer.get("qop"));
            assertEquals("Proxy-Authorization", answer.get(""));
            assertRight(answer, DigestAlgorithm.SHA_256);
        }
    }

    @Test
    void shouldAnswerMd5WhereNothingElseIsOffered() {
        assertEquals(Reading.TAKEN, read(401, "Digest realm=\"carrier.example\", nonce=\"x\", algorithm=SHA-512-256,"
                + " qop=\"auth\"", "Basic realm=\"carrier.example\"", MD5));

        final Map<String, String> answer = answer();
        assertEquals("Authorization", answer.get(""));
        assertEquals("MD5", answer.get("algorithm"));
        assertFalse(answer.containsKey("opaque"));
        assertRight(answer, DigestAlgorithm.MD5);
    }

    @Test
    void shouldAnswerAServerOfRfc2069() {
        assertEquals(Reading.TAKEN, read(407, "Digest realm=\"carrier.example\", nonce=\"n\", opaque=\"\""));

        final Map<String, String> answer = answer();
        assertEquals("", answer.get("opaque"));
        assertFalse(answer.containsKey("qop") || answer.containsKey("nc") || answer.containsKey("cnonce")
                || answer.containsKey("algorithm"), answer.toString());
        assertRight(answer, DigestAlgorithm.MD5);
    }

    @Test
    void shouldCoverTheBodyOnlyWhereNothingElseIsWantedAndItIsKnown() {
        final String row = "Digest realm=\"carrier.example\", nonce=\"n\", qop=\"auth-int\"";

        assertEquals(Reading.NOT_UNDERSTOOD, client.read(response(407, row), credentials, false, challenge));
        assertFalse(challenge.isKnown());
        assertEquals(Reading.TAKEN, client.read(response(407, row), credentials, true, challenge));
        assertEquals("auth-int", answer().get("qop"));
        assertRight(answer(), DigestAlgorithm.MD5);
        assertEquals(Reading.NOT_UNDERSTOOD,
                read(407, "Digest realm=\"carrier.example\", nonce=\"n\", qop=\"auth-conf\""));
    }

    @Test
    void shouldCountAnswersToOneNonceAndChooseAnotherCnonceForEach() {
        read(401, SHA_256);
        final Map<String, String> first = answer();
        final Map<String, String> second = answer();

        assertEquals("00000001", first.get("nc"));
        assertEquals("00000002", second.get("nc"));
        assertNotEquals(first.get("cnonce"), second.get("cnonce"));
        assertRight(second, DigestAlgorithm.SHA_256);
        read(401, SHA_256 + ", stale=TRUE");
        assertTrue(challenge.stale());
        assertEquals("00000001", answer().get("nc"), "a new nonce");
    }

    @Test
    void shouldAnswerTheRealmSeenFirstAndNoOther() {
        assertNull(credentials.realm());
        assertEquals(Reading.TAKEN, read(407, MD5));
        assertEquals("carrier.example", credentials.realm());

        assertEquals(Reading.OTHER_REALM,
                read(407, MD5.replace("carrier.", "other."), SHA_256.replace("carrier.", "other.")));
        assertEquals(1, credentials.refused());
        assertEquals("other.example", credentials.takeRefusedRealm());
        assertNull(credentials.takeRefusedRealm());
        assertEquals(Reading.TAKEN, read(407, SHA_256.replace("carrier.", "other."), MD5));
        assertEquals("n5", answer().get("nonce"), "that of ours among several");
    }

    @Test
    void shouldAnswerTheConfiguredRealmOnly() {
        final Credentials bound = new Credentials("alice", "wonderland", "pinned");

        assertEquals(Reading.OTHER_REALM, client.read(response(407, MD5), bound, true, challenge));
        assertEquals(Reading.TAKEN,
                client.read(response(407, MD5.replace("carrier.example", "pinned")), bound, true, challenge));
        assertEquals(Reading.OTHER_REALM,
                client.read(response(407, MD5.replace("carrier.example", "Pinned")), bound, true, challenge));
    }

    @Test
    void shouldNotTakeWhatItCannotAnswer() {
        for (final String row : new String[] {"Digest realm=\"carrier.example\"", "Digest nonce=\"n\"",
            "Basic realm=\"a\"",
            "Digest realm=\"a\", nonce=\"n", "Digest realm=\"a\", nonce=\"n\", algorithm=MD5-sess",
            "Digest realm=\"a\", nonce=\"" + "n".repeat(513) + '"',
            "Digest realm=\"a\", nonce=\"n\", opaque=\"" + "o".repeat(513) + '"'}) {
            assertEquals(Reading.NOT_UNDERSTOOD, read(407, row), row);
        }
        assertEquals(Reading.NOT_UNDERSTOOD, read(407));
        assertEquals(Reading.OTHER_REALM,
                client.read(response(407, "Digest nonce=\"n\", realm=\"" + "r".repeat(300) + '"'),
                        new Credentials("a", "b", null), true, challenge));
        assertFalse(challenge.isKnown());
        // A 401 is answered for its own rows only: those of a proxy on the way are for its 407.
        assertEquals(Reading.NOT_UNDERSTOOD, client.read(Messages.parse("SIP/2.0 401 Unauthorized\n"
                + "Via: SIP/2.0/UDP h;branch=z9hG4bK1\nFrom: <sip:a@a>;tag=1\nTo: <sip:b@b>;tag=2\nCall-ID: c\n"
                + "CSeq: 1 INVITE\nProxy-Authenticate: " + MD5 + "\nContent-Length: 0\n\n"), credentials, true,
                challenge));
    }

    @Test
    void shouldKnowCredentialsOfTheSameConfiguration() {
        assertTrue(credentials.isLike(new Credentials("alice", "wonderland", null)));
        assertFalse(credentials.isLike(new Credentials("alice", "wonderland", "r")));
        assertFalse(credentials.isLike(new Credentials("alice", "other", null)));
        assertFalse(credentials.isLike(new Credentials("bob", "wonderland", null)));
        assertFalse(credentials.isLike(new Credentials("alice", "wonderland", null, true)));
        assertFalse(credentials.isLike(null));
        assertEquals("alice", credentials.toString());
    }

    @Test
    void shouldStayWithinWhatItSaysToNeed() {
        final String row = "Digest realm=\"" + "r".repeat(256) + "\", nonce=\"" + "n".repeat(512) + "\", opaque=\""
                + "o".repeat(512) + "\", algorithm=SHA-256, qop=\"auth-int\"";
        assertEquals(Reading.TAKEN, read(407, row));

        final AsciiWriter out = new AsciiWriter().wrap(new UnsafeBuffer(new byte[10_000]), 0);
        write(out);

        assertTrue(out.position() <= DigestClient.maxLength(challenge, credentials, URI.length()));
    }

    @Test
    void shouldAllocateNothingOnceTheRealmIsKnown() {
        final SipMessage response = response(407, MD5, SHA_256);
        final AsciiWriter out = new AsciiWriter();
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[10_000]);
        final UnsafeBuffer request = new UnsafeBuffer(ascii("INVITE " + URI + BODY));
        final var threads = (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
        final long id = Thread.currentThread().threadId();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 20; round++) {
            final long before = threads.getThreadAllocatedBytes(id);
            for (int i = 0; i < 1_000; i++) {
                assertTrue(client.read(response, credentials, true, challenge) == Reading.TAKEN);
                client.write(out.wrap(buffer, 0), challenge, credentials, request, Slice.of(0, 6),
                        Slice.of(7, URI.length()), Slice.NONE);
            }
            least = Math.min(least, threads.getThreadAllocatedBytes(id) - before);
        }
        assertTrue(least < 1_000, "bytes for 1000 answers: " + least);
    }

    private Reading read(final int statusCode, final String... rows) {
        return client.read(response(statusCode, rows), credentials, true, challenge);
    }

    /** Fields of the row written for an INVITE, and its name as field "". */
    private Map<String, String> answer() {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[10_000]);
        final AsciiWriter out = new AsciiWriter().wrap(buffer, 0);
        write(out);
        final String row = buffer.getStringWithoutLengthAscii(0, out.position());
        assertTrue(row.matches("[A-Za-z-]+: Digest [^\r\n]*\r\n"), row);
        final Map<String, String> fields = new TreeMap<>();
        fields.put("", row.substring(0, row.indexOf(':')));
        final Matcher field = Pattern.compile("([a-z]+)=(?:\"([^\"]*)\"|([^,\\s]+))(?:, |\r\n)").matcher(row);
        int end = row.indexOf("Digest ") + 7;
        while (field.find()) {
            assertEquals(end, field.start(), row);
            fields.put(field.group(1), field.group(2) == null ? field.group(3) : field.group(2));
            end = field.end();
        }
        assertEquals(row.length(), end, row);
        return fields;
    }

    private void write(final AsciiWriter out) {
        final UnsafeBuffer request = new UnsafeBuffer(ascii("INVITE " + URI + BODY));
        client.write(out, challenge, credentials, request, Slice.of(0, 6), Slice.of(7, URI.length()),
                Slice.of(7 + URI.length(), BODY.length()));
    }

    private static void assertRight(final Map<String, String> answer, final DigestAlgorithm algorithm) {
        final String qop = answer.get("qop");
        final String a1 = DigestHashTest.hash(algorithm, "alice:" + answer.get("realm") + ":wonderland");
        final String a2 = DigestHashTest.hash(algorithm, "INVITE:" + URI
                + ("auth-int".equals(qop) ? ':' + DigestHashTest.hash(algorithm, BODY) : ""));
        final String middle = qop == null ? "" : answer.get("nc") + ':' + answer.get("cnonce") + ':' + qop + ':';
        assertEquals(DigestHashTest.hash(algorithm, a1 + ':' + answer.get("nonce") + ':' + middle + a2),
                answer.get("response"));
        assertEquals("alice", answer.get("username"));
        assertEquals(URI, answer.get("uri"));
    }

    private static SipMessage response(final int statusCode, final String... challenges) {
        final StringBuilder rows = new StringBuilder();
        for (final String challenge : challenges) {
            rows.append(statusCode == 407 ? "Proxy-Authenticate: " : "WWW-Authenticate: ").append(challenge)
                    .append('\n');
        }
        return Messages.parse("SIP/2.0 " + statusCode + " Challenge\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\n"
                + "From: <sip:a@a.example>;tag=1\nTo: <sip:b@b.example>;tag=2\nCall-ID: c\nCSeq: 1 INVITE\n" + rows
                + "Content-Length: 0\n\n");
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static String text(final byte[] bytes) {
        return new String(bytes, StandardCharsets.US_ASCII);
    }
}
