package org.tandemsip.server.transport;

import java.net.InetAddress;
import java.util.List;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.ShardContext;

/**
 * What {@link Network} is started with. Fixed for the life of the process; what a reload may change goes through
 * {@link Network#configure}.
 *
 * @param listen          local addresses, at least one; the position is the index of the listen point
 * @param threading       which threads the shards run on
 * @param loops           I/O loops, 1 to 64
 * @param shards          shards, 1 to 64; with {@link Threading#SHARED} there is one per loop and this is ignored
 * @param idle            how the thread of a shard waits, with {@link Threading#DEDICATED}
 * @param ringSize        slots of each shard's inbound ring, a power of two; each takes about 8 KiB
 * @param maxTransactions most transactions per shard
 * @param socketBuffer    bytes asked of the kernel for each direction of each UDP socket
 * @param limits          bounds of the codec
 * @param streams         bounds of TCP
 * @param keys            secrets of this process
 */
public record NetworkConfig(List<Listen> listen, Threading threading, int loops, int shards, Idle idle, int ringSize,
        int maxTransactions, int socketBuffer, Limits limits, Streams streams, ShardContext.Keys keys) {
    /** Most loops, and most shards: their number is part of a connection's id. */
    public static final int MAX_LOOPS = 64;

    /** Checks ranges, so that no later code has to; throws {@link IllegalArgumentException}. */
    public NetworkConfig {
        listen = List.copyOf(listen);
        shards = threading == Threading.SHARED ? loops : shards;
        require(!listen.isEmpty() && listen.size() <= 64, "listen points: 1 to 64");
        require(loops >= 1 && loops <= MAX_LOOPS, "loops: 1 to 64");
        require(shards >= 1 && shards <= MAX_LOOPS, "shards: 1 to 64");
        require(Integer.bitCount(ringSize) == 1 && ringSize >= 64 && ringSize <= 1 << 16,
                "ring size: a power of two from 64 to 65536");
        require(maxTransactions >= 1, "max transactions: at least 1");
        require(socketBuffer >= 64 * 1024, "socket buffer: at least 64 KiB");
    }

    /** The defaults, on {@code listen}, with {@code keys}: shared threading, one loop per processor. */
    public static NetworkConfig of(final List<Listen> listen, final ShardContext.Keys keys) {
        final int loops = Math.min(MAX_LOOPS, Runtime.getRuntime().availableProcessors());
        return new NetworkConfig(listen, Threading.SHARED, loops, loops, Idle.BACKOFF, 2_048, 1_000_000, 4 << 20,
                Limits.DEFAULTS, Streams.DEFAULTS, keys);
    }

    /** The same with another number of I/O loops. */
    NetworkConfig withLoops(final int newLoops) {
        return new NetworkConfig(listen, threading, newLoops, shards, idle, ringSize, maxTransactions, socketBuffer,
                limits, streams, keys);
    }

    private static void require(final boolean condition, final String rule) {
        if (!condition) {
            throw new IllegalArgumentException(rule);
        }
    }

    /** Which threads the shards run on. */
    public enum Threading {
        /** Each shard runs on an I/O loop: no hand-off where the loop that reads a message also owns its call. */
        SHARED,
        /** Each shard has a thread of its own; the I/O loops parse, publish and send. */
        DEDICATED
    }

    /** How a shard thread waits for work. */
    public enum Idle {
        /** Spins, yields, then parks for up to 1 ms: no load when there is nothing to do. */
        BACKOFF,
        /** Yields: a core is always busy but gives way. */
        YIELD,
        /** Spins: lowest latency, one core burnt per shard. */
        SPIN
    }

    /**
     * A local address to listen on.
     *
     * @param transport  any but {@link Transport#SCTP} and {@link Transport#OTHER}
     * @param address    local address; the wildcard needs {@code advertised}
     * @param port       local port; 0 takes a free one
     * @param advertised host, or host and port, written into Via and Record-Route in place of address and port (IPv6 in
     *                   brackets); {@code null} for none
     */
    public record Listen(Transport transport, InetAddress address, int port, String advertised) {
        /** Checks that the address can be told to others; throws {@link IllegalArgumentException}. */
        public Listen {
            require(transport.ordinal() <= Transport.WSS.ordinal(), "listen: udp, tcp, tls, ws or wss");
            require(port >= 0 && port <= 65_535, "listen port: 0 to 65535");
            require(advertised != null || !address.isAnyLocalAddress(),
                    "listen: " + address.getHostAddress()
                            + " names no address that peers could send to; advertise one");
        }
    }

    /**
     * Bounds of stream connections. Times in milliseconds, sizes in bytes.
     *
     * @param connections           most connections in all; one more is closed at once
     * @param connectionsPerAddress most connections that one unknown address may have open to us
     * @param connectMs             longest that opening a connection may take
     * @param messageMs             longest from the first byte of a message to its last
     * @param idleKnownMs           longest silence on a connection with a trunk
     * @param idleUnknownMs         longest silence on any other connection
     * @param writeHighBytes        bytes waiting to be written past which nothing more is read from the connection
     * @param writeHardBytes        bytes waiting to be written past which the connection is closed
     * @param connectQueueBytes     bytes that may wait for a connection being opened
     */
    public record Streams(int connections, int connectionsPerAddress, int connectMs, int messageMs, int idleKnownMs,
            int idleUnknownMs, int writeHighBytes, int writeHardBytes, int connectQueueBytes) {
        /** Defaults; the reasons stand in {@code config/tandem.yaml}. */
        public static final Streams DEFAULTS = new Streams(20_000, 256, 5_000, 4_000, 3_600_000, 120_000, 65_536,
                262_144,
                262_144);

        /** Checks ranges; throws {@link IllegalArgumentException}. */
        public Streams {
            require(connections >= 1 && connectionsPerAddress >= 1, "connection caps: at least 1");
            require(connectMs >= 1 && messageMs >= 1 && idleKnownMs >= 1 && idleUnknownMs >= 1, "times: at least 1 ms");
            require(writeHighBytes >= 1 && writeHardBytes >= writeHighBytes && connectQueueBytes >= 1,
                    "write queue: 1 <= high <= hard");
        }
    }
}
