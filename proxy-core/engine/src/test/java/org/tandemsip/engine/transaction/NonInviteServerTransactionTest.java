package org.tandemsip.engine.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.transaction.TransactionFixture.SECOND;
import static org.tandemsip.engine.transaction.TransactionFixture.T1_TIMES_64;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.codec.Status;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.transaction.NonInviteServerTransaction.State;

/** RFC 3261 figure 8 with RFC 6026 section 8.8: one test per edge, then what runs beside the figure. */
@Timeout(30)
class NonInviteServerTransactionTest {
    private static final String BYE = TransactionFixture.request("BYE", "branch=z9hG4bK1");

    private final TransactionFixture fixture = new TransactionFixture();

    @Test
    void shouldEnterTryingWhenARequestArrives() {
        final NonInviteServerTransaction transaction = over(Transport.UDP);

        assertEquals(State.TRYING, transaction.state());
        assertEquals(List.of(), fixture.egress.take());
    }

    @Test
    void shouldDiscardTheRepeatedRequestWhenTrying() {
        final NonInviteServerTransaction transaction = over(Transport.UDP);

        assertFalse(fixture.receive(BYE));

        assertEquals(State.TRYING, transaction.state());
        assertEquals(List.of(), fixture.egress.take());
    }

    @Test
    void shouldMoveFromTryingToProceedingWhen1xxIsSent() {
        final NonInviteServerTransaction transaction = over(Transport.UDP);

        assertTrue(transaction.respond(Status.TRYING_100, fixture.nowNs));

        assertEquals(State.PROCEEDING, transaction.state());
        assertEquals("SIP/2.0 100 Trying", fixture.egress.takeOne().startLine());
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 302, 481, 503, 603})
    void shouldMoveFromTryingToCompletedWhen200To699IsSent(final int statusCode) {
        final NonInviteServerTransaction transaction = over(Transport.UDP);

        assertTrue(fixture.respond(transaction, statusCode, "BYE"));

        assertEquals(State.COMPLETED, transaction.state());
        assertEquals(TransactionFixture.response(statusCode, "BYE"), fixture.egress.takeOne().text());
    }

    @Test
    void shouldStayInProceedingWhen1xxIsSent() {
        final NonInviteServerTransaction transaction = proceeding(Transport.UDP);

        assertTrue(transaction.respond(Status.TRYING_100, fixture.nowNs));

        assertEquals(State.PROCEEDING, transaction.state());
        assertEquals("SIP/2.0 100 Trying", fixture.egress.takeOne().startLine());
    }

    @Test
    void shouldSendTheProvisionalAgainWhenTheRequestIsRepeatedInProceeding() {
        final NonInviteServerTransaction transaction = proceeding(Transport.UDP);

        assertFalse(fixture.receive(BYE));

        assertEquals(State.PROCEEDING, transaction.state());
        assertEquals("SIP/2.0 100 Trying", fixture.egress.takeOne().startLine());
    }

    @Test
    void shouldMoveFromProceedingToCompletedWhen200To699IsSent() {
        final NonInviteServerTransaction transaction = proceeding(Transport.UDP);

        assertTrue(fixture.respond(transaction, 200, "BYE"));

        assertEquals(State.COMPLETED, transaction.state());
        assertEquals(TransactionFixture.response(200, "BYE"), fixture.egress.takeOne().text());
    }

    @Test
    void shouldStayInProceedingWhenTheTransportFails() {
        final NonInviteServerTransaction transaction = over(Transport.TCP);
        transaction.respond(Status.TRYING_100, fixture.nowNs);

        fixture.failSent();

        assertEquals(State.PROCEEDING, transaction.state());
        assertEquals(List.of(), fixture.told);
    }

    @Test
    void shouldSendTheFinalAgainWhenTheRequestIsRepeatedInCompleted() {
        final NonInviteServerTransaction transaction = completed(Transport.UDP);
        fixture.advance(31 * SECOND);

        assertFalse(fixture.receive(BYE));
        assertFalse(fixture.receive(BYE));

        assertEquals(State.COMPLETED, transaction.state());
        assertEquals(List.of(TransactionFixture.response(200, "BYE"), TransactionFixture.response(200, "BYE")),
                fixture.egress.take().stream().map(RecordingEgress.Sent::text).toList());
    }

    @Test
    void shouldStayInCompletedWhenTheTransportFails() {
        final NonInviteServerTransaction transaction = over(Transport.UDP);
        fixture.respond(transaction, 200, "BYE");

        fixture.failSent();

        assertEquals(State.COMPLETED, transaction.state());
        assertEquals(List.of(), fixture.told);
    }

    @Test
    void shouldMoveFromCompletedToTerminatedWhenTimerJFires() {
        final NonInviteServerTransaction transaction = completed(Transport.UDP);

        assertEquals(List.of(), fixture.sendTimesMs(T1_TIMES_64 - 1));
        assertEquals(State.COMPLETED, transaction.state());
        fixture.advance(1);

        assertEquals(State.TERMINATED, transaction.state());
        fixture.assertEnded("terminated@32000");
    }

    @Test
    void shouldTerminateInTheSameTurnWhenCompletedOverAStream() {
        final NonInviteServerTransaction transaction = completed(Transport.TCP);
        assertEquals(State.COMPLETED, transaction.state());

        fixture.advance(0);

        fixture.assertEnded("terminated@0");
    }

    @Test
    void shouldDiscardFurtherResponsesWhenCompleted() {
        final NonInviteServerTransaction transaction = completed(Transport.UDP);

        assertFalse(fixture.respond(transaction, 100, "BYE"));
        assertFalse(fixture.respond(transaction, 200, "BYE"));
        assertFalse(transaction.respond(Status.SERVER_INTERNAL_ERROR_500, fixture.nowNs));

        assertEquals(List.of(), fixture.egress.take());
        assertEquals(200, transaction.lastStatusCode());
    }

    @Test
    void shouldNotSendWhatRfc4320Forbids() {
        final NonInviteServerTransaction transaction = over(Transport.UDP);

        assertFalse(fixture.respond(transaction, 180, "BYE"));
        assertFalse(fixture.respond(transaction, 408, "BYE"));
        assertFalse(transaction.respond(Status.REQUEST_TIMEOUT_408, fixture.nowNs));

        assertEquals(List.of(), fixture.egress.take());
        assertEquals(State.TRYING, transaction.state());
    }

    @Test
    void shouldEndAtOnceWhenTerminated() {
        final NonInviteServerTransaction transaction = proceeding(Transport.UDP);

        transaction.terminate(fixture.nowNs);
        transaction.terminate(fixture.nowNs);

        fixture.assertEnded("terminated@0");
    }

    @Test
    void shouldEndWhenNobodyAnswersForTwiceTimerF() {
        over(Transport.UDP);

        fixture.advance(2 * T1_TIMES_64);

        assertEquals(List.of("terminated@64000"), fixture.told);
        assertEquals(List.of(), fixture.egress.take());
        fixture.assertNothingIsLeft();
    }

    private NonInviteServerTransaction over(final Transport transport) {
        return (NonInviteServerTransaction) fixture.server(BYE, transport);
    }

    private NonInviteServerTransaction proceeding(final Transport transport) {
        final NonInviteServerTransaction transaction = over(transport);
        transaction.respond(Status.TRYING_100, fixture.nowNs);
        fixture.egress.take();
        return transaction;
    }

    private NonInviteServerTransaction completed(final Transport transport) {
        final NonInviteServerTransaction transaction = over(transport);
        fixture.respond(transaction, 200, "BYE");
        fixture.egress.take();
        return transaction;
    }
}
