package org.tandemsip.engine.proxy;

import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.routing.DeviceId;

/**
 * Where the two sides of a dialog are, for agents that leave out the Route (GB/T 28181): by a keyed hash of Call-ID and
 * tags, learnt from the 2xx that made it. Of a fixed size per shard; what is full takes the place of what ends first.
 * Nothing is lost by that but a short cut: the id in the Request-URI is looked up next. Shard thread only.
 */
final class GbDialogs {
    static final int NONE = -1;

    private static final int SLOTS = 1 << 15;
    private static final int WINDOW = 8;
    private static final int SLOT_LONGS = 12;
    private static final int UNTIL = 1;
    private static final int CALLER = 2;
    private static final int CALLEE = 6;
    private static final int ID_HIGH = 10;
    private static final int ID_LOW = 11;
    private static final Transport[] TRANSPORTS = Transport.values();

    /** Made with the first dialog: most servers never have one. */
    private long[] slots;

    /** Slot of a dialog, or {@link #NONE}. */
    int find(final long key, final long nowNs) {
        if (slots == null) {
            return NONE;
        }
        int slot = first(key);
        for (int i = 0; i < WINDOW; i++, slot += SLOT_LONGS) {
            if (slots[slot] == key && slots[slot + UNTIL] - nowNs > 0) {
                return slot;
            }
        }
        return NONE;
    }

    /**
     * Remembers a dialog.
     *
     * @param callee id of the device that was called; need not exist
     * @return whether another one that goes on had to make room
     */
    boolean put(final long key, final Destination callerAt, final Destination calleeAt, final DeviceId callee,
            final long nowNs, final long untilNs) {
        if (slots == null) {
            slots = new long[(SLOTS + WINDOW) * SLOT_LONGS];
        }
        final int slot = place(key, nowNs);
        final boolean displaces = slots[slot] != key && left(slot, nowNs) > 0;
        slots[slot] = key;
        slots[slot + UNTIL] = untilNs;
        write(slot + CALLER, callerAt);
        write(slot + CALLEE, calleeAt);
        slots[slot + ID_HIGH] = callee.high();
        slots[slot + ID_LOW] = callee.low();
        return displaces;
    }

    private int place(final long key, final long nowNs) {
        int slot = first(key);
        int best = slot;
        for (int i = 0; i < WINDOW; i++, slot += SLOT_LONGS) {
            if (slots[slot] == key) {
                return slot;
            }
            if (left(slot, nowNs) < left(best, nowNs)) {
                best = slot;
            }
        }
        return best;
    }

    private long left(final int slot, final long nowNs) {
        return slots[slot] == 0 ? Long.MIN_VALUE : slots[slot + UNTIL] - nowNs;
    }

    /** A dialog is about to end. */
    void endBy(final int slot, final long untilNs) {
        slots[slot + UNTIL] = untilNs;
    }

    /** Where the caller is. */
    void caller(final int slot, final Destination into) {
        read(slot + CALLER, into);
    }

    /** Where the callee was when it answered. */
    void callee(final int slot, final Destination into) {
        read(slot + CALLEE, into);
    }

    /** Id of the device that was called. */
    DeviceId calleeId(final int slot, final DeviceId into) {
        return into.set(slots[slot + ID_HIGH], slots[slot + ID_LOW]);
    }

    private static int first(final long key) {
        return ((int) (key >>> 32) & SLOTS - 1) * SLOT_LONGS;
    }

    private void write(final int at, final Destination where) {
        slots[at] = where.addressHigh;
        slots[at + 1] = where.addressLow;
        slots[at + 2] = (long) where.port << 16 | (long) where.listenPoint << 8 | where.transport.ordinal();
        slots[at + 3] = where.connection;
    }

    private void read(final int at, final Destination into) {
        into.addressHigh = slots[at];
        into.addressLow = slots[at + 1];
        into.port = (int) (slots[at + 2] >>> 16);
        into.listenPoint = (int) (slots[at + 2] >>> 8) & 0xFF;
        into.transport = TRANSPORTS[(int) slots[at + 2] & 0xFF];
        into.connection = slots[at + 3];
        into.identity = 0;
    }
}
