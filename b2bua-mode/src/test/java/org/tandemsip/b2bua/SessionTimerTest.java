package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.b2bua.CallFixture.Up;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.CallRules;
import org.tandemsip.testkit.MessageText;

/** Session timers (RFC 4028): each leg has its own, and a side that is gone is found. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class SessionTimerTest {
    private static final long HALF_MS = 900_000;
    private CallFixture net = new CallFixture(
            CallFixture.trunk(0, "alice", CallFixture.ALICE),
            CallFixture.trunk(1, "bob", CallRules.DEFAULTS, CallFixture.BOB, CallFixture.SECOND_BOB));
    private final CallFixture both = new CallFixture(CallRules.DEFAULTS);

    /** A call with Bob, who says this of session timers and methods. */
    private Up up(final String... bobsFields) {
        net.deliver(CallFixture.ALICE, net.invite("s@a", CallFixture.OFFER));
        final Sent invite = net.take("INVITE", CallFixture.BOB);
        net.take("SIP/2.0 100");
        final MessageText answer =
                CallFixture.answer(invite, 200, "btag", "bob@" + CallFixture.BOB, "");
        for (int i = 0; i < bobsFields.length; i += 2) {
            answer.header(bobsFields[i], bobsFields[i + 1]);
        }
        net.deliver(CallFixture.BOB, answer.body("application/sdp", CallFixture.ANSWER));
        final Sent ok = net.take("SIP/2.0 200", CallFixture.ALICE);
        net.take("ACK", CallFixture.BOB);
        net.deliver(CallFixture.ALICE, net.inside("ACK", CallFixture.ALICE, ok, false, 7));
        assertEquals(List.of(), net.sent);
        return new Up(invite, ok, "btag");
    }

    private void ends() {
        net.deliver(CallFixture.ALICE, CallFixture.answer(net.take("BYE", CallFixture.ALICE), 200, null, null, ""));
        net.deliver(CallFixture.BOB, CallFixture.answer(net.take("BYE", CallFixture.BOB), 200, null, null, ""));
        assertEquals(0, net.rest());
    }

    @Test
    void shouldAgreeWithEachSideByItself() {
        net = both;
        // when: Alice knows session timers and Bob wants to refresh every ten minutes
        final Up up = up("Session-Expires", "600;refresher=uas", "Require", "timer", "Supported", "replaces, timer");

        // then
        assertEquals("1800", up.inviteToBob().message().one("session-expires"));
        assertEquals(List.of("timer"), up.inviteToBob().message().all("supported"));
        assertEquals("1800;refresher=uac", up.okToAlice().message().one("session-expires"));
        assertEquals(List.of("timer"), up.okToAlice().message().all("require"));
        assertEquals(List.of("replaces"), up.okToAlice().message().all("supported"));
    }

    @Test
    void shouldEndBothSidesWhenOneDoesNotRefresh() {
        // given
        up("Session-Expires", "600;refresher=uas");

        // when
        net.pass(567_000);
        assertEquals(List.of(), net.sent);
        net.pass(2_000);

        // then
        assertEquals(1, net.counters.get(Counter.CALLS_LOST));
        ends();
    }

    @Test
    void shouldLiveOnWhenTheSidesRefresh() {
        net = both;
        // given
        final Up up = up("Session-Expires", "1800;refresher=uas");

        // when
        for (int i = 0; i < 10; i++) {
            net.pass(HALF_MS);
            net.deliver(CallFixture.ALICE, net.fromAlice(up, "UPDATE", 8 + i).header("Supported", "timer")
                    .header("Session-Expires", "1800;refresher=uac"));
            final Sent update = net.take("UPDATE", CallFixture.BOB);
            assertEquals("1800;refresher=uas", update.message().one("session-expires"));
            net.deliver(CallFixture.BOB, CallFixture.answer(update, 200, null, null, "")
                    .header("Session-Expires", "1800;refresher=uas"));
            assertEquals("1800;refresher=uac",
                    net.take("SIP/2.0 200", CallFixture.ALICE).message().one("session-expires"));
        }

        // then
        assertEquals(List.of(), net.sent);
        net.deliver(CallFixture.ALICE, net.fromAlice(up, "BYE", 50));
        net.take("SIP/2.0 200");
        net.deliver(CallFixture.BOB, CallFixture.answer(net.take("BYE", CallFixture.BOB), 200, null, null, ""));
        assertEquals(0, net.rest());
    }

    @Test
    void shouldAskByTheSameSessionWhenASideKnowsNoTimers() {
        // given
        up();

        // when
        net.pass(HALF_MS);

        // then
        final Sent invite = net.take("INVITE", CallFixture.BOB);
        assertTrue(invite.text().endsWith("\r\n\r\n" + CallFixture.OFFER), invite.text());
        assertEquals(2, invite.message().cseq());
        net.deliver(CallFixture.BOB,
                CallFixture.answer(invite, 200, null, "bob@" + CallFixture.BOB, CallFixture.ANSWER));
        assertEquals(2, net.take("ACK", CallFixture.BOB).message().cseq());
        assertEquals(List.of(), net.sent);

        // and: once more, to somebody who is gone
        net.pass(HALF_MS - 40_000);
        assertEquals(0, net.count("BYE"));
        net.sent.clear();
        net.pass(40_000);
        net.deliver(CallFixture.BOB, CallFixture.answer(net.take("INVITE", CallFixture.BOB), 481, null, null, ""));
        net.sent.removeIf(sent -> sent.is("ACK"));
        ends();
    }

    @Test
    void shouldCancelOurOwnReInviteThatTheOtherSideOnlyWorksOn() {
        up();
        net.pass(HALF_MS);
        net.deliver(CallFixture.BOB, CallFixture.answer(net.take("INVITE", CallFixture.BOB), 100, null, null, ""));
        net.pass(HALF_MS);
        assertEquals(CallFixture.BOB, net.take("CANCEL").to());
        ends();
    }

    @Test
    void shouldAskByUpdateWhenThatIsAllowed() {
        // given
        up("Allow", "INVITE, ACK, BYE, CANCEL, UPDATE");

        // when
        net.pass(HALF_MS);
        final Sent update = net.take("UPDATE", CallFixture.BOB);
        net.deliver(CallFixture.BOB, CallFixture.answer(update, 200, null, "bob@" + CallFixture.BOB, ""));
        net.pass(HALF_MS - 100_000);

        // then
        assertEquals(List.of(), net.sent);
        net.pass(100_000);
        net.take("UPDATE", CallFixture.BOB);
        net.pass(40_000);
        net.sent.removeIf(sent -> sent.is("UPDATE"));
        ends();
    }

    @Test
    void shouldAskAgainWhenBothHaveAskedAtOnce() {
        // given
        up();
        net.pass(HALF_MS);
        net.deliver(CallFixture.BOB, CallFixture.answer(net.take("INVITE", CallFixture.BOB), 491, null, null, ""));
        net.take("ACK", CallFixture.BOB);

        // when
        net.pass(4_000);

        // then
        final Sent again = net.take("INVITE", CallFixture.BOB);
        assertEquals(3, again.message().cseq());
        net.deliver(CallFixture.BOB,
                CallFixture.answer(again, 200, null, "bob@" + CallFixture.BOB, CallFixture.ANSWER));
        net.take("ACK", CallFixture.BOB);
    }

    @Test
    void shouldLetRequestsWaitForOurOwn() {
        // given
        final Up up = up();
        net.pass(HALF_MS);
        net.take("INVITE", CallFixture.BOB);

        // when
        net.deliver(CallFixture.ALICE, net.fromAlice(up, "INVITE", 8).body("application/sdp", CallFixture.OFFER));
        net.deliver(CallFixture.BOB, net.fromBob(up, "INVITE", 1).body("application/sdp", CallFixture.OFFER));

        net.deliver(CallFixture.ALICE, net.fromAlice(up, "UPDATE", 9).body("application/sdp", CallFixture.OFFER));

        // then
        net.take("SIP/2.0 491", CallFixture.ALICE);
        net.take("SIP/2.0 491", CallFixture.BOB);
        assertEquals(9, net.take("SIP/2.0 491", CallFixture.ALICE).message().cseq());
        assertEquals(0, net.count("UPDATE"));
    }

    @Test
    void shouldRefuseSessionsThatAreTooShort() {
        net = both;
        // when
        net.deliver(CallFixture.ALICE, net.invite("s@a", CallFixture.OFFER).header("Session-Expires", "60"));

        // then
        assertEquals("90", net.take("SIP/2.0 422").message().one("min-se"));
        assertEquals(List.of(), net.sent);
        assertEquals(0, net.rest());
    }

    @Test
    void shouldAskForALongerSessionWhenOursIsTooShort() {
        // given
        net.deliver(CallFixture.ALICE, net.invite("s@a", CallFixture.OFFER));
        net.take("SIP/2.0 100");
        final Sent invite = net.take("INVITE", CallFixture.BOB);

        // when
        net.deliver(CallFixture.BOB, CallFixture.answer(invite, 422, "x", null, "").header("Min-SE", "3600"));
        net.take("ACK", CallFixture.BOB);

        // then
        final Sent again = net.take("INVITE", CallFixture.BOB);
        assertEquals("3600", again.message().one("session-expires"));
        assertEquals("3600", again.message().one("min-se"));
        assertEquals(invite.message().callId(), again.message().callId());
        assertEquals(2, again.message().cseq());

        // and: not a third time
        net.deliver(CallFixture.BOB, CallFixture.answer(again, 422, "x", null, "").header("Min-SE", "7200"));
        net.take("SIP/2.0 422", CallFixture.ALICE);
        net.take("ACK", CallFixture.BOB);
        assertEquals(List.of(), net.sent);
    }
}
