package org.tandemsip.engine.proxy;

import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.routing.Branches;
import org.tandemsip.engine.routing.ListenPoints;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.PeerState.Event;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.timer.TimerLanes;
import org.tandemsip.engine.timer.TimerNode;
import org.tandemsip.engine.transaction.ClientTransaction;
import org.tandemsip.engine.transaction.ServerTransaction;
import org.tandemsip.engine.transaction.TransactionUser;
import org.tandemsip.engine.transaction.Transactions;

/**
 * Asks peers by OPTIONS whether they are alive (RFC 3261 section 11), each in a client transaction, over the transport
 * and from the listen point that calls to it take. When to ask is for the control plane to say. Control rate; shard
 * thread only.
 */
final class Probes {
    private static final long LABEL = 0x7072_6f62_65L;
    private static final int MOST_BYTES = 1_024;

    private final TimerLanes timers;
    private final Transactions transactions;
    private final Branches branches;
    private final ListenPoints listenPoints;
    private final KeyedHash hash;
    private final AsciiWriter writer = new AsciiWriter();

    Probes(final ShardContext context, final Transactions transactions, final Branches branches,
            final ListenPoints listenPoints) {
        timers = context.timers();
        this.transactions = transactions;
        this.branches = branches;
        this.listenPoints = listenPoints;
        hash = new KeyedHash(context.keys().table0(), context.keys().table1());
    }

    /** Asks {@code peer}. Without a way there it has failed; without room for a transaction nothing is known. */
    void send(final Trunk trunk, final Peer peer, final byte[] callId, final long nowNs) {
        final Destination destination = new Destination();
        destination.transport = peer.transport() == null ? Transport.UDP : peer.transport();
        destination.listenPoint =
                listenPoints.select(destination.transport, peer.addressHigh(), peer.addressLow(), ListenPoints.NONE);
        if (destination.listenPoint == ListenPoints.NONE && peer.transport() == null) {
            destination.transport = Transport.TCP;
            destination.listenPoint =
                    listenPoints.select(Transport.TCP, peer.addressHigh(), peer.addressLow(), ListenPoints.NONE);
        }
        if (destination.listenPoint == ListenPoints.NONE) {
            peer.state().on(Event.FAILURE, trunk.ping());
            return;
        }
        destination.addressHigh = peer.addressHigh();
        destination.addressLow = peer.addressLow();
        destination.port = peer.port();
        destination.identity = peer.identity();
        final long key = hash.begin().add(LABEL).add(new UnsafeBuffer(callId), 0, callId.length).end();
        final Probe probe = new Probe(trunk, peer, nowNs);
        final ClientTransaction client = transactions.createClient(key, false, destination, probe, nowNs);
        if (client != null) {
            client.start(write(client, key, callId), nowNs);
            probe.begin(client);
        }
    }

    private int write(final ClientTransaction client, final long key, final byte[] callId) {
        final Destination to = client.destination();
        final ListenPoint from = listenPoints.get(to.listenPoint);
        final String host = IpAddress.toString(to.addressHigh, to.addressLow);
        final byte[] uri = ascii("sip:" + (host.indexOf(':') < 0 ? host : '[' + host + ']') + ':' + to.port);
        writer.wrap(client.claim(MOST_BYTES), 0).put(ascii("OPTIONS ")).put(uri).put(ascii(" SIP/2.0\r\nVia: SIP/2.0/"))
                .put(from.transport().token()).put(' ').put(from.sentBy()).put(ascii(";branch="));
        branches.write(writer, Branches.STATEFUL, key, 0);
        Branches.writePlace(writer, client.place());
        writer.put(ascii("\r\nMax-Forwards: 70\r\nFrom: <sip:ping@")).put(from.sentBy()).put(ascii(">;tag="))
                .putHex(key, 16).put(ascii("\r\nTo: <")).put(uri).put(ascii(">\r\nCall-ID: ")).put(callId)
                .put(ascii("\r\nCSeq: 1 OPTIONS\r\nAccept: */*\r\nContent-Length: 0\r\n\r\n"));
        return writer.position();
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** One question under way; its own timer ends it when the answer takes too long. */
    final class Probe extends TimerNode implements TransactionUser {
        private final Trunk trunk;
        private final Peer peer;
        private final long sentNs;
        private TimerLanes.Lane lane;
        private ClientTransaction client;
        private boolean over;

        Probe(final Trunk trunk, final Peer peer, final long sentNs) {
            this.trunk = trunk;
            this.peer = peer;
            this.sentNs = sentNs;
        }

        private void begin(final ClientTransaction with) {
            client = with;
            lane = timers.lane(trunk.ping().timeoutNs());
            timers.arm(this, lane, sentNs);
        }

        /** A final response has come. */
        void onFinal(final SipMessage response, final long nowNs) {
            if (!over && trunk.ping().alive(response.statusCode())) {
                peer.state().answered(nowNs - sentNs);
                end(Event.PROBE_SUCCESS);
            } else {
                end(Event.FAILURE);
            }
        }

        /** ICMP has reported that nobody listens there (section 18.4). */
        void onUnreachable(final long nowNs) {
            end(Event.FAILURE);
            client.terminate(nowNs);
        }

        /** @param event what is known of the peer now, or {@code null} when it is nothing */
        private void end(final Event event) {
            if (!over) {
                over = true;
                timers.cancel(this);
                if (lane != null) {
                    timers.release(lane);
                    lane = null;
                }
                if (event != null) {
                    peer.state().on(event, trunk.ping());
                }
            }
        }

        @Override
        protected void expired(final long nowNs) {
            client.terminate(nowNs);
        }

        @Override
        public void onTimeout(final ClientTransaction transaction, final long nowNs) {
            end(Event.FAILURE);
        }

        @Override
        public void onTransportError(final ClientTransaction transaction, final long nowNs) {
            end(transactions.takePeerFailure() ? Event.FAILURE : null);
        }

        @Override
        public void onTerminated(final ClientTransaction transaction, final long nowNs) {
            end(Event.FAILURE);
        }

        @Override
        public void onTerminated(final ServerTransaction transaction, final long nowNs) {
            // There is none.
        }
    }
}
