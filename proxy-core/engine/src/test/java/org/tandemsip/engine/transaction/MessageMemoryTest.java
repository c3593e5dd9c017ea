package org.tandemsip.engine.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class MessageMemoryTest {
    private static final int PAGE = 64 * 1024;
    private static final int CHUNK = 4 * PAGE;

    @Test
    void shouldKeepBytesApartWhenBlocksOfAllSizesComeAndGo() {
        final long seed = 20_260_102L;
        final SplittableRandom random = new SplittableRandom(seed);
        final MessageMemory memory = new MessageMemory(64L * CHUNK);
        final List<int[]> held = new ArrayList<>();
        for (int step = 0; step < 50_000; step++) {
            if (held.isEmpty() || random.nextInt(100) < 52 && held.size() < 500) {
                final int length = 1 + random.nextInt(1 << 1 + random.nextInt(16));
                final int handle = memory.allocate(Math.min(length, PAGE));
                if (handle != MessageMemory.NONE) {
                    final byte mark = (byte) random.nextInt();
                    memory.buffer(handle).setMemory(memory.offset(handle), Math.min(length, PAGE), mark);
                    held.add(new int[] {handle, Math.min(length, PAGE), mark});
                }
            } else {
                final int[] block = held.remove(random.nextInt(held.size()));
                final UnsafeBuffer buffer = memory.buffer(block[0]);
                final int offset = memory.offset(block[0]);
                for (int i = 0; i < block[1]; i += Math.max(1, block[1] / 16)) {
                    assertEquals(block[2], buffer.getByte(offset + i), "seed " + seed + " step " + step);
                }
                assertEquals(block[2], buffer.getByte(offset + block[1] - 1), "seed " + seed + " step " + step);
                memory.free(block[0]);
            }
        }
        held.forEach(block -> memory.free(block[0]));
        assertEquals(0, memory.bytesInUse());
    }

    @Test
    void shouldWasteLittleWhenSizesVary() {
        final MessageMemory memory = new MessageMemory(CHUNK);
        for (int length = 1; length <= PAGE; length++) {
            final int handle = memory.allocate(length);
            final long size = memory.bytesInUse();
            assertTrue(size >= length && size < length + Math.max(64, length / 4 + 1), length + " in " + size);
            memory.free(handle);
        }
    }

    @Test
    void shouldRefuseWhenFullAndServeAgainWhenSomethingIsGivenBack() {
        final MessageMemory memory = new MessageMemory(CHUNK - 1);
        final List<Integer> handles = new ArrayList<>();
        int handle = memory.allocate(1_000);
        while (handle != MessageMemory.NONE) {
            handles.add(handle);
            handle = memory.allocate(1_000);
        }

        assertEquals(CHUNK / 1_024, handles.size());
        assertEquals(CHUNK, memory.bytesAllocated());
        memory.free(handles.removeLast());
        assertNotEquals(MessageMemory.NONE, memory.allocate(1_000));
        assertEquals(MessageMemory.NONE, memory.allocate(1_000));
    }

    @Test
    void shouldCutPagesAnewWhenTheMixOfSizesChanges() {
        final MessageMemory memory = new MessageMemory(CHUNK - 1);
        final int[] large = new int[4];
        for (int i = 0; i < large.length; i++) {
            large[i] = memory.allocate(65_535);
            assertNotEquals(MessageMemory.NONE, large[i]);
        }
        assertEquals(MessageMemory.NONE, memory.allocate(64));
        for (final int handle : large) {
            memory.free(handle);
        }

        for (int i = 0; i < CHUNK / 64; i++) {
            assertNotEquals(MessageMemory.NONE, memory.allocate(64));
        }
        assertEquals(CHUNK, memory.bytesInUse());
        assertEquals(CHUNK, memory.bytesAllocated());
    }

    @Test
    void shouldAllocateNothingFromTheSystemWhenNothingIsKept() {
        final MessageMemory memory = new MessageMemory(1L << 30);

        assertEquals(0, memory.bytesAllocated());
        memory.free(memory.allocate(1));
        assertEquals(CHUNK, memory.bytesAllocated());
        memory.free(MessageMemory.NONE);
    }
}
