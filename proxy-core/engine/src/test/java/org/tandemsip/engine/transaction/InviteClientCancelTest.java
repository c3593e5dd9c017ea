package org.tandemsip.engine.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
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
import org.tandemsip.engine.transaction.InviteClientTransaction.State;

/** CANCEL of an INVITE that was sent (RFC 3261 section 9.1): when it goes out, and how the INVITE ends then. */
@Timeout(30)
class InviteClientCancelTest {
    private final TransactionFixture fixture = new TransactionFixture();

    @Test
    void shouldCancelAtOnceWhenProceeding() {
        final InviteClientTransaction transaction = fixture.proceeding(Transport.UDP);

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
        final InviteClientTransaction transaction = fixture.calling(Transport.UDP);

        transaction.cancel(CancelReason.NONE, fixture.nowNs);
        assertEquals(List.of(), fixture.egress.take());
        assertNull(fixture.transactions.findClient(BRANCH_KEY, true));
        assertEquals(Event.PROVISIONAL, fixture.receive(transaction, 100, "INVITE"));

        assertEquals("CANCEL sip:bob@example.com SIP/2.0", fixture.egress.takeOne().startLine());
        fixture.receive(transaction, 180, "INVITE");
        assertEquals(List.of(), fixture.egress.take());
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 486})
    void shouldNotCancelWhenAFinalResponseCameFirst(final int statusCode) {
        final InviteClientTransaction transaction = fixture.calling(Transport.UDP);
        transaction.cancel(CancelReason.NONE, fixture.nowNs);
        fixture.receive(transaction, statusCode, "INVITE");
        transaction.cancel(CancelReason.NONE, fixture.nowNs);

        assertEquals(List.of(), fixture.egress.take("CANCEL"));
    }

    @Test
    void shouldTimeOutByTimerBWhenCancelledWithoutAnyResponse() {
        final InviteClientTransaction transaction = fixture.calling(Transport.UDP);
        fixture.advance(SECOND);
        transaction.cancel(CancelReason.NONE, fixture.nowNs);

        fixture.advance(T1_TIMES_64);

        fixture.assertEnded("timeout@32000", "terminated@32000");
    }

    @Test
    void shouldTimeOut64TimesT1AfterTheCancelWhenNoFinalResponseComes() {
        final InviteClientTransaction transaction = fixture.proceeding(Transport.UDP);
        fixture.advance(100 * SECOND);
        transaction.cancel(CancelReason.NONE, fixture.nowNs);
        fixture.receive(fixture.transactions.findClient(BRANCH_KEY, true), 200, "CANCEL");
        fixture.advance(SECOND);
        fixture.receive(transaction, 180, "INVITE");

        fixture.advance(T1_TIMES_64);

        fixture.assertEnded("timeout@132000", "terminated@132000");
    }

    @Test
    void shouldRepeatTheCancelInATransactionOfItsOwn() {
        final InviteClientTransaction transaction = fixture.proceeding(Transport.UDP);
        transaction.cancel(CancelReason.NONE, fixture.nowNs);
        final String cancel = fixture.egress.takeOne().text();

        fixture.advance(SECOND / 2);
        assertEquals(cancel, fixture.egress.takeOne().text());
        final ClientTransaction own = fixture.transactions.findClient(BRANCH_KEY, true);
        assertEquals(Event.ABSORBED, fixture.receive(own, 200, "CANCEL"));
        assertEquals(Event.FINAL, fixture.receive(transaction, 487, "INVITE"));
        assertEquals("ACK sip:bob@example.com SIP/2.0", fixture.egress.takeOne().startLine());
        fixture.advance(T1_TIMES_64);

        fixture.assertEnded("terminated@32500");
    }

    @Test
    void shouldAcceptA2xxThatCrossesTheCancel() {
        final InviteClientTransaction transaction = fixture.proceeding(Transport.UDP);
        transaction.cancel(CancelReason.NONE, fixture.nowNs);
        fixture.egress.take();

        assertEquals(Event.FINAL, fixture.receive(transaction, 200, "INVITE"));

        assertEquals(State.ACCEPTED, transaction.state());
        assertEquals(List.of(), fixture.egress.take("ACK"));
    }

    @Test
    void shouldSendTheCancelOnceWhenThereIsNoRoomForItsTransaction() {
        final TransactionFixture full = new TransactionFixture(1);
        final InviteClientTransaction transaction = full.proceeding(Transport.UDP);

        transaction.cancel(CancelReason.NONE, full.nowNs);
        assertEquals("CANCEL sip:bob@example.com SIP/2.0", full.egress.takeOne().startLine());
        full.advance(T1_TIMES_64);

        assertEquals(List.of(), full.egress.take());
        full.assertEnded("timeout@32000", "terminated@32000");
    }
}
