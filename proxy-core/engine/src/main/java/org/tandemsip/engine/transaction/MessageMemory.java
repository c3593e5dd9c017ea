package org.tandemsip.engine.transaction;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Off-heap memory for the messages and keys that transactions keep: pages of 64 KiB, each cut into blocks of one size.
 *
 * <pre>
 *   chunk  | page 0: 96 x 640 B | page 1: free | page 2: 1,024 x 64 B | page 3: 1 x 64 KiB |
 *   handle = page number (22 bits) | block number (10 bits)
 * </pre>
 *
 * A block wastes at most a fifth of its size for messages over 256 bytes. A page whose last block is given back can
 * be cut for another size, so a burst of large messages does not take the memory away from small ones for good.
 * Chunks are allocated as they are first needed, up to the bound, and kept. Shard thread only.
 */
public final class MessageMemory {
    /** Handle of no block. */
    public static final int NONE = -1;

    private static final int PAGE_BYTES = 64 * 1024;
    private static final int PAGES_PER_CHUNK = 4;
    private static final int BLOCK_BITS = 10;
    private static final int BLOCK_MASK = (1 << BLOCK_BITS) - 1;
    private static final int UNIT_BITS = 6;
    private static final int[] SIZES = sizes();
    private static final int[] BLOCKS_PER_PAGE = Arrays.stream(SIZES).map(size -> PAGE_BYTES / size).toArray();
    private static final byte[] CLASS_BY_UNITS = classByUnits();

    private final UnsafeBuffer[] chunks;
    private final byte[] classOf;
    private final short[] blocksInUse;
    private final short[] blocksTouched;
    private final short[] freeBlock;
    // Links the pages of one class that have a free block, and the pages that belong to none.
    private final int[] previousPage;
    private final int[] nextPage;
    private final int[] pagesWithRoom = new int[SIZES.length];
    private int freePages = NONE;
    private int pagesTouched;
    private int pageLimit;
    private long bytesInUse;

    /** Makes an empty memory of at most {@code maxBytes}, rounded up to whole chunks. */
    MessageMemory(final long maxBytes) {
        final int chunkCount = Math.toIntExact(maxBytes / (PAGES_PER_CHUNK * PAGE_BYTES) + 1);
        final int pages = chunkCount * PAGES_PER_CHUNK;
        chunks = new UnsafeBuffer[chunkCount];
        classOf = new byte[pages];
        blocksInUse = new short[pages];
        blocksTouched = new short[pages];
        freeBlock = new short[pages];
        previousPage = new int[pages];
        nextPage = new int[pages];
        pageLimit = pages;
        Arrays.fill(pagesWithRoom, NONE);
    }

    /** Takes a block of at least {@code length} bytes, 1 to 65,536; returns its handle, or {@link #NONE} when full. */
    public int allocate(final int length) {
        final int sizeClass = CLASS_BY_UNITS[length + (1 << UNIT_BITS) - 1 >> UNIT_BITS];
        int page = pagesWithRoom[sizeClass];
        if (page == NONE) {
            page = takePage(sizeClass);
            if (page == NONE) {
                return NONE;
            }
        }
        final int block;
        if (freeBlock[page] == NONE) {
            block = blocksTouched[page]++;
        } else {
            block = freeBlock[page];
            freeBlock[page] = buffer(page << BLOCK_BITS).getShort(offset(page << BLOCK_BITS | block));
        }
        if (++blocksInUse[page] == BLOCKS_PER_PAGE[sizeClass]) {
            unlink(page, sizeClass);
        }
        bytesInUse += SIZES[sizeClass];
        return page << BLOCK_BITS | block;
    }

    /** Takes a block and copies {@code length} bytes into it; returns its handle, or {@link #NONE} when full. */
    public int copy(final DirectBuffer source, final int sourceOffset, final int length) {
        final int handle = allocate(length);
        if (handle != NONE) {
            buffer(handle).putBytes(offset(handle), source, sourceOffset, length);
        }
        return handle;
    }

    /** Gives a block back; does nothing for {@link #NONE}. */
    public void free(final int handle) {
        if (handle == NONE) {
            return;
        }
        final int page = handle >>> BLOCK_BITS;
        final int sizeClass = classOf[page];
        buffer(handle).putShort(offset(handle), freeBlock[page]);
        freeBlock[page] = (short) (handle & BLOCK_MASK);
        if (blocksInUse[page]-- == BLOCKS_PER_PAGE[sizeClass]) {
            link(page, sizeClass);
        }
        if (blocksInUse[page] == 0) {
            unlink(page, sizeClass);
            nextPage[page] = freePages;
            freePages = page;
        }
        bytesInUse -= SIZES[sizeClass];
    }

    /** Buffer that holds the block. */
    public UnsafeBuffer buffer(final int handle) {
        return chunks[(handle >>> BLOCK_BITS) / PAGES_PER_CHUNK];
    }

    /** Offset of the block's first byte in its {@link #buffer}. */
    public int offset(final int handle) {
        final int page = handle >>> BLOCK_BITS;
        return page % PAGES_PER_CHUNK * PAGE_BYTES + (handle & BLOCK_MASK) * SIZES[classOf[page]];
    }

    /** Sum of the sizes of all blocks taken. */
    public long bytesInUse() {
        return bytesInUse;
    }

    /** Bytes allocated from the system so far. */
    long bytesAllocated() {
        long chunksAllocated = 0;
        for (final UnsafeBuffer chunk : chunks) {
            chunksAllocated += chunk == null ? 0 : 1;
        }
        return chunksAllocated * PAGES_PER_CHUNK * PAGE_BYTES;
    }

    private int takePage(final int sizeClass) {
        final int page;
        if (freePages != NONE) {
            page = freePages;
            freePages = nextPage[page];
        } else if (pagesTouched < pageLimit) {
            page = pagesTouched;
            if (chunks[page / PAGES_PER_CHUNK] == null && !allocateChunk(page / PAGES_PER_CHUNK)) {
                return NONE;
            }
            pagesTouched++;
        } else {
            return NONE;
        }
        classOf[page] = (byte) sizeClass;
        blocksInUse[page] = 0;
        blocksTouched[page] = 0;
        freeBlock[page] = NONE;
        link(page, sizeClass);
        return page;
    }

    private boolean allocateChunk(final int chunk) {
        try {
            chunks[chunk] = new UnsafeBuffer(ByteBuffer.allocateDirect(PAGES_PER_CHUNK * PAGE_BYTES));
            return true;
        } catch (final OutOfMemoryError e) {
            // The JVM allows less than our bound: that is the bound from now on. Asking again would collect garbage
            // and sleep each time.
            pageLimit = chunk * PAGES_PER_CHUNK;
            return false;
        }
    }

    private void link(final int page, final int sizeClass) {
        final int head = pagesWithRoom[sizeClass];
        previousPage[page] = NONE;
        nextPage[page] = head;
        if (head != NONE) {
            previousPage[head] = page;
        }
        pagesWithRoom[sizeClass] = page;
    }

    private void unlink(final int page, final int sizeClass) {
        final int previous = previousPage[page];
        final int next = nextPage[page];
        if (previous == NONE) {
            pagesWithRoom[sizeClass] = next;
        } else {
            nextPage[previous] = next;
        }
        if (next != NONE) {
            previousPage[next] = previous;
        }
    }

    /** 64, 128, 192, 256, then four steps per doubling: 320, 384, 448, 512, 640 and so on up to a page. */
    private static int[] sizes() {
        final int[] sizes = new int[64];
        int count = 0;
        int step = 1 << UNIT_BITS;
        for (int size = step; size <= PAGE_BYTES; size += step) {
            sizes[count++] = size;
            if (size >= 8 << UNIT_BITS && Integer.bitCount(size) == 1 || size == 4 << UNIT_BITS) {
                step = size / 4;
            }
        }
        return Arrays.copyOf(sizes, count);
    }

    private static byte[] classByUnits() {
        final byte[] classes = new byte[(PAGE_BYTES >> UNIT_BITS) + 1];
        int sizeClass = 0;
        for (int units = 0; units < classes.length; units++) {
            if (units << UNIT_BITS > SIZES[sizeClass]) {
                sizeClass++;
            }
            classes[units] = (byte) sizeClass;
        }
        return classes;
    }
}
