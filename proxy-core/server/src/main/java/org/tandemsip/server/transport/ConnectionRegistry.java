package org.tandemsip.server.transport;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What the loops must know of each other's connections: how many there are, how many each address has opened, and which
 * one leads to an address and port. Touched when a connection comes or goes and when a message names no connection. Any
 * thread.
 */
final class ConnectionRegistry {
    private final NetworkConfig.Streams limits;
    private final Tls tls;
    private final AtomicInteger open = new AtomicInteger();
    private final ConcurrentHashMap<RemoteKey, Integer> acceptedByAddress = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<RemoteKey, Connection> byRemote = new ConcurrentHashMap<>();

    ConnectionRegistry(final NetworkConfig.Streams limits, final Tls tls) {
        this.limits = limits;
        this.tls = tls;
    }

    /** What they share about TLS. */
    Tls tls() {
        return tls;
    }

    /** Open connections, and those being opened. */
    int open() {
        return open.get();
    }

    /** Makes room for one more connection; {@code false} when there are too many. */
    boolean enter() {
        if (open.incrementAndGet() > limits.connections()) {
            open.decrementAndGet();
            return false;
        }
        return true;
    }

    /** Gives back the room taken by {@link #enter}. */
    void leave() {
        open.decrementAndGet();
    }

    /**
     * Counts a connection accepted from {@code address} (a key with port 0); {@code false} when that address has too
     * many.
     */
    boolean enterAddress(final RemoteKey address) {
        if (acceptedByAddress.merge(address.copy(), 1, Integer::sum) > limits.connectionsPerAddress()) {
            leaveAddress(address);
            return false;
        }
        return true;
    }

    /** Uncounts a connection counted by {@link #enterAddress}. */
    void leaveAddress(final RemoteKey address) {
        acceptedByAddress.computeIfPresent(address, (key, count) -> count == 1 ? null : count - 1);
    }

    /** The connection that leads to {@code remote}, or {@code null}. */
    Connection find(final RemoteKey remote) {
        return byRemote.get(remote);
    }

    /** Makes {@code connection} the one that leads to {@code remote}, unless there is one already. */
    void put(final RemoteKey remote, final Connection connection) {
        byRemote.putIfAbsent(remote.copy(), connection);
    }

    /** Makes {@code connection}, the newest, the one for requests to {@code advertised} (RFC 5923). */
    void alias(final RemoteKey advertised, final Connection connection) {
        byRemote.put(advertised.copy(), connection);
    }

    /** Forgets {@code connection}. */
    void remove(final RemoteKey remote, final Connection connection) {
        byRemote.remove(remote, connection);
    }
}
