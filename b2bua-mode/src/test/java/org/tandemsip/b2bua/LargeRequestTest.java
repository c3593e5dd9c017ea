package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.b2bua.CallFixture.Up;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.CallRules;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.testkit.MessageText;
import org.tandemsip.testkit.wire.SimAddress;

/** Requests over 1,300 bytes go over TCP where the other side may speak it, else over UDP (RFC 3261 18.1.1). */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class LargeRequestTest {
    private static final String MUCH = "a=x:" + "y".repeat(1_300) + "\r\n";
    private CallFixture net = new CallFixture();

    /** The first request of a kind that went over TCP, which is told like that. */
    private Sent overTcp(final String method, final String to) {
        final Sent sent = net.take(method, to);
        assertEquals(Transport.TCP, sent.by());
        assertTrue(sent.bytes().length > 1_300);
        assertEquals("TCP", sent.message().topVia().transport());
        assertFalse(sent.text().contains("transport=tcp"), sent::text);
        assertFalse(net.count(method) > 0, () -> net.sent.toString());
        return sent;
    }

    private Sent overUdp(final String method, final String to) {
        final Sent sent = net.take(method, to);
        assertEquals(Transport.UDP, sent.by());
        assertEquals("UDP", sent.message().topVia().transport());
        return sent;
    }

    /** The same request, but for its Via. */
    private static void assertSame(final Sent first, final Sent second) {
        assertEquals(first.text().replaceFirst("\r\nVia: .*", ""), second.text().replaceFirst("\r\nVia: .*", ""));
        assertFalse(first.message().topVia().branch().equals(second.message().topVia().branch()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"INFO", "UPDATE", "NOTIFY", "MESSAGE", "EXTRA", "INVITE"})
    void shouldGoOverTcpInsideADialogAndOverUdpWhenThatIsRefused(final String method) {
        // given
        final Up up = net.up("large-1");

        // when
        net.deliver(ALICE, net.fromAlice(up, method, 8).body("application/sdp", OFFER + MUCH));
        final Sent first = overTcp(method, BOB);
        net.refused(first);

        // then: the same once more
        final Sent second = overUdp(method, BOB);
        assertSame(first, second);
        net.deliver(BOB, answer(second, 200, null, "bob@" + BOB, ""));
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        assertEquals(8, ok.message().cseq());
        if (method.equals("INVITE")) {
            net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 8));
            assertEquals(second.message().cseq(), overUdp("ACK", BOB).message().cseq());
        }

        // nor is that tried again so soon
        net.deliver(ALICE, net.fromAlice(up, "INFO", 9).body("text/plain", MUCH));
        net.deliver(BOB, answer(overUdp("INFO", BOB), 200, null, null, ""));
        net.pass(301_000);
        net.deliver(ALICE, net.fromAlice(up, "INFO", 10).body("text/plain", MUCH));
        net.deliver(BOB, answer(overTcp("INFO", BOB), 200, null, null, ""));
        ends(up);
    }

    private void ends(final Up up) {
        net.sent.clear();
        net.deliver(ALICE, net.fromAlice(up, "BYE", 11));
        net.deliver(BOB, answer(overUdp("BYE", BOB), 200, null, null, ""));
        assertEquals(0, net.rest());
    }

    @Test
    void shouldGoOverTcpToWhoHasCalledToo() {
        // given
        final Up up = net.up("large-2");
        net.deliver(BOB, net.fromBob(up, "INFO", 1).body("text/plain", MUCH));
        net.deliver(ALICE, answer(overTcp("INFO", ALICE), 200, null, null, ""));
        net.take("SIP/2.0 200", BOB);

        // when
        net.deliver(BOB, net.fromBob(up, "BYE", 2).header("Subject", "z".repeat(1_300)));

        // then
        final Sent first = overTcp("BYE", ALICE);
        net.take("SIP/2.0 200", BOB);
        net.refused(first);
        final Sent second = overUdp("BYE", ALICE);
        assertSame(first, second);
        assertEquals(1, net.b2bua.pools.live());
        net.deliver(ALICE, answer(second, 200, null, null, ""));
        assertEquals(0, net.b2bua.pools.live());
        assertEquals(0, net.rest());
    }

    @Test
    void shouldLoseTheOtherSideWhenNeitherWorks() {
        // given
        final Up up = net.up("large-3");
        net.deliver(ALICE, net.fromAlice(up, "INFO", 8).body("text/plain", MUCH));
        net.refused(overTcp("INFO", BOB));

        // when
        net.refused(overUdp("INFO", BOB));

        // then
        assertEquals(8, net.take("SIP/2.0 503", ALICE).message().cseq());
        assertEquals(0, net.count("INFO"));
        ends(up);
    }

    /** @param contact what Bob calls himself by */
    @ParameterizedTest
    @CsvSource({"bob@10.0.0.11:5060;transport=udp, , UDP", "bob@10.0.0.11:5060;transport=tcp, , TCP",
        "bob@10.0.0.11:5060, UDP, UDP", "bob@bob.example, , TCP", "bob@bob.example, UDP, UDP",
        "bob@198.51.100.9, , TCP", "bob@10.0.0.11:5071, , TCP"})
    void shouldGoByWhatSomebodyHasSaid(final String contact, final Transport configured, final Transport used) {
        // given
        final SimAddress bob = SimAddress.of(BOB);
        final Trunk plain = CallFixture.trunk(1, "bob", BOB);
        final Peer peer = new Peer(BOB, configured, 0, bob.low(), bob.port(), 0);
        net = new CallFixture(new Trunk(1, "bob", List.of(peer), List.of(Cidr.parse("10.0.0.0/24")), new int[0], 0,
                Balance.PRIORITY, 0, 0, plain.ping(), plain.state()));
        net.deliver(ALICE, net.invite("large-4", OFFER));
        final Sent invite = net.take("INVITE", BOB);
        net.deliver(BOB, answer(invite, 200, "btag", contact, ANSWER));
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));

        // when
        net.deliver(ALICE, net.fromAlice(new Up(invite, ok, "btag"), "INFO", 8).body("text/plain", MUCH));

        // then
        assertEquals(used, net.take("INFO").by());
    }

    @Test
    void shouldSendALargeAckOverTcpAndRepeatItOverUdp() {
        // given
        net.deliver(ALICE, net.invite("large-5", ""));
        final Sent invite = net.take("INVITE", BOB);
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, OFFER));
        final Sent ok = net.take("SIP/2.0 200", ALICE);

        // when
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7).body("application/sdp", ANSWER + MUCH));
        final Sent first = overTcp("ACK", BOB);
        net.refused(first);
        assertEquals(0, net.count("ACK"));
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, OFFER));

        // then
        assertSame(first, overUdp("ACK", BOB));
        ends(new Up(invite, ok, "btag"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"INVITE", "MESSAGE"})
    void shouldBeginOverTcpAndGoOnOverUdp(final String method) {
        // given
        final MessageText invite = net.invite("large-6", OFFER + MUCH);
        final String text = invite.text().replace("INVITE", method);

        // when
        assertEquals(Disposition.FORWARDED, net.deliver(ALICE, text.getBytes()));
        final Sent first = overTcp(method, BOB);
        net.refused(first);

        // then
        final Sent second = overUdp(method, BOB);
        assertSame(first, second);
        net.deliver(BOB, answer(second, 200, "btag", "bob@" + BOB, ""));
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        if (method.equals("INVITE")) {
            overUdp("ACK", BOB);
            net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
            ends(new Up(second, ok, "btag"));
        }
        assertEquals(0, net.rest());
    }

    @Test
    void shouldSendWhatItAsksByItselfOverTcp() {
        // given: Bob knows neither session timers nor UPDATE
        net = new CallFixture(CallFixture.trunk(0, "alice", ALICE),
                CallFixture.trunk(1, "bob", CallRules.DEFAULTS, BOB));
        net.deliver(ALICE, net.invite("large-7", OFFER + MUCH));
        final Sent invite = overTcp("INVITE", BOB);
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
        net.deliver(ALICE, net.inside("ACK", ALICE, net.take("SIP/2.0 200", ALICE), false, 7));
        overUdp("ACK", BOB);

        // when
        net.pass(900_000);
        final Sent first = overTcp("INVITE", BOB);
        net.refused(first);

        // then
        final Sent second = overUdp("INVITE", BOB);
        assertSame(first, second);
        net.deliver(BOB, answer(second, 200, null, "bob@" + BOB, ANSWER));
        assertEquals(second.message().cseq(), overUdp("ACK", BOB).message().cseq());
        assertEquals(1, net.b2bua.pools.live());
    }
}
