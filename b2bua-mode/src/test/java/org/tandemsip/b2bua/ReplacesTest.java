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
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.b2bua.CallFixture.Up;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.CallRules;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.timer.Timing;
import org.tandemsip.testkit.MessageText;
import org.tandemsip.testkit.wire.WireMessage;

/**
 * Replaces (RFC 3891) of calls that go through us: Alice has called Bob and Carol, and asks Bob to take her place with
 * Carol, who is in his trunk or in another one.
 */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class ReplacesTest {
    private static final String CAROL = "10.0.1.11:5060";

    private CallFixture net = new CallFixture();
    private final Trunk carol = CallFixture.trunk(2, "carol", CAROL);

    private void route(final Trunk from, final Trunk to) {
        net.configure(new RoutingPolicy(Mode.B2BUA, List.of(net.alice, net.bob, carol),
                List.of(CallFixture.route(from, to)), Timing.DEFAULTS, 70, true));
    }

    /** Alice calls somebody who answers from {@code at}. */
    private Up call(final String callId, final Trunk to, final String at, final String tag) {
        route(net.alice, to);
        net.deliver(ALICE, net.invite(callId, OFFER));
        final Sent invite = net.take("INVITE", at);
        net.deliver(at, answer(invite, 200, tag, "callee@" + at, ANSWER));
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        net.take("ACK", at);
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        net.sent.clear();
        return new Up(invite, ok, tag);
    }

    private void refer(final Up call, final String replaces) {
        net.deliver(ALICE, net.fromAlice(call, "REFER", 8).header("Refer-To", referTo(replaces)));
    }

    private static String referTo(final String replaces) {
        return "<sip:carol@192.0.2.5?Subject=x&Replaces="
                + replaces.replace(";", "%3B").replace("=", "%3D").replace("@", "%40") + "&Priority=urgent>";
    }

    private static String ofAlice(final Up call, final String callId) {
        return callId + ";from-tag=atag;to-tag=" + call.okToAlice().message().toTag();
    }

    private static String ofCallee(final Up call) {
        return call.inviteToBob().message().callId() + ";to-tag=" + call.bobTag() + ";from-tag="
                + call.inviteToBob().message().fromTag();
    }

    /** What Bob is told to put into his INVITE. */
    private String told() {
        final String row = net.take("REFER", BOB).message().one("refer-to");
        assertTrue(
                row.startsWith("<sip:carol@203.0.113.10:5060?Subject=x&Replaces=") && row.endsWith("&Priority=urgent>"),
                row);
        return row.substring(row.indexOf("Replaces=") + 9, row.lastIndexOf('&')).replace("%3B", ";").replace("%3D", "=")
                .replace("%40", "@");
    }

    private MessageText inviteOfBob(final String replaces) {
        return inviteOfBob(replaces, "of-bob");
    }

    private MessageText inviteOfBob(final String replaces, final String callId) {
        return MessageText.request("INVITE", "sip:carol@203.0.113.10")
                .header("Via", "SIP/2.0/UDP " + BOB + ";branch=" + net.branch()).header("Max-Forwards", "20")
                .header("From", "<sip:bob@10.0.0.11>;tag=bob2").header("To", "<sip:carol@203.0.113.10>")
                .header("Call-ID", callId).header("CSeq", "1 INVITE").header("Contact", "<sip:bob@" + BOB + ">")
                .header("Replaces", replaces).body("application/sdp", OFFER);
    }

    @Test
    void shouldNameTheLegThatIsToBeReplacedToItsOwnSide() {
        // given
        final Up first = call("first", net.bob, BOB, "btag");
        final Up second = call("second", net.bob, BOB, "ctag");

        // when
        refer(first, ofAlice(second, "second") + ";early-only");

        // then
        final String told = told();
        assertEquals(ofCallee(second) + ";early-only", told);

        // and: nothing is left to be changed in the INVITE
        route(net.bob, net.bob);
        net.deliver(BOB, inviteOfBob(told));
        assertEquals(told, net.take("INVITE", BOB).message().one("replaces"));
    }

    @Test
    void shouldNameOneSideToAnotherByOurTagsOnly() {
        // given
        final Up first = call("first", net.bob, BOB, "btag");
        final Up second = call("second", carol, CAROL, "ctag");

        // when
        refer(first, ofAlice(second, "second"));

        // then
        final String told = told();
        assertFalse(told.contains("second") || told.contains("atag") || told.contains("ctag")
                || told.contains(second.inviteToBob().message().callId()), told);

        // and
        route(net.bob, carol);
        net.deliver(BOB, inviteOfBob(told));
        assertEquals(ofCallee(second), net.take("INVITE", CAROL).message().one("replaces"));
    }

    @Test
    void shouldNameWhoAsksForItToItself() {
        // given: Alice wants to be called by Bob in the place of Carol
        final Up first = call("first", net.bob, BOB, "btag");
        final Up second = call("second", carol, CAROL, "ctag");
        final String own = "second;to-tag=atag;from-tag=" + second.okToAlice().message().toTag();

        // when
        refer(first, own);

        // then
        final String told = told();
        assertFalse(told.contains("second") || told.contains("atag") || told.contains("ctag"), told);
        route(net.bob, net.alice);
        net.deliver(BOB, inviteOfBob(told));
        assertEquals(own, net.take("INVITE", ALICE).message().one("replaces"));
    }

    @Test
    void shouldGiveTheNamesOfItsOwnLegToWhoIsCalled() {
        final Up second = call("second", net.bob, BOB, "ctag");
        route(net.alice, net.bob);
        net.deliver(ALICE, net.invite("third", OFFER).header("Replaces", ofAlice(second, "second")));
        assertEquals(ofCallee(second), net.take("INVITE", BOB).message().one("replaces"));
    }

    @Test
    void shouldNotTellOneSideWhatIsOfAnother() {
        // given: the call goes somewhere else than that with Carol
        final Up second = call("second", carol, CAROL, "ctag");
        route(net.bob, net.alice);

        // when
        net.deliver(BOB, inviteOfBob(ofCallee(second)));

        // then
        net.take("SIP/2.0 481", BOB);
        assertEquals(0, net.count("INVITE"));
        assertEquals(1, net.counters.get(Counter.REPLACES_UNKNOWN));
    }

    @Test
    void shouldLeaveAloneWhatIsNotOfUs() {
        final Up first = call("first", net.bob, BOB, "btag");
        refer(first, "x@192.0.2.9;to-tag=1;from-tag=2;early-only");
        assertEquals("x@192.0.2.9;to-tag=1;from-tag=2;early-only", told());
        route(net.bob, carol);
        net.deliver(BOB, inviteOfBob("x@192.0.2.9; to-tag=1 ;from-tag=2"));
        assertEquals("x@192.0.2.9; to-tag=1 ;from-tag=2", net.take("INVITE", CAROL).message().one("replaces"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"PASS", "HANDLE"})
    void shouldRefuseAndCountWhatItDoesNotKnow(final String way) {
        // given
        net = new CallFixture(new CallRules(0, 90, CallRules.Refer.valueOf(way), false, List.of()));
        final Up first = call("first", net.bob, BOB, "btag");
        final Up gone = call("second", net.bob, BOB, "ctag");
        net.deliver(ALICE, net.fromAlice(gone, "BYE", 9));
        net.deliver(BOB, answer(net.take("BYE", BOB), 200, null, null, ""));
        net.sent.clear();

        // when
        refer(first, ofAlice(gone, "second"));

        // then: the call goes on
        net.take("SIP/2.0 403", ALICE);
        assertEquals(List.of(), net.sent);
        assertEquals(1, net.counters.get(Counter.REPLACES_UNKNOWN));

        // and
        net.deliver(ALICE, net.fromAlice(first, "INFO", 11));
        net.take("INFO", BOB);
    }

    @Test
    void shouldTreatOneOutsideOfAllDialogsAlike() {
        // given
        final Up second = call("second", net.bob, BOB, "ctag");
        net.deliver(ALICE, outside(1, ofAlice(second, "second")));

        // then
        assertEquals(ofCallee(second), told());

        // and when
        net.deliver(ALICE, net.fromAlice(second, "BYE", 9));
        net.deliver(BOB, answer(net.take("BYE", BOB), 200, null, null, ""));
        net.sent.clear();
        net.deliver(ALICE, outside(2, ofAlice(second, "second")));

        // then
        net.take("SIP/2.0 403", ALICE);
        assertEquals(List.of(), net.sent);
    }

    private MessageText outside(final int number, final String replaces) {
        return MessageText.request("REFER", "sip:bob@203.0.113.10")
                .header("Via", "SIP/2.0/UDP " + ALICE + ";branch=" + net.branch()).header("Max-Forwards", "20")
                .header("From", "<sip:alice@192.0.2.1>;tag=r" + number).header("To", "<sip:bob@203.0.113.10>")
                .header("Call-ID", "refer-" + number).header("CSeq", "1 REFER")
                .header("Contact", "<sip:alice@" + ALICE + ">").header("Refer-To", referTo(replaces));
    }

    @Test
    void shouldCountARefusedInviteOnceHoweverManyPeersThereAre() {
        // given: two peers of one trunk, neither of which may be told
        final Up gone = call("second", net.bob, BOB, "ctag");
        net.deliver(ALICE, net.fromAlice(gone, "BYE", 9));
        net.deliver(BOB, answer(net.take("BYE", BOB), 200, null, null, ""));
        net.sent.clear();

        // when
        net.deliver(ALICE, net.invite("third", OFFER).header("Replaces", ofAlice(gone, "second")));

        // then
        net.take("SIP/2.0 481", ALICE);
        assertEquals(0, net.count("INVITE"));
        assertEquals(1, net.counters.get(Counter.REPLACES_UNKNOWN));
    }

    @ParameterizedTest
    @ValueSource(strings = {"PASS", "HANDLE"})
    void shouldRefuseToHaveACallOfOursJoined(final String way) {
        // given
        net = new CallFixture(new CallRules(0, 90, CallRules.Refer.valueOf(way), false, List.of()));
        final Up first = call("first", net.bob, BOB, "btag");
        final Up second = call("second", net.bob, BOB, "ctag");

        // when
        net.deliver(ALICE, net.fromAlice(first, "REFER", 8).header("Refer-To",
                referTo(ofAlice(second, "second")).replace("Replaces=", "join=")));

        // then: who is called would have to mix what we take apart
        net.take("SIP/2.0 403", ALICE);
        assertEquals(List.of(), net.sent);
        assertEquals(1, net.counters.get(Counter.REPLACES_JOIN));

        // and: an INVITE of our own would not ask for somebody else's call either
        net.deliver(ALICE, net.fromAlice(first, "REFER", 9).header("Refer-To",
                referTo("x@192.0.2.9;to-tag=1;from-tag=2").replace("Replaces=", "Join=")));
        assertEquals(way.equals("PASS") ? 1 : 0, net.count("REFER"));
        assertEquals(way.equals("PASS") ? 0 : 1, net.count("SIP/2.0 403"));
    }

    @Test
    void shouldPassOnThatSomebodyElsesCallIsToBeJoined() {
        final Up first = call("first", net.bob, BOB, "btag");
        net.deliver(ALICE, net.fromAlice(first, "REFER", 8).header("Refer-To",
                "<sip:carol@192.0.2.5?Join=x%40192.0.2.9%3Bto-tag%3D1%3Bfrom-tag%3D2>"));
        assertEquals("<sip:carol@203.0.113.10:5060?Join=x%40192.0.2.9%3Bto-tag%3D1%3Bfrom-tag%3D2>",
                net.take("REFER", BOB).message().one("refer-to"));
    }

    @Test
    void shouldRefuseWhatCannotBeRead() {
        final Up first = call("first", net.bob, BOB, "btag");
        net.deliver(ALICE, net.fromAlice(first, "REFER", 8).header("Refer-To", "<sip:carol@192.0.2.5?Replaces="
                + "a".repeat(2_000) + ">"));
        net.take("SIP/2.0 403", ALICE);
        net.deliver(ALICE,
                net.fromAlice(first, "REFER", 9).header("Refer-To", "<sip:carol@[1?Replaces=first%3Bto-tag>"));
        net.take("SIP/2.0 403", ALICE);
        assertEquals(List.of(), net.sent);
    }

    /** Where the caller is shown each of the early dialogs, each is found, and no other one is turned to for that. */
    @Test
    void shouldFindEachEarlyDialogThatIsShown() {
        // given
        net = new CallFixture(CallFixture.NO_TIMERS.with(CallRules.EarlyDialogs.EACH));
        route(net.alice, net.bob);
        net.deliver(ALICE, net.invite("forked", OFFER));
        final Sent invite = net.take("INVITE", BOB);
        final String ours = invite.message().fromTag();
        final Map<String, Sent> ringing = new TreeMap<>();
        for (final String tag : List.of("one", "two", "three")) {
            net.deliver(BOB, answer(invite, 180, tag, tag + "@" + BOB, ""));
            ringing.put(tag, net.take("SIP/2.0 180", ALICE));
        }

        ringing.forEach((tag, dialog) -> {
            final String ofAlice = "forked;to-tag=" + dialog.message().toTag() + ";from-tag=atag";
            final String ofBob = invite.message().callId() + ";to-tag=" + tag + ";from-tag=" + ours;

            // when: by the names that Alice has of it
            route(net.alice, net.bob);
            net.deliver(ALICE, net.invite("by-alice-" + tag, OFFER).header("Replaces", ofAlice));
            assertEquals(ofBob, net.take("INVITE", BOB).message().one("replaces"));

            // and: by those that whoever rings has
            route(net.bob, net.alice);
            net.deliver(BOB, inviteOfBob(invite.message().callId() + ";to-tag=" + ours + ";from-tag=" + tag, tag));
            assertEquals("forked;to-tag=atag;from-tag=" + dialog.message().toTag(),
                    net.take("INVITE", ALICE).message().one("replaces"));
        });

        // and: in another dialog of the same call
        net.deliver(ALICE, net.inside("REFER", ALICE, ringing.get("one"), false, 8).header("Refer-To",
                referTo("forked;from-tag=atag;to-tag=" + ringing.get("two").message().toTag())));
        final WireMessage refer = net.take("REFER", BOB).message();
        assertEquals("one", refer.toTag());
        assertTrue(refer.one("refer-to").contains("to-tag%3Dtwo%3Bfrom-tag%3D" + ours), refer.one("refer-to"));
    }
}
