package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.ProxyHarness.A1;
import static org.tandemsip.engine.proxy.ProxyHarness.A2;
import static org.tandemsip.engine.proxy.ProxyHarness.CALLER;
import static org.tandemsip.engine.proxy.SipText.CONTACT;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.engine.auth.DigestAlgorithm;
import org.tandemsip.engine.auth.Realm;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkRules;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.routing.Trust;
import org.tandemsip.engine.routing.Zone;

/** Requests from a trunk that wants to see credentials (RFC 3261 section 22.3), in both modes. */
@Timeout(10)
class RequiredAuthTest {
    private static final String OTHERS =
            "Proxy-Authorization: Digest username=\"x\", realm=\"next.example\", nonce=\"n\", uri=\"sip:u\","
                    + " response=\"r\"";

    private static ProxyHarness harness(final Mode mode) {
        final Realm realm = new Realm("pbx.example", List.of(DigestAlgorithm.SHA_256, DigestAlgorithm.MD5),
                60_000_000_000L, Map.of("alice", "wonderland"), new KeyedHash(1, 2));
        final Trunk callers = new Trunk(0, "callers", Endpoint.peers(null, CALLER), List.of(), new int[0], 0,
                Balance.CALL_ID, 0, 0, Ping.OFF, new TrunkState(), TrunkRules.NONE,
                new Trust(Zone.PUBLIC, false, 0, realm, HeaderRules.NONE));
        return ProxyHarness.of(mode, callers,
                new Trunk(1, "a", Endpoint.peers(null, A1, A2), List.of(), new int[] {503}));
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldLetACallThroughOnceItHasAnswered(final Mode mode) throws Exception {
        final ProxyHarness proxy = harness(mode);
        final String first = SipText.invite(CALLER, "c1");

        assertEquals(Disposition.ANSWERED, proxy.receive(CALLER, first));
        final SentMessage challenge = proxy.only("407 INVITE");
        assertEquals(2, challenge.headers("Proxy-Authenticate").size());
        assertTrue(challenge.headers("Proxy-Authenticate").getFirst().contains("algorithm=SHA-256"));
        assertEquals(Disposition.ABSORBED, proxy.receive(CALLER, SipText.ack(first, challenge)));
        assertEquals(Disposition.FORWARDED, proxy.receive(CALLER, answered("c1", challenge, "wonderland", OTHERS)));

        final SentMessage invite = proxy.sent().getLast();
        assertEquals("INVITE", invite.summary());
        assertEquals(List.of(OTHERS.substring(21)), invite.headers("Proxy-Authorization"), "ours stops here");
        proxy.answer(invite, 200, "b1", CONTACT);
        final SentMessage success = proxy.only("200 INVITE");
        assertEquals(Disposition.FORWARDED, proxy.receive(CALLER, SipText.inDialog("ACK", CALLER, success, 2)));
        assertEquals(Disposition.FORWARDED, proxy.receive(CALLER, SipText.inDialog("BYE", CALLER, success, 3)));
        assertEquals(1, proxy.counters.get(Counter.AUTH_MISSING));
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldChallengeAgainWhenThePasswordIsWrongOrTheAnswerUsed(final Mode mode) throws Exception {
        final ProxyHarness proxy = harness(mode);
        proxy.receive(CALLER, SipText.invite(CALLER, "c1"));
        final SentMessage challenge = proxy.only("407 INVITE");

        proxy.receive(CALLER, answered("c1", challenge, "wrong"));
        assertTrue(!proxy.only("407 INVITE").text().contains("stale"));
        final String right = answered("c1", challenge, "wonderland");
        proxy.receive(CALLER, right);
        assertEquals("INVITE", proxy.sent().getLast().summary());
        proxy.receive(CALLER, right.replace("CSeq: 2", "CSeq: 3").replace("z9hG4bKc1", "z9hG4bKother"));
        assertTrue(proxy.only("407 INVITE").text().contains(", stale=true"));
        proxy.receive(CALLER, right.replace("INVITE sip:bob@", "INVITE sip:premium@").replace("z9hG4bKc1",
                "z9hG4bKthird"));
        assertTrue(proxy.only("407 INVITE").text().contains(", stale=true"));
        proxy.receive(CALLER, answered("c2", challenge, "wonderland"));
        proxy.only("407 INVITE");

        assertEquals(1, proxy.counters.get(Counter.AUTH_WRONG));
        assertEquals(2, proxy.counters.get(Counter.AUTH_REPLAYED));
        assertEquals(2, proxy.counters.get(Counter.AUTH_MISSING));
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldAnswerAnUnknownUserByTheBytesOfAWrongPassword(final Mode mode) throws Exception {
        final ProxyHarness proxy = harness(mode);
        proxy.receive(CALLER, SipText.invite(CALLER, "c1"));
        final SentMessage challenge = proxy.only("407 INVITE");
        final String known = answered("c1", challenge, "wrong");

        proxy.receive(CALLER, known);
        final String toKnown = proxy.only("407 INVITE").text();
        proxy.receive(CALLER, known.replace("username=\"alice\"", "username=\"mallory\""));
        final String toUnknown = proxy.only("407 INVITE").text();

        assertNotEquals(toKnown, toUnknown, "each challenge is another one");
        assertEquals(withoutNonce(toKnown), withoutNonce(toUnknown));
        assertEquals(2, proxy.counters.get(Counter.AUTH_WRONG));
    }

    private static String withoutNonce(final String challenge) {
        return challenge.replaceAll("nonce=\"[0-9a-f]{32}\"", "nonce");
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldTakeTheRequestAgainWhenItIsRetransmitted(final Mode mode) throws Exception {
        final ProxyHarness proxy = harness(mode);
        proxy.receive(CALLER, SipText.invite(CALLER, "c1"));
        final String right = answered("c1", proxy.only("407 INVITE"), "wonderland");

        proxy.receive(CALLER, right);
        final SentMessage first = proxy.sent().getLast();
        final Disposition again = proxy.receive(CALLER, right);

        assertEquals(mode == Mode.STATEFUL ? Disposition.ABSORBED : Disposition.FORWARDED, again);
        final SentMessage second = proxy.sent().getLast();
        assertEquals(mode == Mode.STATEFUL ? "100 INVITE" : "INVITE", second.summary());
        if (mode == Mode.STATELESS) {
            assertEquals(first.text(), second.text());
        }
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = "STATEFUL")
    void shouldKeepCredentialsBackFromTheNextPeerToo(final Mode mode) throws Exception {
        final ProxyHarness proxy = harness(mode);
        proxy.receive(CALLER, SipText.invite(CALLER, "c1"));
        proxy.receive(CALLER, answered("c1", proxy.only("407 INVITE"), "wonderland"));
        final SentMessage first = proxy.sent().getLast();

        proxy.answer(first, 503, "b1");

        final SentMessage second = proxy.sent().getLast();
        assertEquals("INVITE", second.summary());
        assertEquals(List.of(), second.headers("Proxy-Authorization"));
        assertEquals(List.of(), first.headers("Proxy-Authorization"));
    }

    /** The INVITE of call {@code callId} once more, as a client answers a challenge with MD5. */
    private static String answered(final String callId, final SentMessage challenge, final String password,
            final String... more) throws Exception {
        final Matcher nonce = Pattern.compile("nonce=\"([0-9a-f]{32})\"").matcher(challenge.text());
        assertTrue(nonce.find());
        final String response =
                md5(md5("alice:pbx.example:" + password) + ':' + nonce.group(1) + ":00000001:c0ffee:auth:"
                        + md5("INVITE:sip:bob@example.com"));
        final String[] rows = java.util.Arrays.copyOf(more, more.length + 1);
        rows[more.length] =
                "Proxy-Authorization: Digest username=\"alice\",realm=\"pbx.example\",nonce=\"" + nonce.group(1)
                        + "\",uri=\"sip:bob@example.com\",response=\"" + response
                        + "\",algorithm=MD5,cnonce=\"c0ffee\",qop=auth,nc=00000001";
        return SipText.invite(CALLER, callId, rows).replace("CSeq: 1", "CSeq: 2").replace("z9hG4bK" + callId,
                "z9hG4bK" + callId + "2");
    }

    private static String md5(final String text) throws Exception {
        return HexFormat.of().formatHex(
                MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.US_ASCII)));
    }
}
