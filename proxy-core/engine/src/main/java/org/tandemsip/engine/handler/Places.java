package org.tandemsip.engine.handler;

import java.util.function.Consumer;

/**
 * What a shard remembers, each object in a slot of its own for good, so that a message which names the slot finds it
 * without a search. A place is one use of one slot: shard (8 bits), slot (24) and generation (32), the number of the
 * use, so that a message that comes late does not find what the slot is used for by then. It is no secret and proves
 * nothing: whoever reads one out of a message checks a MAC beside it.
 *
 * <p>Slots are added one by one, in steps of a few thousand, and never given back. Shard thread only.
 *
 * @param <T> what stands in a slot: pooled, and used again and again
 */
public final class Places<T> {
    /** No place; never that of an object. */
    public static final long NONE = 0;
    /** Slots there can be per shard. */
    public static final int MOST_SLOTS = 1 << 24;

    private static final int CHUNK_BITS = 12;
    private static final int CHUNK_MASK = (1 << CHUNK_BITS) - 1;
    private static final long SLOT_BITS = 0xFFFF_FFFF_0000_0000L;

    private final long shardBits;
    private final Object[][] objects;
    private final long[][] places;
    private final int firstGeneration;
    private int size;

    /**
     * Makes an empty one.
     *
     * @param shard           number of the shard, 0 to 255
     * @param slots           most slots, 1 to {@link #MOST_SLOTS}
     * @param firstGeneration generation of each slot's first use. Places that outlive the process need one that
     *                        another process is not likely to have
     */
    public Places(final int shard, final int slots, final int firstGeneration) {
        shardBits = (long) shard << 56;
        final int chunks = (Math.clamp(slots, 1, MOST_SLOTS) - 1 >> CHUNK_BITS) + 1;
        objects = new Object[chunks][];
        places = new long[chunks][];
        this.firstGeneration = firstGeneration;
    }

    /** Gives {@code object} a slot; returns its first place, or {@link #NONE} when no slot is left. */
    public long add(final T object) {
        final int chunk = size >> CHUNK_BITS;
        if (chunk == objects.length) {
            return NONE;
        }
        if (objects[chunk] == null) {
            objects[chunk] = new Object[1 << CHUNK_BITS];
            places[chunk] = new long[1 << CHUNK_BITS];
        }
        final long place = place(shardBits | (long) size << 32, firstGeneration);
        objects[chunk][size & CHUNK_MASK] = object;
        places[chunk][size & CHUNK_MASK] = place;
        size++;
        return place;
    }

    /** Number of the slot of a place, from 0. */
    public static int slot(final long place) {
        return (int) (place >>> 32) & MOST_SLOTS - 1;
    }

    /** Shard of a place. */
    public static int shard(final long place) {
        return (int) (place >>> 56);
    }

    /** Number of slots so far. */
    public int size() {
        return size;
    }

    /** Makes the slot of {@code place}, which is not in use, have that very place: one of an earlier process. */
    public void resume(final long place) {
        final int slot = slot(place);
        places[slot >> CHUNK_BITS][slot & CHUNK_MASK] = place;
    }

    /** Ends one use of a slot: {@code place} leads nowhere from here on. Returns that of the next use. */
    public long next(final long place) {
        if (place == NONE) {
            return NONE;
        }
        final int slot = slot(place);
        final long next = place(place & SLOT_BITS, (int) place + 1);
        places[slot >> CHUNK_BITS][slot & CHUNK_MASK] = next;
        return next;
    }

    /** What is at {@code place}, whatever it is; {@code null} when nothing is, or it is another shard's. */
    @SuppressWarnings("unchecked")
    public T get(final long place) {
        final int slot = slot(place);
        return slot < size && places[slot >> CHUNK_BITS][slot & CHUNK_MASK] == place
                ? (T) objects[slot >> CHUNK_BITS][slot & CHUNK_MASK] : null;
    }

    /** Shows every object to {@code viewer}, whether its slot is in use or not. Control rate. */
    @SuppressWarnings("unchecked")
    public void forEach(final Consumer<T> viewer) {
        for (int slot = 0; slot < size; slot++) {
            viewer.accept((T) objects[slot >> CHUNK_BITS][slot & CHUNK_MASK]);
        }
    }

    /** Shard 0, slot 0 and generation 0 together would be no place at all. */
    private static long place(final long slotBits, final int generation) {
        return slotBits | (generation == 0 ? 1 : generation & 0xFFFF_FFFFL);
    }
}
