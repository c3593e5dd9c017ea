package org.tandemsip.engine.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.transaction.TransactionFixture.SECOND;
import static org.tandemsip.engine.transaction.TransactionFixture.T1_TIMES_64;
import static org.tandemsip.engine.transaction.TransactionFixture.ack;
import static org.tandemsip.engine.transaction.TransactionFixture.invite;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.codec.Status;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.transaction.InviteServerTransaction.State;

/** RFC 3261 figure 7 as replaced by RFC 6026: one test per edge, then what runs beside the figure. */
@Timeout(30)
class InviteServerTransactionTest {
    private final TransactionFixture fixture = new TransactionFixture();

    @Test
    void shouldEnterProceedingWhenAnInviteArrives() {
        final InviteServerTransaction transaction = over(Transport.UDP);

        assertEquals(State.PROCEEDING, transaction.state());
        assertEquals(List.of(), fixture.egress.take());
        assertEquals(0, transaction.lastStatusCode());
    }

    @Test
    void shouldStayInProceedingWhen1xxIsSent() {
        final InviteServerTransaction transaction = over(Transport.UDP);

        assertTrue(transaction.respond(Status.TRYING_100, fixture.nowNs));
        assertTrue(fixture.respond(transaction, 180, "INVITE"));

        assertEquals(State.PROCEEDING, transaction.state());
        assertEquals(180, transaction.lastStatusCode());
        assertEquals(List.of("SIP/2.0 100 Trying", "SIP/2.0 180 Reason"),
                fixture.egress.take().stream().map(RecordingEgress.Sent::startLine).toList());
    }

    @Test
    void shouldSendTheLastProvisionalAgainWhenTheInviteIsRepeatedInProceeding() {
        final InviteServerTransaction transaction = over(Transport.UDP);
        assertFalse(fixture.receive(invite()));
        assertEquals(List.of(), fixture.egress.take());
        fixture.respond(transaction, 180, "INVITE");
        fixture.respond(transaction, 183, "INVITE");
        fixture.egress.take();

        assertFalse(fixture.receive(invite()));

        assertEquals(TransactionFixture.response(183, "INVITE"), fixture.egress.takeOne().text());
        assertEquals(State.PROCEEDING, transaction.state());
    }

    @Test
    void shouldStayInProceedingWhenTheTransportFails() {
        final InviteServerTransaction transaction = over(Transport.TCP);
        fixture.respond(transaction, 180, "INVITE");

        fixture.failSent();

        assertEquals(State.PROCEEDING, transaction.state());
        assertEquals(List.of(), fixture.told);
    }

    @ParameterizedTest
    @ValueSource(ints = {300, 404, 503, 699})
    void shouldMoveFromProceedingToCompletedWhen300To699IsSent(final int statusCode) {
        final InviteServerTransaction transaction = over(Transport.UDP);

        assertTrue(fixture.respond(transaction, statusCode, "INVITE"));

        assertEquals(State.COMPLETED, transaction.state());
        assertEquals(TransactionFixture.response(statusCode, "INVITE"), fixture.egress.takeOne().text());
    }

    @Test
    void shouldMoveFromProceedingToAcceptedWhen2xxIsSent() {
        final InviteServerTransaction transaction = over(Transport.UDP);

        assertTrue(fixture.respond(transaction, 200, "INVITE"));

        assertEquals(State.ACCEPTED, transaction.state());
        assertEquals(TransactionFixture.response(200, "INVITE"), fixture.egress.takeOne().text());
    }

    @Test
    void shouldSendTheFinalAgainWhenTheInviteIsRepeatedInCompleted() {
        final InviteServerTransaction transaction = completed(Transport.UDP);

        assertFalse(fixture.receive(invite()));

        assertEquals(TransactionFixture.response(486, "INVITE"), fixture.egress.takeOne().text());
        assertEquals(State.COMPLETED, transaction.state());
    }

    @Test
    void shouldSendTheFinalAgainWhenTimerGFires() {
        completed(Transport.UDP);

        final List<Long> times = fixture.sendTimesMs(T1_TIMES_64);

        assertEquals(List.of(500L, 1_500L, 3_500L, 7_500L, 11_500L, 15_500L, 19_500L, 23_500L, 27_500L, 31_500L),
                times);
    }

    @Test
    void shouldStayInCompletedWhenTheTransportFails() {
        final InviteServerTransaction transaction = over(Transport.UDP);
        fixture.respond(transaction, 486, "INVITE");

        fixture.failSent();

        assertEquals(State.COMPLETED, transaction.state());
        assertEquals(List.of(), fixture.told);
    }

    @Test
    void shouldMoveFromCompletedToConfirmedWhenAnAckArrives() {
        final InviteServerTransaction transaction = completed(Transport.UDP);

        assertFalse(fixture.receive(ack()));

        assertEquals(State.CONFIRMED, transaction.state());
        fixture.advance(5 * SECOND - 1);
        assertEquals(List.of(), fixture.egress.take());
        assertEquals(State.CONFIRMED, transaction.state());
    }

    @Test
    void shouldMoveFromCompletedToTerminatedWhenTimerHFires() {
        final InviteServerTransaction transaction = completed(Transport.UDP);

        fixture.advance(T1_TIMES_64 - 1);
        assertEquals(State.COMPLETED, transaction.state());
        fixture.advance(1);

        assertEquals(State.TERMINATED, transaction.state());
        fixture.assertEnded("terminated@32000");
    }

    @Test
    void shouldAbsorbAcksAndInvitesWhenConfirmed() {
        final InviteServerTransaction transaction = completed(Transport.UDP);
        fixture.receive(ack());

        assertFalse(fixture.receive(ack()));
        assertFalse(fixture.receive(invite()));

        assertEquals(List.of(), fixture.egress.take());
        assertEquals(State.CONFIRMED, transaction.state());
    }

    @Test
    void shouldMoveFromConfirmedToTerminatedWhenTimerIFires() {
        final InviteServerTransaction transaction = completed(Transport.UDP);
        fixture.advance(SECOND);
        fixture.receive(ack());

        fixture.advance(5 * SECOND);

        assertEquals(State.TERMINATED, transaction.state());
        fixture.assertEnded("terminated@6000");
    }

    @Test
    void shouldAbsorbTheInviteWhenAccepted() {
        final InviteServerTransaction transaction = accepted(Transport.UDP);

        assertFalse(fixture.receive(invite()));

        assertEquals(List.of(), fixture.egress.take());
        assertEquals(State.ACCEPTED, transaction.state());
    }

    @Test
    void shouldPassAcksUpWhenAccepted() {
        final InviteServerTransaction transaction = accepted(Transport.UDP);

        assertTrue(fixture.receive(ack()));
        assertTrue(fixture.receive(ack()));

        assertEquals(State.ACCEPTED, transaction.state());
    }

    @Test
    void shouldSendFurther2xxFromAboveWhenAccepted() {
        final InviteServerTransaction transaction = accepted(Transport.UDP);

        assertTrue(fixture.respond(transaction, 200, "INVITE"));

        assertEquals(TransactionFixture.response(200, "INVITE"), fixture.egress.takeOne().text());
        assertEquals(State.ACCEPTED, transaction.state());
    }

    @Test
    void shouldStayInAcceptedWhenTheTransportFails() {
        final InviteServerTransaction transaction = over(Transport.TCP);
        fixture.respond(transaction, 200, "INVITE");

        fixture.failSent();

        assertEquals(State.ACCEPTED, transaction.state());
        assertEquals(List.of(), fixture.told);
    }

    @Test
    void shouldMoveFromAcceptedToTerminatedWhenTimerLFires() {
        final InviteServerTransaction transaction = accepted(Transport.UDP);

        assertEquals(List.of(), fixture.sendTimesMs(T1_TIMES_64 - 1));
        assertEquals(State.ACCEPTED, transaction.state());
        fixture.advance(1);

        assertEquals(State.TERMINATED, transaction.state());
        fixture.assertEnded("terminated@32000");
    }

    @Test
    void shouldNotRepeatTheFinalOverAStreamButWaitForTheAck() {
        final InviteServerTransaction transaction = completed(Transport.TCP);

        assertEquals(List.of(), fixture.sendTimesMs(T1_TIMES_64 - 1));
        assertEquals(State.COMPLETED, transaction.state());
        fixture.advance(1);

        assertEquals(List.of("terminated@32000"), fixture.told);
    }

    @Test
    void shouldTerminateInTheSameTurnWhenAnAckArrivesOverAStream() {
        final InviteServerTransaction transaction = completed(Transport.TCP);

        assertFalse(fixture.receive(ack()));
        assertEquals(State.CONFIRMED, transaction.state());
        fixture.advance(0);

        fixture.assertEnded("terminated@0");
    }

    @Test
    void shouldStayAcceptedFor64TimesT1OverAStreamToo() {
        accepted(Transport.TCP);

        fixture.advance(T1_TIMES_64 - 1);
        assertEquals(1, fixture.transactions.live());
        fixture.advance(1);

        fixture.assertNothingIsLeft();
    }

    @Test
    void shouldRefuseWhatTheStateDoesNotAllow() {
        final InviteServerTransaction completed = completed(Transport.UDP);
        for (final int statusCode : new int[] {100, 180, 200, 486}) {
            assertFalse(fixture.respond(completed, statusCode, "INVITE"));
        }
        assertFalse(completed.respond(Status.REQUEST_TERMINATED_487, fixture.nowNs));
        fixture.receive(ack());
        assertFalse(fixture.respond(completed, 200, "INVITE"));

        final TransactionFixture other = new TransactionFixture();
        final ServerTransaction accepted = other.server(invite(), Transport.UDP);
        other.respond(accepted, 200, "INVITE");
        other.egress.take();
        for (final int statusCode : new int[] {100, 180, 300, 486}) {
            assertFalse(other.respond(accepted, statusCode, "INVITE"));
        }

        assertEquals(List.of(), fixture.egress.take());
        assertEquals(List.of(), other.egress.take());
        assertEquals(200, accepted.lastStatusCode());
    }

    @Test
    void shouldIgnoreAnAckWhenProceeding() {
        final InviteServerTransaction transaction = over(Transport.UDP);
        fixture.respond(transaction, 180, "INVITE");
        fixture.egress.take();

        assertFalse(fixture.receive(ack()));

        assertEquals(State.PROCEEDING, transaction.state());
        assertEquals(List.of(), fixture.egress.take());
    }

    @Test
    void shouldEndAtOnceWhenTerminated() {
        final InviteServerTransaction transaction = over(Transport.UDP);

        transaction.terminate(fixture.nowNs);
        transaction.terminate(fixture.nowNs);

        fixture.assertEnded("terminated@0");
    }

    @Test
    void shouldEndWhenNothingIsHeardFromAboveForVeryLong() {
        final InviteServerTransaction transaction = over(Transport.UDP);
        fixture.advance(300 * SECOND);
        fixture.respond(transaction, 180, "INVITE");

        fixture.advance(4 * 185 * SECOND);

        fixture.assertEnded("terminated@1040000");
    }

    private InviteServerTransaction over(final Transport transport) {
        return (InviteServerTransaction) fixture.server(invite(), transport);
    }

    private InviteServerTransaction completed(final Transport transport) {
        final InviteServerTransaction transaction = over(transport);
        fixture.respond(transaction, 486, "INVITE");
        fixture.egress.take();
        return transaction;
    }

    private InviteServerTransaction accepted(final Transport transport) {
        final InviteServerTransaction transaction = over(transport);
        fixture.respond(transaction, 200, "INVITE");
        fixture.egress.take();
        return transaction;
    }
}
