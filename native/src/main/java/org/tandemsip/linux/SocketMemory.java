package org.tandemsip.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Looks how much of a socket's receive buffer is taken ({@code SO_MEMINFO}, about 0.4 µs). Sizes are the kernel's own:
 * a datagram takes two or three times its length, and up to a quarter of the buffer may already have been read. One
 * thread; allocates nothing once made.
 */
public final class SocketMemory {
    private static final int SOL_SOCKET = 1;
    private static final int SO_MEMINFO = 55;
    private static final int NUMBERS = 9;
    private static final int RECEIVE_TAKEN = 0;
    private static final int RECEIVE_BUFFER = 4;

    private final MemorySegment numbers = Arena.global().allocate(NUMBERS * 4, 8);
    private final MemorySegment length = Arena.global().allocate(4, 4);

    /**
     * Looks at socket {@code fd}.
     *
     * @return whether the kernel tells (Linux 4.12 and later); if not, everything is 0
     */
    public boolean look(final int fd) {
        length.set(JAVA_INT, 0, NUMBERS * 4);
        if (LibC.getsockopt(fd, SOL_SOCKET, SO_MEMINFO, numbers.address(), length.address()) == 0) {
            return true;
        }
        numbers.fill((byte) 0);
        return false;
    }

    /** Bytes taken by what was received and not read, at the last look. */
    public long taken() {
        return Integer.toUnsignedLong(numbers.get(JAVA_INT, RECEIVE_TAKEN));
    }

    /** Bytes of the receive buffer at the last look; past them the kernel drops. */
    public long buffer() {
        return Integer.toUnsignedLong(numbers.get(JAVA_INT, RECEIVE_BUFFER));
    }
}
