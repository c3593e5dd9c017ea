package org.tandemsip.server.config;

import java.util.List;

/** The keys under {@code limits}. */
final class LimitKeys {
    static final Key<Integer> MESSAGE = Key.of("message", Scalars.size("1500", "65535"), "65535",
            "A whole message; over it the answer is 513.");
    static final Key<Integer> HEADERS = Key.of("headers", Scalars.size("512", "65535"), "16KiB",
            "Start line and header block together; over it 400.");
    static final Key<Integer> HEADER = Key.of("header", Scalars.size("256", "65535"), "4KiB",
            "One header row with its folds; over it 400.");
    static final Key<Integer> HEADER_ROWS = Key.of("header-rows", Scalars.number(16, 512), "128",
            "Header rows; over it 400.");
    static final Key<Integer> BODY = Key.of("body", Scalars.size("0", "65535"), "60KiB", "The body; over it 413.");
    static final Key<Integer> URI = Key.of("uri", Scalars.size("64", "16KiB"), "1KiB",
            "The Request-URI, over it 414; any other URI, over it 400.");
    static final Key<Integer> METHOD = Key.of("method", Scalars.size("9", "256"), "64",
            "The method name; over it 400.");
    static final Key<Integer> TOKEN = Key.of("token", Scalars.size("64", "4KiB"), "256",
            "A branch, tag or Call-ID; over it 400.");
    static final Key<Integer> VIAS = Key.of("vias", Scalars.number(1, 512), "70", "Via values; over it 400.");
    static final Key<Integer> ROUTE_VALUES = Key.of("route-values", Scalars.number(1, 512), "20",
            "Route values, and Record-Route values; over it 400.");
    static final Key<Integer> CONNECTIONS = Key.of("connections", Scalars.number(1, 1_000_000), "20000",
            "TCP connections in all; over it new ones are closed at once.");
    static final Key<Integer> PER_ADDRESS = Key.of("connections-per-address", Scalars.number(1, 1_000_000), "256",
            "TCP connections from one address.");
    static final Key<Long> SLOW_MESSAGE = Key.of("slow-message", Scalars.duration("100ms", "10m"), "4s",
            "Time from a message's first byte to its last on a TCP connection; over it the connection is closed.");
    static final Key<Long> CONNECT = Key.of("connect", Scalars.duration("10ms", "2m"), "5s",
            "Time that opening a TCP connection may take.");
    static final Key<Integer> HANDSHAKES = Key.of("tls-handshakes", Scalars.number(4, 100_000), "500",
            "TLS handshakes at a time, of which strangers may have three quarters; over it new connections are closed"
                    + " at once.");
    static final Key<Long> HANDSHAKE = Key.of("tls-handshake", Scalars.duration("100ms", "1m"), "5s",
            "Time that a TLS handshake may take.");
    static final Key<Long> IDLE_TRUNK = Key.of("idle-trunk", Scalars.duration("1s", "24h"), "1h",
            "Time a TCP connection with a trunk may carry nothing before it is closed.");
    static final Key<Long> IDLE = Key.of("idle", Scalars.duration("1s", "24h"), "2m",
            "Time any other TCP connection may carry nothing before it is closed.");
    static final Key<Integer> WRITE_HIGH = Key.of("write-high", Scalars.size("1KiB", "16MiB"), "64KiB",
            "Bytes waiting to be written to one TCP connection past which new messages are refused.");
    static final Key<Integer> WRITE_QUEUE = Key.of("write-queue", Scalars.size("1KiB", "64MiB"), "256KiB",
            "Bytes waiting to be written to one TCP connection past which it is closed.");
    static final Key<Integer> CONNECT_QUEUE = Key.of("connect-queue", Scalars.size("1KiB", "64MiB"), "256KiB",
            "Bytes that may wait for a TCP connection being opened.");
    static final Key<Integer> SOCKET_BUFFER = Key.of("socket-buffer", Scalars.size("64KiB", "1GiB"), "4MiB",
            "Bytes asked of the kernel for each direction of each UDP socket; net.core.rmem_max caps it.");
    static final Key<Integer> RING_SIZE = Key.of("ring-size", Scalars.number(64, 65_536), "2048",
            "Messages that may wait for one shard, a power of two, about 8 KiB each; over it new requests are"
                    + " refused.");
    static final Key<Integer> TRANSACTIONS = Key.of("transactions", Scalars.number(1_000, 16_000_000), "4000000",
            "Transactions held at a time by all shards, those that only linger included (64*T1 each); over it new"
                    + " requests"
                    + " are refused.");

    static final Section SECTION = new Section(List.of(MESSAGE, HEADERS, HEADER, HEADER_ROWS, BODY, URI, METHOD, TOKEN,
            VIAS, ROUTE_VALUES, CONNECTIONS, PER_ADDRESS, HANDSHAKES, HANDSHAKE, CONNECT, SLOW_MESSAGE, IDLE_TRUNK,
            IDLE, WRITE_HIGH,
            WRITE_QUEUE, CONNECT_QUEUE, SOCKET_BUFFER, RING_SIZE, TRANSACTIONS));

    private LimitKeys() {}
}
