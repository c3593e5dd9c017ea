package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.ProxyHarness.A1;
import static org.tandemsip.engine.proxy.ProxyHarness.A2;
import static org.tandemsip.engine.proxy.ProxyHarness.CALLER;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.auth.Credentials;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.routing.Account;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Registration;
import org.tandemsip.engine.routing.Registration.State;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkRules;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.routing.Trust;
import org.tandemsip.engine.routing.Zone;

/** An address that is registered with a trunk, and the calls that come to it. */
@Timeout(10)
class TrunkRegistrationTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long TOKEN = 0x0123_4567_89ab_cdefL;
    private static final String CONTACT = "sip:4711@10.9.9.9:5060;trk=0123456789abcdef";
    private static final String CHALLENGE =
            "WWW-Authenticate: Digest realm=\"carrier.example\", nonce=\"n1\", algorithm=MD5, qop=\"auth\"";

    private final Credentials credentials = new Credentials("4711", "secret", null);
    private final Registration registration = new Registration(
            new Registration.Settings("a", "4711", "carrier.example", 3_600, credentials),
            "reg1".getBytes(StandardCharsets.US_ASCII), TOKEN, 0);
    private final Trunk pbx = ProxyHarness.trunk(0, "callers", CALLER);
    private final Trunk carrier = carrier(null);
    private final ProxyHarness proxy = ProxyHarness.of(pbx, List.of(carrier), List.of());

    private Trunk carrier(final Transport transport) {
        return new Trunk(1, "a", Endpoint.peers(transport, A1, A2), List.of(), new int[] {503}, 0, Balance.PRIORITY, 0,
                0, Ping.OFF, new TrunkState(), TrunkRules.NONE, new Trust(Zone.TRUNK, false, 0, null, HeaderRules.NONE),
                false, new Account(credentials, false, registration));
    }

    @BeforeEach
    void setTrunk() {
        registration.trunk(carrier);
    }

    @AfterEach
    void shouldLeaveNothingBehind() {
        assertFalse(registration.asked(), "an order without an end");
        proxy.assertQuiet();
    }

    private SentMessage register() {
        assertTrue(registration.tryAsk(proxy.nowNs));
        proxy.sent();
        proxy.proxy.onCommand(new ShardCommand.Register(registration, false), proxy.nowNs);
        return proxy.only("REGISTER");
    }

    private SentMessage next() {
        final List<SentMessage> sent = proxy.sent();
        return sent.getLast();
    }

    private State state() {
        return registration.state(proxy.nowNs);
    }

    @Test
    void shouldRegisterAsTheRfcWants() {
        final SentMessage register = register();

        assertEquals("REGISTER sip:carrier.example SIP/2.0", register.startLine());
        assertEquals(A1.hostPort(), register.to());
        assertEquals("<sip:4711@carrier.example>", register.header("To"));
        assertTrue(register.header("From").startsWith("<sip:4711@carrier.example>;tag="), register.text());
        assertEquals('<' + CONTACT + '>', register.header("Contact"));
        assertEquals("3600", register.header("Expires"));
        assertEquals("reg1", register.header("Call-ID"));
        assertEquals("1 REGISTER", register.header("CSeq"));
        assertEquals("70", register.header("Max-Forwards"));
        assertEquals(State.REGISTERING, state());

        assertEquals(Disposition.ABSORBED, proxy.answer(register, 200, "r", "Contact: <sip:other@10.0.0.9>;expires=5,"
                + " \"x\" <" + CONTACT + ">;expires=100", "Expires: 7"));
        assertEquals(State.REGISTERED, state());
        assertEquals(100 * SECOND, registration.leftNs(proxy.nowNs));
        assertEquals(A1.hostPort(), registration.peer().hostPort());

        proxy.advanceMs(90_000);
        final SentMessage again = register();
        assertEquals("2 REGISTER", again.header("CSeq"));
        assertEquals(register.header("Call-ID"), again.header("Call-ID"));
        assertEquals(register.header("From"), again.header("From"));
        assertNotEquals(register.branch(), again.branch());
        assertEquals(State.REGISTERED, state());
        proxy.answer(again, 200, "r");
        assertEquals(3_600 * SECOND, registration.leftNs(proxy.nowNs), "as was asked, when nothing is said");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Contact: <sip:rewritten@10.0.0.9>;expires=60", "Expires: 60",
        "Contact: <sip:rewritten@10.0.0.9>\r\nExpires: 60", "m: <sip:a@10.0.0.9>;expires=5\r\nm: <" + CONTACT
                + ">;Expires=\"60\"\r\nExpires: 60",
        "Contact: *\r\nExpires: 60"})
    void shouldFindOutHowLongItHolds(final String rows) {
        proxy.answer(register(), 200, "r", rows);
        assertEquals(60 * SECOND, registration.leftNs(proxy.nowNs));
    }

    @Test
    void shouldShowItsPasswordAndUseTheNonceAgain() {
        final SentMessage first = register();
        assertEquals(List.of(), first.headers("Authorization"));

        proxy.answer(first, 401, "r", CHALLENGE);
        final SentMessage second = next();
        assertEquals("2 REGISTER", second.header("CSeq"), "raised (RFC 3261 section 22.2)");
        assertTrue(second.header("Authorization").contains("uri=\"sip:carrier.example\""), second.text());
        assertTrue(second.header("Authorization").contains("nc=00000001"), second.text());
        proxy.answer(second, 200, "r", "Contact: <" + CONTACT + ">;expires=100");
        assertEquals(State.REGISTERED, state());

        proxy.advanceMs(90_000);
        final SentMessage refresh = register();
        assertTrue(refresh.header("Authorization").contains("nc=00000002"), refresh.text());
        proxy.answer(refresh, 401, "r", CHALLENGE.replace("n1", "n2") + ", stale=true");
        final SentMessage fresh = next();
        assertTrue(fresh.header("Authorization").contains("nonce=\"n2\""), fresh.text());
        assertTrue(fresh.header("Authorization").contains("nc=00000001"), fresh.text());
        proxy.answer(fresh, 200, "r", "Contact: <" + CONTACT + ">;expires=100");
        assertEquals(100 * SECOND, registration.leftNs(proxy.nowNs));
    }

    @Test
    void shouldNotTryAWrongPasswordAgainAndAgain() {
        proxy.answer(register(), 401, "r", CHALLENGE);
        proxy.answer(next(), 401, "r", CHALLENGE.replace("n1", "n2"));

        assertEquals(State.REFUSED, state());
        assertEquals("password not accepted", registration.lastReason());
        assertEquals(List.of(), proxy.sent());
        proxy.advanceMs(149_000);
        assertFalse(registration.tryAsk(proxy.nowNs));
        proxy.advanceMs(200_000);
        assertEquals(List.of(), register().headers("Authorization"), "without the nonce that was of no use");
        proxy.advanceMs(200_000);
    }

    @Test
    void shouldAnswerNoOtherRealm() {
        proxy.answer(register(), 401, "r", CHALLENGE);
        proxy.answer(next(), 200, "r", "Contact: <" + CONTACT + ">;expires=100");
        proxy.advanceMs(90_000);

        proxy.answer(register(), 401, "r", CHALLENGE.replace("carrier.example", "evil.example"));

        assertEquals(List.of(), proxy.sent());
        assertEquals("another realm than carrier.example", registration.lastReason());
        assertEquals(State.REGISTERED, state(), "for ten seconds more");
        assertEquals(1, credentials.refused());
    }

    @Test
    void shouldAnswerNobodyButAPeer() {
        proxy.receive(Endpoint.udp("10.66.66.66"), SipText.response(register(), 401, "r", CHALLENGE));

        assertEquals(List.of(), proxy.sent());
        assertEquals("challenged by no peer", registration.lastReason());
    }

    @Test
    void shouldAskForAsLongAsIsWanted() {
        proxy.answer(register(), 423, "r", "Min-Expires: 7200");
        final SentMessage longer = next();
        assertEquals("7200", longer.header("Expires"));
        assertEquals("2 REGISTER", longer.header("CSeq"));
        proxy.answer(longer, 200, "r");
        assertEquals(7_200 * SECOND, registration.leftNs(proxy.nowNs));

        registration.askNow(proxy.nowNs);
        final SentMessage again = register();
        assertEquals("7200", again.header("Expires"), "remembered");
        proxy.answer(again, 423, "r", "Min-Expires: 8000");
        proxy.answer(next(), 423, "r", "Min-Expires: 9000");
        assertEquals(List.of(), proxy.sent(), "but not for ever");
        assertEquals(1, registration.failures());
    }

    @Test
    void shouldTurnToTheNextPeer() {
        proxy.answer(register(), 503, "r", "Retry-After: 5");
        final SentMessage second = next();
        assertEquals(A2.hostPort(), second.to());
        proxy.answer(second, 200, "r", "Contact: <" + CONTACT + ">;expires=100");
        assertEquals(A2.hostPort(), registration.peer().hostPort());

        proxy.advanceMs(90_000);
        assertEquals(A2.hostPort(), register().to(), "where it is registered");
        proxy.advanceMs(8_000);
        final SentMessage first = next();
        assertEquals(A1.hostPort(), first.to(), "8 s of silence are enough");
        proxy.unreachable(first);
        assertEquals("nobody listens there", registration.lastReason());
        assertEquals(0, registration.lastCode());
        assertFalse(registration.asked());
    }

    @Test
    void shouldWaitAfterAllPeersHaveFailed() {
        proxy.answer(register(), 500, "r");
        proxy.answer(next(), 503, "r", "Retry-After: 300 (maintenance)");

        assertEquals(State.FAILED, state());
        assertEquals(503, registration.lastCode());
        assertTrue(registration.untilDueNs(proxy.nowNs) >= 300 * SECOND);
        proxy.advanceMs(299_000);
        assertFalse(registration.tryAsk(proxy.nowNs));
        proxy.advanceMs(1_000);
        register();
        proxy.advanceMs(60_000);
        assertEquals("no answer", registration.lastReason());
        assertEquals(2, registration.failures());
    }

    @ParameterizedTest
    @ValueSource(ints = {302, 403, 404, 600})
    void shouldTakeARefusalForAnAnswer(final int status) {
        proxy.answer(register(), status, "r");

        assertEquals(List.of(), proxy.sent(), "another peer would say the same");
        assertEquals(State.REFUSED, state());
        assertEquals(status, registration.lastCode());
    }

    @Test
    void shouldTakeBackWhatIsRegistered() {
        proxy.answer(register(), 401, "r", CHALLENGE);
        proxy.answer(next(), 200, "r");
        registration.leave();
        assertTrue(registration.tryTakeBack(proxy.nowNs));

        proxy.proxy.onCommand(new ShardCommand.Register(registration, true), proxy.nowNs);
        final SentMessage remove = proxy.only("REGISTER");
        assertEquals("0", remove.header("Expires"));
        assertEquals('<' + CONTACT + '>', remove.header("Contact"));
        assertEquals("3 REGISTER", remove.header("CSeq"));
        proxy.answer(remove, 401, "r", CHALLENGE + ", stale=true");
        proxy.answer(next(), 200, "r");

        assertEquals(State.UNREGISTERED, state());
    }

    @Test
    void shouldGiveUpTakingBackWhenNobodyAnswers() {
        proxy.answer(register(), 200, "r");
        registration.leave();
        assertTrue(registration.tryTakeBack(proxy.nowNs));
        proxy.proxy.onCommand(new ShardCommand.Register(registration, true), proxy.nowNs);
        proxy.advanceMs(33_000);

        assertEquals(State.UNREGISTERED, state());
    }

    @Test
    void shouldRegisterOverTcp() {
        registration.trunk(carrier(Transport.TCP));

        final SentMessage register = register();
        assertEquals(Transport.TCP, register.transport());
        assertTrue(register.header("Contact").contains(";transport=tcp;trk="), register.text());
        proxy.fail(register);
        final SentMessage second = next();
        assertEquals(A2.hostPort(), second.to());
        proxy.answer(second, 200, "r");
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldKnowTheCallsOfACarrierByTheContactTheyGoTo(final Mode mode) {
        final ProxyHarness inbound = ProxyHarness.of(mode, carrier, pbx);
        final Endpoint elsewhere = Endpoint.udp("192.0.2.7");
        final String call = SipText.invite(elsewhere, "c1");

        assertEquals(Disposition.DROPPED_UNKNOWN_SOURCE, inbound.receive(elsewhere, call));
        assertEquals(Disposition.DROPPED_UNKNOWN_SOURCE, inbound.receive(elsewhere,
                call.replace("sip:bob@example.com SIP", CONTACT.replace("abcdef", "abcdee") + " SIP")));
        final String toUs = call.replace("sip:bob@example.com SIP", CONTACT + " SIP");
        assertEquals(Disposition.FORWARDED, inbound.receive(elsewhere, toUs));
        final SentMessage invite = inbound.sentTo(CALLER).getFirst();
        assertEquals("INVITE sip:4711@10.9.9.9:5060 SIP/2.0", invite.startLine(), "the token stays here");
        inbound.answer(invite, 180, "b1");
        assertEquals("180 INVITE", inbound.sentTo(elsewhere).getLast().summary());
        assertEquals(mode == Mode.STATEFUL ? Disposition.ANSWERED : Disposition.FORWARDED,
                inbound.receive(elsewhere, SipText.cancel(toUs)));
        assertEquals("CANCEL", inbound.sentTo(CALLER).getFirst().summary());
    }
}
