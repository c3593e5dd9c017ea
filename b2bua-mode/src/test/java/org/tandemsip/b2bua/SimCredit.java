package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.routing.CreditReply;
import org.tandemsip.engine.routing.CreditReply.Outcome;
import org.tandemsip.engine.routing.CreditService;
import org.tandemsip.testkit.sim.SimLoop;
import org.tandemsip.testkit.sim.SimNode;

/**
 * A credit service that answers in time, late, twice or never, grants, denies, or says what no service should; and
 * knows that each call that it may hold something for has to be settled once.
 */
final class SimCredit implements CreditService {
    private static final long MS = 1_000_000L;

    private final SplittableRandom random;
    private final Map<String, Boolean> asked = new HashMap<>();
    private final Set<String> settled = new HashSet<>();
    private SimLoop loop;
    private SimNode node;

    SimCredit(final long seed) {
        random = new SplittableRandom(seed * 31 + 7);
    }

    void of(final SimLoop ofLoop, final SimNode ofNode) {
        loop = ofLoop;
        node = ofNode;
    }

    @Override
    public Terms terms() {
        return new Terms(2_000 * MS, 500 * MS, 800 * MS);
    }

    @Override
    public boolean ask(final int shard, final long ticket, final Request request) {
        if (random.nextInt(20) == 0) {
            return false;
        }
        assertTrue(!settled.contains(request.call()), "asks after it has settled: " + request);
        final CreditReply reply = reply();
        final boolean inTime = random.nextInt(4) > 0;
        final boolean denied = reply.outcome() == Outcome.ANSWERED && reply.grantedMs() == 0;
        // What is denied as the first and only thing leaves nothing to settle; whether it came in time is seen below.
        asked.merge(request.call(), denied && inTime && request.number() == 0, (before, now) -> before || now);
        if (random.nextInt(8) > 0) {
            final long afterMs = inTime ? random.nextInt(400) : 600 + random.nextInt(5_000);
            answer(shard, ticket, reply, afterMs);
            if (random.nextInt(5) == 0) {
                answer(shard, ticket, reply(), afterMs + random.nextInt(5_000));
            }
        }
        return true;
    }

    private CreditReply reply() {
        return switch (random.nextInt(12)) {
            case 0 -> CreditReply.of(0, false);
            case 1 -> CreditReply.of(-1 - random.nextInt(100), false);
            case 2 -> CreditReply.of(Long.MAX_VALUE, true);
            case 3 -> CreditReply.failed(Outcome.values()[1 + random.nextInt(3)]);
            case 4 -> CreditReply.of(1 + random.nextInt(3), random.nextBoolean());
            default -> CreditReply.of(500 + random.nextInt(3_000), random.nextInt(4) == 0);
        };
    }

    private void answer(final int shard, final long ticket, final CreditReply reply, final long afterMs) {
        loop.after(afterMs * MS, () -> node.command(shard, new ShardCommand.Replied(ticket, reply)));
    }

    @Override
    public void settle(final Settlement settlement) {
        assertTrue(asked.containsKey(settlement.call()), "never asked: " + settlement);
        assertTrue(settled.add(settlement.call()), "settled twice: " + settlement);
        assertTrue(settlement.usedMs() >= 0, settlement.toString());
    }

    @Override
    public long epochMs(final long nowNs) {
        return 1_700_000_000_000L + nowNs / MS;
    }

    /** What must hold when all calls are over. */
    void judge(final String run) {
        final Set<String> open = new HashSet<>();
        asked.forEach((call, denied) -> {
            if (!denied && !settled.contains(call)) {
                open.add(call);
            }
        });
        assertEquals(Set.of(), open, run + ": not settled");
        assertTrue(!asked.isEmpty(), run + ": nobody was asked");
    }
}
