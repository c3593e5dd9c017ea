package org.tandemsip.engine.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.transaction.TransactionFixture.MS;
import static org.tandemsip.engine.transaction.TransactionFixture.SECOND;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;
import org.tandemsip.codec.Transport;

/** Events in any order, callbacks that meddle with other transactions: never a throw, never a leak (I-20). */
@Timeout(120)
class TransactionsRandomTest {
    private static final String[] METHODS = {"INVITE", "INVITE", "BYE", "CANCEL", "ACK"};
    private static final int[] STATUS_CODES = {100, 180, 200, 202, 302, 408, 486, 503, 603};
    private static final int STEPS = 20_000;

    private final TransactionFixture fixture = new TransactionFixture(60);
    private final Transactions transactions = fixture.transactions;
    private final List<ServerTransaction> servers = new ArrayList<>();
    private final List<ClientTransaction> clients = new ArrayList<>();
    private SplittableRandom random;
    private long lastKey;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void shouldLeaveNothingWhenEventsComeInAnyOrder(final long seed) {
        random = new SplittableRandom(seed);
        for (int step = 0; step < STEPS; step++) {
            try {
                step();
            } catch (final RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed + " step " + step, e);
            }
            assertEquals(servers.size() + clients.size() + cancels(), transactions.live(), "seed " + seed);
            assertTrue(transactions.live() <= 60, "seed " + seed);
            fixture.egress.take();
        }
        fixture.advance(4_000 * SECOND);
        fixture.assertNothingIsLeft();
        assertTrue(servers.isEmpty() && clients.isEmpty(), "seed " + seed);
    }

    private void step() {
        switch (random.nextInt(8)) {
            case 0, 1 -> receiveRequest();
            case 2 -> startClient();
            case 3, 4 -> receiveResponse();
            case 5 -> useAny();
            case 6 -> transactions.onSendFailed(random.nextLong(lastKey + 2), fixture.nowNs);
            default -> fixture.advance(random.nextLong(random.nextInt(10) == 0 ? 20 * SECOND : 800 * MS));
        }
    }

    private void receiveRequest() {
        final String method = METHODS[random.nextInt(METHODS.length)];
        final String branch = (random.nextInt(4) == 0 ? "branch=" : "branch=z9hG4bK") + random.nextInt(40);
        final SipMessage request = TransactionFixture.parse(TransactionFixture.request(method, branch));
        final ServerTransaction found = transactions.findServer(request);
        if (found != null) {
            assertTrue(servers.contains(found));
            found.onRequest(request, fixture.nowNs);
        } else if (!method.equals("ACK")) {
            final ServerTransaction made = transactions.createServer(request,
                    TransactionFixture.source(transport()), user, fixture.nowNs);
            if (made != null) {
                servers.add(made);
            }
        }
    }

    private void startClient() {
        final boolean invite = random.nextBoolean();
        final ClientTransaction made = transactions.createClient(++lastKey, invite,
                TransactionFixture.destination(transport()), user, fixture.nowNs);
        if (made == null) {
            return;
        }
        clients.add(made);
        if (random.nextInt(20) > 0) {
            final byte[] bytes = TransactionFixture.request(invite ? "INVITE" : "BYE", "branch=z9hG4bKx")
                    .getBytes(StandardCharsets.US_ASCII);
            made.claim(bytes.length).putBytes(0, bytes);
            made.start(bytes.length, fixture.nowNs);
        }
    }

    private void receiveResponse() {
        final ClientTransaction client = transactions.findClient(1 + random.nextLong(lastKey + 1),
                random.nextInt(4) == 0);
        if (client != null) {
            client.onResponse(TransactionFixture.parse(TransactionFixture.response(statusCode(), "INVITE")),
                    fixture.nowNs);
        }
    }

    private void useAny() {
        if (!servers.isEmpty()) {
            final ServerTransaction server = servers.get(random.nextInt(servers.size()));
            switch (random.nextInt(8)) {
                case 0 -> server.terminate(fixture.nowNs);
                case 1, 2 -> server.respond(Status.TRYING_100, fixture.nowNs);
                case 3 -> server.respond(Status.REQUEST_TERMINATED_487, fixture.nowNs);
                default -> fixture.respond(server, statusCode(), "INVITE");
            }
        }
        if (!clients.isEmpty()) {
            final ClientTransaction client = clients.get(random.nextInt(clients.size()));
            if (random.nextInt(8) == 0) {
                client.terminate(fixture.nowNs);
            } else if (client instanceof InviteClientTransaction invite) {
                invite.cancel(CancelReason.NONE, fixture.nowNs);
            }
        }
    }

    /** Transactions for CANCEL, which no user is told of. */
    private int cancels() {
        int cancels = 0;
        for (long key = 1; key <= lastKey; key++) {
            cancels += transactions.findClient(key, true) != null ? 1 : 0;
        }
        return cancels;
    }

    private Transport transport() {
        return random.nextInt(3) == 0 ? Transport.TCP : Transport.UDP;
    }

    private int statusCode() {
        return STATUS_CODES[random.nextInt(STATUS_CODES.length)];
    }

    private final TransactionUser user = new TransactionUser() {
        @Override
        public void onTimeout(final ClientTransaction transaction, final long nowNs) {
            meddle();
        }

        @Override
        public void onTransportError(final ClientTransaction transaction, final long nowNs) {
            meddle();
        }

        @Override
        public void onTerminated(final ClientTransaction transaction, final long nowNs) {
            assertTrue(clients.remove(transaction), "told twice");
            meddle();
        }

        @Override
        public void onTerminated(final ServerTransaction transaction, final long nowNs) {
            assertTrue(servers.remove(transaction), "told twice");
            meddle();
        }

        private void meddle() {
            switch (random.nextInt(12)) {
                case 0 -> startClient();
                case 1 -> useAny();
                default -> {}
            }
        }
    };
}
