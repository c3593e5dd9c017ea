package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.ANSWER;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.OFFER;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.timer.Timing;
import org.tandemsip.testkit.MessageText;

/** The mode becomes b2bua while calls of the proxy stand: they stay what they are. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class ModeChangeTest {
    private CallFixture net = new CallFixture();
    private Sent invite;

    private void mode(final Mode mode, final boolean recordRoute) {
        net.configure(new RoutingPolicy(mode, List.of(net.alice, net.bob),
                List.of(CallFixture.route(net.alice, net.bob), CallFixture.route(net.bob, net.alice)),
                Timing.DEFAULTS, 70, recordRoute));
    }

    /** A call of the proxy has got as far as its 200. */
    private void answered(final Mode mode, final boolean recordRoute) {
        mode(mode, recordRoute);
        net.deliver(ALICE, net.invite("sip:bob@10.0.0.11", "under-way", OFFER));
        invite = net.take("INVITE", BOB);
        assertEquals("under-way", invite.message().callId());
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
        net.take("SIP/2.0 200", ALICE);
        net.sent.clear();
    }

    /** A request of Alice inside of it, by way of {@code route} or {@code null}. */
    private MessageText inside(final String method, final int cseq, final String route) {
        final MessageText text = MessageText.request(method, "sip:bob@" + BOB)
                .header("Via", "SIP/2.0/UDP " + ALICE + ";branch=" + net.branch()).header("Max-Forwards", "20");
        return (route == null ? text : text.header("Route", route))
                .header("From", "\"Alice\" <sip:alice@192.0.2.1>;tag=atag")
                .header("To", "<sip:bob@203.0.113.10>;tag=btag").header("Call-ID", "under-way")
                .header("CSeq", cseq + " " + method).header("Contact", "<sip:alice@" + ALICE + ">");
    }

    private void goesOn(final String method, final int cseq, final String route) {
        net.deliver(ALICE, inside(method, cseq, route));
        final Sent sent = net.take(method, BOB);
        assertEquals("under-way", sent.message().callId());
        assertEquals("atag", sent.message().fromTag());
        assertEquals(2, sent.message().vias().size());
        assertEquals(0, net.b2bua.pools.live());
        if (!method.equals("ACK")) {
            net.deliver(BOB, answer(sent, 200, null, "bob@" + BOB, ""));
            net.take("SIP/2.0 200", ALICE);
        }
    }

    /** @param method what a device sends that leaves out the Route */
    @ParameterizedTest
    @ValueSource(strings = {"INVITE", "UPDATE", "INFO", "BYE", "REFER", "NOTIFY"})
    void shouldPassWhatMayBeOfAStatelessCallFor64T1(final String method) {
        // given
        answered(Mode.STATELESS, false);
        mode(Mode.B2BUA, false);

        // then
        goesOn("ACK", 7, null);
        goesOn(method, 8, null);
        net.pass(33_000);
        net.sent.clear();
        net.deliver(ALICE, inside(method, 9, null));
        net.take("SIP/2.0 481", ALICE);
        assertEquals(0, net.count(method));
        assertEquals(0, net.rest());
    }

    @Test
    void shouldSendARetransmissionByTheSameBranch() {
        // given
        answered(Mode.STATELESS, false);
        final MessageText info = inside("INFO", 8, null);
        net.deliver(ALICE, info);
        final Sent first = net.take("INFO", BOB);

        // when
        mode(Mode.B2BUA, false);
        net.deliver(ALICE, info);

        // then
        assertEquals(first.message().topVia().branch(), net.take("INFO", BOB).message().topVia().branch());
        net.deliver(BOB, answer(first, 200, null, null, ""));
        net.take("SIP/2.0 200", ALICE);
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldKnowItsCallsByTheirRouteForEver(final Mode before) {
        // given
        answered(before, true);
        final String route = invite.message().one("record-route");
        mode(Mode.B2BUA, true);
        net.pass(40_000_000);

        // then
        goesOn("ACK", 7, route);
        goesOn("INVITE", 8, route);
        goesOn("ACK", 8, route);
        goesOn("BYE", 9, route);
        assertEquals(0, net.rest());
    }

    /** It is known though the device leaves out the Route: it counts. */
    @Test
    void shouldKnowACallThatCountsAndForgetItAtItsEnd() {
        // given
        final Trunk plain = CallFixture.trunk(1, "bob", BOB);
        final Trunk limited = new Trunk(1, "bob", plain.peers(), plain.allow(), new int[0], 0, plain.balance(), 5, 0,
                plain.ping(), plain.state());
        net = new CallFixture(limited);
        answered(Mode.STATEFUL, true);
        assertEquals(1, limited.state().calls());

        // when
        mode(Mode.B2BUA, true);
        net.pass(100_000);
        net.sent.clear();
        goesOn("ACK", 7, null);
        goesOn("INFO", 8, null);
        goesOn("BYE", 9, null);

        // then
        net.pass(33_000);
        assertEquals(0, limited.state().calls());
        assertTrue(net.rest() == 0);
    }
}
