package org.tandemsip.engine.routing;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Queries of a platform and their responses, told together by what stands in both bodies: CmdType, SN and DeviceID
 * (GB/T 28181: the response is a MESSAGE of its own with another Call-ID). For people and metrics only: nothing is ever
 * answered from here. One table for all shards, of a fixed size; a query that finds no room takes the place of the
 * oldest.
 *
 * <pre>
 *   0    1        2                    3        4        5   6
 *   key  sent at  answered after, +1   id high  id low   SN  command
 * </pre>
 */
public final class Queries {
    /** How long a query may wait before nobody does any more, in nanoseconds. */
    public static final long PATIENCE_NS = 60_000_000_000L;
    /** An SN that is no number, or one too long. */
    public static final long NO_NUMBER = -1;

    private static final int SLOTS = 1 << 13;
    private static final int WINDOW = 8;
    private static final int SLOT_LONGS = 7;
    private static final int SENT = 1;
    private static final int WAITED = 2;
    private static final int HIGH = 3;
    private static final int LOW = 4;
    private static final int SN = 5;
    private static final int COMMAND = 6;
    private static final Gb28181.Command[] COMMANDS = Gb28181.Command.values();

    /** Key 0: free. */
    private final AtomicLongArray slots = new AtomicLongArray((SLOTS + WINDOW) * SLOT_LONGS);
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong answered = new AtomicLong();
    private final AtomicLong answerNs = new AtomicLong();
    private final AtomicLong unasked = new AtomicLong();
    private final AtomicLong displaced = new AtomicLong();

    /**
     * A query as people see it.
     *
     * @param device   id that it is about, empty for none
     * @param sn       its SN, or {@link #NO_NUMBER}
     * @param ageNs    how long ago it was sent on
     * @param waitedNs how long it has waited for its response; -1 while it does
     */
    public record Query(Gb28181.Command command, String device, long sn, long ageNs, long waitedNs) {}

    /**
     * A query was sent on.
     *
     * @param key keyed hash of CmdType, SN and DeviceID
     * @param sn  the SN, or {@link #NO_NUMBER}
     */
    public void onQuery(final long key, final Gb28181.Command command, final DeviceId device, final long sn,
            final long nowNs) {
        sent.incrementAndGet();
        final long wanted = key == 0 ? 1 : key;
        int place = first(wanted);
        int oldest = place;
        for (int i = 0; i < WINDOW; i++, place += SLOT_LONGS) {
            final long there = slots.get(place);
            if (there == wanted || there == 0) {
                oldest = place;
                break;
            }
            if (slots.get(place + SENT) - slots.get(oldest + SENT) < 0) {
                oldest = place;
            }
        }
        if (slots.get(oldest) != 0 && slots.get(oldest) != wanted && waits(oldest, nowNs)) {
            displaced.incrementAndGet();
        }
        // Whoever looks at the slot meanwhile finds it free.
        slots.set(oldest, 0);
        slots.set(oldest + SENT, nowNs);
        slots.set(oldest + WAITED, 0);
        slots.set(oldest + HIGH, device.high());
        slots.set(oldest + LOW, device.low());
        slots.set(oldest + SN, sn);
        slots.set(oldest + COMMAND, command.ordinal());
        slots.set(oldest, wanted);
    }

    /** A response was sent on; the first of several ends the waiting. Returns whether somebody has waited for it. */
    public boolean onResponse(final long key, final long nowNs) {
        final long wanted = key == 0 ? 1 : key;
        int place = first(wanted);
        for (int i = 0; i < WINDOW; i++, place += SLOT_LONGS) {
            if (slots.get(place) == wanted) {
                final long waitedNs = Math.max(0, nowNs - slots.get(place + SENT));
                if (waitedNs <= PATIENCE_NS && slots.compareAndSet(place + WAITED, 0, waitedNs + 1)) {
                    answered.incrementAndGet();
                    answerNs.addAndGet(waitedNs);
                    return true;
                }
                break;
            }
        }
        unasked.incrementAndGet();
        return false;
    }

    private static int first(final long key) {
        return ((int) (key >>> 32) & SLOTS - 1) * SLOT_LONGS;
    }

    /** Queries that wait. Reads the whole table: for people. */
    public int waiting(final long nowNs) {
        int count = 0;
        for (int place = 0; place < slots.length(); place += SLOT_LONGS) {
            if (slots.get(place) != 0 && waits(place, nowNs)) {
                count++;
            }
        }
        return count;
    }

    private boolean waits(final int place, final long nowNs) {
        return slots.get(place + WAITED) == 0 && nowNs - slots.get(place + SENT) <= PATIENCE_NS;
    }

    /** Queries of the last {@link #PATIENCE_NS}, the latest first, at most {@code most} of them. Likewise. */
    public List<Query> latest(final int most, final long nowNs) {
        final List<Query> queries = new ArrayList<>();
        final DeviceId device = new DeviceId();
        for (int place = 0; place < slots.length(); place += SLOT_LONGS) {
            final long key = slots.get(place);
            final long ageNs = nowNs - slots.get(place + SENT);
            device.set(slots.get(place + HIGH), slots.get(place + LOW));
            final Query query = new Query(COMMANDS[(int) slots.get(place + COMMAND)], device.toString(),
                    slots.get(place + SN), ageNs, slots.get(place + WAITED) - 1);
            if (key != 0 && ageNs <= PATIENCE_NS && slots.get(place) == key) {
                queries.add(query);
            }
        }
        queries.sort(Comparator.comparingLong(Query::ageNs));
        return queries.size() > most ? List.copyOf(queries.subList(0, most)) : queries;
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

    /** Queries that made room for later ones while they waited. */
    public long displaced() {
        return displaced.get();
    }

    /** Responses that nobody waits for: further parts of a catalog, and what has come too late. */
    public long unasked() {
        return unasked.get();
    }
}
