package org.tandemsip.engine.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.transaction.TransactionFixture.BRANCH_KEY;
import static org.tandemsip.engine.transaction.TransactionFixture.SECOND;
import static org.tandemsip.engine.transaction.TransactionFixture.invite;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.timer.Timing;
import org.tandemsip.engine.transaction.ClientTransaction.Event;
import org.tandemsip.engine.transaction.InviteClientTransaction.State;

/** RFC 3261 figure 5 as replaced by RFC 6026: one test per edge, then CANCEL and what runs beside the figure. */
@Timeout(30)
class InviteClientTransactionTest {
    private static final long T1_TIMES_64 = 32 * SECOND;

    private final TransactionFixture fixture = new TransactionFixture();

    @Test
    void shouldEnterCallingAndSendTheInviteWhenStarted() {
        final InviteClientTransaction transaction = (InviteClientTransaction) fixture.client(invite(), Transport.UDP);

        assertEquals(State.CALLING, transaction.state());
        final RecordingEgress.Sent sent = fixture.egress.takeOne();
        assertEquals(invite(), sent.text());
        assertTrue(sent.destination().sameRemote(TransactionFixture.destination(Transport.UDP)));
        assertFalse(transaction.completed());
        assertSame(transaction, fixture.transactions.findClient(BRANCH_KEY, false));
    }

    @Test
    void shouldSendTheInviteAgainWhenTimerAFires() {
        calling(Transport.UDP);

        final List<Long> times = fixture.sendTimesMs(T1_TIMES_64);

        assertEquals(List.of(500L, 1_500L, 3_500L, 7_500L, 15_500L, 31_500L), times);
    }

    @Test
    void shouldMoveFromCallingToTerminatedWhenTimerBFires() {
        final InviteClientTransaction transaction = calling(Transport.UDP);

        fixture.advance(T1_TIMES_64 - 1);
        assertEquals(State.CALLING, transaction.state());
        fixture.advance(1);

        assertEquals(State.TERMINATED, transaction.state());
        assertEquals(List.of("timeout@32000", "terminated@32000"), fixture.told);
        fixture.assertNothingIsLeft();
    }

    @Test
    void shouldMoveFromCallingToTerminatedWhenTheTransportFails() {
        final InviteClientTransaction transaction = (InviteClientTransaction) fixture.client(invite(), Transport.TCP);

        fixture.transactions.onSendFailed(fixture.egress.takeOne().correlation(), fixture.nowNs);

        assertEquals(State.TERMINATED, transaction.state());
        assertEquals(List.of("transport-error@0", "terminated@0"), fixture.told);
        fixture.assertNothingIsLeft();
    }

    @Test
    void shouldMoveFromCallingToProceedingWhen1xxArrives() {
        for (final int statusCode : new int[] {100, 180, 199}) {
            final TransactionFixture each = new TransactionFixture();
            final var transaction = (InviteClientTransaction) each.client(invite(), Transport.UDP);

            assertEquals(Event.PROVISIONAL, each.receive(transaction, statusCode, "INVITE"));

            assertEquals(State.PROCEEDING, transaction.state());
            assertTrue(transaction.proceeding());
        }
    }

    @Test
    void shouldMoveFromCallingToAcceptedWhen2xxArrives() {
        final InviteClientTransaction transaction = calling(Transport.UDP);

        assertEquals(Event.FINAL, fixture.receive(transaction, 200, "INVITE"));

        assertEquals(State.ACCEPTED, transaction.state());
        assertEquals(List.of(), fixture.sendTimesMs(T1_TIMES_64 - 1));
    }

    @Test
    void shouldMoveFromCallingToCompletedAndAckWhen300To699Arrives() {
        for (final int statusCode : new int[] {300, 486, 503, 699}) {
            final TransactionFixture each = new TransactionFixture();
            final var transaction = (InviteClientTransaction) each.client(invite(), Transport.UDP);
            each.egress.take();

            assertEquals(Event.FINAL, each.receive(transaction, statusCode, "INVITE"));

            assertEquals(State.COMPLETED, transaction.state());
            assertEquals("ACK sip:bob@example.com SIP/2.0", each.egress.takeOne().startLine());
            assertTrue(transaction.completed());
        }
    }

    @Test
    void shouldStayInProceedingWhen1xxArrives() {
        final InviteClientTransaction transaction = proceeding(Transport.UDP);

        assertEquals(Event.PROVISIONAL, fixture.receive(transaction, 180, "INVITE"));
        assertEquals(Event.PROVISIONAL, fixture.receive(transaction, 180, "INVITE"));

        assertEquals(State.PROCEEDING, transaction.state());
    }

    @Test
    void shouldNeitherRepeatNorTimeOutWhenProceeding() {
        final InviteClientTransaction transaction = proceeding(Transport.UDP);

        assertEquals(List.of(), fixture.sendTimesMs(1_000 * SECOND));

        assertEquals(State.PROCEEDING, transaction.state());
        assertEquals(0, fixture.timers.armed());
    }

    @Test
    void shouldMoveFromProceedingToAcceptedWhen2xxArrives() {
        final InviteClientTransaction transaction = proceeding(Transport.UDP);

        assertEquals(Event.FINAL, fixture.receive(transaction, 202, "INVITE"));

        assertEquals(State.ACCEPTED, transaction.state());
        assertEquals(List.of(), fixture.egress.take());
    }

    @Test
    void shouldMoveFromProceedingToCompletedAndAckWhen300To699Arrives() {
        final InviteClientTransaction transaction = proceeding(Transport.UDP);

        assertEquals(Event.FINAL, fixture.receive(transaction, 404, "INVITE"));

        assertEquals(State.COMPLETED, transaction.state());
        assertEquals("ACK sip:bob@example.com SIP/2.0", fixture.egress.takeOne().startLine());
    }

    @Test
    void shouldSendTheAckAgainWhen300To699IsRepeatedInCompleted() {
        final InviteClientTransaction transaction = proceeding(Transport.UDP);
        fixture.receive(transaction, 486, "INVITE");
        final String ack = fixture.egress.takeOne().text();

        assertEquals(Event.ABSORBED, fixture.receive(transaction, 486, "INVITE"));
        assertEquals(Event.ABSORBED, fixture.receive(transaction, 486, "INVITE"));

        assertEquals(List.of(ack, ack), fixture.egress.take().stream().map(RecordingEgress.Sent::text).toList());
        assertEquals(State.COMPLETED, transaction.state());
    }

    @Test
    void shouldMoveFromCompletedToTerminatedWhenTheTransportFails() {
        final InviteClientTransaction transaction = proceeding(Transport.UDP);
        fixture.receive(transaction, 486, "INVITE");

        fixture.transactions.onSendFailed(fixture.egress.takeOne().correlation(), fixture.nowNs);

        assertEquals(State.TERMINATED, transaction.state());
        assertEquals(List.of("transport-error@0", "terminated@0"), fixture.told);
        fixture.assertNothingIsLeft();
    }

    @Test
    void shouldMoveFromCompletedToTerminatedWhenTimerDFires() {
        final InviteClientTransaction transaction = proceeding(Transport.UDP);
        fixture.receive(transaction, 486, "INVITE");

        fixture.advance(T1_TIMES_64 - 1);
        assertEquals(State.COMPLETED, transaction.state());
        fixture.advance(1);

        assertEquals(List.of("terminated@32000"), fixture.told);
        fixture.assertNothingIsLeft();
    }

    @Test
    void shouldPassFurther2xxUpWhenAccepted() {
        final InviteClientTransaction transaction = accepted(Transport.UDP);

        assertEquals(Event.FINAL, fixture.receive(transaction, 200, "INVITE"));
        assertEquals(Event.FINAL, fixture.receive(transaction, 200, "INVITE"));

        assertEquals(State.ACCEPTED, transaction.state());
        assertEquals(List.of(), fixture.egress.take());
    }

    @Test
    void shouldMoveFromAcceptedToTerminatedWhenTimerMFires() {
        accepted(Transport.TCP);

        fixture.advance(T1_TIMES_64 - 1);
        assertEquals(1, fixture.transactions.live());
        fixture.advance(1);

        assertEquals(List.of("terminated@32000"), fixture.told);
        fixture.assertNothingIsLeft();
    }

    @Test
    void shouldAbsorbWhatTheFigureDoesNotName() {
        final InviteClientTransaction completed = proceeding(Transport.UDP);
        fixture.receive(completed, 486, "INVITE");
        fixture.egress.take();
        assertEquals(Event.ABSORBED, fixture.receive(completed, 180, "INVITE"));
        assertEquals(Event.ABSORBED, fixture.receive(completed, 200, "INVITE"));

        final TransactionFixture other = new TransactionFixture();
        final ClientTransaction accepted = other.client(invite(), Transport.UDP);
        other.receive(accepted, 200, "INVITE");
        other.egress.take();
        assertEquals(Event.ABSORBED, other.receive(accepted, 180, "INVITE"));
        assertEquals(Event.ABSORBED, other.receive(accepted, 486, "INVITE"));

        assertEquals(List.of(), fixture.egress.take());
        assertEquals(List.of(), other.egress.take());
    }

    @Test
    void shouldNotFailWhenALateTransportErrorIsReportedAfterAResponse() {
        final InviteClientTransaction transaction = proceeding(Transport.TCP);
        fixture.transactions.onSendFailed(BRANCH_KEY, fixture.nowNs);
        fixture.receive(transaction, 200, "INVITE");
        fixture.transactions.onSendFailed(BRANCH_KEY, fixture.nowNs);

        assertEquals(State.ACCEPTED, transaction.state());
        assertEquals(List.of(), fixture.told);
    }

    @Test
    void shouldNotRepeatOverAStreamButTimeOutByTimerB() {
        calling(Transport.TCP);

        assertEquals(List.of(), fixture.sendTimesMs(T1_TIMES_64));

        assertEquals(List.of("timeout@32000", "terminated@32000"), fixture.told);
    }

    @Test
    void shouldTerminateInTheSameTurnWhenCompletedOverAStream() {
        final InviteClientTransaction transaction = proceeding(Transport.TCP);

        assertEquals(Event.FINAL, fixture.receive(transaction, 486, "INVITE"));
        assertEquals(State.COMPLETED, transaction.state());
        assertEquals("ACK sip:bob@example.com SIP/2.0", fixture.egress.takeOne().startLine());
        fixture.advance(0);

        assertEquals(List.of("terminated@0"), fixture.told);
        fixture.assertNothingIsLeft();
    }

    @Test
    void shouldWaitAtLeast32SecondsInCompletedWhenOurT1IsSmall() {
        fixture.transactions.timing(new Timing(SECOND / 100, SECOND, SECOND, 185 * SECOND));
        final InviteClientTransaction transaction = calling(Transport.UDP);
        fixture.receive(transaction, 486, "INVITE");

        fixture.advance(T1_TIMES_64 - 1);
        assertEquals(1, fixture.transactions.live());
        fixture.advance(1);

        fixture.assertNothingIsLeft();
    }

    @Test
    void shouldBuildTheAckFromTheInviteAndTheToOfTheResponse() {
        final InviteClientTransaction transaction = proceeding(Transport.UDP);
        fixture.receive(transaction, 486, "INVITE");

        final RecordingEgress.Sent ack = fixture.egress.takeOne();
        assertEquals("ACK sip:bob@example.com SIP/2.0\r\n"
                + "Via: SIP/2.0/UDP client.example.com:5062;branch=z9hG4bK1\r\n"
                + "Route: <sip:one.example.com;lr>\r\n"
                + "Route: <sip:two.example.com;lr>, <sip:three.example.com;lr>\r\n"
                + "Max-Forwards: 70\r\n"
                + "From: Alice <sip:alice@example.com>;tag=a1\r\n"
                + "To: Bob <sip:bob@example.com>;tag=b1\r\n"
                + "Call-ID: 1@client\r\n"
                + "CSeq: 7 ACK\r\n"
                + "Content-Length: 0\r\n\r\n", ack.text());
        assertTrue(ack.destination().sameRemote(TransactionFixture.destination(Transport.UDP)));
    }

    @Test
    void shouldTakeTheTopmostViaAloneWhenTheInviteHasMany() {
        final String many = invite().replace("branch=z9hG4bK1\r\n",
                "branch=z9hG4bK1, SIP/2.0/UDP a.example.com;branch=z9hG4bKa\r\nv: SIP/2.0/TCP b.example.com\r\n");
        final ClientTransaction transaction = fixture.client(many, Transport.UDP);
        fixture.egress.take();
        fixture.receive(transaction, 486, "INVITE");

        final String ack = fixture.egress.takeOne().text();
        assertTrue(ack.contains("\r\nVia: SIP/2.0/UDP client.example.com:5062;branch=z9hG4bK1\r\nRoute"), ack);
        assertFalse(ack.contains("a.example.com") || ack.contains("b.example.com"), ack);
    }

    @Test
    void shouldCancelAtOnceWhenProceeding() {
        final InviteClientTransaction transaction = proceeding(Transport.UDP);

        transaction.cancel(CancelReason.NONE, fixture.nowNs);
        transaction.cancel(CancelReason.NONE, fixture.nowNs);

        final RecordingEgress.Sent cancel = fixture.egress.takeOne();
        assertEquals("CANCEL sip:bob@example.com SIP/2.0\r\n"
                + "Via: SIP/2.0/UDP client.example.com:5062;branch=z9hG4bK1\r\n"
                + "Route: <sip:one.example.com;lr>\r\n"
                + "Route: <sip:two.example.com;lr>, <sip:three.example.com;lr>\r\n"
                + "Max-Forwards: 70\r\n"
                + "From: Alice <sip:alice@example.com>;tag=a1\r\n"
                + "To: Bob <sip:bob@example.com>\r\n"
                + "Call-ID: 1@client\r\n"
                + "CSeq: 7 CANCEL\r\n"
                + "Content-Length: 0\r\n\r\n", cancel.text());
        assertTrue(cancel.destination().sameRemote(TransactionFixture.destination(Transport.UDP)));
        assertNotNull(fixture.transactions.findClient(BRANCH_KEY, true));
        assertEquals(2, fixture.transactions.live());
    }

    @Test
    void shouldWaitWithTheCancelWhenThereIsNoProvisional() {
        final InviteClientTransaction transaction = calling(Transport.UDP);

        transaction.cancel(CancelReason.NONE, fixture.nowNs);
        assertEquals(List.of(), fixture.egress.take());
        assertNull(fixture.transactions.findClient(BRANCH_KEY, true));
        assertEquals(Event.PROVISIONAL, fixture.receive(transaction, 100, "INVITE"));

        assertEquals("CANCEL sip:bob@example.com SIP/2.0", fixture.egress.takeOne().startLine());
        fixture.receive(transaction, 180, "INVITE");
        assertEquals(List.of(), fixture.egress.take());
    }

    @Test
    void shouldNotCancelWhenAFinalResponseCameFirst() {
        for (final int statusCode : new int[] {200, 486}) {
            final TransactionFixture each = new TransactionFixture();
            final var transaction = (InviteClientTransaction) each.client(invite(), Transport.UDP);
            transaction.cancel(CancelReason.NONE, each.nowNs);
            each.receive(transaction, statusCode, "INVITE");
            transaction.cancel(CancelReason.NONE, each.nowNs);

            assertEquals(List.of(), each.egress.take("CANCEL"));
        }
    }

    @Test
    void shouldTimeOutByTimerBWhenCancelledWithoutAnyResponse() {
        final InviteClientTransaction transaction = calling(Transport.UDP);
        fixture.advance(SECOND);
        transaction.cancel(CancelReason.NONE, fixture.nowNs);

        fixture.advance(T1_TIMES_64);

        assertEquals(List.of("timeout@32000", "terminated@32000"), fixture.told);
        fixture.assertNothingIsLeft();
    }

    @Test
    void shouldTimeOut64TimesT1AfterTheCancelWhenNoFinalResponseComes() {
        final InviteClientTransaction transaction = proceeding(Transport.UDP);
        fixture.advance(100 * SECOND);
        transaction.cancel(CancelReason.NONE, fixture.nowNs);
        fixture.receive(fixture.transactions.findClient(BRANCH_KEY, true), 200, "CANCEL");
        fixture.advance(SECOND);
        fixture.receive(transaction, 180, "INVITE");

        fixture.advance(T1_TIMES_64);

        assertEquals(List.of("timeout@132000", "terminated@132000"), fixture.told);
        fixture.assertNothingIsLeft();
    }

    @Test
    void shouldRepeatTheCancelInATransactionOfItsOwn() {
        final InviteClientTransaction transaction = proceeding(Transport.UDP);
        transaction.cancel(CancelReason.NONE, fixture.nowNs);
        final String cancel = fixture.egress.takeOne().text();

        fixture.advance(SECOND / 2);
        assertEquals(cancel, fixture.egress.takeOne().text());
        final ClientTransaction own = fixture.transactions.findClient(BRANCH_KEY, true);
        assertEquals(Event.ABSORBED, fixture.receive(own, 200, "CANCEL"));
        assertEquals(Event.FINAL, fixture.receive(transaction, 487, "INVITE"));
        assertEquals("ACK sip:bob@example.com SIP/2.0", fixture.egress.takeOne().startLine());
        fixture.advance(T1_TIMES_64);

        assertEquals(List.of("terminated@32500"), fixture.told);
        fixture.assertNothingIsLeft();
    }

    @Test
    void shouldAcceptA2xxThatCrossesTheCancel() {
        final InviteClientTransaction transaction = proceeding(Transport.UDP);
        transaction.cancel(CancelReason.NONE, fixture.nowNs);
        fixture.egress.take();

        assertEquals(Event.FINAL, fixture.receive(transaction, 200, "INVITE"));

        assertEquals(State.ACCEPTED, transaction.state());
        assertEquals(List.of(), fixture.egress.take("ACK"));
    }

    @Test
    void shouldSendTheCancelOnceWhenThereIsNoRoomForItsTransaction() {
        final TransactionFixture full = new TransactionFixture(1);
        final var transaction = (InviteClientTransaction) full.client(invite(), Transport.UDP);
        full.receive(transaction, 180, "INVITE");
        full.egress.take();

        transaction.cancel(CancelReason.NONE, full.nowNs);
        assertEquals("CANCEL sip:bob@example.com SIP/2.0", full.egress.takeOne().startLine());
        full.advance(T1_TIMES_64);

        assertEquals(List.of(), full.egress.take());
        assertEquals(List.of("timeout@32000", "terminated@32000"), full.told);
        full.assertNothingIsLeft();
    }

    @Test
    void shouldGiveTheKeptRequestWhenAskedBeforeAFinalResponse() {
        final InviteClientTransaction transaction = proceeding(Transport.UDP);
        final SipMessage kept = new SipMessage(64);

        transaction.request(kept);

        assertEquals(invite(), kept.bytes().getStringWithoutLengthUtf8(0, kept.length()));
        assertEquals(7, kept.cseqNumber());
    }

    @Test
    void shouldEndAtOnceWhenTerminated() {
        final InviteClientTransaction transaction = proceeding(Transport.UDP);

        transaction.terminate(fixture.nowNs);
        transaction.terminate(fixture.nowNs);

        assertEquals(List.of("terminated@0"), fixture.told);
        fixture.assertNothingIsLeft();
    }

    @Test
    void shouldEndWhenItIsNeverStarted() {
        fixture.transactions.createClient(BRANCH_KEY, true, TransactionFixture.destination(Transport.UDP),
                fixture.user, fixture.nowNs);

        fixture.advance(T1_TIMES_64);

        assertEquals(List.of("terminated@32000"), fixture.told);
        fixture.assertNothingIsLeft();
    }

    private InviteClientTransaction calling(final Transport transport) {
        final var transaction = (InviteClientTransaction) fixture.client(invite(), transport);
        fixture.egress.take();
        return transaction;
    }

    private InviteClientTransaction proceeding(final Transport transport) {
        final InviteClientTransaction transaction = calling(transport);
        fixture.receive(transaction, 180, "INVITE");
        return transaction;
    }

    private InviteClientTransaction accepted(final Transport transport) {
        final InviteClientTransaction transaction = proceeding(transport);
        fixture.receive(transaction, 200, "INVITE");
        return transaction;
    }
}
