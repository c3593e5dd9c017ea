package org.tandemsip.engine.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.transaction.TransactionFixture.BRANCH_KEY;
import static org.tandemsip.engine.transaction.TransactionFixture.SECOND;
import static org.tandemsip.engine.transaction.TransactionFixture.T1_TIMES_64;
import static org.tandemsip.engine.transaction.TransactionFixture.invite;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.timer.Timing;
import org.tandemsip.engine.transaction.ClientTransaction.Event;
import org.tandemsip.engine.transaction.InviteClientTransaction.State;

/** RFC 3261 figure 5 as replaced by RFC 6026: one test per edge, then what runs beside the figure. */
@Timeout(30)
class InviteClientTransactionTest {
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
        fixture.calling(Transport.UDP);

        final List<Long> times = fixture.sendTimesMs(T1_TIMES_64);

        assertEquals(List.of(500L, 1_500L, 3_500L, 7_500L, 15_500L, 31_500L), times);
    }

    @Test
    void shouldMoveFromCallingToTerminatedWhenTimerBFires() {
        final InviteClientTransaction transaction = fixture.calling(Transport.UDP);

        fixture.advance(T1_TIMES_64 - 1);
        assertEquals(State.CALLING, transaction.state());
        fixture.advance(1);

        assertEquals(State.TERMINATED, transaction.state());
        fixture.assertEnded("timeout@32000", "terminated@32000");
    }

    @Test
    void shouldMoveFromCallingToTerminatedWhenTheTransportFails() {
        final InviteClientTransaction transaction = (InviteClientTransaction) fixture.client(invite(), Transport.TCP);

        fixture.failSent();

        assertEquals(State.TERMINATED, transaction.state());
        fixture.assertEnded("transport-error@0", "terminated@0");
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 180, 199})
    void shouldMoveFromCallingToProceedingWhen1xxArrives(final int statusCode) {
        final InviteClientTransaction transaction = fixture.calling(Transport.UDP);

        assertEquals(Event.PROVISIONAL, fixture.receive(transaction, statusCode, "INVITE"));

        assertEquals(State.PROCEEDING, transaction.state());
        assertTrue(transaction.proceeding());
    }

    @Test
    void shouldMoveFromCallingToAcceptedWhen2xxArrives() {
        final InviteClientTransaction transaction = fixture.calling(Transport.UDP);

        assertEquals(Event.FINAL, fixture.receive(transaction, 200, "INVITE"));

        assertEquals(State.ACCEPTED, transaction.state());
        assertEquals(List.of(), fixture.sendTimesMs(T1_TIMES_64 - 1));
    }

    @ParameterizedTest
    @ValueSource(ints = {300, 486, 503, 699})
    void shouldMoveFromCallingToCompletedAndAckWhen300To699Arrives(final int statusCode) {
        final InviteClientTransaction transaction = fixture.calling(Transport.UDP);

        assertEquals(Event.FINAL, fixture.receive(transaction, statusCode, "INVITE"));

        assertEquals(State.COMPLETED, transaction.state());
        assertEquals("ACK sip:bob@example.com SIP/2.0", fixture.egress.takeOne().startLine());
        assertTrue(transaction.completed());
    }

    @Test
    void shouldStayInProceedingWhen1xxArrives() {
        final InviteClientTransaction transaction = fixture.proceeding(Transport.UDP);

        assertEquals(Event.PROVISIONAL, fixture.receive(transaction, 180, "INVITE"));
        assertEquals(Event.PROVISIONAL, fixture.receive(transaction, 180, "INVITE"));

        assertEquals(State.PROCEEDING, transaction.state());
    }

    @Test
    void shouldNeitherRepeatNorTimeOutWhenProceeding() {
        final InviteClientTransaction transaction = fixture.proceeding(Transport.UDP);

        assertEquals(List.of(), fixture.sendTimesMs(1_000 * SECOND));

        assertEquals(State.PROCEEDING, transaction.state());
        assertEquals(0, fixture.timers.armed());
    }

    @Test
    void shouldMoveFromProceedingToAcceptedWhen2xxArrives() {
        final InviteClientTransaction transaction = fixture.proceeding(Transport.UDP);

        assertEquals(Event.FINAL, fixture.receive(transaction, 202, "INVITE"));

        assertEquals(State.ACCEPTED, transaction.state());
        assertEquals(List.of(), fixture.egress.take());
    }

    @Test
    void shouldMoveFromProceedingToCompletedAndAckWhen300To699Arrives() {
        final InviteClientTransaction transaction = fixture.proceeding(Transport.UDP);

        assertEquals(Event.FINAL, fixture.receive(transaction, 404, "INVITE"));

        assertEquals(State.COMPLETED, transaction.state());
        assertEquals("ACK sip:bob@example.com SIP/2.0", fixture.egress.takeOne().startLine());
    }

    @Test
    void shouldSendTheAckAgainWhen300To699IsRepeatedInCompleted() {
        final InviteClientTransaction transaction = fixture.proceeding(Transport.UDP);
        fixture.receive(transaction, 486, "INVITE");
        final String ack = fixture.egress.takeOne().text();

        assertEquals(Event.ABSORBED, fixture.receive(transaction, 486, "INVITE"));
        assertEquals(Event.ABSORBED, fixture.receive(transaction, 486, "INVITE"));

        assertEquals(List.of(ack, ack), fixture.egress.take().stream().map(RecordingEgress.Sent::text).toList());
        assertEquals(State.COMPLETED, transaction.state());
    }

    @Test
    void shouldMoveFromCompletedToTerminatedWhenTheTransportFails() {
        final InviteClientTransaction transaction = fixture.proceeding(Transport.UDP);
        fixture.receive(transaction, 486, "INVITE");

        fixture.failSent();

        assertEquals(State.TERMINATED, transaction.state());
        fixture.assertEnded("transport-error@0", "terminated@0");
    }

    @Test
    void shouldMoveFromCompletedToTerminatedWhenTimerDFires() {
        final InviteClientTransaction transaction = fixture.proceeding(Transport.UDP);
        fixture.receive(transaction, 486, "INVITE");

        fixture.advance(T1_TIMES_64 - 1);
        assertEquals(State.COMPLETED, transaction.state());
        fixture.advance(1);

        fixture.assertEnded("terminated@32000");
    }

    @Test
    void shouldPassFurther2xxUpWhenAccepted() {
        final InviteClientTransaction transaction = fixture.accepted(Transport.UDP);

        assertEquals(Event.FINAL, fixture.receive(transaction, 200, "INVITE"));
        assertEquals(Event.FINAL, fixture.receive(transaction, 200, "INVITE"));

        assertEquals(State.ACCEPTED, transaction.state());
        assertEquals(List.of(), fixture.egress.take());
    }

    @Test
    void shouldMoveFromAcceptedToTerminatedWhenTimerMFires() {
        fixture.accepted(Transport.TCP);

        fixture.advance(T1_TIMES_64 - 1);
        assertEquals(1, fixture.transactions.live());
        fixture.advance(1);

        fixture.assertEnded("terminated@32000");
    }

    @Test
    void shouldAbsorbWhatTheFigureDoesNotName() {
        final InviteClientTransaction completed = fixture.proceeding(Transport.UDP);
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
        final InviteClientTransaction transaction = fixture.proceeding(Transport.TCP);
        fixture.transactions.onSendFailed(BRANCH_KEY, fixture.nowNs);
        fixture.receive(transaction, 200, "INVITE");
        fixture.transactions.onSendFailed(BRANCH_KEY, fixture.nowNs);

        assertEquals(State.ACCEPTED, transaction.state());
        assertEquals(List.of(), fixture.told);
    }

    @Test
    void shouldNotRepeatOverAStreamButTimeOutByTimerB() {
        fixture.calling(Transport.TCP);

        assertEquals(List.of(), fixture.sendTimesMs(T1_TIMES_64));

        assertEquals(List.of("timeout@32000", "terminated@32000"), fixture.told);
    }

    @Test
    void shouldTerminateInTheSameTurnWhenCompletedOverAStream() {
        final InviteClientTransaction transaction = fixture.proceeding(Transport.TCP);

        assertEquals(Event.FINAL, fixture.receive(transaction, 486, "INVITE"));
        assertEquals(State.COMPLETED, transaction.state());
        assertEquals("ACK sip:bob@example.com SIP/2.0", fixture.egress.takeOne().startLine());
        fixture.advance(0);

        fixture.assertEnded("terminated@0");
    }

    @Test
    void shouldWaitAtLeast32SecondsInCompletedWhenOurT1IsSmall() {
        fixture.transactions.timing(new Timing(SECOND / 100, SECOND, SECOND, 185 * SECOND));
        final InviteClientTransaction transaction = fixture.calling(Transport.UDP);
        fixture.receive(transaction, 486, "INVITE");

        fixture.advance(T1_TIMES_64 - 1);
        assertEquals(1, fixture.transactions.live());
        fixture.advance(1);

        fixture.assertNothingIsLeft();
    }

    @Test
    void shouldBuildTheAckFromTheInviteAndTheToOfTheResponse() {
        final InviteClientTransaction transaction = fixture.proceeding(Transport.UDP);
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
    void shouldGiveTheKeptRequestWhenAskedBeforeAFinalResponse() {
        final InviteClientTransaction transaction = fixture.proceeding(Transport.UDP);
        final SipMessage kept = new SipMessage(64);

        transaction.request(kept);

        assertEquals(invite(), kept.bytes().getStringWithoutLengthUtf8(0, kept.length()));
        assertEquals(7, kept.cseqNumber());
    }

    @Test
    void shouldEndAtOnceWhenTerminated() {
        final InviteClientTransaction transaction = fixture.proceeding(Transport.UDP);

        transaction.terminate(fixture.nowNs);
        transaction.terminate(fixture.nowNs);

        fixture.assertEnded("terminated@0");
    }

    @Test
    void shouldEndWhenItIsNeverStarted() {
        fixture.transactions.createClient(BRANCH_KEY, true, TransactionFixture.destination(Transport.UDP),
                fixture.user, fixture.nowNs);

        fixture.advance(T1_TIMES_64);

        fixture.assertEnded("terminated@32000");
    }
}
