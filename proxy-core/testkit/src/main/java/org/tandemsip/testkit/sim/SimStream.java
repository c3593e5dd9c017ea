package org.tandemsip.testkit.sim;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

import org.tandemsip.testkit.wire.Packet;
import org.tandemsip.testkit.wire.SimAddress;
import org.tandemsip.testkit.wire.WireEvent;

/**
 * A reliable, ordered byte stream like TCP. What is written arrives in pieces cut at random places and sometimes glued
 * to what was written before; a partition holds it up, a cut loses what is under way and tells both ends.
 */
public final class SimStream {
    private final SimNetwork network;
    private final long id;
    private final End opener;
    private final End acceptor;
    private boolean open = true;
    private boolean refused;

    SimStream(final SimNetwork network, final long id, final SimEndpoint from, final SimAddress fromAddress,
            final SimEndpoint to, final SimAddress toAddress) {
        this.network = network;
        this.id = id;
        this.opener = new End(from, fromAddress);
        this.acceptor = new End(to, toAddress);
        opener.peer = acceptor;
        acceptor.peer = opener;
    }

    /** Number in the wire log, from 1. */
    public long id() {
        return id;
    }

    /** End of the element that opened it. */
    public End opener() {
        return opener;
    }

    /** The other end. */
    public End acceptor() {
        return acceptor;
    }

    /** Whether nobody accepted it. */
    public boolean refused() {
        return refused;
    }

    /** Whether neither end has closed it and it was not cut. */
    public boolean open() {
        return open;
    }

    /** Loses everything under way and tells both ends after one delay of the path. */
    public void cut() {
        close(null);
    }

    /** Nobody accepts it: only the opener is told, after one delay of the path; what it writes until then is lost. */
    void refuse() {
        refused = true;
        network.loop().after(network.delayNs(opener.local, acceptor.local), () -> {
            open = false;
            opener.tellClosed();
        });
    }

    private void close(final End by) {
        if (!open) {
            return;
        }
        open = false;
        for (final End end : new End[] {opener, acceptor}) {
            end.lose();
            if (end != by) {
                network.loop().after(network.delayNs(end.peer.local, end.local), end::tellClosed);
            }
        }
    }

    /** One side of the stream. */
    public final class End {
        private final SimEndpoint owner;
        private final SimAddress local;
        private End peer;
        private final Deque<Piece> inFlight = new ArrayDeque<>();
        private long lastDueNs = Long.MIN_VALUE;

        private End(final SimEndpoint owner, final SimAddress local) {
            this.owner = owner;
            this.local = local;
        }

        /** The stream. */
        public SimStream stream() {
            return SimStream.this;
        }

        /** Address of this side. */
        public SimAddress local() {
            return local;
        }

        /** Address of the other side. */
        public SimAddress remote() {
            return peer.local;
        }

        /** Sends one SIP message; {@code false} when the stream is not open. */
        public boolean write(final byte[] message) {
            if (!open) {
                return false;
            }
            final Packet packet = Packet.of(owner.name(), local, peer.local, id, message);
            network.log().add(network.loop().nowNs(), WireEvent.Kind.SENT, owner.name(), packet);
            if (refused) {
                network.log().add(network.loop().nowNs(), WireEvent.Kind.LOST, owner.name(), packet);
            } else {
                enqueue(message, packet);
            }
            return true;
        }

        /** Sends bytes that are no message (keep-alives, garbage). */
        public boolean writeRaw(final byte[] bytes) {
            if (open && !refused) {
                enqueue(bytes, null);
            }
            return open;
        }

        /** Closes the stream; the other side learns of it. */
        public void close() {
            SimStream.this.close(this);
        }

        private void enqueue(final byte[] bytes, final Packet packet) {
            final int cut = network.cutAt(bytes.length);
            if (cut > 0 && cut < bytes.length) {
                schedule(new Piece(Arrays.copyOfRange(bytes, 0, cut), null));
                schedule(new Piece(Arrays.copyOfRange(bytes, cut, bytes.length), packet));
            } else {
                schedule(new Piece(bytes, packet));
            }
        }

        private void schedule(final Piece piece) {
            final long nowNs = network.loop().nowNs();
            long dueNs = network.streamDueNs(local, peer.local);
            if (!inFlight.isEmpty() && (dueNs - lastDueNs < 0 || network.glue())) {
                dueNs = lastDueNs;
            }
            if (lastDueNs != Long.MIN_VALUE && dueNs - lastDueNs < 0) {
                dueNs = lastDueNs;
            }
            lastDueNs = dueNs;
            piece.dueNs = dueNs;
            inFlight.add(piece);
            network.loop().after(dueNs - nowNs, this::deliver);
        }

        private void deliver() {
            int size = 0;
            final Deque<Piece> arrived = new ArrayDeque<>();
            while (open && !inFlight.isEmpty() && inFlight.peek().dueNs - network.loop().nowNs() <= 0) {
                final Piece piece = inFlight.poll();
                arrived.add(piece);
                size += piece.bytes.length;
                if (piece.endOf != null) {
                    network.log().add(network.loop().nowNs(), peer.owner.up() ? WireEvent.Kind.DELIVERED
                            : WireEvent.Kind.LOST, peer.owner.name(), piece.endOf);
                }
            }
            if (size == 0 || !peer.owner.up()) {
                return;
            }
            final byte[] together = new byte[size];
            int at = 0;
            for (final Piece piece : arrived) {
                System.arraycopy(piece.bytes, 0, together, at, piece.bytes.length);
                at += piece.bytes.length;
            }
            peer.owner.onBytes(peer, together);
        }

        private void lose() {
            for (final Piece piece : inFlight) {
                if (piece.endOf != null) {
                    network.log().add(network.loop().nowNs(), WireEvent.Kind.LOST, owner.name(), piece.endOf);
                }
            }
            inFlight.clear();
        }

        private void tellClosed() {
            if (owner.up()) {
                network.log().note(network.loop().nowNs(), WireEvent.Kind.STREAM_FAILED, owner.name(),
                        "tcp" + id + " to " + peer.local);
                owner.onClosed(this);
            }
        }
    }

    private static final class Piece {
        private final byte[] bytes;
        private final Packet endOf;
        private long dueNs;

        private Piece(final byte[] bytes, final Packet endOf) {
            this.bytes = bytes;
            this.endOf = endOf;
        }
    }
}
