package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.b2bua.CallFixture.Up;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Total;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.timer.Timing;
import org.tandemsip.testkit.MessageText;

/** Calls as they should be, and as they go wrong, message by message. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class CallFlowTest {
    private final CallFixture net = new CallFixture();

    @Test
    void shouldMakeTwoDialogsWhenACallIsAnswered() {
        // given
        net.deliver(ALICE, net.invite("call-1", OFFER));
        assertEquals(ALICE, net.take("SIP/2.0 100").to());
        final Sent invite = net.take("INVITE");

        // then
        assertEquals(BOB, invite.to());
        assertEquals("sip:bob@" + BOB, invite.message().uri());
        assertNotEquals("call-1", invite.message().callId());
        assertNotEquals("atag", invite.message().fromTag());
        assertEquals(1, invite.message().vias().size());
        assertEquals(19, invite.message().maxForwards());
        assertEquals(OFFER, invite.message().body());
        assertFalse(invite.text().contains("192.0.2.1:"), invite.text());
        assertFalse(invite.text().contains("AlicePhone"));

        // when
        net.deliver(BOB, answer(invite, 183, "btag", "bob@" + BOB, ANSWER));
        final Sent progress = net.take("SIP/2.0 183");
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
        final Sent ok = net.take("SIP/2.0 200");

        // then
        assertEquals(ALICE, progress.to());
        assertEquals(ANSWER, ok.message().body());
        assertEquals(progress.message().toTag(), ok.message().toTag());
        assertNotEquals("btag", ok.message().toTag());
        assertEquals("<sip:203.0.113.10:5060>", ok.message().one("contact"));
        assertEquals(BOB, net.take("ACK").to());
        assertFalse(ok.text().contains("10.0.0.11"), ok.text());
    }

    @Test
    void shouldEndTheOtherLegWhenTheCallerHangsUp() {
        final Up up = net.up("call-2");
        net.deliver(ALICE, net.fromAlice(up, "BYE", 8).header("Reason", "Q.850;cause=16"));
        assertEquals(ALICE, net.take("SIP/2.0 200").to());
        final Sent bye = net.take("BYE");
        assertEquals(BOB, bye.to());
        assertEquals("sip:bob@" + BOB, bye.message().uri());
        assertEquals(2, bye.message().cseq());
        assertEquals("Q.850;cause=16", bye.message().one("reason"));
        assertEquals(1, net.b2bua.pools.live());
        net.deliver(BOB, answer(bye, 200, null, null, ""));
        assertEquals(0, net.b2bua.pools.live());
        assertEquals(0, net.rest());
    }

    @ParameterizedTest
    @CsvSource({"INVITE,true", "UPDATE,true", "NOTIFY,true", "REFER,true", "SUBSCRIBE,true", "OPTIONS,true",
        "MESSAGE,false", "INFO,false", "BYE,false", "BYE,true"})
    void shouldSayWhereWeAreWhereTheMethodAllowsForIt(final String method, final boolean contact) {
        final Up up = net.up("call-contact");
        // A BYE has one where the side that sends it writes one.
        net.deliver(ALICE, !contact && method.equals("BYE") ? net.inside(method, ALICE, up.okToAlice(), false, 8)
                : net.fromAlice(up, method, 8));
        final Sent passed = net.take(method, BOB);
        assertEquals(contact, passed.text().contains("Contact:"), passed.text());
        if (!method.equals("BYE")) {
            net.deliver(BOB, answer(passed, 200, null, null, ""));
        }
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        assertEquals(contact, ok.text().contains("Contact:"), ok.text());
    }

    @Test
    void shouldEndTheOtherLegWhenTheCalleeHangsUp() {
        final Up up = net.up("call-3");
        net.deliver(BOB, net.fromBob(up, "BYE", 1));
        assertEquals(BOB, net.take("SIP/2.0 200").to());
        final Sent bye = net.take("BYE");
        assertEquals(ALICE, bye.to());
        assertEquals("call-3", bye.message().callId());
        assertEquals("atag", bye.message().toTag());
        net.deliver(ALICE, answer(bye, 200, null, null, ""));
        assertEquals(0, net.rest());
    }

    @Test
    void shouldEndTheCallWhenTheOtherSideNeverAnswersItsBye() {
        final Up up = net.up("call-4");
        net.deliver(ALICE, net.fromAlice(up, "BYE", 8));
        net.pass(31_000);
        assertEquals(1, net.b2bua.pools.live());
        assertTrue(net.count("BYE") > 5);
        net.pass(2_000);
        assertEquals(0, net.b2bua.pools.live());
        assertEquals(0, net.rest());
    }

    @Test
    void shouldPassTheAnswerInTheAckWhenTheOfferCameLate() {
        net.deliver(ALICE, net.invite("call-5", ""));
        final Sent invite = net.take("INVITE");
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, OFFER));
        final Sent ok = net.take("SIP/2.0 200");
        assertEquals(0, net.count("ACK"));

        // Bob repeats his 2xx while the answer is on its way: it must not be acknowledged without one.
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, OFFER));
        assertEquals(0, net.count("ACK"));

        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7).body("application/sdp", ANSWER));
        final Sent ack = net.take("ACK");
        assertEquals(ANSWER, ack.message().body());
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, OFFER));
        assertEquals(ack.text(), net.take("ACK").text());
    }

    @Test
    void shouldEndAnotherDialogOfAForkByOneByeWhileTheAnswerIsOnItsWay() {
        net.deliver(ALICE, net.invite("call-late-fork", ""));
        final Sent invite = net.take("INVITE");
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, OFFER));
        final Sent ok = net.take("SIP/2.0 200");
        for (int i = 0; i < 3; i++) {
            net.deliver(BOB, answer(invite, 200, "other", "other@" + BOB, OFFER));
            assertEquals("other", net.take("ACK").message().toTag());
        }
        final Sent bye = net.take("BYE");
        assertEquals("other", bye.message().toTag());
        assertEquals(0, net.count("BYE"));
        net.deliver(BOB, answer(bye, 200, null, null, ""));

        // Nor is there another one when the call is up.
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7).body("application/sdp", ANSWER));
        assertEquals("btag", net.take("ACK").message().toTag());
        net.deliver(BOB, answer(invite, 200, "other", "other@" + BOB, OFFER));
        assertEquals("other", net.take("ACK").message().toTag());
        assertEquals(0, net.count("BYE"));
        net.deliver(BOB, net.fromBob(new Up(invite, ok, "btag"), "BYE", 1));
        net.take("SIP/2.0 200", BOB);
        net.deliver(ALICE, answer(net.take("BYE", ALICE), 200, null, null, ""));
        assertEquals(0, net.rest());
    }

    @Test
    void shouldGiveTheReasonOfTheByeThatHasWaitedForTheAck() {
        net.deliver(ALICE, net.invite("call-reason", OFFER));
        final Sent invite = net.take("INVITE");
        net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
        final Sent ok = net.take("SIP/2.0 200");
        net.take("ACK");
        net.deliver(BOB, net.fromBob(new Up(invite, ok, "btag"), "BYE", 1).header("Reason", "Q.850;cause=27")
                .header("User-to-User", "56a390f3;encoding=hex"));
        net.take("SIP/2.0 200", BOB);
        assertEquals(0, net.count("BYE"));
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        final Sent bye = net.take("BYE", ALICE);
        assertEquals("Q.850;cause=27", bye.message().one("reason"));
        assertEquals("56a390f3;encoding=hex", bye.message().one("user-to-user"));
        net.deliver(ALICE, answer(bye, 200, null, null, ""));
        assertEquals(0, net.rest());
    }

    @Test
    void shouldRepeatTheAckWhenTheCalleeRepeatsIts2xxAfterTheCallIsOver() {
        final Up up = net.up("call-6");
        net.deliver(ALICE, net.fromAlice(up, "BYE", 8));
        net.take("SIP/2.0 200");
        net.deliver(BOB, answer(net.take("BYE"), 200, null, null, ""));
        assertEquals(0, net.b2bua.pools.live());
        net.deliver(BOB, answer(up.inviteToBob(), 200, "btag", "bob@" + BOB, ANSWER));
        assertEquals(1, net.count("ACK"));
        assertEquals(0, net.count("BYE"));
    }

    @Test
    void shouldRepeatThe2xxUntilItIsAcknowledgedAndEndBothLegsWhenItNeverIs() {
        net.deliver(ALICE, net.invite("call-7", OFFER));
        net.deliver(BOB, answer(net.take("INVITE"), 200, "btag", "bob@" + BOB, ANSWER));
        net.take("ACK");
        net.pass(31_900);
        assertEquals(11, net.count("SIP/2.0 200"));
        assertEquals(0, net.count("BYE"));
        net.pass(200);
        assertEquals(ALICE, net.take("BYE", ALICE).to());
        assertEquals(BOB, net.take("BYE", BOB).to());
        assertEquals(0, net.rest());
    }

    @Test
    void shouldCancelTheCalleeWhenTheCallerGivesUp() {
        final MessageText invite = net.invite("call-8", OFFER);
        net.deliver(ALICE, invite);
        final Sent toBob = net.take("INVITE");
        net.deliver(BOB, answer(toBob, 180, "btag", "bob@" + BOB, ""));
        net.deliver(ALICE, cancel(invite));
        assertEquals(ALICE, net.take("SIP/2.0 200").to());
        assertEquals(ALICE, net.take("SIP/2.0 487").to());
        final Sent cancel = net.take("CANCEL");
        assertEquals(toBob.message().topVia().branch(), cancel.message().topVia().branch());
        net.deliver(BOB, answer(cancel, 200, "btag", null, ""));
        net.deliver(BOB, answer(toBob, 487, "btag", null, ""));
        assertEquals(BOB, net.take("ACK").to());
        assertEquals(0, net.rest());
    }

    @Test
    void shouldEndTheDialogWhenThe2xxCrossesTheCancel() {
        final MessageText invite = net.invite("call-9", OFFER);
        net.deliver(ALICE, invite);
        final Sent toBob = net.take("INVITE");
        net.deliver(BOB, answer(toBob, 180, "btag", "bob@" + BOB, ""));
        net.deliver(ALICE, cancel(invite));
        net.deliver(BOB, answer(toBob, 200, "btag", "bob@" + BOB, ANSWER));
        assertEquals(1, net.count("SIP/2.0 487"));
        final int ack = index("ACK");
        final int bye = index("BYE");
        assertTrue(ack >= 0 && bye > ack, "the BYE must not overtake the ACK: " + net.sent);
        // Its retransmission is acknowledged again, and the BYE is not made anew.
        net.deliver(BOB, answer(toBob, 200, "btag", "bob@" + BOB, ANSWER));
        assertEquals(2, net.count("ACK"));
        assertEquals(1, net.count("BYE"));
        assertEquals(0, net.rest());
    }

    @Test
    void shouldEndTheSecondDialogWhenAForkAnswersTwice() {
        final Up up = net.up("call-10");
        net.deliver(BOB, answer(up.inviteToBob(), 200, "othertag", "other@" + BOB, ANSWER));
        final Sent ack = net.take("ACK");
        final Sent bye = net.take("BYE");
        assertEquals("othertag", ack.message().toTag());
        assertEquals("othertag", bye.message().toTag());
        assertEquals("sip:other@" + BOB, bye.message().uri());
        assertEquals(1, net.b2bua.pools.live());
    }

    @Test
    void shouldTryTheNextPeerWhenOneIsNotAvailable() {
        net.deliver(ALICE, net.invite("call-11", OFFER));
        final Sent first = net.take("INVITE");
        net.deliver(first.to(), answer(first, 503, "x", null, ""));
        assertEquals(first.to(), net.take("ACK").to());
        final Sent second = net.take("INVITE");
        assertNotEquals(first.to(), second.to());
        assertNotEquals(first.message().callId(), second.message().callId());
        net.deliver(second.to(), answer(second, 486, "y", null, ""));
        assertEquals(ALICE, net.take("SIP/2.0 486").to());
        assertEquals(0, net.rest());
    }

    @Test
    void shouldTryTheNextPeerWhenOneIsSilent() {
        net.deliver(ALICE, net.invite("call-12", OFFER));
        final Sent first = net.take("INVITE");
        net.pass(33_000);
        final String other = first.to().equals(BOB) ? SECOND_BOB : BOB;
        final Sent second = net.take("INVITE", other);
        net.deliver(other, answer(second, 200, "btag", "bob@" + other, ANSWER));
        assertEquals(ALICE, net.take("SIP/2.0 200").to());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldTryTheNextPeerWhenTheWayToTheOneThatRingsGoesDownAndEndItsLateAnswer(final boolean otherWay) {
        // given
        final Trunk trunk = CallFixture.trunk(1, "bob", BOB, SECOND_BOB);
        final CallFixture two = new CallFixture(trunk);
        two.deliver(ALICE, two.invite("call-12b", OFFER));
        final Sent first = two.take("INVITE", BOB);
        two.deliver(BOB, answer(first, 180, "ringing", "bob@" + BOB, ""));

        // when
        final Ping ping = new Ping(1, 1, 1, 1, new int[0]);
        if (otherWay) {
            trunk.peers().getFirst().state().on(PeerState.Event.SUCCESS, 1, ping);
        }
        trunk.peers().getFirst().state().on(PeerState.Event.FAILURE, 0, ping);
        assertEquals(otherWay, trunk.peers().getFirst().state().usable());
        two.proxy.onCommand(new ShardCommand.PeerDown(), two.nowNs);
        final Sent second = two.take("INVITE", SECOND_BOB);
        two.deliver(SECOND_BOB, answer(second, 200, "btag", "bob@" + SECOND_BOB, ANSWER));
        final Sent answered = two.take("SIP/2.0 200");

        // then: what the first says now is no answer for the caller
        assertEquals(ALICE, answered.to());
        two.deliver(BOB, answer(first, 200, "ringing", "bob@" + BOB, ANSWER));
        two.take("ACK", BOB);
        two.deliver(BOB, answer(two.take("BYE", BOB), 200, null, null, ""));
        assertEquals(0, two.count("SIP/2.0 200"));
    }

    @Test
    void shouldSayItselfThatNobodyAnswersWhenThereIsNoPeerLeft() {
        final CallFixture one = new CallFixture(CallFixture.trunk(1, "bob", BOB));
        one.deliver(ALICE, one.invite("call-13", OFFER));
        one.pass(33_000);
        assertEquals(ALICE, one.take("SIP/2.0 408").to());
        assertEquals(0, one.rest());
    }

    @Test
    void shouldRefuseWhenTheTrunkIsFull() {
        final Trunk plain = CallFixture.trunk(1, "bob", BOB);
        final Trunk limited = new Trunk(1, "bob", plain.peers(), plain.allow(), new int[0], 0, plain.balance(), 1, 0,
                plain.ping(), plain.state());
        final CallFixture one = new CallFixture(limited);
        final Up up = one.up("call-14");
        assertEquals(1, limited.state().calls());
        one.deliver(ALICE, one.invite("call-15", OFFER));
        assertEquals(1, one.count("SIP/2.0 503"));
        assertEquals(0, one.count("INVITE"));
        one.deliver(ALICE, one.fromAlice(up, "BYE", 8));
        one.deliver(BOB, answer(one.take("BYE"), 200, null, null, ""));
        assertEquals(0, limited.state().calls());
    }

    @Test
    void shouldRefuseWhenAllTrunksTogetherAreFull() {
        final Trunk bob = CallFixture.trunk(1, "bob", BOB);
        final CallFixture one = new CallFixture(bob);
        final TrunkState total = new TrunkState();
        one.configure(one.policy.withTotal(new Total(total, 1)));
        final Up up = one.up("call-14");
        assertEquals(1, total.calls());
        one.deliver(ALICE, one.invite("call-15", OFFER));
        assertEquals(1, one.count("SIP/2.0 503"));
        assertEquals(0, one.count("INVITE"));
        assertEquals(List.of(1, 1), List.of(one.alice.state().calls(), bob.state().calls()));
        one.deliver(ALICE, one.fromAlice(up, "BYE", 8));
        one.deliver(BOB, answer(one.take("BYE"), 200, null, null, ""));
        assertEquals(0, total.calls());
    }

    @Test
    void shouldRefuseAndCountWhatThereIsNoPlaceFor() {
        int refused = 0;
        for (int i = 0; i < 1_100; i++) {
            net.deliver(ALICE, net.invite("many" + i, OFFER));
            if (net.count("INVITE") > 0) {
                final Sent invite = net.take("INVITE", BOB);
                net.deliver(BOB, answer(invite, 200, "btag", "bob@" + BOB, ANSWER));
                net.deliver(ALICE, net.inside("ACK", ALICE, net.take("SIP/2.0 200", ALICE), false, 7));
            }
            refused += net.count("SIP/2.0 503");
            net.sent.clear();
            if (i % 100 == 99) {
                net.pass(40_000);
            }
        }
        assertEquals(100, refused);
        assertEquals(100, net.counters.get(Counter.LIMITED_B2BUA_CALLS));
        assertEquals(1_000, net.b2bua.pools.live());
    }

    @Test
    void shouldRememberNothingOfWhomItWasWithWhenACallIsOver() {
        // given
        final Up up = net.up("call-15b");
        net.deliver(ALICE, net.fromAlice(up, "BYE", 8));
        net.deliver(BOB, answer(net.take("BYE"), 200, null, null, ""));

        // when
        final Call next = net.b2bua.pools.takeCall();

        // then
        for (final Leg leg : next.legs) {
            assertFalse(leg.hasRemoteTag() || leg.hasText() || Slice.exists(leg.remoteTag()));
        }
    }

    @Test
    void shouldAnswer481WhenACallIsUnknown() {
        final Up up = net.up("call-16");
        net.deliver(ALICE, net.fromAlice(up, "BYE", 8));
        net.deliver(BOB, answer(net.take("BYE"), 200, null, null, ""));
        net.take("SIP/2.0 200");
        net.deliver(ALICE, net.fromAlice(up, "INFO", 9));
        assertEquals(ALICE, net.take("SIP/2.0 481").to());
        assertEquals(Disposition.DROPPED_STRAY_ACK, net.deliver(ALICE, net.fromAlice(up, "ACK", 9)));
        net.deliver(BOB, net.fromBob(up, "BYE", 1));
        assertEquals(BOB, net.take("SIP/2.0 481").to());
        // A tag that we have never written.
        net.deliver(BOB, MessageText.request("BYE", "sip:203.0.113.10")
                .header("Via", "SIP/2.0/UDP " + BOB + ";branch=z9hG4bKunknown")
                .header("From", "<sip:bob@b>;tag=1").header("To", "<sip:a@b>;tag=0123456789abcdef0123456789abcdef")
                .header("Call-ID", "nobodys").header("CSeq", "3 BYE"));
        assertEquals(BOB, net.take("SIP/2.0 481").to());
        assertEquals(0, net.rest());
    }

    @Test
    void shouldAnswer481WhenTagsOrCallIdDoNotFit() {
        final Up up = net.up("call-17");
        final String bye = net.fromAlice(up, "BYE", 8).text();
        net.deliver(ALICE, bye.replace("tag=atag", "tag=other").getBytes());
        assertEquals(1, net.count("SIP/2.0 481"));
        net.deliver(ALICE, bye.replace("call-17", "call-18").replace("z9hG4bK", "z9hG4bKa").getBytes());
        assertEquals(2, net.count("SIP/2.0 481"));
        assertEquals(0, net.count("BYE"));
        assertEquals(1, net.b2bua.pools.live());
    }

    @Test
    void shouldLetCallsEndWhereTheyBeganWhenTheModeIsSwitched() {
        final Up up = net.up("call-19");
        net.configure(net.policy.withMode(Mode.STATEFUL));
        net.deliver(ALICE, net.invite("call-20", OFFER));
        final Sent proxied = net.take("INVITE");
        assertEquals("call-20", proxied.message().callId());
        net.deliver(BOB, answer(proxied, 200, "ptag", "bob@" + BOB, ANSWER));
        assertEquals("ptag", net.take("SIP/2.0 200").message().toTag());
        net.deliver(BOB, net.fromBob(up, "BYE", 1));
        assertEquals("call-19", net.take("BYE", ALICE).message().callId());
        net.configure(net.policy.withMode(Mode.B2BUA));
        net.sent.clear();
        net.up("call-21");
    }

    @Test
    void shouldDrawCallIdsThatBelongToTheShard() {
        final java.util.Set<String> seen = new java.util.HashSet<>();
        for (int i = 0; i < 50; i++) {
            final byte[] callId = new byte[CallIds.LENGTH];
            net.b2bua.callIds.next().getBytes(0, callId);
            assertTrue(seen.add(new String(callId)));
            assertEquals(0, org.tandemsip.engine.shard.Shards.ownerOf(callId,
                    new org.tandemsip.engine.handler.ShardContext.Keys(1, 2, 3, 4), 4));
        }
    }

    @Test
    void shouldShowAndEndCallsWhenOrdered() {
        net.up("call-22");
        final List<org.tandemsip.engine.routing.CallStatus> calls = new java.util.ArrayList<>();
        net.b2bua.calls(calls::add, net.nowNs);
        assertEquals(1, calls.size());
        assertEquals("answered", calls.getFirst().state());
        assertEquals("call-22", calls.getFirst().callIdA());
        assertTrue(net.b2bua.hangUp(calls.getFirst().id(), "Q.850;cause=16", net.nowNs));
        final Sent toAlice = net.take("BYE", ALICE);
        final Sent toBob = net.take("BYE", BOB);
        assertEquals("Q.850;cause=16", toAlice.message().one("reason"));
        net.deliver(ALICE, answer(toAlice, 200, null, null, ""));
        net.deliver(BOB, answer(toBob, 200, null, null, ""));
        assertEquals(0, net.b2bua.pools.live());
        assertFalse(net.b2bua.hangUp(calls.getFirst().id(), "Q.850;cause=16", net.nowNs));
    }

    @Test
    void shouldTryTcpWhenUdpIsRefusedAndNobodyHasSaidWhichOfThemItIs() {
        // given
        net.configure(new RoutingPolicy(Mode.B2BUA, List.of(net.alice, net.bob),
                List.of(new Route("uri", null, Route.Match.ANY, List.of(), List.of(),
                        List.of(Cidr.parse("10.0.0.0/24")), null)),
                Timing.DEFAULTS, 70, true));
        final String text = new String(net.invite("call-23", OFFER).bytes(), StandardCharsets.ISO_8859_1)
                .replace("INVITE sip:bob@203.0.113.10", "INVITE sip:bob@10.0.0.99:5060");
        net.deliver(ALICE, text.getBytes(StandardCharsets.ISO_8859_1));
        net.take("SIP/2.0 100");
        final Sent overUdp = net.take("INVITE", "10.0.0.99:5060");
        assertTrue(overUdp.text().contains("SIP/2.0/UDP "), overUdp.text());

        // when
        net.unreachable(overUdp);
        final Sent overTcp = net.take("INVITE", "10.0.0.99:5060");
        net.unreachable(overUdp);

        // then
        assertTrue(overTcp.text().contains("SIP/2.0/TCP "), overTcp.text());
        assertEquals(OFFER, overTcp.message().body());
        net.deliver("10.0.0.99:5060", answer(overTcp, 200, "btag", "bob@10.0.0.99:5060;transport=tcp", ANSWER));
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        net.take("ACK", "10.0.0.99:5060");
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        net.deliver(ALICE, net.inside("BYE", ALICE, ok, false, 8));
        net.deliver("10.0.0.99:5060", answer(net.take("BYE", "10.0.0.99:5060"), 200, null, null, ""));
        net.take("SIP/2.0 200", ALICE);
        assertEquals(0, net.sent.size(), () -> net.sent.toString());
        assertEquals(0, net.rest());
    }

    private int index(final String start) {
        for (int i = 0; i < net.sent.size(); i++) {
            if (net.sent.get(i).is(start)) {
                return i;
            }
        }
        return -1;
    }

    static MessageText cancel(final MessageText invite) {
        final org.tandemsip.testkit.wire.WireMessage message =
                org.tandemsip.testkit.wire.WireMessage.parse(invite.bytes());
        return MessageText.request("CANCEL", message.uri()).header("Via", message.topVia().raw())
                .header("From", message.one("from")).header("To", message.one("to"))
                .header("Call-ID", message.callId()).header("CSeq", message.cseq() + " CANCEL");
    }
}
