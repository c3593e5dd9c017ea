package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.ANSWER;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.OFFER;
import static org.tandemsip.b2bua.CallFixture.SECOND_BOB;
import static org.tandemsip.b2bua.CallFixture.answer;
import static org.tandemsip.b2bua.CallFixture.trunk;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.b2bua.CallFixture.Up;
import org.tandemsip.codec.sdp.CodecList;
import org.tandemsip.engine.handler.MediaRelay;
import org.tandemsip.engine.routing.CallRules;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.MediaRules;
import org.tandemsip.engine.routing.NumberRules;
import org.tandemsip.engine.routing.ResponseMap;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkRules;
import org.tandemsip.engine.timer.Timing;
import org.tandemsip.testkit.wire.WireMessage;

/** REFERs that we would do, to a trunk whose media go through a relay, in a call whose media do not. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class TransferredMediaTest {
    private static final String CAROL = "10.0.0.3:5060";

    private CallFixture net;
    private FakeRelay relay;
    private Up first;

    private void begin(final CallRules.Refer refer) {
        final CallRules rules = new CallRules(0, 90, refer, false, List.of(), CallRules.Redirect.FOLLOW,
                ResponseMap.NONE);
        net = new CallFixture(trunk(0, "alice", rules, ALICE), trunk(1, "bob", rules, BOB, SECOND_BOB));
        relay = new FakeRelay(net, false);
        first = net.up("first");
        final Trunk carol = trunk(2, "carol", new TrunkRules(HeaderRules.NONE, HeaderRules.NONE, NumberRules.NONE,
                NumberRules.NONE, rules).with(new MediaRules(CodecList.ANY, true, MediaRelay.Side.PLAIN)), CAROL);
        net.configure(new RoutingPolicy(org.tandemsip.engine.routing.Mode.B2BUA, List.of(net.alice, net.bob, carol),
                List.of(line("c*", carol), line("b*", net.bob)), Timing.DEFAULTS, 70, true));
    }

    private Route line(final String to, final Trunk trunk) {
        return new Route(to, net.alice, new Route.Match(to.getBytes(StandardCharsets.US_ASCII), null, null),
                List.of(trunk), List.of(), List.of(), null);
    }

    private Sent passedOn() {
        final Sent refer = net.take("REFER", BOB);
        net.deliver(BOB, answer(refer, 202, null, "bob@" + BOB, ""));
        net.take("SIP/2.0 202", ALICE);
        assertEquals(List.of(), net.sent);
        return refer;
    }

    private void end(final Up up, final String callee, final long cseq) {
        net.deliver(ALICE, net.fromAlice(up, "BYE", cseq));
        net.take("SIP/2.0 200", ALICE);
        net.deliver(callee, answer(net.take("BYE", callee), 200, null, null, ""));
    }

    @ParameterizedTest
    @EnumSource(value = CallRules.Refer.class, mode = Mode.EXCLUDE, names = "PASS")
    void shouldPassOnAReferToWhoHasARelay(final CallRules.Refer rule) {
        begin(rule);
        net.deliver(ALICE, net.fromAlice(first, "REFER", 8).header("Refer-To", "<sip:carol@203.0.113.10>"));
        passedOn();
        assertEquals(List.of(), relay.asked);
        end(first, BOB, 9);
        assertEquals(0, net.rest());
    }

    @ParameterizedTest
    @EnumSource(value = CallRules.Refer.class, mode = Mode.EXCLUDE, names = "PASS")
    void shouldPassOnAReferThatNamesACallWithARelay(final CallRules.Refer rule) {
        // given
        begin(rule);
        net.deliver(ALICE, net.invite("sip:carol@203.0.113.10", "second", OFFER));
        relay.done();
        final Sent invite = net.take("INVITE", CAROL);
        net.deliver(CAROL, answer(invite, 200, "btag", "carol@" + CAROL, ANSWER));
        relay.done();
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        net.sent.clear();

        // when
        final WireMessage success = ok.message();
        net.deliver(ALICE, net.fromAlice(first, "REFER", 8).header("Refer-To", "<sip:carol@203.0.113.10?Replaces="
                + success.callId().replace("@", "%40") + "%3Bto-tag%3D" + success.toTag() + "%3Bfrom-tag%3D"
                + success.fromTag() + ">"));

        // then: Bob is told of it by two tags of ours, and both calls stand
        final String named = passedOn().message().one("refer-to");
        assertTrue(named.contains("%3Bto-tag%3DB2B.") && named.contains("%3Bfrom-tag%3DB2B."), named);
        assertEquals(List.of(), relay.deleted);
        end(first, BOB, 9);
        end(new Up(invite, ok, "btag"), CAROL, 9);
        assertEquals(List.of(), relay.asked);
        assertEquals(1, relay.deleted.size());
        assertEquals(0, net.rest());
    }

    @Test
    void shouldNotFollowARedirectionToWhoHasARelay() {
        // given
        begin(CallRules.Refer.HANDLE);
        net.deliver(ALICE, net.fromAlice(first, "REFER", 8).header("Refer-To", "<sip:bea@203.0.113.10>"));
        net.take("SIP/2.0 202", ALICE);
        net.deliver(ALICE, answer(net.take("NOTIFY", ALICE), 200, null, null, ""));
        final Sent invite = net.take("INVITE sip:bea", BOB);

        // when
        net.deliver(BOB, answer(invite, 302, "rtag", null, "").header("Contact", "<sip:carol@" + CAROL + ">"));

        // then
        net.take("ACK", BOB);
        net.deliver(SECOND_BOB, answer(net.take("INVITE sip:bea", SECOND_BOB), 486, "stag", null, ""));
        net.take("ACK", SECOND_BOB);
        final Sent notify = net.take("NOTIFY", ALICE);
        assertTrue(notify.text().contains("\r\n\r\nSIP/2.0 "), notify.text());
        net.deliver(ALICE, answer(notify, 200, null, null, ""));
        assertEquals(List.of(), net.sent);
        assertEquals(List.of(), relay.asked);
        end(first, BOB, 9);
        assertEquals(0, net.rest());
    }
}
