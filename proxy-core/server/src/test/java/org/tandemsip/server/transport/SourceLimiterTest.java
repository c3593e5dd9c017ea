package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.testkit.AllocationMeter;

/** What one source may send, and that others do not notice. */
@Timeout(60)
class SourceLimiterTest {
    private static final long SECOND_NS = 1_000_000_000L;

    private final AtomicLongArray buckets = SourceLimiter.buckets();
    private final SourceLimiter limiter = new SourceLimiter(new ShardContext.Keys(1, 2, 3, 4), buckets);
    private final Source source = new Source();
    /** Clocks may be negative. */
    private long nowNs = -5 * SECOND_NS;

    private boolean takes(final String address) {
        final IpAddress parsed = new IpAddress();
        assertTrue(parsed.parse(address));
        source.addressHigh = parsed.high();
        source.addressLow = parsed.low();
        source.port++;
        return limiter.takes(source, 15, nowNs);
    }

    private int taken(final String address, final int messages) {
        int taken = 0;
        for (int i = 0; i < messages; i++) {
            taken += takes(address) ? 1 : 0;
        }
        return taken;
    }

    @Test
    void shouldTakeTwoSecondsWorthAtOnceAndThenTheRate() {
        assertEquals(30, taken("192.0.2.1", 1_000));
        nowNs += SECOND_NS;
        assertEquals(15, taken("192.0.2.1", 1_000));
        nowNs += 100 * SECOND_NS;
        assertEquals(30, taken("192.0.2.1", 1_000));
    }

    @Test
    void shouldTakeAsMuchAsThatForEverFromWhoKeepsToIt() {
        for (int i = 0; i < 10_000; i++) {
            assertTrue(takes("192.0.2.1"));
            nowNs += SECOND_NS / 15 + 1;
        }
    }

    @Test
    void shouldCountEachAddressByItselfAndIpv6ByItsNetwork() {
        assertEquals(30, taken("192.0.2.1", 100));
        assertEquals(30, taken("192.0.2.2", 100));
        assertEquals(30, taken("2001:db8::1", 100));
        assertFalse(takes("2001:db8::ffff:1"));
        assertTrue(takes("2001:db8:0:1::1"));
    }

    @Test
    void shouldNotMistakeWhatWasLongAgoForWhatIsToCome() {
        for (int i = 0; i < 1_000; i++) {
            assertEquals(30, taken("192.0.2.1", 100), i + " hours");
            nowNs += 3_600 * SECOND_NS;
        }
    }

    @Test
    void shouldLetASourceHaveNoMoreByReachingSeveralLoops() throws Exception {
        // given
        final int loops = 4;
        final AtomicLong all = new AtomicLong();
        for (int round = 0; round < 100; round++) {
            final List<Thread> threads = new ArrayList<>();
            final CountDownLatch ready = new CountDownLatch(loops);

            // when
            for (int i = 0; i < loops; i++) {
                final SourceLimiter mine = new SourceLimiter(new ShardContext.Keys(1, 2, 3, 4), buckets);
                final Source flood = new Source();
                flood.addressLow = 0xffff_c000_0201L + round;
                threads.add(Thread.ofPlatform().start(() -> {
                    ready.countDown();
                    while (ready.getCount() > 0) {
                        Thread.onSpinWait();
                    }
                    for (int message = 0; message < 1_000; message++) {
                        all.addAndGet(mine.takes(flood, 300, nowNs) ? 1 : 0);
                    }
                }));
            }
            for (final Thread thread : threads) {
                thread.join();
            }

            // then
            assertEquals(600, all.getAndSet(0));
        }
    }

    @Test
    void shouldHaveRoomForWhoeverComesAndStillLimitTheOneWhoFloods() {
        // given: more sources than places, a few messages each, and one that does not stop
        int flood = 0;
        for (int i = 0; i < 10_000; i++) {
            takes("10." + (i >> 16) + '.' + (i >> 8 & 255) + '.' + (i & 255));
            flood += taken("192.0.2.1", 10);
        }

        // then
        assertEquals(30, flood);
    }

    @Test
    void shouldAllocateNothing() {
        taken("192.0.2.1", 10);
        final long bytes = AllocationMeter.bytes(10_000, () -> {
            source.addressLow = 0xffff_c000_0200L + (++source.port & 1_023);
            limiter.takes(source, 15, nowNs += 1_000);
        });
        assertEquals(0, bytes);
    }
}
