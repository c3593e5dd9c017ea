package org.tandemsip.server;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.server.admin.Control.Refused;
import org.tandemsip.server.transport.Network;
import org.tandemsip.server.transport.SourceFilter;

/** Has all shards route by another policy. Control path. */
final class ShardOrders {
    /** How long a shard may take to accept an order. */
    static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(2);

    private ShardOrders() {}

    /**
     * Comes back when all shards route by {@code next}.
     *
     * @throws Refused a shard takes no orders; all have what they had {@code before} then
     */
    static void configure(final Network network, final RoutingPolicy next, final SourceFilter filter,
            final RoutingPolicy before, final SourceFilter filterBefore) throws Refused {
        final long deadlineNs = System.nanoTime() + TIMEOUT_NS;
        while (!network.configure(next, filter)) {
            if (deadlineNs - System.nanoTime() <= 0) {
                // Some shards may have it: give all of them the old one again.
                network.configure(before, filterBefore);
                throw new Refused("a shard does not take orders");
            }
            LockSupport.parkNanos(1_000_000);
        }
        await(network, deadlineNs);
    }

    /** Orders are carried out one after the other: when these come back, the one before them is in force everywhere. */
    private static void await(final Network network, final long deadlineNs) {
        final CountDownLatch arrived = new CountDownLatch(network.shards());
        for (int shard = 0; shard < network.shards(); shard++) {
            if (!network.command(shard, new ShardCommand.Inspect(arrived::countDown))) {
                arrived.countDown();
            }
        }
        try {
            if (!arrived.await(deadlineNs - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                EventLog.warn("orders", "msg", "a shard is slow to carry out orders", "shards", arrived.getCount());
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
