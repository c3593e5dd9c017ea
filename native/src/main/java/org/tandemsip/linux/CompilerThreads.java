package org.tandemsip.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Lets the threads that do the work go before the JVM's own optimizing compiler (C2) where both want the same core
 * (setpriority(2), whose priority is that of a thread on Linux). To give way needs no rights; the JVM's flags for it do
 * nothing without root.
 *
 * <p>Code that is met first under overload, that which refuses, would otherwise be compiled with half of the core, for
 * as long as that takes: seconds in which half of what the server can do is missing. The quick compiler (C1) keeps its
 * priority: to wait for it means to be interpreted.
 */
public final class CompilerThreads {
    private static final Path THREADS = Path.of("/proc/self/task");
    /** The kernel keeps 15 characters of a thread's name. */
    private static final String OPTIMIZING = "C2 CompilerThre";

    private CompilerThreads() {}

    /**
     * Changes the priority of the compiler's threads; those that the JVM adds later are started by one of them and
     * inherit it.
     *
     * @param nice 0 to 19: of a core that another thread wants whole, a thread at 5 gets a quarter, at 10 a tenth
     * @return how many threads; 0 where this is not Linux on 64 bits or the JVM has other compilers
     */
    public static int giveWay(final int nice) {
        final String[] threads = UdpSocket.isAvailable() ? THREADS.toFile().list() : null;
        if (threads == null) {
            return 0;
        }
        int changed = 0;
        for (final String thread : threads) {
            if (name(thread).equals(OPTIMIZING)
                    && LibC.setpriority(Integer.parseInt(thread), nice) == 0) {
                changed++;
            }
        }
        return changed;
    }

    private static String name(final String thread) {
        try {
            return Files.readString(THREADS.resolve(thread).resolve("comm")).strip();
        } catch (final IOException ended) {
            return "";
        }
    }
}
