package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.ANSWER;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.OFFER;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.b2bua.CallFixture.Up;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.engine.auth.Credentials;
import org.tandemsip.engine.auth.DigestAlgorithm;
import org.tandemsip.engine.auth.Realm;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.Account;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkRules;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.routing.Trust;
import org.tandemsip.engine.routing.Zone;
import org.tandemsip.testkit.MessageText;

/** A trunk that challenges what we send: answered with our credentials, in the same dialog, and nobody else sees it. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class TrunkAuthTest {
    private CallFixture net = new CallFixture(trunk(0, "alice", ALICE, null), trunk(1, "bob", BOB, null));

    /** A trunk that may challenge us. @param realm by which we challenge its users, or {@code null} */
    private static Trunk trunk(final int index, final String name, final String address, final Realm realm) {
        return trunk(index, name, address, new Credentials("tandem", "secret", index == 0 ? null : name + 's'), realm);
    }

    private static Trunk trunk(final int index, final String name, final String address, final Credentials credentials,
            final Realm realm) {
        final Trunk plain = CallFixture.trunk(index, name, address);
        return new Trunk(index, name, plain.peers(), plain.allow(), new int[] {503}, 0, Balance.PRIORITY, 0, 0,
                Ping.OFF, new TrunkState(), TrunkRules.NONE, new Trust(Zone.CORE, true, 0, realm, HeaderRules.NONE),
                false, new Account(credentials, true, null));
    }

    @Test
    void shouldAnswerTheChallengeOfTheInviteAndRepeatItInTheAck() throws NoSuchAlgorithmException {
        net.deliver(ALICE, net.invite("auth-1", OFFER));
        final Sent first = net.take("INVITE");
        net.deliver(BOB, challenge(first, 407));
        assertEquals(1, net.take("ACK").message().cseq());
        final Sent second = net.take("INVITE");

        // then: the same dialog, the next number
        assertEquals(first.message().callId(), second.message().callId());
        assertEquals(first.message().fromTag(), second.message().fromTag());
        assertEquals(2, second.message().cseq());
        assertEquals(OFFER, second.message().body());
        final String credentials = second.message().one("proxy-authorization");
        assertEquals(expected(credentials, "INVITE", second.message().uri()), field(credentials, "response"));
        assertTrue(net.count("SIP/2.0 407") == 0 && net.count("SIP/2.0 401") == 0);

        net.deliver(BOB, answer(second, 200, "btag", "bob@" + BOB, ANSWER));
        assertEquals(credentials, net.take("ACK").message().one("proxy-authorization"));
        assertNull(net.take("SIP/2.0 200").message().first("proxy-authorization"));
    }

    /** A fork behind the trunk may ring before one of its branches asks who we are. */
    @Test
    void shouldBeginADialogAnewWhereOneThatRangIsChallenged() throws NoSuchAlgorithmException {
        // given: early dialog with a target of its own
        net.deliver(ALICE, net.invite("auth-rung", OFFER));
        final Sent first = net.take("INVITE");
        net.deliver(BOB, answer(first, 180, "rings", "elsewhere@" + BOB + ":5099", ""));
        net.take("SIP/2.0 180");

        // when
        net.deliver(BOB, challenge(first, 407));
        net.take("ACK");

        // then: not in the early dialog, which is over
        final Sent second = net.take("INVITE");
        assertEquals(first.message().one("to"), second.message().one("to"));
        assertEquals(first.message().callId(), second.message().callId());
        assertEquals(first.message().fromTag(), second.message().fromTag());
        assertEquals(first.message().uri(), second.message().uri());
        assertEquals(first.to(), second.to());
        final String credentials = second.message().one("proxy-authorization");
        assertEquals(expected(credentials, "INVITE", second.message().uri()), field(credentials, "response"));

        // and the call comes about
        net.deliver(BOB, answer(second, 200, "btag", "bob@" + BOB, ANSWER));
        assertEquals("btag", net.take("ACK").message().toTag());
        net.take("SIP/2.0 200");
    }

    @Test
    void shouldPassTheChallengeOnWhenOurAnswerIsRefused() {
        net.deliver(ALICE, net.invite("auth-2", OFFER));
        net.deliver(BOB, challenge(net.take("INVITE"), 401));
        net.take("ACK");
        final Sent second = net.take("INVITE");
        assertTrue(second.text().contains("\r\nAuthorization: Digest username=\"tandem\""));
        net.deliver(BOB, challenge(second, 401));
        assertEquals(ALICE, net.take("SIP/2.0 401").to());
        assertEquals(0, net.count("INVITE"));
        assertEquals(0, net.rest());
    }

    /** A nonce that was too old is none of our fault; once. */
    @Test
    void shouldAnswerOnceMoreWhenTheNonceWasTooOldAndCountWhatItMakesOfChallenges() {
        // given
        net.deliver(ALICE, net.invite("stale", OFFER));
        net.deliver(BOB, challenge(net.take("INVITE"), 401));
        net.take("ACK");
        assertEquals(1, net.counters.get(Counter.CHALLENGES_ANSWERED));

        // when
        final Sent second = net.take("INVITE");
        net.deliver(BOB, stale(second));
        net.take("ACK");

        // then
        final Sent third = net.take("INVITE");
        assertEquals(3, third.message().cseq());
        assertEquals("n2", field(third.message().one("authorization"), "nonce"));
        assertEquals(2, net.counters.get(Counter.CHALLENGES_ANSWERED));

        // and then the challenge is passed on
        net.deliver(BOB, stale(third));
        assertEquals(ALICE, net.take("SIP/2.0 401").to());
        assertEquals(0, net.count("INVITE"));
        assertEquals(2, net.counters.get(Counter.CHALLENGES_ANSWERED));
        assertEquals(1, net.counters.get(Counter.CHALLENGES_REJECTED));
        assertEquals(0, net.rest());
    }

    private static MessageText stale(final Sent request) {
        return answer(request, 401, "btag", null, "").header("WWW-Authenticate",
                "Digest realm=\"bobs\", nonce=\"n2\", algorithm=MD5, stale=true");
    }

    @Test
    void shouldNotAnswerAChallengeOfAnotherRealm() {
        net.deliver(ALICE, net.invite("auth-3", OFFER));
        final Sent invite = net.take("INVITE");
        net.deliver(BOB, answer(invite, 407, "btag", null, "").header("Proxy-Authenticate",
                "Digest realm=\"somebody else's\", nonce=\"n\", algorithm=MD5"));
        assertEquals(ALICE, net.take("SIP/2.0 407").to());
        assertEquals(0, net.count("INVITE"));
        assertEquals(1, net.counters.get(Counter.CHALLENGES_OTHER_REALM));
    }

    @Test
    void shouldAnswerTheChallengeOfAReInviteAndOfTheBye() throws NoSuchAlgorithmException {
        final Up up = net.up("auth-4");
        net.deliver(ALICE, net.fromAlice(up, "INVITE", 8).body("application/sdp", OFFER));
        final Sent again = net.take("INVITE");
        net.deliver(BOB, challenge(again, 407));
        net.take("ACK");
        final Sent authorized = net.take("INVITE");
        assertEquals(again.message().cseq() + 1, authorized.message().cseq());
        net.deliver(BOB, answer(authorized, 200, null, "bob@" + BOB, ANSWER));
        assertEquals(8, net.take("SIP/2.0 200").message().cseq());
        net.deliver(ALICE, net.inside("ACK", ALICE, up.okToAlice(), false, 8));
        net.sent.clear();

        net.deliver(ALICE, net.fromAlice(up, "BYE", 9).header("Reason", "Q.850;cause=27"));
        final Sent bye = net.take("BYE");
        net.deliver(BOB, challenge(bye, 407));
        final Sent authorizedBye = net.take("BYE");
        final String credentials = authorizedBye.message().one("proxy-authorization");
        assertEquals(expected(credentials, "BYE", authorizedBye.message().uri()), field(credentials, "response"));
        assertEquals(bye.message().cseq() + 1, authorizedBye.message().cseq());
        assertEquals("Q.850;cause=27", authorizedBye.message().one("reason"));
        assertEquals(1, net.b2bua.pools.live());
        net.deliver(BOB, answer(authorizedBye, 200, null, null, ""));
        assertEquals(0, net.b2bua.pools.live());
        assertEquals(0, net.rest());
    }

    @Test
    void shouldGiveOurOwnReasonAgainWhenTheByeIsChallenged() {
        net.up("auth-reason");
        assertEquals(1, net.b2bua.hangUpSome("Q.850;cause=31", 1, net.nowNs));
        net.deliver(ALICE, answer(net.take("BYE", ALICE), 200, null, null, ""));
        net.deliver(BOB, challenge(net.take("BYE", BOB), 407));
        final Sent authorized = net.take("BYE", BOB);
        assertEquals("Q.850;cause=31", authorized.message().one("reason"));
        net.deliver(BOB, answer(authorized, 200, null, null, ""));
        assertEquals(0, net.rest());
    }

    @Test
    void shouldEndTheLegWhenTheByeIsChallengedAgain() {
        final Up up = net.up("auth-5");
        net.deliver(ALICE, net.fromAlice(up, "BYE", 8));
        net.deliver(BOB, challenge(net.take("BYE"), 407));
        net.deliver(BOB, challenge(net.take("BYE"), 407));
        assertEquals(0, net.count("BYE"));
        assertEquals(0, net.b2bua.pools.live());
        assertEquals(0, net.rest());
    }

    @ParameterizedTest
    @CsvSource({"false, true, 0", "true, true, 1", "true, false, 0"})
    void shouldAnswerACallerOnlyWhereThatIsWantedAndTheRealmIsKnown(final boolean wanted, final boolean known,
            final int answers) {
        // given: a call of alice, whose trunk we have credentials for, too
        net = new CallFixture(
                trunk(0, "alice", ALICE, new Credentials("tandem", "secret", known ? "alices" : null, wanted), null),
                trunk(1, "bob", BOB, null));
        final Up up = net.up("auth-6");
        net.deliver(BOB, net.fromBob(up, "BYE", 3));

        // when
        net.deliver(ALICE, challenge(net.take("BYE", ALICE), 407, "alices"));

        // then
        assertEquals(answers, net.count("BYE"));
        if (answers > 0) {
            net.deliver(ALICE, answer(net.take("BYE", ALICE), 200, null, null, ""));
        }
        assertEquals(0, net.b2bua.pools.live());
        assertEquals(0, net.rest());
    }

    @Test
    void shouldPassOnCredentialsButThoseThatWereForUs() throws NoSuchAlgorithmException {
        // given
        final Realm realm = new Realm("tandem", List.of(DigestAlgorithm.MD5), 60_000_000_000L,
                Map.of("alice", "wonderland"), new KeyedHash(1, 2));
        net = new CallFixture(trunk(0, "alice", ALICE, realm), trunk(1, "bob", BOB, null));
        net.deliver(ALICE, net.invite("auth-7", OFFER));
        final String nonce = field(net.take("SIP/2.0 407", ALICE).message().one("proxy-authenticate"), "nonce");

        // when
        final String response = md5(md5("alice:tandem:wonderland") + ':' + nonce + ":00000001:c:auth:"
                + md5("INVITE:sip:bob@203.0.113.10"));
        final String ours = "Digest username=\"alice\", realm=\"tandem\", nonce=\"" + nonce
                + "\", uri=\"sip:bob@203.0.113.10\", response=\"" + response
                + "\", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"c\"";
        net.deliver(ALICE, net.invite("auth-7", OFFER).header("Proxy-Authorization", ours)
                .header("Proxy-Authorization", ours.replace("\"tandem\"", "\"bobs\"")));

        // then
        final Sent invite = net.take("INVITE");
        assertTrue(invite.message().one("proxy-authorization").contains("realm=\"bobs\""), invite.text());
        assertFalse(invite.text().contains("realm=\"tandem\""), invite.text());
    }

    private static MessageText challenge(final Sent request, final int status) {
        return challenge(request, status, "bobs");
    }

    private static MessageText challenge(final Sent request, final int status, final String realm) {
        return answer(request, status, "btag", null, "").header(
                status == 407 ? "Proxy-Authenticate" : "WWW-Authenticate",
                "Digest realm=\"" + realm + "\", nonce=\"n0nce\", algorithm=MD5, qop=\"auth\"");
    }

    private static String field(final String credentials, final String name) {
        return credentials.replaceFirst(".*[ ,]" + name + "=\"?([^\",]*).*", "$1");
    }

    private static String expected(final String credentials, final String method, final String uri)
            throws NoSuchAlgorithmException {
        assertEquals(uri, field(credentials, "uri"));
        return md5(md5("tandem:bobs:secret") + ":n0nce:" + field(credentials, "nc") + ':'
                + field(credentials, "cnonce") + ":auth:" + md5(method + ':' + uri));
    }

    private static String md5(final String text) throws NoSuchAlgorithmException {
        return HexFormat.of().formatHex(
                MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.UTF_8)));
    }
}
