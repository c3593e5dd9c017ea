package org.tandemsip.server;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLException;
import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.Limits;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.timer.TimerLanes;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.transport.Network;
import org.tandemsip.server.transport.Tls;

/** Contexts by which is tried out what a shard would do. */
public final class Trials {
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

    /**
     * One for a configuration that no server runs by: its names are looked up now, and nobody has registered.
     *
     * @throws StartException its certificates cannot be used
     */
    public static ShardContext of(final Config config) throws StartException {
        final SecureRandom random = new SecureRandom();
        final ShardContext.Keys keys =
                new ShardContext.Keys(random.nextLong(), random.nextLong(), random.nextLong(), random.nextLong());
        final List<ListenPoint> listenPoints = new ArrayList<>();
        for (final Config.Listen listen : config.listen()) {
            listenPoints.add(listenPoint(listenPoints.size(), listen));
        }
        try {
            final RoutingPolicy policy = Policies.of(PeerNames.resolvedNow(config), keys, new States(keys),
                    new Tls(config.tls(), config.tlsLimits(), new LogTlsReports()));
            return new ShardContext(0, NOWHERE, new TimerLanes(), new Counters(), listenPoints, config.limits(), keys,
                    TRANSACTIONS, policy);
        } catch (final SSLException e) {
            throw new StartException(StartException.Reason.NOT_PERMITTED, "tls: " + e.getMessage(), e);
        }
    }

    private static ListenPoint listenPoint(final int index, final Config.Listen listen) {
        final String host = Config.hostPort(listen.addressHigh(), listen.addressLow(), listen.port());
        final String told = listen.advertise();
        final boolean hasPort = told != null && told.lastIndexOf(':') > told.lastIndexOf(']');
        final String sentBy = told == null ? host : hasPort ? told : told + ':' + listen.port();
        return new ListenPoint(index, listen.transport(), listen.addressHigh(), listen.addressLow(), listen.port(),
                sentBy.getBytes(StandardCharsets.US_ASCII));
    }

    static ShardContext context(final Network network, final Limits limits, final ShardContext.Keys keys,
            final RoutingPolicy policy) {
        return new ShardContext(0, NOWHERE, new TimerLanes(), new Counters(), network.listenPoints(), limits, keys,
                TRANSACTIONS, policy);
    }
}
