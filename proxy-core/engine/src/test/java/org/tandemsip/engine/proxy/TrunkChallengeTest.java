package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.ProxyHarness.A1;
import static org.tandemsip.engine.proxy.ProxyHarness.A2;
import static org.tandemsip.engine.proxy.ProxyHarness.B1;
import static org.tandemsip.engine.proxy.ProxyHarness.CALLER;
import static org.tandemsip.engine.proxy.SipText.CONTACT;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.auth.Credentials;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.Account;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkRules;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.routing.Trust;
import org.tandemsip.engine.routing.Zone;

/** Challenges of a trunk that has credentials for us: the caller hears nothing of them (RFC 3261 section 22). */
@Timeout(10)
class TrunkChallengeTest {
    private static final String PROXY_CHALLENGE = challenge("Proxy-Authenticate", "n1");

    private final Credentials credentials = new Credentials("trunk", "secret", null);
    private final ProxyHarness proxy = ProxyHarness.of(ProxyHarness.trunk(0, "callers", CALLER),
            List.of(carrier(A1, A2)), List.of(ProxyHarness.trunk(2, "b", B1)));

    private Trunk carrier(final Endpoint... peers) {
        return carrier(Ping.OFF, peers);
    }

    private Trunk carrier(final Ping ping, final Endpoint... peers) {
        return new Trunk(1, "a", Endpoint.peers(null, peers), List.of(new Cidr(0, 0, 0)), new int[] {503}, 0,
                Balance.PRIORITY, 0, 0, ping, new TrunkState(), TrunkRules.NONE,
                new Trust(Zone.TRUNK, false, 0, null, HeaderRules.NONE), false, new Account(credentials, true, null));
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 407})
    void shouldAnswerInPlaceOfTheCaller(final int status) throws Exception {
        final SentMessage challenged = proxy.invite("c1");
        final String header = status == 407 ? "Proxy-Authorization" : "Authorization";

        assertEquals(Disposition.ABSORBED, proxy.answer(challenged, status, "t1",
                challenge(status == 407 ? "Proxy-Authenticate" : "WWW-Authenticate", "n1")));
        final List<SentMessage> sent = proxy.sent();
        assertEquals(List.of("ACK", "INVITE"), SentMessage.summaries(sent));
        final SentMessage again = sent.getLast();
        assertEquals(challenged.branch(), sent.getFirst().branch());
        assertNotEquals(challenged.branch(), again.branch());
        assertEquals(challenged.header("CSeq"), again.header("CSeq"));
        assertEquals(challenged.header("From"), again.header("From"));
        assertEquals(A1.hostPort(), again.to());
        assertRight(again, header, "INVITE", "n1");
        assertTrue(again.text().indexOf("Authorization:") > again.text().indexOf("Content-Length:"), "the last row");

        proxy.answer(again, 180, "t2");
        proxy.only("180 INVITE");
        proxy.answer(again, 200, "t2", CONTACT);
        final SentMessage success = proxy.only("200 INVITE");
        assertEquals(Disposition.FORWARDED, proxy.receive(CALLER, SipText.inDialog("ACK", CALLER, success, 1)));
        proxy.only("ACK");
        assertEquals(1, proxy.counters.get(Counter.CHALLENGES_ANSWERED));
        // The one that was challenged says it again, since its ACK was lost: it is acknowledged again, by itself.
        assertEquals(Disposition.ABSORBED, proxy.answer(challenged, status, "t1"));
        assertEquals(sent.getFirst().text(), proxy.only("ACK").text());
        proxy.assertQuiet();
    }

    @Test
    void shouldAnswerInsideADialogOnceItKnowsTheRealm() throws Exception {
        final SentMessage invite = proxy.invite("c1");
        proxy.answer(invite, 200, "t1", CONTACT);
        final SentMessage success = proxy.only("200 INVITE");

        // when: inside a call it may be anybody who challenges first
        proxy.receive(CALLER, SipText.inDialog("BYE", CALLER, success, 2));
        assertEquals(Disposition.FORWARDED, proxy.answer(proxy.only("BYE"), 407, null, PROXY_CHALLENGE));
        proxy.only("407 BYE");
        assertEquals(1, proxy.counters.get(Counter.CHALLENGES_STRANGER));

        // when: a call was challenged
        proxy.answer(answered("c2"), 200, "t2", CONTACT);
        proxy.only("200 INVITE");
        proxy.receive(CALLER, SipText.inDialog("BYE", CALLER, success, 3));
        final SentMessage bye = proxy.only("BYE");
        assertEquals(Disposition.ABSORBED, proxy.answer(bye, 407, null, PROXY_CHALLENGE));

        final SentMessage again = proxy.only("BYE");
        assertRight(again, "Proxy-Authorization", "BYE", "n1");
        proxy.answer(again, 200, null);
        proxy.only("200 BYE");
        proxy.assertQuiet();
    }

    /** Credentials are for whom we call: a side that has called us sees them only where the configuration says so. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldAnswerACallerOnlyWhereThatIsWanted(final boolean wanted) throws Exception {
        final Trunk callers = new Trunk(0, "callers", Endpoint.peers(null, CALLER), List.of(), new int[] {503}, 0,
                Balance.PRIORITY, 0, 0, Ping.OFF, new TrunkState(), TrunkRules.NONE,
                new Trust(Zone.TRUNK, false, 0, null, HeaderRules.NONE), false,
                new Account(new Credentials("trunk", "secret", "carrier.example", wanted), true, null));
        final ProxyHarness called = ProxyHarness.of(callers, List.of(ProxyHarness.trunk(1, "b", B1)), List.of());
        final SentMessage success = called.established("c1");

        // when: the callee hangs up, and the caller challenges that
        called.receive(B1, SipText.inDialog("BYE", B1, success, 7).replace("From:", "X:").replace("To:", "From:")
                .replace("X:", "To:").replace("BYE sip:bob@10.0.1.1:5060", "BYE sip:alice@" + CALLER.hostPort()));
        called.answer(called.only("BYE"), 407, null, PROXY_CHALLENGE);

        if (wanted) {
            assertRight(called.only("BYE"), "Proxy-Authorization", "BYE", "n1");
        } else {
            called.only("407 BYE");
            assertEquals(1, called.counters.get(Counter.CHALLENGES_STRANGER));
        }
        called.assertQuiet();
    }

    @Test
    void shouldPassTheChallengeOnWhenThePasswordIsWrong() {
        final SentMessage again = answered("c1");

        assertEquals(Disposition.FORWARDED, proxy.answer(again, 407, "t1", challenge("Proxy-Authenticate", "n2")));

        final List<SentMessage> sent = proxy.sent();
        assertEquals(List.of("ACK", "407 INVITE"), SentMessage.summaries(sent));
        assertTrue(sent.getLast().header("Proxy-Authenticate").contains("n2"));
        assertEquals(1, proxy.counters.get(Counter.CHALLENGES_ANSWERED));
        assertEquals(1, proxy.counters.get(Counter.CHALLENGES_REJECTED));
        proxy.assertQuiet();
    }

    @Test
    void shouldAnswerAStaleNonceOnceMoreButNotForEver() throws Exception {
        SentMessage again = answered("c1");

        proxy.answer(again, 407, "t1", challenge("Proxy-Authenticate", "n2") + ", stale=true");
        again = proxy.sent().getLast();
        assertRight(again, "Proxy-Authorization", "INVITE", "n2");
        proxy.answer(again, 407, "t1", challenge("Proxy-Authenticate", "n3") + ", stale=true");

        assertEquals("407 INVITE", proxy.sent().getLast().summary());
        proxy.assertQuiet();
    }

    @Test
    void shouldNotAnswerAnotherRealm() {
        final SentMessage again = answered("c1");
        proxy.answer(again, 486, "t1");
        proxy.sent();

        final SentMessage second = proxy.invite("c2");
        proxy.answer(second, 407, "t1", PROXY_CHALLENGE.replace("carrier.example", "other.example"));

        assertEquals("407 INVITE", proxy.sent().getLast().summary());
        assertEquals(1, proxy.counters.get(Counter.CHALLENGES_OTHER_REALM));
        assertEquals("other.example", credentials.takeRefusedRealm());
    }

    @Test
    void shouldNotAnswerWhoIsNoPeer() {
        final SentMessage invite = proxy.invite("c1");

        proxy.receive(Endpoint.udp("10.66.66.66"), SipText.response(invite, 407, "t1", PROXY_CHALLENGE));

        assertEquals("407 INVITE", proxy.sent().getLast().summary());
        assertEquals(1, proxy.counters.get(Counter.CHALLENGES_STRANGER));
    }

    /** A BYE that an attacker challenges, who has called through the trunk: the leak of CVE-2021-41158. */
    @Test
    void shouldNotAnswerWhoIsAskedWithoutBeingAPeer() {
        final SentMessage invite = proxy.invite("c1");
        proxy.answer(invite, 200, "t1", "Contact: <sip:evil@10.66.66.66>");
        final SentMessage success = proxy.only("200 INVITE");
        proxy.receive(CALLER, SipText.inDialog("BYE", CALLER, success, 2));
        final SentMessage bye = proxy.only("BYE");
        assertEquals("10.66.66.66:5060", bye.to());

        proxy.answer(bye, 407, null, PROXY_CHALLENGE);
        proxy.only("407 BYE");

        proxy.receive(A1, SipText.inDialog("BYE", A1, success, 3).replace("sip:evil@10.66.66.66", "sip:a@10.0.0.1"));
        proxy.answer(proxy.only("BYE"), 407, null, PROXY_CHALLENGE);
        proxy.only("407 BYE");
        assertEquals(0, proxy.counters.get(Counter.CHALLENGES_ANSWERED));
    }

    @Test
    void shouldLeaveACallerAloneThatAnswersItself() {
        final SentMessage invite = proxy.invite("c1",
                "Proxy-Authorization: Digest username=\"x\",realm=\"carrier.example\",nonce=\"n\",uri=\"u\",response=\"r\"");

        proxy.answer(invite, 407, "t1", PROXY_CHALLENGE);

        assertEquals("407 INVITE", proxy.sent().getLast().summary());
        assertEquals(0, proxy.counters.get(Counter.CHALLENGES_ANSWERED));
    }

    @Test
    void shouldPassOnWhatItDoesNotUnderstand() {
        final SentMessage invite = proxy.invite("c1");

        proxy.answer(invite, 407, "t1", "Proxy-Authenticate: NTLM realm=\"carrier.example\"");

        assertEquals("407 INVITE", proxy.sent().getLast().summary());
        assertEquals(1, proxy.counters.get(Counter.CHALLENGES_NOT_UNDERSTOOD));
        proxy.assertQuiet();
    }

    @Test
    void shouldAnswerNothingMoreOnceTheCallerHasCancelled() {
        final String text = SipText.invite(CALLER, "c1");
        final SentMessage invite = proxy.call(text).getFirst();
        proxy.answer(invite, 100, null);
        proxy.receive(CALLER, SipText.cancel(text));
        proxy.sent();

        proxy.answer(invite, 407, "t1", PROXY_CHALLENGE);

        proxy.assertSent("ACK", "407 INVITE");
        proxy.assertQuiet();
    }

    @Test
    void shouldCancelTheCopyThatAnswers() {
        final String text = SipText.invite(CALLER, "c1");
        proxy.answer(proxy.call(text).getFirst(), 407, "t1", PROXY_CHALLENGE);
        final SentMessage again = proxy.sent().getLast();
        proxy.answer(again, 180, "t1");
        proxy.sent();

        proxy.receive(CALLER, SipText.cancel(text));

        final SentMessage cancel = proxy.sent().getLast();
        assertEquals("CANCEL", cancel.summary());
        assertEquals(again.branch(), cancel.branch());
        proxy.answer(again, 487, "t1");
        assertEquals("487 INVITE", proxy.sent().getLast().summary());
        proxy.assertQuiet();
    }

    @Test
    void shouldTryTheNextPeerWhenTheAnswerIsNotTaken() throws Exception {
        final SentMessage again = answered("c1");

        proxy.answer(again, 503, "t1");

        final SentMessage next = proxy.sent().getLast();
        assertEquals(A2.hostPort(), next.to());
        assertEquals(List.of(), next.headers("Proxy-Authorization"), "each peer has a nonce of its own");
        proxy.answer(next, 407, "t2", challenge("Proxy-Authenticate", "n7"));
        assertRight(proxy.sent().getLast(), "Proxy-Authorization", "INVITE", "n7");
        proxy.advanceMs(40_000);
        final SentMessage backup = proxy.sentTo(B1).getFirst();
        assertEquals(List.of(), backup.headers("Proxy-Authorization"), "not for another trunk");
        proxy.answer(backup, 407, "t3", PROXY_CHALLENGE);
        assertEquals("407 INVITE", proxy.sent().getLast().summary());
        proxy.assertQuiet();
    }

    @Test
    void shouldCoverTheBodyWhereThatIsWanted() throws Exception {
        final String body = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\n";
        final SentMessage invite = proxy.call(SipText.invite(CALLER, "c1").replace("Content-Length: 0\r\n\r\n",
                "Content-Length: " + body.length() + "\r\n\r\n" + body)).getFirst();

        proxy.answer(invite, 407, "t1", PROXY_CHALLENGE.replace("auth\"", "auth-int\""));

        final SentMessage again = proxy.sent().getLast();
        assertEquals(body, again.body());
        assertEquals(digest(field(again, "Proxy-Authorization", "nonce"), "auth-int", field(again,
                "Proxy-Authorization", "cnonce"), "INVITE:sip:bob@example.com:" + md5(body)),
                field(again, "Proxy-Authorization", "response"));
    }

    @Test
    void shouldTurnToTcpWhenTheAnswerMakesItTooLarge() {
        final String filler = "X-Filler: " + "x".repeat(650);
        final SentMessage invite = proxy.invite("c1", filler);
        assertEquals(Transport.UDP, invite.transport());

        proxy.answer(invite, 407, "t1", PROXY_CHALLENGE.replace("n1", "n".repeat(300)));

        final SentMessage again = proxy.sent().getLast();
        assertEquals(Transport.TCP, again.transport());
        assertTrue(again.text().length() > 1_300);
        proxy.fail(again);
        final SentMessage overUdp = proxy.sent().getLast();
        assertEquals(Transport.UDP, overUdp.transport());
        assertFalse(overUdp.text().contains("Authorization"), "with another nonce, please");
    }

    @Test
    void shouldAnswerForProbesThatAreToBeAnsweredWith200() throws Exception {
        final Trunk carrier = carrier(new Ping(30_000_000_000L, 2_000_000_000L, 1, 1, new int[] {200}), A1);
        final ProxyHarness probing = ProxyHarness.of(ProxyHarness.trunk(0, "callers", CALLER), List.of(carrier),
                List.of());
        final PeerState peer = carrier.peers().getFirst().state();
        probing.proxy.onCommand(new ShardCommand.Probe("a", 0, new byte[] {'p'}, -1), probing.nowNs);
        final SentMessage first = probing.only("OPTIONS");

        probing.answer(first, 401, "t1", challenge("WWW-Authenticate", "n1"));
        final SentMessage again = probing.only("OPTIONS");
        assertRight(again, "Authorization", "OPTIONS", "n1");
        assertEquals("2 OPTIONS", again.header("CSeq"));
        assertEquals(first.header("From"), again.header("From"));
        probing.answer(again, 200, "t1");
        assertEquals(PeerState.State.UP, peer.state());
        assertTrue(peer.lastRoundTripNs() >= 0);

        probing.proxy.onCommand(new ShardCommand.Probe("a", 0, new byte[] {'q'}, -1), probing.nowNs);
        probing.answer(probing.only("OPTIONS"), 401, "t1", challenge("WWW-Authenticate", "n1"));
        probing.answer(probing.only("OPTIONS"), 401, "t1", challenge("WWW-Authenticate", "n2"));
        assertEquals(PeerState.State.DOWN, peer.state(), "not with this password");
        probing.assertQuiet();
    }

    /** The INVITE of a call as it goes out with the answer to its first challenge. */
    private SentMessage answered(final String callId) {
        proxy.answer(proxy.invite(callId), 407, "t1", PROXY_CHALLENGE);
        return proxy.sent().getLast();
    }

    private static String challenge(final String header, final String nonce) {
        return header + ": Digest realm=\"carrier.example\", nonce=\"" + nonce + "\", algorithm=MD5, qop=\"auth\"";
    }

    private static void assertRight(final SentMessage request, final String header, final String method,
            final String nonce) throws Exception {
        assertEquals(1, request.headers(header).size());
        final String uri = request.startLine().split(" ")[1];
        assertEquals(uri, field(request, header, "uri"));
        assertEquals(nonce, field(request, header, "nonce"));
        assertEquals(digest(nonce, "auth", field(request, header, "cnonce"), method + ':' + uri),
                field(request, header, "response"));
    }

    private static String digest(final String nonce, final String qop, final String cnonce, final String a2)
            throws Exception {
        return md5(md5("trunk:carrier.example:secret") + ':' + nonce + ":00000001:" + cnonce + ':' + qop + ':'
                + md5(a2));
    }

    private static String field(final SentMessage request, final String header, final String name) {
        final Matcher matcher = Pattern.compile("[ ,]" + name + "=\"([^\"]*)\"").matcher(request.header(header));
        assertTrue(matcher.find(), request.text());
        return matcher.group(1);
    }

    private static String md5(final String text) throws Exception {
        return HexFormat.of().formatHex(
                MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.US_ASCII)));
    }
}
