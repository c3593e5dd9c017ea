package org.tandemsip.engine.routing;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Queries of a platform that wait for their response, known by what stands in both bodies: CmdType, SN and DeviceID
 * (GB/T 28181: the response is a MESSAGE of its own with another Call-ID). For people and metrics only: nothing is ever
 * answered from here. One table for all shards, of a fixed size; a query that finds no room takes the place of the one
 * that has waited longest.
 */
public final class Queries {
    /** How long a query may wait before nobody does any more, in nanoseconds. */
    public static final long PATIENCE_NS = 60_000_000_000L;

    private static final int SLOTS = 1 << 14;
    private static final int WINDOW = 8;

    /** Key and time of sending, one behind the other; key 0: free. */
    private final AtomicLongArray slots = new AtomicLongArray((SLOTS + WINDOW) * 2);
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong answered = new AtomicLong();
    private final AtomicLong answerNs = new AtomicLong();
    private final AtomicLong unasked = new AtomicLong();

    /** A query was sent on. @param key keyed hash of CmdType, SN and DeviceID */
    public void onQuery(final long key, final long nowNs) {
        sent.incrementAndGet();
        final long wanted = key == 0 ? 1 : key;
        int place = first(wanted);
        int oldest = place;
        for (int i = 0; i < WINDOW; i++, place += 2) {
            final long there = slots.get(place);
            if (there == wanted || there == 0) {
                oldest = place;
                break;
            }
            if (slots.get(place + 1) - slots.get(oldest + 1) < 0) {
                oldest = place;
            }
        }
        slots.set(oldest + 1, nowNs);
        slots.set(oldest, wanted);
    }

    /** A response was sent on; the first of several ends the waiting. Returns whether somebody has waited for it. */
    public boolean onResponse(final long key, final long nowNs) {
        final long wanted = key == 0 ? 1 : key;
        int place = first(wanted);
        for (int i = 0; i < WINDOW; i++, place += 2) {
            if (slots.get(place) == wanted) {
                final long waitedNs = nowNs - slots.get(place + 1);
                if (slots.compareAndSet(place, wanted, 0) && waitedNs <= PATIENCE_NS) {
                    answered.incrementAndGet();
                    answerNs.addAndGet(waitedNs);
                    return true;
                }
                return false;
            }
        }
        unasked.incrementAndGet();
        return false;
    }

    private static int first(final long key) {
        return ((int) (key >>> 32) & SLOTS - 1) * 2;
    }

    /** Queries that wait. Reads the whole table: for people. */
    public int waiting(final long nowNs) {
        int count = 0;
        for (int place = 0; place < slots.length(); place += 2) {
            if (slots.get(place) != 0 && nowNs - slots.get(place + 1) <= PATIENCE_NS) {
                count++;
            }
        }
        return count;
    }

    /** Queries sent on. */
    public long sent() {
        return sent.get();
    }

    /** Queries of which the response was sent on. */
    public long answered() {
        return answered.get();
    }

    /** How long those have waited, all together, in nanoseconds. */
    public long answerNs() {
        return answerNs.get();
    }

    /** Responses that nobody waits for: further parts of a catalog, and what has come too late. */
    public long unasked() {
        return unasked.get();
    }
}
