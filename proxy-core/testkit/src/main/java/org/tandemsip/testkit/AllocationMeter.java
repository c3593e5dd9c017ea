package org.tandemsip.testkit;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Measures what a piece of code allocates on the heap, on the calling thread. */
public final class AllocationMeter {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private AllocationMeter() {}

    /**
     * Bytes allocated by {@code runs} runs of {@code action}, after as many to warm up; the smallest of five
     * measurements, since compilation and class loading allocate as well. What the measurement itself allocates is
     * taken off.
     */
    public static long bytes(final int runs, final Runnable action) {
        final Runnable nothing = () -> {
        };
        for (int i = 0; i < runs; i++) {
            action.run();
            nothing.run();
        }
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 5; round++) {
            least = Math.min(least, measure(runs, action) - measure(runs, nothing));
        }
        return Math.max(0, least);
    }

    private static long measure(final int runs, final Runnable action) {
        final long before = THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < runs; i++) {
            action.run();
        }
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }
}
