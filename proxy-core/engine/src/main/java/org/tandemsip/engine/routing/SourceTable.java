package org.tandemsip.engine.routing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Finds the trunk of a source address: exact address and port of a peer first, then ranges by longest prefix. Immutable
 * after construction, read by all shards.
 *
 * <p>One open-addressing table holds all keys (masked address and a discriminator: port, or prefix length); a look-up
 * costs one probe for the exact address and one per distinct prefix length, of which a configuration has a handful. The
 * keys are the operator's own, so nobody outside can make them collide.
 */
final class SourceTable {
    /** Discriminators of ranges lie beyond those of ports. */
    private static final int RANGE = 1 << 16;

    private final long[] highs;
    private final long[] lows;
    private final int[] discriminators;
    /** Trunks that claim a key, in the order of the configuration; more than one where they are told by accounts. */
    private final Trunk[][] values;
    private final int mask;
    private final int[] prefixes;

    /** A key with its trunk, while the table is being built. */
    private record Entry(long high, long low, int discriminator, Trunk trunk) {}

    SourceTable(final List<Trunk> trunks) {
        final List<Entry> entries = entries(trunks);
        final int capacity = Integer.highestOneBit(Math.max(8, entries.size() * 4 - 1));
        highs = new long[capacity];
        lows = new long[capacity];
        discriminators = new int[capacity];
        values = new Trunk[capacity][];
        mask = capacity - 1;
        for (final Entry entry : entries) {
            put(entry);
        }
        prefixes = entries.stream().mapToInt(Entry::discriminator).filter(d -> d >= RANGE).map(d -> d - RANGE)
                .distinct().boxed().sorted(Comparator.reverseOrder()).mapToInt(Integer::intValue).toArray();
    }

    private static List<Entry> entries(final List<Trunk> trunks) {
        final List<Entry> entries = new ArrayList<>();
        for (final Trunk trunk : trunks) {
            for (final Peer peer : trunk.peers()) {
                entries.add(new Entry(peer.addressHigh(), peer.addressLow(), peer.port(), trunk));
            }
            for (final Cidr range : trunk.allow()) {
                entries.add(new Entry(range.high(), range.low(), RANGE + range.prefixBits(), trunk));
            }
            for (final Peer peer : trunk.peers()) {
                entries.add(new Entry(peer.addressHigh(), peer.addressLow(), RANGE + 128, trunk));
            }
        }
        return entries;
    }

    private void put(final Entry entry) {
        int slot = slot(entry.high, entry.low, entry.discriminator);
        while (values[slot] != null) {
            if (highs[slot] == entry.high && lows[slot] == entry.low && discriminators[slot] == entry.discriminator) {
                if (Arrays.stream(values[slot]).noneMatch(trunk -> trunk == entry.trunk)) {
                    values[slot] = Arrays.copyOf(values[slot], values[slot].length + 1);
                    values[slot][values[slot].length - 1] = entry.trunk;
                }
                return;
            }
            slot = slot + 1 & mask;
        }
        highs[slot] = entry.high;
        lows[slot] = entry.low;
        discriminators[slot] = entry.discriminator;
        values[slot] = new Trunk[] {entry.trunk};
    }

    /** The trunks that claim an address and port: one or more, or {@code null}. */
    Trunk[] claimants(final long high, final long low, final int port) {
        final Trunk[] exact = find(high, low, port);
        if (exact != null) {
            return exact;
        }
        for (final int prefix : prefixes) {
            final Trunk[] trunks = find(high & Cidr.highMask(prefix), low & Cidr.lowMask(prefix), RANGE + prefix);
            if (trunks != null) {
                return trunks;
            }
        }
        return null;
    }

    private Trunk[] find(final long high, final long low, final int discriminator) {
        int slot = slot(high, low, discriminator);
        while (values[slot] != null) {
            if (highs[slot] == high && lows[slot] == low && discriminators[slot] == discriminator) {
                return values[slot];
            }
            slot = slot + 1 & mask;
        }
        return null;
    }

    private int slot(final long high, final long low, final int discriminator) {
        long mixed = high * 0x9E37_79B9_7F4A_7C15L ^ low;
        mixed = (mixed ^ mixed >>> 32 ^ discriminator) * 0xBF58_476D_1CE4_E5B9L;
        return (int) (mixed >>> 32) & mask;
    }
}
