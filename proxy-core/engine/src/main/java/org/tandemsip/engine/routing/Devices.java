package org.tandemsip.engine.routing;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;

/**
 * Where the devices of a GB/T 28181 trunk are, by their ids: learnt from a REGISTER that the platform has granted, kept
 * alive by each Keepalive, wherever that comes from. One table for all shards, since the platform's requests have other
 * Call-IDs than the device's; kept over reloads; of a fixed size, without locks, nothing is allocated.
 *
 * <pre>
 *   0        1        2       3      4             5            6        7           8
 *   version  id high  id low  until  address high  address low  where    connection  granted   a device
 *   version  id high  id low  until  device high   device low   CHANNEL  0           until     one of its channels
 * </pre>
 *
 * A slot is written under its version, which is odd meanwhile; a reader that meets another one afterwards reads again.
 * An id stands in one of {@link #WINDOW} slots behind its hash; what has run out there is written over.
 */
public final class Devices {
    /** Slots for the devices of a platform and their channels: 72 bytes each, 19 MB. */
    public static final int SLOTS = 1 << 18;
    /** Slots where none are expected: the trunk of a platform. */
    public static final int FEW_SLOTS = 1 << 8;
    /** Slots that an id may stand in. */
    static final int WINDOW = 16;

    private static final int SLOT_LONGS = 9;
    private static final int HIGH = 1;
    private static final int LOW = 2;
    private static final int UNTIL = 3;
    private static final int ADDRESS_HIGH = 4;
    private static final int ADDRESS_LOW = 5;
    private static final int WHERE = 6;
    private static final int CONNECTION = 7;
    private static final int GRANTED = 8;
    private static final long CHANNEL = -1;
    private static final Transport[] TRANSPORTS = Transport.values();
    /** Attempts to read a slot that somebody else writes; then it counts as not there. */
    private static final int ATTEMPTS = 64;

    private final AtomicLongArray slots;
    private final int mask;
    private final long seed;
    private final AtomicLong refused = new AtomicLong();

    /** @param seed not to be known outside, so that nobody can fill one window @param size slots, a power of two */
    public Devices(final long seed, final int size) {
        this.seed = seed;
        mask = size - 1;
        slots = new AtomicLongArray((size + WINDOW) * SLOT_LONGS);
    }

    /**
     * A device has registered, or has been heard again. One that was silent for a while is back with its next
     * Keepalive, as long as its registration lasts.
     *
     * @param where     where it is
     * @param untilNs   when it counts as gone unless it is heard again
     * @param grantedNs when its registration ends
     * @return whether there was room
     */
    public boolean put(final DeviceId id, final Destination where, final long nowNs, final long untilNs,
            final long grantedNs) {
        final long place = (long) where.port << 16 | (long) where.listenPoint << 8 | where.transport.ordinal();
        return write(id, nowNs, untilNs, where.addressHigh, where.addressLow, place, where.connection, grantedNs);
    }

    /** When the registration of a device ends; {@code nowNs} when there is none, be it heard lately or not. */
    public long grantedUntil(final DeviceId id, final long nowNs) {
        final int slot = find(id);
        return slot < 0 || slots.get(slot + WHERE) == CHANNEL ? nowNs : slots.get(slot + GRANTED);
    }

    /**
     * A device says that it has a channel. One that is a device itself, or that another device has which is there,
     * stays what it is.
     *
     * @return whether that is so now
     */
    public boolean putChannel(final DeviceId channel, final DeviceId device, final long nowNs, final long untilNs) {
        final int slot = find(channel);
        if (slot >= 0 && slots.get(slot + UNTIL) - nowNs > 0) {
            final boolean own = slots.get(slot + WHERE) == CHANNEL && slots.get(slot + ADDRESS_HIGH) == device.high()
                    && slots.get(slot + ADDRESS_LOW) == device.low();
            if (!own && (slots.get(slot + WHERE) != CHANNEL
                    || isThere(slots.get(slot + ADDRESS_HIGH), slots.get(slot + ADDRESS_LOW), nowNs))) {
                return false;
            }
        }
        return write(channel, nowNs, untilNs, device.high(), device.low(), CHANNEL, 0, untilNs);
    }

    /** A device has left. */
    public void remove(final DeviceId id, final long nowNs) {
        final int slot = find(id);
        if (slot >= 0 && lock(slot)) {
            slots.set(slot + UNTIL, nowNs);
            slots.set(slot + GRANTED, nowNs);
            unlock(slot);
        }
    }

    /** Whether a device with this id is there, not a channel. */
    public boolean isThere(final DeviceId id, final long nowNs) {
        return isThere(id.high(), id.low(), nowNs);
    }

    private boolean isThere(final long high, final long low, final long nowNs) {
        final int slot = find(high, low);
        return slot >= 0 && slots.get(slot + WHERE) != CHANNEL && slots.get(slot + UNTIL) - nowNs > 0;
    }

    /**
     * Looks where a device is, or the device of a channel.
     *
     * @param into filled when it is there: with connection and listen point that it was heard on
     */
    public boolean find(final DeviceId id, final Destination into, final long nowNs) {
        return find(id.high(), id.low(), into, nowNs, true);
    }

    private boolean find(final long high, final long low, final Destination into, final long nowNs,
            final boolean channels) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            final int slot = find(high, low);
            if (slot < 0) {
                return false;
            }
            final long version = slots.get(slot);
            final long slotHigh = slots.get(slot + HIGH);
            final long slotLow = slots.get(slot + LOW);
            final long untilNs = slots.get(slot + UNTIL);
            final long addressHigh = slots.get(slot + ADDRESS_HIGH);
            final long addressLow = slots.get(slot + ADDRESS_LOW);
            final long where = slots.get(slot + WHERE);
            final long connection = slots.get(slot + CONNECTION);
            if ((version & 1) != 0 || slots.get(slot) != version || slotHigh != high || slotLow != low) {
                continue;
            }
            if (untilNs - nowNs <= 0) {
                return false;
            }
            if (where == CHANNEL) {
                return channels && find(addressHigh, addressLow, into, nowNs, false);
            }
            into.transport = TRANSPORTS[(int) where & 0xFF];
            into.listenPoint = (int) (where >>> 8) & 0xFF;
            into.port = (int) (where >>> 16);
            into.addressHigh = addressHigh;
            into.addressLow = addressLow;
            into.connection = connection;
            into.identity = 0;
            return true;
        }
        return false;
    }

    /** Devices that are there, channels left aside. Reads the whole table: for people. */
    public int count(final long nowNs) {
        int count = 0;
        for (int slot = 0; slot < slots.length(); slot += SLOT_LONGS) {
            if (slots.get(slot + HIGH) != 0 && slots.get(slot + WHERE) != CHANNEL
                    && slots.get(slot + UNTIL) - nowNs > 0) {
                count++;
            }
        }
        return count;
    }

    /** Times that there was no room for a device or channel. */
    public long refused() {
        return refused.get();
    }

    private int first(final long high, final long low) {
        long hash = (high ^ seed) * 0x9E37_79B9_7F4A_7C15L;
        hash = (hash ^ hash >>> 32 ^ low) * 0xD6E8_FEB8_6659_FD93L;
        hash = (hash ^ hash >>> 32 ^ seed) * 0xD6E8_FEB8_6659_FD93L;
        return (int) (hash >>> 32) & mask;
    }

    private int find(final DeviceId id) {
        return find(id.high(), id.low());
    }

    private int find(final long high, final long low) {
        int slot = first(high, low) * SLOT_LONGS;
        for (int i = 0; i < WINDOW; i++, slot += SLOT_LONGS) {
            if (slots.get(slot + HIGH) == high && slots.get(slot + LOW) == low) {
                return slot;
            }
        }
        return -1;
    }

    private boolean write(final DeviceId id, final long nowNs, final long untilNs, final long a, final long b,
            final long where, final long connection, final long grantedNs) {
        int slot = find(id);
        if (slot < 0) {
            slot = free(id, nowNs);
        }
        if (slot < 0) {
            refused.incrementAndGet();
            return false;
        }
        if (!lock(slot)) {
            // Somebody else hears the same device at this very moment.
            return true;
        }
        slots.set(slot + HIGH, id.high());
        slots.set(slot + LOW, id.low());
        slots.set(slot + UNTIL, untilNs);
        slots.set(slot + ADDRESS_HIGH, a);
        slots.set(slot + ADDRESS_LOW, b);
        slots.set(slot + WHERE, where);
        slots.set(slot + CONNECTION, connection);
        slots.set(slot + GRANTED, grantedNs);
        unlock(slot);
        return true;
    }

    private int free(final DeviceId id, final long nowNs) {
        int slot = first(id.high(), id.low()) * SLOT_LONGS;
        for (int i = 0; i < WINDOW; i++, slot += SLOT_LONGS) {
            if (slots.get(slot + HIGH) == 0 || slots.get(slot + UNTIL) - nowNs <= 0) {
                return slot;
            }
        }
        return -1;
    }

    private boolean lock(final int slot) {
        final long version = slots.get(slot);
        return (version & 1) == 0 && slots.compareAndSet(slot, version, version + 1);
    }

    private void unlock(final int slot) {
        slots.set(slot, slots.get(slot) + 1);
    }
}
