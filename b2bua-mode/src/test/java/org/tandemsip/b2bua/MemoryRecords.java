package org.tandemsip.b2bua;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.routing.CallMode;
import org.tandemsip.engine.routing.CallRecords;
import org.tandemsip.testkit.sim.SimLoop;

/** Keeps states and records of calls for tests, as a disk would: what was taken is there for the next process. */
final class MemoryRecords implements CallRecords {
    /** Wall-clock time at 0 of the tests' clock: some seconds before the end of a leap day. */
    static final long EPOCH_MS = 1_709_251_199_995L;

    /** Records of calls that are over. */
    final List<String> lines = new ArrayList<>();
    /** States of those that are not. */
    final Map<Long, byte[]> states = new LinkedHashMap<>();
    boolean takesCalls = true;
    long lastSeenMs;
    /** By how much the wall clock was set since the beginning. */
    long setByMs;

    /** Mode b2bua of a shard, which goes on with the calls that are here and keeps its own. */
    CallMode mode(final ShardContext context, final SimLoop loop) {
        final B2bua mode = new B2bua(context);
        mode.records(this, loop.nowNs());
        return mode;
    }

    @Override
    public boolean takesCalls() {
        return takesCalls;
    }

    @Override
    public void keep(final long place, final DirectBuffer state, final int length) {
        final byte[] copy = new byte[length];
        state.getBytes(0, copy);
        states.put(place, copy);
    }

    @Override
    public boolean write(final long place, final DirectBuffer bytes, final int length) {
        states.remove(place);
        if (length > 0) {
            final byte[] copy = new byte[length];
            bytes.getBytes(0, copy);
            lines.add(new String(copy, StandardCharsets.US_ASCII));
        }
        return true;
    }

    @Override
    public long epochMs(final long nowNs) {
        return EPOCH_MS + setByMs + nowNs / 1_000_000;
    }

    @Override
    public long lastSeenMs() {
        return lastSeenMs;
    }

    @Override
    public void recover(final Visitor visitor) {
        List.copyOf(states.entrySet())
                .forEach(each -> visitor.onCall(each.getKey(), new UnsafeBuffer(each.getValue()),
                        each.getValue().length));
    }
}
