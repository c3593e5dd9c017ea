package org.tandemsip.engine.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** So many calls in any second, whoever begins them. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class CallRateTest {
    private static final long SECOND_NS = 1_000_000_000L;

    @Test
    void shouldLetOneBeginForEachThatIsASecondOld() {
        final CallRate rate = new CallRate(2);
        assertTrue(rate.tryBegin(0));
        assertTrue(rate.tryBegin(1));
        assertFalse(rate.tryBegin(SECOND_NS - 1));
        assertTrue(rate.tryBegin(SECOND_NS));
        assertFalse(rate.tryBegin(SECOND_NS));
        assertTrue(rate.tryBegin(SECOND_NS + 1));
    }

    @Test
    void shouldRefuseNobodyBelowTheRateWhenThreadsBeginAtOnce() throws InterruptedException {
        final int each = 200_000;
        final int threads = 4;
        final CallRate rate = new CallRate(each * threads);
        final AtomicInteger refused = new AtomicInteger();
        final CountDownLatch start = new CountDownLatch(1);
        final Thread[] all = new Thread[threads];
        for (int i = 0; i < threads; i++) {
            all[i] = Thread.ofPlatform().start(() -> {
                try {
                    start.await();
                    for (int call = 0; call < each; call++) {
                        if (!rate.tryBegin(call)) {
                            refused.incrementAndGet();
                        }
                    }
                } catch (final InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
        }
        start.countDown();
        for (final Thread thread : all) {
            thread.join();
        }
        assertEquals(0, refused.get());
        assertFalse(rate.tryBegin(each));
    }
}
