package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.ProxyHarness.A1;
import static org.tandemsip.engine.proxy.ProxyHarness.CALLER;
import static org.tandemsip.engine.proxy.SipText.CONTACT;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.metrics.Counter;

/** A whole call through the proxy, and what RFC 3261 sections 16.6, 16.7 and 17 say about its messages. */
@Timeout(10)
class StatefulCallTest {
    private final ProxyHarness proxy = ProxyHarness.single();

    @Test
    void shouldCarryCallFromInviteToBye() {
        // given
        final SentMessage invite = proxy.invite("c1");
        assertEquals(A1.hostPort(), invite.to());

        // when, then
        assertEquals(Disposition.FORWARDED, proxy.answer(invite, 180, "b1", CONTACT));
        assertEquals(CALLER.hostPort(), proxy.only("180 INVITE").to());
        assertEquals(Disposition.FORWARDED, proxy.answer(invite, 200, "b1", CONTACT));
        final SentMessage success = proxy.only("200 INVITE");
        assertEquals(Disposition.FORWARDED, proxy.receive(CALLER, SipText.inDialog("ACK", CALLER, success, 1)));
        assertEquals(A1.hostPort(), proxy.only("ACK").to());
        assertEquals(Disposition.FORWARDED, proxy.receive(CALLER, SipText.inDialog("BYE", CALLER, success, 2)));
        final SentMessage bye = proxy.only("BYE");
        assertEquals(Disposition.FORWARDED, proxy.answer(bye, 200, "b1"));
        assertEquals("200 BYE", proxy.only("200 BYE").summary());
        proxy.assertQuiet();
        proxy.assertSent();
    }

    @Test
    void shouldFindTheTransactionWhenSomebodyHasCutOffItsPlace() {
        final SentMessage invite = proxy.invite("c1");
        assertTrue(invite.headers("Via").getFirst().matches(".*;branch=z9hG4bKt[0-9a-f]{24};tk=[0-9a-f]{16}"));
        final String place = invite.headers("Via").getFirst().replaceFirst(".*;tk=", "");
        final String ringing = SipText.response(invite, 180, "b1", CONTACT);

        for (final String without : List.of(ringing.replace(";tk=" + place, ""),
                ringing.replace(";tk=" + place, ";tk=" + place.substring(1)),
                ringing.replace(";tk=" + place, ";x=y;tk=" + place))) {
            assertEquals(Disposition.FORWARDED, proxy.receive(A1, without));
            proxy.only("180 INVITE");
        }
    }

    @Test
    void shouldGoByTheBranchWhenThePlaceIsThatOfAnother() {
        final SentMessage first = proxy.invite("c1");
        final SentMessage second = proxy.invite("c2");
        final String place = second.headers("Via").getFirst().replaceFirst(".*;tk=", "");
        final String ringing =
                SipText.response(first, 180, "b1", CONTACT).replaceFirst(";tk=[0-9a-f]{16}", ";tk=" + place);

        assertEquals(Disposition.FORWARDED, proxy.receive(A1, ringing));
        assertEquals("c1", proxy.only("180 INVITE").header("Call-ID"));
        final String forged = ringing.replaceFirst("z9hG4bKt[0-9a-f]{16}", "z9hG4bKt0123456789abcdef");
        assertEquals(Disposition.DROPPED_STRAY_RESPONSE, proxy.receive(A1, forged));
        proxy.assertSent();
    }

    @Test
    void shouldSendTryingAtOnceWhenInviteArrives() {
        // when
        proxy.receive(CALLER, SipText.invite(CALLER, "c1"));

        // then
        final List<SentMessage> sent = proxy.sent();
        assertEquals(List.of("100 INVITE", "INVITE"), SentMessage.summaries(sent));
        assertEquals(sent.get(0).atNs(), sent.get(1).atNs());
        assertEquals("<sip:bob@example.com>", sent.get(0).header("To"), "a 100 carries no tag");
    }

    @Test
    void shouldPopOnlyOurViaWhenResponseIsForwarded() {
        // given
        final String request = SipText.invite(CALLER, "c1");
        final SentMessage invite = proxy.call(request).getFirst();

        // when
        proxy.answer(invite, 183, "b1", "X-Unknown: kept", "Content-Type: text/plain");

        // then
        final SentMessage progress = proxy.only("183 INVITE");
        assertEquals(invite.headers("Via").subList(1, 2), progress.headers("Via"));
        assertEquals("kept", progress.header("X-Unknown"));
    }

    @Test
    void shouldNotForwardTryingOfNextHop() {
        // given
        final SentMessage invite = proxy.invite("c1");

        // when
        final Disposition disposition = proxy.answer(invite, 100, null);

        // then
        assertEquals(Disposition.ABSORBED, disposition);
        proxy.assertSent();
    }

    @Test
    void shouldAbsorbRetransmittedInviteAndRepeatLastProvisional() {
        // given
        final String request = SipText.invite(CALLER, "c1");
        final SentMessage invite = proxy.call(request).getFirst();
        proxy.answer(invite, 180, "b1");
        proxy.sent();

        // when
        final Disposition disposition = proxy.receive(CALLER, request);

        // then
        assertEquals(Disposition.ABSORBED, disposition);
        assertEquals(CALLER.hostPort(), proxy.only("180 INVITE").to());
        assertEquals(1, proxy.counters.get(Counter.RETRANSMISSIONS_RECEIVED));
        assertEquals(1, proxy.counters.get(Counter.RETRANSMISSIONS_SENT));
    }

    @Test
    void shouldForwardEveryRetransmissionOf2xxWhileAccepted() {
        // given
        final SentMessage invite = proxy.invite("c1");
        proxy.answer(invite, 200, "b1", CONTACT);
        proxy.only("200 INVITE");

        // when
        proxy.advanceMs(31_000);
        final Disposition disposition = proxy.answer(invite, 200, "b1", CONTACT);

        // then
        assertEquals(Disposition.FORWARDED, disposition);
        proxy.only("200 INVITE");
    }

    @Test
    void shouldForwardLaterForksOf2xxOfTheSameBranch() {
        // given
        final SentMessage invite = proxy.invite("c1");

        // when
        proxy.answer(invite, 180, "early1", CONTACT);
        proxy.answer(invite, 180, "early2", CONTACT);
        proxy.answer(invite, 200, "early1", CONTACT);
        proxy.answer(invite, 200, "early2", CONTACT);

        // then
        proxy.assertSentTo(CALLER, "180 INVITE", "180 INVITE", "200 INVITE", "200 INVITE");
    }

    @Test
    void shouldDrop2xxWhenItsTransactionIsGone() {
        // given
        final SentMessage invite = proxy.invite("c1");
        proxy.answer(invite, 200, "b1", CONTACT);
        proxy.advanceMs(40_000);
        proxy.sent();

        // when: RFC 6026 section 8.2
        final Disposition disposition = proxy.answer(invite, 200, "b1", CONTACT);

        // then
        assertEquals(Disposition.DROPPED_STRAY_RESPONSE, disposition);
        proxy.assertSent();
    }

    @Test
    void shouldNotForwardProvisionalAfterFinal() {
        // given
        final SentMessage invite = proxy.invite("c1");
        proxy.answer(invite, 200, "b1", CONTACT);
        proxy.sent();

        // when
        final Disposition disposition = proxy.answer(invite, 180, "b1");

        // then
        assertEquals(Disposition.ABSORBED, disposition);
        proxy.assertSent();
    }

    @Test
    void shouldAckFailureItselfAndAbsorbAckOfCaller() {
        // given
        final String request = SipText.invite(CALLER, "c1");
        final SentMessage invite = proxy.call(request).getFirst();

        // when
        final Disposition disposition = proxy.answer(invite, 486, "b1");

        // then
        assertEquals(Disposition.FORWARDED, disposition);
        final List<SentMessage> sent = proxy.sent();
        assertEquals(List.of("ACK", "486 INVITE"), SentMessage.summaries(sent));
        assertEquals(invite.branch(), sent.getFirst().branch());
        assertEquals(Disposition.ABSORBED, proxy.receive(CALLER, SipText.ack(request, sent.get(1))));
        proxy.assertSent();
        proxy.assertQuiet();
    }

    @Test
    void shouldLeaveOnlyTransactionsBehindWhenFailureIsSent() {
        // given
        final SentMessage invite = proxy.invite("c1");
        assertEquals(3, proxy.proxy.live(), "two transactions and the response context");

        // when
        proxy.answer(invite, 486, "b1");

        // then
        assertEquals(2, proxy.proxy.live());
        assertEquals(Disposition.ANSWERED, proxy.receive(CALLER, SipText.cancel(SipText.invite(CALLER, "c1"))));
        proxy.assertSent("ACK", "486 INVITE", "200 CANCEL");
        proxy.assertQuiet();
    }

    @Test
    void shouldKeepContextForFurther2xxUntilTransactionsAreGone() {
        // given
        final SentMessage invite = proxy.invite("c1");

        // when
        proxy.answer(invite, 200, "b1", CONTACT);

        // then
        assertEquals(3, proxy.proxy.live());
        proxy.advanceMs(32_000);
        assertEquals(0, proxy.proxy.live());
    }

    @Test
    void shouldAbsorbSecondFinalAfterFailure() {
        // given
        final SentMessage invite = proxy.invite("c1");
        proxy.answer(invite, 486, "b1");
        proxy.sent();

        // when
        proxy.answer(invite, 404, "b1");
        proxy.answer(invite, 200, "b1", CONTACT);

        // then
        assertTrue(proxy.sent().stream().noneMatch(message -> message.to().equals(CALLER.hostPort())));
    }

    @Test
    void shouldNotMakeSecondBranchWhenInviteComesLateAfterItsServerTransaction() {
        // given: failed and confirmed, timer I (5 s) has run out, timer D (32 s) has not
        final String request = SipText.invite(CALLER, "c1");
        final SentMessage invite = proxy.call(request).getFirst();
        proxy.answer(invite, 486, "b1");
        proxy.receive(CALLER, SipText.ack(request, proxy.sentTo(CALLER).getFirst()));
        proxy.advanceMs(6_000);

        // when
        final Disposition disposition = proxy.receive(CALLER, request);

        // then
        assertEquals(Disposition.ABSORBED, disposition);
        proxy.assertSent();
    }

    @Test
    void shouldSend408WhenNobodyAnswersInvite() {
        // given
        final String request = SipText.invite(CALLER, "c1");
        proxy.call(request);

        // when
        proxy.advanceMs(32_000);

        // then: timer B
        final List<SentMessage> toCaller = proxy.sentTo(CALLER);
        assertEquals(List.of("408 INVITE"), SentMessage.summaries(toCaller));
        assertTrue(toCaller.getFirst().header("To").contains(";tag="));
        proxy.receive(CALLER, SipText.ack(request, toCaller.getFirst()));
        proxy.assertQuiet();
    }

    @Test
    void shouldSend500WhenLoneDownstream503() {
        // given
        final SentMessage invite = proxy.invite("c1");

        // when: section 16.7 step 6
        proxy.answer(invite, 503, "b1");

        // then
        proxy.assertSentTo(CALLER, "500 INVITE");
    }

    @Test
    void shouldSend500WhenRequestCannotBeSent() {
        // given
        final SentMessage invite = proxy.invite("c1");

        // when: section 16.9 counts it as a 503
        proxy.fail(invite);

        // then
        proxy.only("500 INVITE");
    }

    @Test
    void shouldPassRedirectionUpstream() {
        // given
        final SentMessage invite = proxy.invite("c1");

        // when
        proxy.answer(invite, 302, "b1", "Contact: <sip:elsewhere@10.0.1.7>");

        // then
        assertEquals("<sip:elsewhere@10.0.1.7>", proxy.sentTo(CALLER).getFirst().header("Contact"));
    }

    @Test
    void shouldDropResponseWithoutSecondVia() {
        // given
        final SentMessage invite = proxy.invite("c1");
        final String response = SipText.response(invite, 200, "b1", CONTACT);
        final int second = response.indexOf("Via: ", response.indexOf("Via: ") + 1);
        final String mangled = response.substring(0, second)
                + response.substring(response.indexOf("\r\n", second) + 2);

        // when
        final Disposition disposition = proxy.receive(A1, mangled);

        // then: section 16.7 step 3
        assertNotEquals(Disposition.FORWARDED, disposition);
        proxy.assertSent();
    }

    @Test
    void shouldKeepRoomToEndCallsInWhenTransactionsAreFull() {
        // given: all but the last eighth is taken
        final ProxyHarness small = ProxyHarness.small(16);
        final List<SentMessage> invites = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            invites.addAll(small.call(SipText.invite(CALLER, "c" + i)));
        }
        small.answer(invites.getFirst(), 200, "t", "Contact: <sip:bob@10.0.1.1:5060>");
        final SentMessage success = small.only("200 INVITE");
        small.receive(CALLER, SipText.inDialog("ACK", CALLER, success, 1));
        small.only("ACK");

        // when, then
        assertEquals(Disposition.ANSWERED, small.receive(CALLER, SipText.invite(CALLER, "c7")));
        small.only("503 INVITE");
        assertEquals(1, small.counters.get(Counter.LIMITED_TRANSACTIONS));
        assertEquals(Disposition.FORWARDED,
                small.receive(CALLER, SipText.inDialog("BYE", CALLER, success, 2)));
        small.only("BYE");
    }

    @Test
    void shouldRefuseWhenTransactionsAreFull() {
        // given: an INVITE takes two
        final ProxyHarness small = ProxyHarness.small(3);
        small.call(SipText.invite(CALLER, "c1"));

        // when: room for the server transaction, none for the client's
        final Disposition disposition = small.receive(CALLER, SipText.invite(CALLER, "c2"));

        // then
        assertEquals(Disposition.ANSWERED, disposition);
        small.assertSent("100 INVITE", "503 INVITE");
    }
}
