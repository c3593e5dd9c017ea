package org.tandemsip.server.transport;

import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/**
 * Netty's event loops, each calling back at the end of every cycle, after all sockets that were ready have been read.
 */
final class LoopGroup extends MultiThreadIoEventLoopGroup {
    LoopGroup(final int loops, final IoHandlerFactory ioHandlers) {
        super(loops, threads(), ioHandlers);
    }

    /** The event loops in order. */
    List<TurningLoop> loops() {
        final List<TurningLoop> loops = new ArrayList<>();
        forEach(loop -> loops.add((TurningLoop) loop));
        return loops;
    }

    @Override
    protected IoEventLoop newChild(final Executor executor, final IoHandlerFactory ioHandlers, final Object... none) {
        return new TurningLoop(this, executor, ioHandlers);
    }

    private static ThreadFactory threads() {
        final AtomicInteger number = new AtomicInteger();
        return task -> {
            final Thread thread = new FastThreadLocalThread(task, "tandem-loop-" + number.getAndIncrement());
            thread.setDaemon(true);
            return thread;
        };
    }

    /** An event loop that takes a turn after each cycle of I/O. */
    static final class TurningLoop extends SingleThreadIoEventLoop {
        private IntConsumer turn;

        TurningLoop(final LoopGroup group, final Executor executor, final IoHandlerFactory ioHandlers) {
            super(group, executor, ioHandlers);
        }

        /** What to do after each cycle from now on, given how many were ready. To be called on the loop itself. */
        void turn(final IntConsumer newTurn) {
            assert inEventLoop();
            turn = newTurn;
        }

        /** Whether there are tasks to run. */
        boolean hasWork() {
            return hasTasks();
        }

        @Override
        protected int runIo() {
            final int handled = super.runIo();
            if (turn != null) {
                turn.accept(handled);
            }
            return handled;
        }
    }
}
