package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.ANSWER;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.OFFER;
import static org.tandemsip.b2bua.CallFixture.SECOND_BOB;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.b2bua.CallFixture.Up;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.Trust;
import org.tandemsip.engine.routing.Zone;
import org.tandemsip.testkit.MessageText;

/** Requests inside dialogs by somebody who has read them but is not in them, and those that only look so. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ForgeryTest {
    private static final String STRANGER = "198.51.100.66:5060";

    private final CallFixture net = new CallFixture(outside(CallFixture.trunk(0, "alice", ALICE)),
            outside(CallFixture.trunk(1, "bob", BOB, SECOND_BOB)));

    /** Of a network that is not ours. */
    private static Trunk outside(final Trunk t) {
        return new Trunk(t.index(), t.name(), t.peers(), t.allow(), t.failover(), 0, t.balance(), 0, 0, t.ping(),
                t.state(), t.rules(), new Trust(Zone.TRUNK, true, 0, null, HeaderRules.NONE), false);
    }

    @ParameterizedTest
    @ValueSource(strings = {"BYE", "INVITE", "UPDATE", "INFO", "REFER", "NOTIFY", "ACK"})
    void shouldDropWhatComesFromWhereNobodyOfTheDialogIs(final String method) {
        // given
        final Up up = net.up("forged");

        // when: every tag is right, but they come from a stranger, and from the side of the other leg
        final Disposition strange = net.deliver(STRANGER, net.fromAlice(up, method, 100));
        final Disposition other = net.deliver(BOB, net.fromAlice(up, method, 101));
        final Disposition another = net.deliver(ALICE, net.fromBob(up, method, 100));

        // then: nothing is said, and nobody has noticed
        assertEquals(List.of(Disposition.DROPPED_FORGED, Disposition.DROPPED_FORGED, Disposition.DROPPED_FORGED),
                List.of(strange, other, another));
        assertEquals(List.of(), net.sent);
        net.deliver(ALICE, net.fromAlice(up, "INFO", 8));
        net.deliver(BOB, answer(net.take("INFO", BOB), 200, null, null, ""));
        assertEquals(ALICE, net.take("SIP/2.0 200").to());
    }

    @Test
    void shouldAnswer481WhenTheCallIdOrTheTagOfTheOtherSideIsWrong() {
        final Up up = net.up("right");
        final String bye = new String(net.fromAlice(up, "BYE", 8).bytes(), StandardCharsets.ISO_8859_1);
        net.deliver(ALICE, bye.replace("Call-ID: right", "Call-ID: wrong").getBytes(StandardCharsets.ISO_8859_1));
        assertEquals("wrong", net.take("SIP/2.0 481").message().callId());
        net.deliver(ALICE, bye.replace(";tag=atag", ";tag=xtag").getBytes(StandardCharsets.ISO_8859_1));
        assertEquals(ALICE, net.take("SIP/2.0 481").to());
        net.deliver(ALICE, bye.replaceAll("tag=B2B.[0-9a-f]{4}", "tag=B2B.0000").getBytes(StandardCharsets.ISO_8859_1));
        assertEquals(ALICE, net.take("SIP/2.0 481").to());
        assertEquals(List.of(), net.sent);
        assertEquals(1, net.b2bua.pools.live());
    }

    @Test
    void shouldTakeRequestsFromAnotherTrunkOfTheOwnHouse() {
        final CallFixture house = new CallFixture();
        final Up up = house.up("house");
        house.deliver(BOB, house.fromAlice(up, "INFO", 8));
        assertEquals(BOB, house.take("INFO").to());
    }

    @Test
    void shouldPassAReInviteFromAnotherPeerOfTheTrunk() {
        final Up up = net.up("peers");
        net.deliver(SECOND_BOB, net.fromBob(up, "INVITE", 1).body("application/sdp", ANSWER));
        assertEquals(ALICE, net.take("INVITE").to());
    }

    @Test
    void shouldPassAByeFromTheAddressInTheContact() {
        // given: the callee is behind the peer, which does not stay on the way
        net.deliver(ALICE, net.invite("contact", OFFER));
        final Sent invite = net.take("INVITE", BOB);
        net.deliver(BOB, answer(invite, 200, "btag", "bob@10.9.9.9:5062", ANSWER));
        final Sent ok = net.take("SIP/2.0 200");
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        net.sent.clear();

        // when
        final MessageText bye = net.fromBob(new Up(invite, ok, "btag"), "BYE", 1);
        assertEquals(Disposition.DROPPED_FORGED, net.deliver("10.9.9.8:5062", bye));
        net.deliver("10.9.9.9:5062", bye);

        // then
        net.take("SIP/2.0 200");
        assertEquals(ALICE, net.take("BYE").to());
    }

    @Test
    void shouldAnswer500WhenAByeIsOlderThanWhatHasComeBefore() {
        // given
        final Up up = net.up("order");
        net.deliver(ALICE, net.fromAlice(up, "INFO", 20));
        net.deliver(BOB, answer(net.take("INFO", BOB), 200, null, null, ""));
        net.take("SIP/2.0 200");

        // when: RFC 3261 section 12.2.2
        net.deliver(ALICE, net.fromAlice(up, "BYE", 19));

        // then
        assertEquals("BYE", net.take("SIP/2.0 500", ALICE).message().method());
        assertEquals(0, net.count("BYE"));

        // and: the same number is not lower, and there are peers that forget to raise it
        net.deliver(ALICE, net.fromAlice(up, "BYE", 20));
        net.take("SIP/2.0 200", ALICE);
        net.deliver(BOB, answer(net.take("BYE", BOB), 200, null, null, ""));
        assertEquals(0, net.rest());
    }

    /** Our INVITE as a proxy sends it back to us. */
    private static byte[] back(final Sent invite, final String user, final String proxy) {
        return invite.text().replaceFirst("INVITE sip:[^@]*@[^ ]*", "INVITE sip:" + user + "@203.0.113.10:5060")
                .replaceFirst("\r\nVia: ", "\r\nVia: SIP/2.0/UDP " + proxy + ";branch=z9hG4bKproxy" + user
                        + invite.message().callId() + "\r\nVia: ")
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    /** As it was sent, by a trunk that has a line of its own for it; or for carol, since bob is forwarded to her. */
    @ParameterizedTest
    @ValueSource(strings = {"bob", "carol"})
    void shouldLetACallPassThatAnotherTrunkHandsBackUntilItsLapBegins(final String user) {
        // given
        net.deliver(ALICE, net.invite("spiral", OFFER));
        final Sent first = net.take("INVITE", BOB);
        net.sent.clear();
        net.deliver(BOB, back(first, user, BOB));
        final Sent second = net.take("INVITE", ALICE);
        assertTrue(second.is("INVITE sip:" + user + '@'), second.text());

        // when: it comes from where it came from first, for whom it was first
        net.sent.clear();
        net.deliver(ALICE, back(second, "bob", ALICE));

        // then
        assertEquals(ALICE, net.take("SIP/2.0 482").to());
        assertEquals(List.of(), net.sent);
        assertEquals(2, net.b2bua.pools.live());
    }

    @Test
    void shouldCountDownMaxForwardsAndPassMaxBreadthAcross() {
        net.deliver(ALICE, net.invite("hops", OFFER).header("Max-Breadth", "7"));
        final Sent invite = net.take("INVITE", BOB);
        assertEquals("19", invite.message().one("max-forwards"));
        assertEquals("7", invite.message().one("max-breadth"));
    }
}
