package org.tandemsip.server;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.tandemsip.engine.routing.CreditService.Settlement;

/**
 * Settlements on their way to a credit service: each is sent until it arrives, a few at a time, first at once and then
 * after ever longer pauses. What cannot be delivered is written to the log, so that nobody's money is lost without a
 * trace. Any thread.
 */
final class Settlements implements AutoCloseable {
    /** What came of sending one. */
    enum Result {
        /** It has arrived. */
        DONE,
        /** The service does not want it, now or later. */
        REFUSED,
        /** Nobody knows: it is sent again. */
        AGAIN;

        /** By HTTP status: what says that this one will never be taken is final, and nothing else. */
        static Result of(final int status) {
            return switch (status) {
                case 400, 404, 405, 409, 410, 413, 415, 422 -> REFUSED;
                default -> status / 100 == 2 ? DONE : AGAIN;
            };
        }
    }

    /** Most that wait: some 20 MB, and half an hour of calls at 50 per second. */
    static final int MOST = 100_000;
    private static final int AT_A_TIME = 64;
    private static final long FIRST_PAUSE_MS = 500;
    private static final long LONGEST_PAUSE_MS = 60_000;
    private static final long CLOSE_NS = TimeUnit.SECONDS.toNanos(3);
    private static final int MOST_LOGGED = 1_000;

    private final BiConsumer<Settlement, Consumer<Result>> sender;
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("tandem-settle").factory());
    /** All that have not arrived, with how often they were sent. Guarded by this. */
    private final Map<Settlement, Integer> open = new LinkedHashMap<>();
    private final ConcurrentLinkedQueue<Settlement> due = new ConcurrentLinkedQueue<>();
    private int sending;
    private long settled;
    private long refused;
    private long lost;
    private long retries;
    private boolean closed;

    /** @param sender sends one, and says once what came of it */
    Settlements(final BiConsumer<Settlement, Consumer<Result>> sender) {
        this.sender = sender;
    }

    /** Takes one more. */
    void add(final Settlement settlement) {
        final boolean taken;
        synchronized (this) {
            taken = !closed && open.size() < MOST;
            if (taken) {
                open.put(settlement, 0);
            } else {
                lost++;
            }
        }
        if (taken) {
            due.add(settlement);
            next();
        } else {
            tell("a call could not be settled", settlement);
        }
    }

    private void next() {
        while (true) {
            final Settlement settlement;
            synchronized (this) {
                if (closed || sending == AT_A_TIME) {
                    return;
                }
                settlement = due.poll();
                if (settlement == null) {
                    return;
                }
                sending++;
            }
            sender.accept(settlement, result -> ended(settlement, result));
        }
    }

    private void ended(final Settlement settlement, final Result result) {
        synchronized (this) {
            sending--;
            if (result == Result.AGAIN && !closed) {
                final int times = open.merge(settlement, 1, Integer::sum);
                retries++;
                timer.schedule(() -> {
                    due.add(settlement);
                    next();
                }, Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS << Math.min(times, 10)), TimeUnit.MILLISECONDS);
            } else if (result != Result.AGAIN && open.remove(settlement) != null) {
                if (result == Result.DONE) {
                    settled++;
                } else {
                    refused++;
                }
            }
            notifyAll();
        }
        if (result == Result.REFUSED) {
            tell("the service refuses a settlement", settlement);
        }
        next();
    }

    private static void tell(final String what, final Settlement settlement) {
        EventLog.error("credit", "msg", what, "call", settlement.call(), "trunk", settlement.trunk(), "used_ms",
                settlement.usedMs());
    }

    synchronized int unsettled() {
        return open.size();
    }

    synchronized long settled() {
        return settled;
    }

    synchronized long refused() {
        return refused;
    }

    synchronized long lost() {
        return lost;
    }

    synchronized long retries() {
        return retries;
    }

    /** Waits some seconds for what is under way, and writes down what has not arrived by then. */
    @Override
    public void close() {
        final long deadlineNs = System.nanoTime() + CLOSE_NS;
        synchronized (this) {
            try {
                while (!open.isEmpty() && deadlineNs - System.nanoTime() > 0) {
                    TimeUnit.NANOSECONDS.timedWait(this, Math.max(1_000_000, deadlineNs - System.nanoTime()));
                }
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            closed = true;
            open.keySet().stream().limit(MOST_LOGGED)
                    .forEach(settlement -> tell("a call could not be settled", settlement));
            lost += open.size();
            open.clear();
        }
        timer.shutdownNow();
    }
}
