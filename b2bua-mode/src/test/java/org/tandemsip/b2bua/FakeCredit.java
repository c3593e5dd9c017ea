package org.tandemsip.b2bua;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tandemsip.engine.routing.CreditService;

/** A credit service that answers when the test says so, and keeps the books of what it was asked. */
final class FakeCredit implements CreditService {
    /** A request with the ticket of its question. */
    record Asked(long ticket, Request request) {}

    final List<Asked> asked = new ArrayList<>();
    final Map<String, Long> settled = new HashMap<>();
    /** Whether there is room for more requests. */
    boolean room = true;

    @Override
    public Terms terms() {
        return new Terms(60_000_000_000L, 1_000_000_000L, 10_000_000_000L);
    }

    @Override
    public boolean ask(final int shard, final long ticket, final Request request) {
        if (room) {
            asked.add(new Asked(ticket, request));
        }
        return room;
    }

    @Override
    public void settle(final Settlement settlement) {
        if (settled.put(settlement.call(), settlement.usedMs()) != null) {
            throw new AssertionError("settled twice: " + settlement);
        }
    }

    @Override
    public long epochMs(final long nowNs) {
        return 1_709_251_199_995L + nowNs / 1_000_000;
    }

    Asked take() {
        return asked.removeFirst();
    }
}
