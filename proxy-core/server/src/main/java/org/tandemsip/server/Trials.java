package org.tandemsip.server;

import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.Limits;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.timer.TimerLanes;
import org.tandemsip.server.transport.Network;

/** Contexts by which the admin API tries out what a shard would do. */
final class Trials {
    private static final int TRANSACTIONS = 1_000;

    /** No way out. */
    private static final Egress NOWHERE = new Egress() {
        @Override
        public MutableDirectBuffer claim(final int length) {
            throw new IllegalStateException("nothing is sent in a trial");
        }

        @Override
        public void send(final int length, final Destination destination, final long correlation) {
            throw new IllegalStateException("nothing is sent in a trial");
        }

        @Override
        public int flush() {
            return 0;
        }
    };

    private Trials() {}

    static ShardContext context(final Network network, final Limits limits, final ShardContext.Keys keys,
            final RoutingPolicy policy) {
        return new ShardContext(0, NOWHERE, new TimerLanes(), new Counters(), network.listenPoints(), limits, keys,
                TRANSACTIONS, policy);
    }
}
