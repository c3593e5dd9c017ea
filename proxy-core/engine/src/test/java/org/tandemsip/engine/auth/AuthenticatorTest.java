package org.tandemsip.engine.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.security.MessageDigest;
import java.security.MessageDigestSpi;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.security.Security;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.auth.Authenticator.Verdict;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.routing.Messages;

class AuthenticatorTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long TTL = 60 * SECOND;

    private final Realm realm = realm("pbx.example", Map.of("alice", "wonderland", "bob", "builder"));
    private final Authenticator authenticator = authenticator();
    private long nowNs = 1_000 * SECOND;

    @Test
    void shouldChallengeWithEachAlgorithmBestFirst() {
        final String rows = challenge("c1", false);

        assertTrue(rows.matches(
                "Proxy-Authenticate: Digest realm=\"pbx.example\", qop=\"auth\", algorithm=SHA-256, nonce=\"[0-9a-f]{32}\"\r\n"
                        + "Proxy-Authenticate: Digest realm=\"pbx.example\", qop=\"auth\", algorithm=MD5, nonce=\"[0-9a-f]{32}\"\r\n"),
                rows);
        assertTrue(challenge("c1", true).contains(", stale=true\r\n"));
        assertNotEquals(nonce("c1"), nonce("c1"));
    }

    @Test
    void shouldTakeTheRightAnswerOfEitherAlgorithm() {
        for (final DigestAlgorithm algorithm : DigestAlgorithm.values()) {
            assertEquals(Verdict.RIGHT, check(new Answer("c1").with(algorithm)));
            assertEquals(Verdict.RIGHT, check(new Answer("c1").with(algorithm).as("bob", "builder")));
        }
        assertEquals(Verdict.RIGHT, check(new Answer("c1").with(DigestAlgorithm.MD5).edit("algorithm=MD5, ", "")));
        assertEquals(Verdict.RIGHT, check(new Answer("c1").withoutQop()));
    }

    @Test
    void shouldNotTellAnUnknownUserFromAWrongPassword() {
        assertEquals(Verdict.WRONG, check(new Answer("c1").as("alice", "wrong")));
        assertEquals(Verdict.WRONG, check(new Answer("c1").as("mallory", "wonderland")));
        assertEquals(Verdict.WRONG, check(new Answer("c1").as("", "")));
    }

    /** What there is to hash for each: hashes and bytes, counted in the place of the platform's own algorithms. */
    @Test
    void shouldDoTheSameWorkForAnUnknownUserAsForAWrongPassword() {
        final Work work = new Work();
        Security.insertProviderAt(work, 1);
        try {
            final Authenticator counted = authenticator();
            for (final DigestAlgorithm algorithm : DigestAlgorithm.values()) {
                final List<List<Integer>> done = new ArrayList<>();
                for (final Answer answer : List.of(new Answer("c1"), new Answer("c1").as("alice", "wrong"),
                        new Answer("c1").as("carol", "wonderland"), new Answer("c1").as("m", ""))) {
                    final SipMessage request = answer.with(algorithm).message();
                    work.hashes = 0;
                    work.bytes = 0;
                    counted.check(request, realm, HeaderName.PROXY_AUTHORIZATION, nowNs);
                    done.add(List.of(work.hashes, work.bytes));
                }
                assertEquals(2, done.getFirst().getFirst());
                assertEquals(1, Set.copyOf(done).size(), algorithm + " " + done);
            }
        } finally {
            Security.removeProvider(work.getName());
        }
    }

    @Test
    void shouldNotTakeAnAnswerMadeForSomethingElse() {
        assertEquals(Verdict.MISSING, check(new Answer("c1").to("c2")), "another call");
        assertEquals(Verdict.MISSING, check(new Answer("c1").edit("realm=\"pbx.example\"", "realm=\"other\"")));
        assertEquals(Verdict.MISSING, check(new Answer("c1").edit("nonce=\"", "nonce=\"0")));
        assertEquals(Verdict.MISSING, check(new Answer("c1").edit("Digest ", "Basic ")));
        assertEquals(Verdict.WRONG, check(new Answer("c1").edit("uri=\"sip:1@", "uri=\"sip:2@")));
        assertEquals(Verdict.WRONG, check(new Answer("c1").edit("nc=00000001", "nc=00000002")));
        assertEquals(Verdict.WRONG, check(new Answer("c1").edit("nc=00000001", "nc=00000000")));
        assertEquals(Verdict.WRONG, check(new Answer("c1").edit("nc=00000001", "nc=1")));
        assertEquals(Verdict.WRONG, check(new Answer("c1").edit("qop=auth", "qop=auth-int")));
        assertEquals(Verdict.WRONG, check(new Answer("c1").edit("SHA-256", "SHA-512-256")));
        assertEquals(Verdict.WRONG, check(new Answer("c1").edit("algorithm=SHA-256", "algorithm=MD5")));
        final Authenticator stranger = new Authenticator(
                Messages.context(List.of(), new Messages.Silence(), null,
                        new ShardContext.Keys(
                                9, 9, 9, 9)));
        assertEquals(Verdict.MISSING,
                stranger.check(new Answer("c1").message(), realm, HeaderName.PROXY_AUTHORIZATION, nowNs));
    }

    @Test
    void shouldSayStaleOnlyToWhoKnowsThePassword() {
        final Answer right = new Answer("c1");
        final Answer wrong = new Answer("c1").as("alice", "wrong");
        nowNs += TTL + 3 * SECOND;

        assertEquals(Verdict.STALE, check(right));
        assertEquals(Verdict.WRONG, check(wrong));
        nowNs -= 2 * TTL;
        assertEquals(Verdict.STALE, check(right), "from the future");
    }

    @Test
    void shouldTakeARetransmissionButNoReplay() {
        final Answer answer = new Answer("c1");

        assertEquals(Verdict.RIGHT, check(answer));
        assertEquals(Verdict.RIGHT, check(answer));
        assertEquals(Verdict.REPLAYED, check(answer.request("sip:expensive@pbx.example")));
        assertEquals(Verdict.REPLAYED, check(answer.request("sip:1@pbx.example").cseq(8)));
        assertEquals(Verdict.RIGHT, check(answer.cseq(8).count(2)));
        assertEquals(Verdict.REPLAYED, check(answer.cseq(9).count(1)));
    }

    @Test
    void shouldKnowItsNoncesAfterARestart() {
        final SipMessage request = new Answer("c1").message();

        assertEquals(Verdict.RIGHT, authenticator().check(request, realm, HeaderName.PROXY_AUTHORIZATION, nowNs));
    }

    @Test
    void shouldFindTheRightOneAmongSeveral() {
        final String ours = new Answer("c1").row();
        final String others =
                "Proxy-Authorization: Digest username=\"x\", realm=\"next.example\", nonce=\"n\", uri=\"u\","
                        + " response=\"r\"\n";
        final String broken = "Proxy-Authorization: Digest realm=\"pbx.example\",\n";
        final String wrong = new Answer("c1").as("alice", "wrong").row();

        final SipMessage request = message("c1", "sip:1@pbx.example", 7, others + broken + wrong + ours);

        assertEquals(Verdict.RIGHT, authenticator.check(request, realm, HeaderName.PROXY_AUTHORIZATION, nowNs));
        assertEquals(Verdict.MISSING,
                authenticator.check(message("c1", "sip:1@pbx.example", 7, others + broken), realm,
                        HeaderName.PROXY_AUTHORIZATION, nowNs));
    }

    @Test
    void shouldFindAllOfManyUsers() {
        final Map<String, String> many = new HashMap<>();
        for (int i = 0; i < 1_000; i++) {
            many.put("user" + i, "password" + i);
        }
        final Realm large = realm("pbx.example", many);
        for (int i = 0; i < 1_000; i++) {
            final SipMessage request =
                    new Answer("c1").with(DigestAlgorithm.MD5).as("user" + i, "password" + i).message();
            assertEquals(Verdict.RIGHT, authenticator.check(request, large, HeaderName.PROXY_AUTHORIZATION, nowNs));
        }
    }

    @Test
    void shouldAllocateNothingPerRequest() {
        final SipMessage request = new Answer("c1").message();
        final var threads = (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
        final long id = Thread.currentThread().threadId();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 20; round++) {
            final long before = threads.getThreadAllocatedBytes(id);
            for (int i = 0; i < 1_000; i++) {
                assertTrue(authenticator.check(request, realm, HeaderName.PROXY_AUTHORIZATION, nowNs) == Verdict.RIGHT);
            }
            least = Math.min(least, threads.getThreadAllocatedBytes(id) - before);
        }
        assertTrue(least < 1_000, "bytes for 1000 requests: " + least);
    }

    private Verdict check(final Answer answer) {
        return authenticator.check(answer.message(), realm, HeaderName.PROXY_AUTHORIZATION, nowNs);
    }

    private static Realm realm(final String name, final Map<String, String> users) {
        return new Realm(name, List.of(DigestAlgorithm.SHA_256, DigestAlgorithm.MD5), TTL, users,
                new KeyedHash(Messages.KEYS.token0(), Messages.KEYS.token1()));
    }

    private static Authenticator authenticator() {
        return new Authenticator(Messages.context(Messages.listenPoint(0, Transport.UDP, "203.0.113.10:5060")));
    }

    private String challenge(final String callId, final boolean stale) {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[1_000]);
        final AsciiWriter out = new AsciiWriter().wrap(buffer, 0);
        authenticator.writeChallenges(out, message(callId, "sip:1@pbx.example", 7, ""), realm, true, stale, nowNs);
        assertTrue(out.position() <= Authenticator.maxLength(realm));
        return buffer.getStringWithoutLengthAscii(0, out.position());
    }

    private String nonce(final String callId) {
        final Matcher matcher = Pattern.compile("nonce=\"([0-9a-f]*)\"").matcher(challenge(callId, false));
        assertTrue(matcher.find());
        return matcher.group(1);
    }

    private static SipMessage message(final String callId, final String uri, final int cseq, final String rows) {
        return Messages.parse("INVITE " + uri + " SIP/2.0\nVia: SIP/2.0/UDP h;branch=z9hG4bK" + cseq
                + "\nFrom: <sip:a@a.example>;tag=1\nTo: <" + uri + ">\nCall-ID: " + callId + "\nCSeq: " + cseq
                + " INVITE\n" + rows + "Content-Length: 0\n\n");
    }

    /** The algorithms of the platform, with a count of what is done by them. */
    private static final class Work extends Provider {
        private static final long serialVersionUID = 1;
        private int hashes;
        private int bytes;

        private Work() {
            super("Work", "1", "counts hashes");
            final Provider real = Security.getProvider("SUN");
            for (final DigestAlgorithm algorithm : DigestAlgorithm.values()) {
                final String name = algorithm.token();
                putService(new Service(this, "MessageDigest", name, Counted.class.getName(), List.of(), Map.of()) {
                    @Override
                    public Object newInstance(final Object parameter) throws NoSuchAlgorithmException {
                        return new Counted(Work.this, MessageDigest.getInstance(name, real));
                    }
                });
            }
        }
    }

    private static final class Counted extends MessageDigestSpi {
        private final Work work;
        private final MessageDigest real;

        private Counted(final Work work, final MessageDigest real) {
            this.work = work;
            this.real = real;
        }

        @Override
        protected int engineGetDigestLength() {
            return real.getDigestLength();
        }

        @Override
        protected void engineUpdate(final byte input) {
            work.bytes++;
            real.update(input);
        }

        @Override
        protected void engineUpdate(final byte[] input, final int offset, final int length) {
            work.bytes += length;
            real.update(input, offset, length);
        }

        @Override
        protected byte[] engineDigest() {
            work.hashes++;
            return real.digest();
        }

        @Override
        protected void engineReset() {
            real.reset();
        }
    }

    /** What a client makes of a challenge. */
    private final class Answer {
        private final String nonce;
        private String callId;
        private String user = "alice";
        private String password = "wonderland";
        private String uri = "sip:1@pbx.example";
        private DigestAlgorithm algorithm = DigestAlgorithm.SHA_256;
        private boolean qop = true;
        private int count = 1;
        private int cseq = 7;
        private String edited = "";
        private String into = "";

        private Answer(final String callId) {
            this.callId = callId;
            nonce = nonce(callId);
        }

        private Answer with(final DigestAlgorithm other) {
            algorithm = other;
            return this;
        }

        private Answer as(final String name, final String secret) {
            user = name;
            password = secret;
            return this;
        }

        private Answer withoutQop() {
            qop = false;
            return this;
        }

        private Answer to(final String call) {
            callId = call;
            return this;
        }

        private Answer request(final String other) {
            uri = other;
            return this;
        }

        private Answer cseq(final int number) {
            cseq = number;
            return this;
        }

        private Answer count(final int number) {
            count = number;
            return this;
        }

        private Answer edit(final String text, final String other) {
            edited = text;
            into = other;
            return this;
        }

        private String row() {
            final String nc = String.format("%08x", count);
            final String a1 = DigestHashTest.hash(algorithm, user + ":pbx.example:" + password);
            final String a2 = DigestHashTest.hash(algorithm, "INVITE:sip:1@pbx.example");
            final String response = DigestHashTest.hash(algorithm,
                    a1 + ':' + nonce + ':' + (qop ? nc + ":c0ffee:auth:" : "") + a2);
            return ("Proxy-Authorization: Digest username=\"" + user + "\", realm=\"pbx.example\", nonce=\"" + nonce
                    + "\", uri=\"sip:1@pbx.example\", algorithm=" + algorithm.token() + ", response=\"" + response + '"'
                    + (qop ? ", qop=auth, nc=" + nc + ", cnonce=\"c0ffee\"" : "") + "\n")
                    .replace(edited.isEmpty() ? "\0" : edited, into);
        }

        private SipMessage message() {
            return AuthenticatorTest.message(callId, uri, cseq, row());
        }
    }
}
