package org.tandemsip.perf.load;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;

/** Runs the loops of a load side by side: the first on the thread that calls, each other on one of its own. */
final class Together {
    /** What each loop does. */
    @FunctionalInterface
    interface Work {
        /** Does the part of loop number {@code loop}, counted from 0. */
        void run(int loop) throws IOException;
    }

    private Together() {}

    /**
     * Runs {@code work} for each loop and returns when all have ended.
     *
     * @param onFailure told, on any thread, that one failed: the others should come to their end
     * @throws IOException the first failure
     */
    static void run(final int loops, final Work work, final Runnable onFailure) throws IOException {
        if (loops == 1) {
            work.run(0);
            return;
        }
        final AtomicReference<Throwable> failure = new AtomicReference<>();
        final Thread[] threads = new Thread[loops - 1];
        for (int i = 0; i < threads.length; i++) {
            final int loop = i + 1;
            threads[i] = Thread.ofPlatform().name("load-" + loop).daemon()
                    .start(() -> attempt(loop, work, failure, onFailure));
        }
        attempt(0, work, failure, onFailure);
        for (final Thread thread : threads) {
            join(thread);
        }
        switch (failure.get()) {
            case null -> {
                // All of them came to their end.
            }
            case final IOException e -> throw e;
            case final Error e -> throw e;
            case final Throwable e -> throw new IllegalStateException("a loop of the generator failed", e);
        }
    }

    private static void attempt(final int loop, final Work work, final AtomicReference<Throwable> failure,
            final Runnable onFailure) {
        try {
            work.run(loop);
        } catch (final Throwable e) { // an Error in a thread of its own would be lost, and half a run look whole
            failure.compareAndSet(null, e);
            onFailure.run();
        }
    }

    private static void join(final Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (final InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
