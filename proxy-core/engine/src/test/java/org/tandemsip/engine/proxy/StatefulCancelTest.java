package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.ProxyHarness.A1;
import static org.tandemsip.engine.proxy.ProxyHarness.CALLER;
import static org.tandemsip.engine.proxy.SipText.CONTACT;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.engine.handler.Disposition;

/** CANCEL: RFC 3261 sections 9.1, 9.2 and 16.10, and its races. */
@Timeout(10)
class StatefulCancelTest {
    private final ProxyHarness proxy = ProxyHarness.single();
    private final String request = SipText.invite(CALLER, "c1");
    private final String cancel = SipText.cancel(request);

    @Test
    void shouldAnswerCancelAndCancelRingingBranch() {
        // given
        final SentMessage invite = ringing();

        // when
        final Disposition disposition = proxy.receive(CALLER, cancel);

        // then
        assertEquals(Disposition.ANSWERED, disposition);
        final List<SentMessage> sent = proxy.sent();
        assertEquals(List.of("200 CANCEL", "CANCEL"), SentMessage.summaries(sent));
        assertEquals(CALLER.hostPort(), sent.get(0).to());
        assertEquals(invite.branch(), sent.get(1).branch());
        assertEquals(1, sent.get(1).headers("Via").size());
        assertEquals(A1.hostPort(), sent.get(1).to());
    }

    @Test
    void shouldPassReasonOfCancelOn() {
        // given: RFC 3326, two rows
        ringing();
        final String reasons =
                "Reason: Q.850;cause=16\r\nReason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n";

        // when
        proxy.receive(CALLER, cancel.replace("Max-Forwards", reasons + "Max-Forwards"));

        // then
        assertEquals(List.of("Q.850;cause=16", "SIP;cause=200;text=\"Call completed elsewhere\""),
                proxy.sent().get(1).headers("Reason"));
    }

    @Test
    void shouldKeepReasonUntilCancelMayBeSent() {
        // given
        final SentMessage invite = proxy.call(request).getFirst();
        proxy.receive(CALLER, cancel.replace("Max-Forwards", "Reason: Q.850;cause=16\r\nMax-Forwards"));
        proxy.only("200 CANCEL");

        // when
        proxy.answer(invite, 180, "b1");

        // then
        final SentMessage sent = proxy.sent().stream().filter(SentMessage::isRequest).findFirst().orElseThrow();
        assertEquals(List.of("CANCEL", "Q.850;cause=16"), List.of(sent.method(), sent.header("Reason")));
        proxy.answer(invite, 487, "b1");
        proxy.sent();
        proxy.assertQuiet();
    }

    @Test
    void shouldForward487OfCallee() {
        // given
        final SentMessage invite = ringing();
        proxy.receive(CALLER, cancel);
        final SentMessage ourCancel = proxy.sent().get(1);

        // when
        assertEquals(Disposition.ABSORBED, proxy.answer(ourCancel, 200, "b1"));
        assertEquals(Disposition.FORWARDED, proxy.answer(invite, 487, "b1"));

        // then
        final List<SentMessage> sent = proxy.sent();
        assertEquals(List.of("ACK", "487 INVITE"), SentMessage.summaries(sent));
        assertEquals(Disposition.ABSORBED, proxy.receive(CALLER, SipText.ack(request, sent.get(1))));
        proxy.assertQuiet();
        proxy.assertSent();
    }

    @Test
    void shouldWaitWithCancelForProvisionalOfBranch() {
        // given: nothing heard from the callee
        final SentMessage invite = proxy.call(request).getFirst();

        // when
        assertEquals(Disposition.ANSWERED, proxy.receive(CALLER, cancel));
        proxy.only("200 CANCEL");
        proxy.answer(invite, 100, null);

        // then: section 9.1
        assertEquals(invite.branch(), proxy.only("CANCEL").branch());
        proxy.answer(invite, 487, "b1");
        proxy.assertSentTo(CALLER, "487 INVITE");
        proxy.assertQuiet();
    }

    @Test
    void shouldSend487WhenCancelledBranchNeverAnswers() {
        // given
        proxy.call(request);
        proxy.receive(CALLER, cancel);
        final SentMessage ok = proxy.only("200 CANCEL");

        // when
        proxy.advanceMs(32_000);

        // then: 64*T1, same To tag as the 200 (section 9.2), and no CANCEL was sent
        final List<SentMessage> sent = proxy.sent();
        assertTrue(sent.stream().noneMatch(message -> message.summary().equals("CANCEL")));
        final SentMessage last = sent.getLast();
        assertEquals("487 INVITE", last.summary());
        assertEquals(ok.header("To"), last.header("To"));
    }

    @Test
    void shouldSend487WhenRingingBranchIgnoresCancel() {
        // given
        ringing();
        proxy.receive(CALLER, cancel);
        proxy.sent();

        // when: section 9.1
        proxy.advanceMs(32_000);

        // then
        assertEquals("487 INVITE", proxy.sentTo(CALLER).getFirst().summary());
        proxy.assertQuiet();
    }

    @Test
    void shouldForward2xxThatCrossesCancel() {
        // given
        final SentMessage invite = ringing();
        proxy.receive(CALLER, cancel);
        proxy.sent();

        // when
        final Disposition disposition = proxy.answer(invite, 200, "b1", CONTACT);

        // then: I-06, no 487
        assertEquals(Disposition.FORWARDED, disposition);
        proxy.only("200 INVITE");
        proxy.assertQuiet();
        assertTrue(proxy.sent().stream().noneMatch(message -> message.status() == 487));
    }

    @Test
    void shouldOnlyAnswerCancelThatComesAfter2xx() {
        // given
        final SentMessage invite = ringing();
        proxy.answer(invite, 200, "b1", CONTACT);
        proxy.sent();

        // when
        final Disposition disposition = proxy.receive(CALLER, cancel);

        // then
        assertEquals(Disposition.ANSWERED, disposition);
        proxy.only("200 CANCEL");
    }

    @Test
    void shouldOnlyAnswerCancelThatComesAfterFailure() {
        // given
        final SentMessage invite = ringing();
        proxy.answer(invite, 486, "b1");
        proxy.sent();

        // when
        proxy.receive(CALLER, cancel);

        // then
        proxy.only("200 CANCEL");
    }

    @Test
    void shouldAbsorbSecondCancelAndRepeatItsAnswer() {
        // given
        ringing();
        proxy.receive(CALLER, cancel);
        final SentMessage first = proxy.sent().getFirst();

        // when
        final Disposition disposition = proxy.receive(CALLER, cancel);

        // then: I-04, one CANCEL downstream
        assertEquals(Disposition.ABSORBED, disposition);
        assertEquals(first.text(), proxy.only("200 CANCEL").text());
    }

    @Test
    void shouldCancelAllBranches() {
        // given
        final ProxyHarness fork = ProxyHarness.parallel();
        final List<SentMessage> copies = fork.call(request);
        fork.answer(copies.get(0), 180, "ta");
        fork.answer(copies.get(1), 180, "tb");
        fork.sent();

        // when
        fork.receive(CALLER, cancel);

        // then
        final List<SentMessage> sent = fork.sent();
        assertEquals(List.of("200 CANCEL", "CANCEL", "CANCEL"), SentMessage.summaries(sent));
        fork.answer(copies.get(0), 487, "ta");
        fork.answer(copies.get(1), 487, "tb");
        fork.assertSentTo(CALLER, "487 INVITE");
        fork.assertQuiet();
    }

    @Test
    void shouldPrefer487WhenCancelled() {
        // given
        final ProxyHarness fork = ProxyHarness.parallel();
        final List<SentMessage> copies = fork.call(request);
        fork.answer(copies.get(0), 404, "ta");
        fork.answer(copies.get(1), 180, "tb");
        fork.receive(CALLER, cancel);
        fork.sent();

        // when
        fork.answer(copies.get(1), 487, "tb");

        // then
        fork.assertSentTo(CALLER, "487 INVITE");
    }

    @Test
    void shouldNotAnswerCancelThatMatchesNothing() {
        // when: section 16.10, forwarded statelessly
        final Disposition disposition = proxy.receive(CALLER, cancel);

        // then
        assertNotEquals(Disposition.ANSWERED, disposition);
        assertTrue(proxy.sent().stream().noneMatch(message -> message.to().equals(CALLER.hostPort())));
    }

    @Test
    void shouldNotCancelForAnotherHost() {
        // given
        ringing();

        // when: A24
        proxy.receive(A1, cancel);

        // then
        assertTrue(proxy.sent().stream().noneMatch(message -> message.summary().equals("200 CANCEL")));
    }

    private SentMessage ringing() {
        final SentMessage invite = proxy.call(request).getFirst();
        proxy.answer(invite, 180, "b1");
        proxy.sent();
        return invite;
    }
}
