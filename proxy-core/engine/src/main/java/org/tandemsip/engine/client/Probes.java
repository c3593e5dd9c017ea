package org.tandemsip.engine.client;

import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.auth.Challenge;
import org.tandemsip.engine.auth.Credentials;
import org.tandemsip.engine.auth.DigestClient;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.routing.Branches;
import org.tandemsip.engine.routing.ListenPoints;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.PeerState.Event;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.timer.TimerLanes;
import org.tandemsip.engine.timer.TimerNode;
import org.tandemsip.engine.transaction.ClientTransaction;
import org.tandemsip.engine.transaction.ServerTransaction;
import org.tandemsip.engine.transaction.Transactions;

/**
 * Asks peers by OPTIONS whether they are alive (RFC 3261 section 11), each in a client transaction, over each transport
 * and from each listen point that calls to it take. When to ask is for the control plane to say. Control rate; shard
 * thread only.
 */
final class Probes {
    private static final long LABEL = 0x7072_6f62_65L;
    private static final int MOST_BYTES = 4_096;

    private final TimerLanes timers;
    /** The one that it was started with: what it is asked for changes with a restart only. */
    private final RoutingPolicy policy;
    private final Transactions transactions;
    private final Branches branches;
    private final ListenPoints listenPoints;
    private final KeyedHash hash;
    private final DigestClient digest;
    private final Challenge challenge = new Challenge();
    private final AsciiWriter writer = new AsciiWriter();

    /** Makes those of one shard. */
    Probes(final ShardContext context, final Transactions transactions, final Branches branches,
            final ListenPoints listenPoints) {
        timers = context.timers();
        policy = (RoutingPolicy) context.policy();
        this.transactions = transactions;
        this.branches = branches;
        this.listenPoints = listenPoints;
        digest = new DigestClient(context);
        hash = new KeyedHash(context.keys().table0(), context.keys().table1());
    }

    /**
     * Asks {@code peer}. Without a way there it has failed; without room for a transaction nothing is known.
     *
     * @param among a bit for each listen point that is of interest; with all of them, ways that nobody asks any more
     *              are forgotten
     */
    void send(final Trunk trunk, final Peer peer, final byte[] callId, final long among, final long nowNs) {
        final long ways = Ways.all(peer, listenPoints, policy.listenersOf(trunk));
        if (ways == 0) {
            peer.state().on(Event.FAILURE, 0, trunk.ping());
            return;
        }
        if (among == -1) {
            peer.state().retain(ways);
        }
        for (long left = ways & among; left != 0; left &= left - 1) {
            final Probe probe = new Probe(trunk, peer, callId, nowNs);
            final int way = Long.numberOfTrailingZeros(left);
            if (probe.ask(Ways.by(peer, listenPoints.get(way)), null, nowNs)) {
                probe.begin();
            }
        }
    }

    private int write(final ClientTransaction client, final long key, final byte[] callId, final int cseq,
            final Credentials credentials) {
        final Destination to = client.destination();
        final ListenPoint from = listenPoints.get(to.listenPoint);
        final String host = IpAddress.toString(to.addressHigh, to.addressLow);
        final byte[] uri = Ways.ascii("sip:" + (host.indexOf(':') < 0 ? host : '[' + host + ']') + ':' + to.port);
        final MutableDirectBuffer out = client.claim(MOST_BYTES);
        writer.wrap(out, 0).put(Ways.ascii("OPTIONS ")).put(uri).put(Ways.ascii(" SIP/2.0\r\nVia: SIP/2.0/"))
                .put(from.transport().token()).put(' ').put(from.sentBy()).put(Ways.ascii(";branch="));
        branches.write(writer, Branches.STATEFUL, key, 0);
        Branches.writePlace(writer, client.place());
        writer.put(Ways.ascii("\r\nMax-Forwards: 70\r\nFrom: <sip:ping@")).put(from.sentBy())
                .put(Ways.ascii(">;tag=")).putHex(tag(callId, to.listenPoint), 16).put(Ways.ascii("\r\nTo: <")).put(uri)
                .put(Ways.ascii(">\r\nCall-ID: ")).put(callId)
                .put(Ways.ascii("\r\nCSeq: ")).putDecimal(cseq).put(Ways.ascii(" OPTIONS\r\nAccept: */*\r\n"));
        if (credentials != null) {
            digest.write(writer, challenge, credentials, out, Slice.of(0, 7), Slice.of(8, uri.length), Slice.of(0, 0));
        }
        writer.put(Ways.ascii("Content-Length: 0\r\n\r\n"));
        return writer.position();
    }

    /** For each way another: what has several of them would take the probes for one request that has forked. */
    private long tag(final byte[] callId, final int way) {
        return hash.begin().add(LABEL).add(way).add(new UnsafeBuffer(callId), 0, callId.length).end();
    }

    /** One question under way; its own timer ends it when the answer takes too long. */
    private final class Probe extends TimerNode implements OwnRequest {
        private final Trunk trunk;
        private final Peer peer;
        private final byte[] callId;
        private final long sentNs;
        private TimerLanes.Lane lane;
        private ClientTransaction client;
        private int cseq;
        /** Listen point that it is asked from. */
        private int way;
        private boolean over;

        Probe(final Trunk trunk, final Peer peer, final byte[] callId, final long sentNs) {
            this.trunk = trunk;
            this.peer = peer;
            this.callId = callId;
            this.sentNs = sentNs;
        }

        /** Sends the question, with the answer to a challenge where there are credentials. */
        private boolean ask(final Destination to, final Credentials credentials, final long nowNs) {
            cseq++;
            way = to.listenPoint;
            final long key =
                    hash.begin().add(LABEL).add(cseq).add(to.listenPoint)
                            .add(new UnsafeBuffer(callId), 0, callId.length).end();
            client = transactions.createClient(key, false, to, this, nowNs);
            if (client == null) {
                return false;
            }
            client.start(write(client, key, callId, cseq, credentials), nowNs);
            return true;
        }

        private void begin() {
            lane = timers.lane(trunk.ping().timeoutNs());
            timers.arm(this, lane, sentNs);
        }

        @Override
        public void onFinal(final SipMessage response, final Source from, final long nowNs) {
            if (!over && isToBeAnswered(response, from)) {
                final Destination to = client.destination();
                client.detach();
                if (!ask(to, trunk.account().credentials(), nowNs)) {
                    end(null);
                }
                return;
            }
            if (!over && trunk.ping().alive(response.statusCode())) {
                peer.state().answered(nowNs - sentNs);
                end(Event.PROBE_SUCCESS);
            } else {
                end(Event.FAILURE);
            }
        }

        /** Whether it is a challenge that is answered now, for the first time. */
        private boolean isToBeAnswered(final SipMessage response, final Source from) {
            final int code = response.statusCode();
            return (code == 401 || code == 407) && cseq == 1 && !trunk.ping().alive(code)
                    && trunk.mayBeAnswered(client.destination(), from)
                    && digest.read(response, trunk.account().credentials(), true, challenge)
                            == DigestClient.Reading.TAKEN;
        }

        @Override
        public void onUnreachable(final long nowNs) {
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
                    peer.state().on(event, way, trunk.ping());
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
