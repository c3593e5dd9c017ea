package org.tandemsip.server.transport;

import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.BusySpinIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.shard.Shard;

/** Runs a shard on a thread of its own. */
final class ShardAgent implements Agent, ShardThread {
    /** A parked shard looks at its timers this often; for messages it is woken. */
    private static final long PARK_NS = 1_000_000L;
    private static final int SPINS = 100;
    private static final int YIELDS = 20;

    private final Shard shard;
    private final AgentRunner runner;
    private volatile boolean parked;
    private volatile long turnNs = System.nanoTime();
    private volatile Thread thread;

    ShardAgent(final Shard shard, final NetworkConfig.Idle idle, final Counters counters) {
        this.shard = shard;
        final IdleStrategy strategy = switch (idle) {
            case BACKOFF -> new Parking();
            case YIELD -> new YieldingIdleStrategy();
            case SPIN -> new BusySpinIdleStrategy();
        };
        this.runner = new AgentRunner(strategy, unexpected -> counters.increment(Counter.FAULTS), null, this);
    }

    void start() {
        thread = AgentRunner.startOnThread(runner);
    }

    /** Ends the thread; returns when it has ended. */
    void close() {
        runner.close();
    }

    @Override
    public long threadId() {
        final Thread running = thread;
        return running == null ? 0 : running.threadId();
    }

    @Override
    public String name() {
        return roleName();
    }

    @Override
    public long turnNs() {
        return turnNs;
    }

    @Override
    public int doWork() {
        final long nowNs = System.nanoTime();
        turnNs = nowNs;
        return shard.doWork(nowNs);
    }

    @Override
    public String roleName() {
        return "tandem-shard-" + shard.number();
    }

    @Override
    public Shard shard() {
        return shard;
    }

    @Override
    public void wake() {
        // What was put into the ring must be visible before the flag is read, or both sides could miss each other.
        VarHandle.fullFence();
        if (parked) {
            LockSupport.unpark(thread);
        }
    }

    /** Spins, yields, then parks until woken or the millisecond is over. Shard thread only. */
    private final class Parking implements IdleStrategy {
        private int idleTurns;

        @Override
        public void idle(final int workCount) {
            if (workCount > 0) {
                reset();
            } else {
                idle();
            }
        }

        @Override
        public void idle() {
            idleTurns++;
            if (idleTurns <= SPINS) {
                Thread.onSpinWait();
            } else if (idleTurns <= SPINS + YIELDS) {
                Thread.yield();
            } else {
                parked = true;
                if (!shard.hasWork()) {
                    LockSupport.parkNanos(PARK_NS);
                }
                parked = false;
            }
        }

        @Override
        public void reset() {
            idleTurns = 0;
        }
    }
}
