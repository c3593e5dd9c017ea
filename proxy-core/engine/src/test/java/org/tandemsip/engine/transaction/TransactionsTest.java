package org.tandemsip.engine.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.transaction.TransactionFixture.BRANCH_KEY;
import static org.tandemsip.engine.transaction.TransactionFixture.SECOND;
import static org.tandemsip.engine.transaction.TransactionFixture.ack;
import static org.tandemsip.engine.transaction.TransactionFixture.invite;
import static org.tandemsip.engine.transaction.TransactionFixture.parse;
import static org.tandemsip.engine.transaction.TransactionFixture.request;
import static org.tandemsip.engine.transaction.TransactionFixture.source;

import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Places;
import org.tandemsip.engine.timer.TimerLanes;
import org.tandemsip.engine.timer.Timing;

/** Matching (RFC 3261 sections 17.1.3, 17.2.3, 9.2), responses of our own, and what happens when there is no room. */
@Timeout(30)
class TransactionsTest {
    private final TransactionFixture fixture = new TransactionFixture();
    private final Transactions transactions = fixture.transactions;

    @Test
    void shouldMatchByBranchSentByAndMethodWhenTheBranchHasTheMagicCookie() {
        final ServerTransaction transaction = fixture.server(invite(), Transport.UDP);

        assertInstanceOf(InviteServerTransaction.class, transaction);
        assertSame(transaction, find(invite()));
        assertSame(transaction, find(invite().replace("client.example.com:5062;b", "CLIENT.example.com:5062;b")));
        assertSame(transaction, find(ack()));
        assertNull(find(request("INVITE", "branch=z9hG4bK2")));
        assertNull(find(invite().replace("client.example.com:5062;b", "other.example.com:5062;b")));
        assertNull(find(invite().replace("client.example.com:5062;b", "client.example.com:5063;b")));
        assertNull(find(invite().replace("client.example.com:5062;b", "client.example.com;b")));
        assertNull(find(request("CANCEL", "branch=z9hG4bK1")));
        assertNull(find(request("OPTIONS", "branch=z9hG4bK1")));
        assertNull(find(request("ACK", "branch=z9hG4bK2")));
    }

    @Test
    void shouldTakeAnyNumberOfTimerValuesWhenEarlierOnesAreNoLongerUsed() {
        final ServerTransaction first = fixture.server(invite(), Transport.UDP);

        for (int i = 1; i <= 1_000; i++) {
            final long t1Ns = (500 + i) * TransactionFixture.MS;
            transactions.timing(new Timing(t1Ns, 8 * t1Ns, 10 * t1Ns, 400 * t1Ns));
        }

        assertSame(first, find(invite()));
    }

    @Test
    void shouldTellMethodsApartWhenTheyAreNotKnown() {
        final ServerTransaction transaction = fixture.server(request("FOO", "branch=z9hG4bK1"), Transport.UDP);

        assertInstanceOf(NonInviteServerTransaction.class, transaction);
        assertSame(transaction, find(request("FOO", "branch=z9hG4bK1")));
        assertNull(find(request("BAR", "branch=z9hG4bK1")));
    }

    @Test
    void shouldFindTheInviteWhenACancelArrives() {
        final ServerTransaction transaction = fixture.server(invite(), Transport.UDP);
        fixture.server(request("OPTIONS", "branch=z9hG4bK3"), Transport.UDP);

        assertSame(transaction, transactions.findCancelled(parse(request("CANCEL", "branch=z9hG4bK1"))));
        assertNull(transactions.findCancelled(parse(request("CANCEL", "branch=z9hG4bK2"))));
        assertNull(transactions.findCancelled(parse(request("CANCEL", "branch=z9hG4bK3"))));
    }

    @Test
    void shouldMatchByTheRulesOfRfc2543WhenTheBranchIsNotOfRfc3261() {
        for (final String viaParameters : new String[] {"branch=1", "ttl=1"}) {
            final TransactionFixture each = new TransactionFixture();
            final String invite = request("INVITE", viaParameters);
            final ServerTransaction transaction = each.server(invite, Transport.UDP);
            final Transactions all = each.transactions;

            assertSame(transaction, all.findServer(parse(invite)));
            assertNull(all.findServer(parse(invite.replace("INVITE sip:bob", "INVITE sip:bill"))));
            assertNull(all.findServer(parse(invite.replace("tag=a1", "tag=a2"))));
            assertNull(all.findServer(parse(invite.replace("1@client", "2@client"))));
            assertNull(all.findServer(parse(invite.replace("CSeq: 7", "CSeq: 8"))));
            assertNull(all.findServer(parse(invite.replace(viaParameters, viaParameters + ";x"))));
            assertNull(all.findServer(parse(invite.replace("To: Bob <sip:bob@example.com>",
                    "To: Bob <sip:bob@example.com>;tag=b1"))));
            assertSame(transaction, all.findCancelled(parse(request("CANCEL", viaParameters))));
            assertNull(all.findServer(parse(request("CANCEL", viaParameters))));
        }
    }

    @Test
    void shouldMatchTheAckByTheToTagOfTheResponseWhenRfc2543() {
        final ServerTransaction transaction = fixture.server(request("INVITE", "branch=1"), Transport.UDP);
        final String ack = request("ACK", "branch=1");
        assertNull(find(ack));

        fixture.respond(transaction, 486, "INVITE");

        assertSame(transaction, find(ack));
        assertNull(find(ack.replace("tag=b1", "tag=b2")));
        assertNull(find(ack.replace(";tag=b1", "")));
        assertFalse(fixture.receive(ack));
    }

    @Test
    void shouldPassTheRfc2543AckUpWhenAccepted() {
        final ServerTransaction transaction = fixture.server(request("INVITE", "branch=1"), Transport.UDP);
        fixture.respond(transaction, 200, "INVITE");

        assertTrue(fixture.receive(request("ACK", "branch=1")));
    }

    @Test
    void shouldMatchTheRfc2543AckOfAReInviteWhoseToTagIsKnown() {
        final String invite = request("INVITE", "branch=1").replace("To: Bob <sip:bob@example.com>",
                "To: Bob <sip:bob@example.com>;tag=b1");
        final ServerTransaction transaction = fixture.server(invite, Transport.UDP);
        fixture.respond(transaction, 491, "INVITE");

        assertSame(transaction, find(request("ACK", "branch=1")));
    }

    @Test
    void shouldFindClientsByKeyAndWhetherItIsACancel() {
        final ClientTransaction transaction = fixture.client(invite(), Transport.UDP);

        assertSame(transaction, transactions.findClient(BRANCH_KEY, false));
        assertEquals(BRANCH_KEY, transaction.branchKey());
        assertSame(fixture.user, transaction.user());
        assertNull(transactions.findClient(BRANCH_KEY, true));
        assertNull(transactions.findClient(BRANCH_KEY + 1, false));
        fixture.receive(transaction, 180, "INVITE");
        ((InviteClientTransaction) transaction).cancel(CancelReason.NONE, fixture.nowNs);
        final ClientTransaction cancel = transactions.findClient(BRANCH_KEY, true);
        assertNotNull(cancel);
        assertNotSame(transaction, cancel);
        assertEquals(BRANCH_KEY, cancel.branchKey());
    }

    @Test
    void shouldFindClientsByTheirPlaceOnlyWhenTheKeyFits() {
        final ClientTransaction transaction = fixture.client(invite(), Transport.UDP);
        final long place = transaction.place();

        assertSame(transaction, transactions.findClient(place, BRANCH_KEY, false));
        assertSame(transaction, transactions.findClient(Places.NONE, BRANCH_KEY, false));
        assertNull(transactions.findClient(place, BRANCH_KEY + 1, false));
        assertSame(transaction, transactions.findClient(place + 1, BRANCH_KEY, false), "of another life");
        fixture.receive(transaction, 180, "INVITE");
        ((InviteClientTransaction) transaction).cancel(CancelReason.NONE, fixture.nowNs);
        final ClientTransaction cancel = transactions.findClient(place, BRANCH_KEY, true);
        assertSame(transactions.findClient(BRANCH_KEY, true), cancel);
        assertSame(transaction, transactions.findClient(cancel.place(), BRANCH_KEY, false));

        transaction.terminate(fixture.nowNs);
        assertNull(transactions.findClient(place, BRANCH_KEY, false));
        final ClientTransaction next = fixture.client(invite(), Transport.UDP);
        assertSame(transaction, next);
        assertNotEquals(place, next.place());
        assertSame(next, transactions.findClient(next.place(), BRANCH_KEY, false));
    }

    @Test
    void shouldWriteResponsesOfItsOwnToTheKeptRequest() {
        final ServerTransaction transaction = fixture.server(request("INVITE", "rport;branch=z9hG4bK1"), Transport.UDP);

        assertTrue(transaction.respond(Status.TRYING_100, fixture.nowNs));
        final RecordingEgress.Sent trying = fixture.egress.takeOne();
        assertTrue(transaction.respond(Status.REQUEST_TERMINATED_487, fixture.nowNs));
        final RecordingEgress.Sent terminated = fixture.egress.takeOne();

        assertEquals("SIP/2.0 100 Trying", trying.startLine());
        assertEquals("To: Bob <sip:bob@example.com>", trying.row("To"));
        final String via = "Via: SIP/2.0/UDP client.example.com:5062;rport=40000;branch=z9hG4bK1;received=192.0.2.1";
        assertEquals(via, trying.row("Via"));
        assertEquals(40_000, trying.destination().port);
        assertEquals("SIP/2.0 487 Request Terminated", terminated.startLine());
        assertEquals(via, terminated.row("Via"));
        assertEquals("To: Bob <sip:bob@example.com>;tag=" + tag(transaction), terminated.row("To"));
        assertEquals("Call-ID: 1@client", terminated.row("Call-ID"));
        assertEquals("CSeq: 7 INVITE", terminated.row("CSeq"));
        assertEquals("Content-Length: 0", terminated.row("Content-Length"));
        assertFalse(transaction.respond(Status.REQUEST_TERMINATED_487, fixture.nowNs));
    }

    @Test
    void shouldUseTheSameTagForTheInviteForItsCancelAndAfterARestart() {
        final ServerTransaction invite = fixture.server(invite(), Transport.UDP);
        final ServerTransaction cancel = fixture.server(request("CANCEL", "branch=z9hG4bK1"), Transport.UDP);
        final ServerTransaction other = fixture.server(request("INVITE", "branch=z9hG4bK2"), Transport.UDP);
        final Transactions restarted = new Transactions(
                TransactionFixture.context(new RecordingEgress(), new TimerLanes(), 10, 99));
        final ServerTransaction again = restarted.createServer(parse(invite()), source(Transport.UDP), fixture.user, 0);

        assertNotEquals(0, invite.localTag());
        assertEquals(invite.localTag(), cancel.localTag());
        assertEquals(invite.localTag(), again.localTag());
        assertNotEquals(invite.localTag(), other.localTag());
    }

    @Test
    void shouldKeepTheRequestAsItCameUntilAFinalResponse() {
        final ServerTransaction transaction = fixture.server(invite(), Transport.UDP);
        transaction.respond(Status.TRYING_100, fixture.nowNs);
        final SipMessage kept = new SipMessage(64);

        transaction.request(kept);

        assertEquals(invite(), kept.bytes().getStringWithoutLengthUtf8(0, kept.length()));
        assertEquals(1, kept.viaValues());
    }

    @Test
    void shouldRefuseWhenTheTablesAreFullAndServeAgainWhenThereIsRoom() {
        final TransactionFixture small = new TransactionFixture(2);
        final ServerTransaction server = small.server(invite(), Transport.UDP);
        final ClientTransaction client = small.client(invite(), Transport.UDP);

        assertNull(small.transactions.createServer(parse(request("BYE", "branch=z9hG4bK9")), source(Transport.UDP),
                small.user, small.nowNs));
        assertNull(small.transactions.createClient(1, false, TransactionFixture.destination(Transport.UDP), small.user,
                small.nowNs));
        assertEquals(2, small.transactions.live());

        client.terminate(small.nowNs);
        assertNotNull(small.transactions.createServer(parse(request("BYE", "branch=z9hG4bK9")), source(Transport.UDP),
                small.user, small.nowNs));
        assertSame(server, small.transactions.findServer(parse(invite())));
    }

    @Test
    void shouldRefuseAndLeakNothingWhenMessageMemoryIsFull() {
        final String large = invite().replace("Content-Length: 4\r\n\r\nbody",
                "Content-Length: 40000\r\n\r\n" + "x".repeat(40_000));
        int made = 0;
        while (transactions.createServer(parse(large.replace("z9hG4bK1", "z9hG4bK" + made)), source(Transport.UDP),
                fixture.user, fixture.nowNs) != null) {
            made++;
            assertTrue(made < 1_000, "no bound");
        }
        assertEquals(made, transactions.live());
        assertTrue(made > 10, "only " + made);

        final ClientTransaction client = fixture.client(large, Transport.UDP);
        assertEquals(0, fixture.egress.take().size());
        fixture.advance(0);
        assertEquals("transport-error@0", fixture.told.getFirst());
        assertEquals("terminated@0", fixture.told.getLast());
        assertTrue(client.completed());

        fixture.advance(4 * 185 * SECOND);
        fixture.assertNothingIsLeft();
    }

    @Test
    void shouldStillMoveOnWhenALastResponseCannotBeKept() {
        final String large = request("MESSAGE", "branch=z9hG4bK1").replace("Content-Length: 4\r\n\r\nbody",
                "Content-Length: 40000\r\n\r\n" + "x".repeat(40_000));
        final ServerTransaction transaction = fixture.server(invite(), Transport.UDP);
        for (int i = 0; transactions.createServer(parse(large.replace("z9hG4bK1", "z9hG4bKx" + i)),
                source(Transport.UDP), fixture.user, fixture.nowNs) != null; i++) {
            assertTrue(i < 1_000, "no bound");
        }
        while (transactions.memory.allocate(64) != MessageMemory.NONE || transactions.memory.allocate(512) >= 0) {
            fixture.egress.take();
        }

        assertTrue(fixture.respond(transaction, 180, "INVITE"));
        assertTrue(fixture.respond(transaction, 486, "INVITE"));

        assertEquals(2, fixture.egress.take().size());
        assertFalse(fixture.receive(ack()));
    }

    @Test
    void shouldKeepToTheTimersItBeganWithWhenTheyAreChanged() {
        fixture.client(invite(), Transport.UDP);
        transactions.timing(new Timing(2 * SECOND, 8 * SECOND, 10 * SECOND, 185 * SECOND));

        fixture.advance(32 * SECOND);

        assertEquals("timeout@32000", fixture.told.getFirst());
        fixture.client(invite(), Transport.UDP);
        fixture.told.clear();
        fixture.advance(128 * SECOND);
        assertEquals("timeout@160000", fixture.told.getFirst());
        fixture.assertNothingIsLeft();
    }

    @Test
    void shouldNotDegradeWhenBranchesAreCraftedToCollide() {
        final int count = 100_000;
        final TransactionFixture large = new TransactionFixture(2 * count);
        final SipMessage message = new SipMessage(64);
        for (int i = 0; i < count; i++) {
            // Every pair "Aa" / "BB" has the same String.hashCode and the same sum of bytes times powers of 31.
            final StringBuilder branch = new StringBuilder("z9hG4bK");
            for (int bit = 0; bit < 17; bit++) {
                branch.append((i >> bit & 1) == 0 ? "Aa" : "BB");
            }
            final byte[] bytes = request("OPTIONS", "branch=" + branch).getBytes(StandardCharsets.US_ASCII);
            message.wrap(new UnsafeBuffer(bytes), 0, bytes.length);
            large.transactions.parse(message, message.bytes(), 0, bytes.length);
            assertNotNull(large.transactions.createServer(message, source(Transport.UDP), large.user, large.nowNs));
        }

        // Half full with random keys: the longest run of linear probing is about ln(n) / (0.5 - 1 - ln 0.5) = 60.
        assertTrue(large.transactions.longestProbe() < 200, "longest probe " + large.transactions.longestProbe());
        assertEquals(count, large.transactions.live());
    }

    private ServerTransaction find(final String request) {
        return transactions.findServer(parse(request));
    }

    private static String tag(final ServerTransaction transaction) {
        return String.format("%016x", transaction.localTag());
    }
}
