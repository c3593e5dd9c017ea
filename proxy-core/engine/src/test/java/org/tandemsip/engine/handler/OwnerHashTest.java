package org.tandemsip.engine.handler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import java.util.function.IntFunction;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.tandemsip.codec.Slice;

class OwnerHashTest {
    private static int hash(final OwnerHash hash, final String callId) {
        final byte[] bytes = ("<" + callId + ">").getBytes(StandardCharsets.US_ASCII);
        return hash.of(new UnsafeBuffer(bytes), 1, callId.length());
    }

    private static OwnerHash hash(final long key) {
        return new ShardContext.Keys(key, -key, 3, 4).ownerHash();
    }

    private static void assertSpread(final IntFunction<String> callIds) {
        for (final int shards : new int[] {2, 3, 4, 7, 64}) {
            for (long key = 0; key < 100; key++) {
                final OwnerHash hash = hash(key);
                final int[] calls = new int[shards];
                final int fair = 200;
                for (int i = 0; i < fair * shards; i++) {
                    calls[ShardContext.ownerOf(hash(hash, callIds.apply(i)), shards)]++;
                }
                for (final int share : calls) {
                    assertTrue(share > fair / 2 && share < fair * 2, share + " of " + shards + " by key " + key);
                }
            }
        }
    }

    @Test
    void shouldSpreadCallIdsOverShardsHoweverMuchTheyAreLikeEachOther() {
        assertSpread(i -> i + "-4711@192.0.2.1");
        assertSpread(i -> "call-" + i);
        assertSpread(i -> "%032x@pbx.example.com".formatted(1_000_000 + i));
        assertSpread(i -> new UUID(i, i).toString());
        assertSpread(i -> "a".repeat(i % 600) + i / 600);
    }

    @Test
    void shouldTellCallIdsOfAllLengthsApart() {
        final Set<Integer> hashes = new HashSet<>();
        for (int length = 0; length < 500; length++) {
            assertTrue(hashes.add(hash(hash(1), "x".repeat(length))), () -> "so many x");
        }
    }

    @Test
    void shouldDependOnTheKeyAndNotOnTheProcess() {
        assertEquals(hash(hash(1), "one"), hash(hash(1), "one"));
        assertNotEquals(hash(hash(1), "one"), hash(hash(2), "one"));
        assertEquals(1, hash(1).multiplier() & 1);
    }

    @Test
    void shouldTakeACallIdThatIsNotThereForAnEmptyOne() {
        final UnsafeBuffer bytes = new UnsafeBuffer(new byte[8]);
        assertEquals(hash(1).of(bytes, 3, 0), hash(1).of(bytes, Slice.NONE));
    }
}
