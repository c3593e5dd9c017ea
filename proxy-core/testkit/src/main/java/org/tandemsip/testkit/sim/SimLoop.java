package org.tandemsip.testkit.sim;

import java.util.PriorityQueue;

import org.tandemsip.testkit.FakeClock;

/**
 * The event queue of a simulation: runs tasks in order of virtual time, and in order of scheduling within one instant.
 */
public final class SimLoop {
    /** Something to be done at a time; may be called off. */
    public static final class Task {
        private final long timeNs;
        private final long order;
        private Runnable action;

        private Task(final long timeNs, final long order, final Runnable action) {
            this.timeNs = timeNs;
            this.order = order;
            this.action = action;
        }

        /** Calls it off; does nothing when it has run. */
        public void cancel() {
            action = null;
        }

        /** Whether it is still to run. */
        public boolean pending() {
            return action != null;
        }

        private int compare(final Task other) {
            final long difference = timeNs - other.timeNs;
            return difference == 0 ? Long.compare(order, other.order) : Long.signum(difference);
        }
    }

    private final PriorityQueue<Task> queue = new PriorityQueue<>(Task::compare);
    private final FakeClock clock;
    private long orders;

    /** Starts at {@code startNs}. */
    public SimLoop(final long startNs) {
        clock = new FakeClock(startNs);
    }

    /** Virtual time. */
    public long nowNs() {
        return clock.nowNs();
    }

    /** Runs {@code action} after {@code delayNs}. */
    public Task after(final long delayNs, final Runnable action) {
        return at(nowNs() + Math.max(0, delayNs), action);
    }

    /** Runs {@code action} at {@code timeNs}, or at once when that is past. */
    public Task at(final long timeNs, final Runnable action) {
        final long time = timeNs - nowNs() < 0 ? nowNs() : timeNs;
        final Task task = new Task(time, orders++, action);
        queue.add(task);
        return task;
    }

    /** Runs everything due until {@code timeNs} and sets the clock there; returns the number of tasks run. */
    public int runUntil(final long timeNs) {
        int done = 0;
        while (!queue.isEmpty() && queue.peek().timeNs - timeNs <= 0) {
            final Task task = queue.poll();
            final Runnable action = task.action;
            if (action != null) {
                task.action = null;
                clock.set(task.timeNs);
                action.run();
                done++;
            }
        }
        clock.set(timeNs);
        return done;
    }

    /** Time of the next task not called off; {@code fallbackNs} when there is none. */
    public long nextNs(final long fallbackNs) {
        while (!queue.isEmpty() && queue.peek().action == null) {
            queue.poll();
        }
        return queue.isEmpty() ? fallbackNs : queue.peek().timeNs;
    }
}
