package org.tandemsip.engine.timer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class TimerLanesTest {
    private static final long MS = 1_000_000L;
    private static final int ALL = Integer.MAX_VALUE;

    private final TimerLanes timers = new TimerLanes();
    private final List<String> expirations = new ArrayList<>();

    @Test
    void shouldExpireExactlyAtItsDeadlineWhenTimePasses() {
        final Recorder node = new Recorder("a");
        timers.arm(node, timers.lane(500 * MS), 7 * MS);

        assertEquals(507 * MS, timers.nextDeadlineNs());
        assertEquals(0, timers.poll(507 * MS - 1, ALL));
        assertTrue(node.armed());
        assertEquals(1, timers.poll(507 * MS, ALL));

        assertFalse(node.armed());
        assertEquals(List.of("a@" + 507 * MS), expirations);
        assertEquals(0, timers.armed());
        assertEquals(Long.MAX_VALUE, timers.nextDeadlineNs());
    }

    @Test
    void shouldNotExpireWhenCancelled() {
        final Recorder first = new Recorder("first");
        final Recorder middle = new Recorder("middle");
        final Recorder last = new Recorder("last");
        final TimerLanes.Lane lane = timers.lane(10);
        timers.arm(first, lane, 0);
        timers.arm(middle, lane, 1);
        timers.arm(last, lane, 2);

        timers.cancel(middle);
        timers.cancel(middle);
        assertEquals(2, timers.armed());
        assertEquals(10, timers.nextDeadlineNs());
        timers.cancel(first);
        assertEquals(12, timers.nextDeadlineNs());
        timers.cancel(last);

        assertEquals(0, timers.poll(1_000, ALL));
        assertEquals(0, timers.armed());
        assertEquals(Long.MAX_VALUE, timers.nextDeadlineNs());
    }

    @Test
    void shouldMoveToTheNewDeadlineWhenArmedAgain() {
        final Recorder node = new Recorder("a");
        final TimerLanes.Lane lane = timers.lane(10);
        timers.arm(node, lane, 0);
        timers.arm(node, lane, 5);
        assertEquals(1, timers.armed());
        assertEquals(0, timers.poll(10, ALL));
        timers.arm(node, timers.lane(100), 10);

        assertEquals(110, timers.nextDeadlineNs());
        assertEquals(0, timers.poll(109, ALL));
        assertEquals(1, timers.poll(110, ALL));
    }

    @Test
    void shouldKeepTheLimitWhenMoreAreDue() {
        for (int i = 0; i < 10; i++) {
            timers.arm(new Recorder("n" + i), timers.lane(i % 3), 0);
        }

        assertEquals(4, timers.poll(100, 4));
        assertEquals(6, timers.armed());
        assertTrue(timers.nextDeadlineNs() - 100 <= 0);
        assertEquals(6, timers.poll(100, ALL));
        assertEquals(0, timers.poll(100, ALL));
    }

    @Test
    void shouldExpireInTheOrderOfArmingWhenInOneLane() {
        final TimerLanes.Lane lane = timers.lane(3);
        timers.arm(new Recorder("a"), lane, 0);
        timers.arm(new Recorder("b"), lane, 0);
        timers.arm(new Recorder("c"), lane, 1);

        timers.poll(9, ALL);

        assertEquals(List.of("a@9", "b@9", "c@9"), expirations);
    }

    @Test
    void shouldAllowRearmingItselfWhenExpired() {
        final TimerLanes.Lane tens = timers.lane(10);
        final TimerNode periodic = new TimerNode() {
            @Override
            protected void expired(final long nowNs) {
                expirations.add("p@" + nowNs);
                timers.arm(this, tens, nowNs);
            }
        };
        timers.arm(periodic, tens, 0);

        for (long nowNs = 0; nowNs <= 35; nowNs++) {
            timers.poll(nowNs, ALL);
        }

        assertEquals(List.of("p@10", "p@20", "p@30"), expirations);
        assertEquals(40, timers.nextDeadlineNs());
    }

    @Test
    void shouldAllowCancellingOthersWhenExpired() {
        final Recorder victim = new Recorder("victim");
        final TimerLanes.Lane lane = timers.lane(10);
        timers.arm(new TimerNode() {
            @Override
            protected void expired(final long nowNs) {
                timers.cancel(victim);
            }
        }, lane, 0);
        timers.arm(victim, lane, 0);

        assertEquals(1, timers.poll(10, ALL));
        assertEquals(List.of(), expirations);
        assertEquals(0, timers.armed());
    }

    @Test
    void shouldExpireAtOnceWhenTheDurationIsZero() {
        timers.arm(new Recorder("zero"), timers.lane(0), 42);

        assertEquals(42, timers.nextDeadlineNs());
        assertEquals(1, timers.poll(42, ALL));
    }

    @Test
    void shouldSurviveTheOverflowOfTheClock() {
        final long nowNs = Long.MAX_VALUE - 3;
        timers.arm(new Recorder("before"), timers.lane(2), nowNs);
        timers.arm(new Recorder("after"), timers.lane(10), nowNs);

        assertEquals(nowNs + 2, timers.nextDeadlineNs());
        assertEquals(1, timers.poll(nowNs + 5, ALL));
        assertEquals(nowNs + 10, timers.nextDeadlineNs());
        assertEquals(1, timers.poll(nowNs + 10, ALL));
        assertEquals(2, expirations.size());
    }

    @Test
    void shouldShareALaneWhenDurationsAreEqual() {
        assertSame(timers.lane(5), timers.lane(5));
        assertEquals(5, timers.lane(5).durationNs());
    }

    @Test
    void shouldRefuseWhenThereAreTooManyLanesOrTheDurationIsNegative() {
        assertThrows(IllegalArgumentException.class, () -> timers.lane(-1));
        for (int i = 0; i < TimerLanes.MAX_LANES; i++) {
            timers.lane(i);
        }
        timers.lane(0);
        assertThrows(IllegalStateException.class, () -> timers.lane(TimerLanes.MAX_LANES));
    }

    @Test
    void shouldForgetALaneWhenItIsReleasedAndEmpty() {
        final Recorder pending = new Recorder("pending");
        for (int i = 0; i < 3 * TimerLanes.MAX_LANES; i++) {
            final TimerLanes.Lane lane = timers.lane(1_000 + i);
            if (i == 0) {
                timers.arm(pending, lane, 0);
            }
            timers.release(lane);
        }

        // What was armed runs out all the same, and only then is its lane gone.
        assertEquals(1_000, timers.nextDeadlineNs());
        assertEquals(1, timers.poll(1_000, ALL));
        assertEquals(1, expirations.size());
        for (int i = 0; i < TimerLanes.MAX_LANES; i++) {
            timers.lane(i);
        }
        assertThrows(IllegalStateException.class, () -> timers.lane(TimerLanes.MAX_LANES));
    }

    @Test
    void shouldAgreeWithASimpleModelWhenArmedCancelledAndPolledAtRandom() {
        final long seed = 20_260_101L;
        final SplittableRandom random = new SplittableRandom(seed);
        final Recorder[] nodes = new Recorder[200];
        final long[] deadlines = new long[nodes.length];
        for (int i = 0; i < nodes.length; i++) {
            nodes[i] = new Recorder("n" + i);
        }
        long nowNs = 0;
        for (int step = 0; step < 50_000; step++) {
            final int i = random.nextInt(nodes.length);
            switch (random.nextInt(4)) {
                case 0, 1 -> {
                    final long durationNs = 1L << random.nextInt(12);
                    timers.arm(nodes[i], timers.lane(durationNs), nowNs);
                    deadlines[i] = nowNs + durationNs;
                }
                case 2 -> {
                    timers.cancel(nodes[i]);
                    deadlines[i] = 0;
                }
                default -> {
                    nowNs += random.nextInt(50);
                    timers.poll(nowNs, ALL);
                    for (int k = 0; k < deadlines.length; k++) {
                        deadlines[k] = deadlines[k] > nowNs ? deadlines[k] : 0;
                    }
                }
            }
            long earliestNs = Long.MAX_VALUE;
            int armed = 0;
            for (int k = 0; k < nodes.length; k++) {
                assertEquals(deadlines[k] != 0, nodes[k].armed(), "seed " + seed + " step " + step + " node " + k);
                armed += deadlines[k] != 0 ? 1 : 0;
                earliestNs = deadlines[k] != 0 ? Math.min(earliestNs, deadlines[k]) : earliestNs;
            }
            assertEquals(armed, timers.armed(), "seed " + seed + " step " + step);
            assertEquals(earliestNs, timers.nextDeadlineNs(), "seed " + seed + " step " + step);
        }
    }

    @Test
    void shouldAllocateNothingWhenTimersComeAndGo() {
        final TimerNode[] nodes = new TimerNode[1_000];
        for (int i = 0; i < nodes.length; i++) {
            nodes[i] = new TimerNode() {
                @Override
                protected void expired(final long nowNs) {}
            };
        }
        final TimerLanes.Lane lane = timers.lane(100);
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        final long thread = Thread.currentThread().threadId();
        churn(nodes, lane, 0);

        final long before = threads.getThreadAllocatedBytes(thread);
        churn(nodes, lane, 1_000_000);
        final long allocated = threads.getThreadAllocatedBytes(thread) - before;

        // The two readings themselves may cost a few bytes; one object per timer would be 2,000,000 bytes and more.
        assertTrue(allocated < 4_096, "allocated " + allocated + " bytes");
    }

    private void churn(final TimerNode[] nodes, final TimerLanes.Lane lane, final long startNs) {
        for (int round = 0; round < 100; round++) {
            final long nowNs = startNs + round * 1_000L;
            for (int i = 0; i < nodes.length; i++) {
                timers.arm(nodes[i], lane, nowNs);
            }
            for (int i = 0; i < nodes.length; i += 2) {
                timers.cancel(nodes[i]);
            }
            timers.poll(nowNs + 100, ALL);
        }
    }

    private final class Recorder extends TimerNode {
        private final String name;

        private Recorder(final String name) {
            this.name = name;
        }

        @Override
        protected void expired(final long nowNs) {
            expirations.add(name + '@' + nowNs);
        }
    }
}
