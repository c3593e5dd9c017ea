package org.tandemsip.server;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.List;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.transport.NetworkConfig;

/** From the configuration to what the network is started with. */
final class Networks {
    /** From this many processors on, shards on threads of their own pay for the hand-off. */
    private static final int MANY_PROCESSORS = 16;

    private Networks() {}

    static NetworkConfig of(final Config config, final ShardContext.Keys keys) {
        final int processors = Runtime.getRuntime().availableProcessors();
        final boolean dedicated = switch (config.threading()) {
            case AUTO -> processors >= MANY_PROCESSORS;
            case SHARED -> false;
            case DEDICATED -> true;
        };
        final int loops = config.loops() != 0 ? config.loops()
                : Math.clamp(dedicated ? processors / 4 : processors, 1, NetworkConfig.MAX_LOOPS);
        final int shards = dedicated ? Math.clamp(processors - loops, 1, NetworkConfig.MAX_LOOPS) : loops;
        final List<NetworkConfig.Listen> listen = config.listen().stream()
                .map(point -> new NetworkConfig.Listen(point.transport(), address(point), point.port(),
                        point.advertise()))
                .toList();
        return new NetworkConfig(listen,
                dedicated ? NetworkConfig.Threading.DEDICATED : NetworkConfig.Threading.SHARED, loops, shards,
                NetworkConfig.Idle.BACKOFF, config.ringSize(), Math.max(1, config.transactions() / shards),
                config.socketBuffer(), config.limits(), config.streams(), keys);
    }

    private static InetAddress address(final Config.Listen point) {
        final boolean four = IpAddress.isIpv4(point.addressHigh(), point.addressLow());
        final byte[] bytes = four
                ? ByteBuffer.allocate(4).putInt((int) point.addressLow()).array()
                : ByteBuffer.allocate(16).putLong(point.addressHigh()).putLong(point.addressLow()).array();
        try {
            return InetAddress.getByAddress(bytes);
        } catch (final UnknownHostException e) {
            throw new AssertionError("4 and 16 bytes are addresses", e);
        }
    }
}
