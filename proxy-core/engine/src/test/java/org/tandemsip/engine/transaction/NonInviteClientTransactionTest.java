package org.tandemsip.engine.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.transaction.TransactionFixture.BRANCH_KEY;
import static org.tandemsip.engine.transaction.TransactionFixture.SECOND;
import static org.tandemsip.engine.transaction.TransactionFixture.T1_TIMES_64;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.transaction.ClientTransaction.Event;
import org.tandemsip.engine.transaction.NonInviteClientTransaction.State;

/** RFC 3261 figure 6: one test per edge, then what runs beside the figure. */
@Timeout(30)
class NonInviteClientTransactionTest {
    private static final String BYE = TransactionFixture.request("BYE", "branch=z9hG4bK1");

    private final TransactionFixture fixture = new TransactionFixture();

    @Test
    void shouldEnterTryingAndSendTheRequestWhenStarted() {
        final var transaction = (NonInviteClientTransaction) fixture.client(BYE, Transport.UDP);

        assertEquals(State.TRYING, transaction.state());
        assertEquals(BYE, fixture.egress.takeOne().text());
        assertFalse(transaction.completed());
        assertSame(transaction, fixture.transactions.findClient(BRANCH_KEY, false));
    }

    @Test
    void shouldSendTheRequestAgainWhenTimerEFiresInTrying() {
        trying(Transport.UDP);

        final List<Long> times = fixture.sendTimesMs(T1_TIMES_64);

        assertEquals(List.of(500L, 1_500L, 3_500L, 7_500L, 11_500L, 15_500L, 19_500L, 23_500L, 27_500L, 31_500L),
                times);
    }

    @Test
    void shouldMoveFromTryingToTerminatedWhenTimerFFires() {
        final NonInviteClientTransaction transaction = trying(Transport.UDP);

        fixture.advance(T1_TIMES_64 - 1);
        assertEquals(State.TRYING, transaction.state());
        fixture.advance(1);

        assertEquals(State.TERMINATED, transaction.state());
        fixture.assertEnded("timeout@32000", "terminated@32000");
    }

    @Test
    void shouldMoveFromTryingToTerminatedWhenTheTransportFails() {
        final var transaction = (NonInviteClientTransaction) fixture.client(BYE, Transport.TCP);

        fixture.failSent();

        assertEquals(State.TERMINATED, transaction.state());
        fixture.assertEnded("transport-error@0", "terminated@0");
    }

    @Test
    void shouldMoveFromTryingToProceedingWhen1xxArrives() {
        final NonInviteClientTransaction transaction = trying(Transport.UDP);

        assertEquals(Event.PROVISIONAL, fixture.receive(transaction, 100, "BYE"));

        assertEquals(State.PROCEEDING, transaction.state());
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 302, 481, 503, 603})
    void shouldMoveFromTryingToCompletedWhen200To699Arrives(final int statusCode) {
        final NonInviteClientTransaction transaction = trying(Transport.UDP);

        assertEquals(Event.FINAL, fixture.receive(transaction, statusCode, "BYE"));

        assertEquals(State.COMPLETED, transaction.state());
        assertTrue(transaction.completed());
        assertEquals(List.of(), fixture.sendTimesMs(5 * SECOND));
    }

    @Test
    void shouldSendTheRequestAgainEveryT2WhenTimerEFiresInProceeding() {
        final NonInviteClientTransaction transaction = trying(Transport.UDP);
        fixture.receive(transaction, 100, "BYE");

        final List<Long> times = fixture.sendTimesMs(T1_TIMES_64);

        assertEquals(List.of(500L, 4_500L, 8_500L, 12_500L, 16_500L, 20_500L, 24_500L, 28_500L), times);
    }

    @Test
    void shouldStayInProceedingWhen1xxArrives() {
        final NonInviteClientTransaction transaction = proceeding(Transport.UDP);

        assertEquals(Event.PROVISIONAL, fixture.receive(transaction, 100, "BYE"));

        assertEquals(State.PROCEEDING, transaction.state());
    }

    @Test
    void shouldMoveFromProceedingToTerminatedWhenTimerFFires() {
        final NonInviteClientTransaction transaction = proceeding(Transport.UDP);

        fixture.advance(T1_TIMES_64);

        assertEquals(State.TERMINATED, transaction.state());
        fixture.assertEnded("timeout@32000", "terminated@32000");
    }

    @Test
    void shouldMoveFromProceedingToTerminatedWhenTheTransportFails() {
        final NonInviteClientTransaction transaction = proceeding(Transport.UDP);
        fixture.advance(SECOND / 2);

        fixture.failSent();

        assertEquals(State.TERMINATED, transaction.state());
        fixture.assertEnded("transport-error@500", "terminated@500");
    }

    @Test
    void shouldMoveFromProceedingToCompletedWhen200To699Arrives() {
        final NonInviteClientTransaction transaction = proceeding(Transport.UDP);

        assertEquals(Event.FINAL, fixture.receive(transaction, 200, "BYE"));

        assertEquals(State.COMPLETED, transaction.state());
    }

    @Test
    void shouldMoveFromCompletedToTerminatedWhenTimerKFires() {
        final NonInviteClientTransaction transaction = trying(Transport.UDP);
        fixture.receive(transaction, 200, "BYE");

        fixture.advance(5 * SECOND - 1);
        assertEquals(State.COMPLETED, transaction.state());
        fixture.advance(1);

        fixture.assertEnded("terminated@5000");
    }

    @Test
    void shouldAbsorbFurtherResponsesWhenCompleted() {
        final NonInviteClientTransaction transaction = trying(Transport.UDP);
        fixture.receive(transaction, 200, "BYE");

        assertEquals(Event.ABSORBED, fixture.receive(transaction, 200, "BYE"));
        assertEquals(Event.ABSORBED, fixture.receive(transaction, 100, "BYE"));
        assertEquals(Event.ABSORBED, fixture.receive(transaction, 486, "BYE"));

        assertEquals(State.COMPLETED, transaction.state());
    }

    @Test
    void shouldNotRepeatOverAStreamButTimeOutByTimerF() {
        trying(Transport.TCP);

        assertEquals(List.of(), fixture.sendTimesMs(T1_TIMES_64));

        assertEquals(List.of("timeout@32000", "terminated@32000"), fixture.told);
    }

    @Test
    void shouldTerminateInTheSameTurnWhenCompletedOverAStream() {
        final NonInviteClientTransaction transaction = trying(Transport.TCP);

        assertEquals(Event.FINAL, fixture.receive(transaction, 200, "BYE"));
        assertEquals(State.COMPLETED, transaction.state());
        fixture.advance(0);

        fixture.assertEnded("terminated@0");
    }

    @Test
    void shouldEndAtOnceWhenTerminated() {
        final NonInviteClientTransaction transaction = trying(Transport.UDP);

        transaction.terminate(fixture.nowNs);
        transaction.terminate(fixture.nowNs);

        fixture.assertEnded("terminated@0");
    }

    private NonInviteClientTransaction trying(final Transport transport) {
        final var transaction = (NonInviteClientTransaction) fixture.client(BYE, transport);
        fixture.egress.take();
        return transaction;
    }

    private NonInviteClientTransaction proceeding(final Transport transport) {
        final NonInviteClientTransaction transaction = trying(transport);
        fixture.receive(transaction, 100, "BYE");
        return transaction;
    }
}
