package org.tandemsip.engine.client;

import static org.tandemsip.engine.client.Ways.ascii;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
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
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.engine.routing.Registration;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.timer.TimerLanes;
import org.tandemsip.engine.timer.TimerNode;
import org.tandemsip.engine.transaction.ClientTransaction;
import org.tandemsip.engine.transaction.ServerTransaction;
import org.tandemsip.engine.transaction.Transactions;

/**
 * Sends the REGISTER requests of {@link Registration}s (RFC 3261 section 10.2): to one peer, and when that is silent,
 * not reached or answers 5xx to the next; answers challenges of a peer; asks for as long as a 423 wants. When to ask is
 * for the control plane to say. Control rate; shard thread only.
 */
final class TrunkRegistrations {
    private static final long LABEL = 0x7265_6769_7374L;
    private static final int MOST_BYTES = 4_096;
    /** How long a peer may be silent while there is another one; the last has until timer F. */
    private static final long TRY_NS = 8_000_000_000L;
    /** Answers to challenges of one attempt: another one only to a nonce that has gone stale. */
    private static final int MOST_ANSWERS = 2;

    private final TimerLanes timers;
    /** The one that it was started with: what it is asked for changes with a restart only. */
    private final RoutingPolicy policy;
    private final TimerLanes.Lane patience;
    private final Transactions transactions;
    private final Branches branches;
    private final ListenPoints listenPoints;
    private final DigestClient client;
    private final KeyedHash hash;
    private final AsciiWriter writer = new AsciiWriter();
    private final RegisterAnswer answer = new RegisterAnswer();

    /** Makes those of one shard. */
    TrunkRegistrations(final ShardContext context, final Transactions transactions, final Branches branches,
            final ListenPoints listenPoints) {
        timers = context.timers();
        policy = (RoutingPolicy) context.policy();
        patience = timers.lane(TRY_NS);
        this.transactions = transactions;
        this.branches = branches;
        this.listenPoints = listenPoints;
        client = new DigestClient(context);
        hash = new KeyedHash(context.keys().table0(), context.keys().table1());
    }

    /** Asks for {@code registration}, or has it forgotten where it is registered. */
    void send(final Registration registration, final boolean remove, final long nowNs) {
        new Attempt(registration, remove).next(nowNs);
    }

    /** Peers to be asked, best first: where it is registered, then those that take requests, by priority. */
    private static Deque<Peer> peers(final Registration registration, final boolean remove) {
        final Deque<Peer> peers = new ArrayDeque<>();
        final Peer at = registration.peer();
        if (remove) {
            if (at != null) {
                peers.add(at);
            }
            return peers;
        }
        final Trunk trunk = registration.trunk();
        trunk.peers().stream().filter(peer -> peer.state().state() != PeerState.State.DISABLED)
                .sorted(Comparator.comparing((Peer peer) -> !peer.state().usable())
                        .thenComparing(peer -> at == null || !peer.hostPort().equals(at.hostPort()))
                        .thenComparingInt(Peer::priority))
                .forEach(peers::add);
        return peers;
    }

    /** One REGISTER with all that follows from it, until there is an outcome. */
    private final class Attempt extends TimerNode implements OwnRequest {
        private final Registration registration;
        private final boolean remove;
        private final Trunk trunk;
        private final Deque<Peer> left;
        private Peer peer;
        private Destination destination;
        private ClientTransaction transaction;
        private int answers;
        private int retryAfter;
        /** What went wrong last, for the case that nothing else comes of it. */
        private int code;
        private String reason = "no peer";
        private boolean raised;
        private boolean over;

        Attempt(final Registration registration, final boolean remove) {
            this.registration = registration;
            this.remove = remove;
            trunk = registration.trunk();
            left = peers(registration, remove);
        }

        /** Asks the next peer; without another one the attempt has failed. */
        void next(final long nowNs) {
            timers.cancel(this);
            while (!left.isEmpty()) {
                peer = left.removeFirst();
                answers = 0;
                destination = Ways.to(peer, listenPoints, policy.listenersOf(trunk));
                if (destination == null) {
                    reason = "no way there";
                } else if (ask(nowNs)) {
                    return;
                } else {
                    reason = "no room for a transaction";
                }
            }
            fail(false, nowNs);
        }

        private boolean ask(final long nowNs) {
            final long cseq = registration.nextCseq();
            final byte[] callId = registration.callId();
            final long key = hash.begin().add(LABEL).add(cseq).add(new UnsafeBuffer(callId), 0, callId.length).end();
            final ClientTransaction made = transactions.createClient(key, false, destination, this, nowNs);
            if (made == null) {
                return false;
            }
            transaction = made;
            if (!remove) {
                registration.asking(peer);
            }
            made.start(write(key, cseq), nowNs);
            if (!left.isEmpty()) {
                timers.arm(this, patience, nowNs);
            }
            return true;
        }

        private int write(final long key, final long cseq) {
            final MutableDirectBuffer out = transaction.claim(MOST_BYTES);
            final ListenPoint from = listenPoints.get(destination.listenPoint);
            final byte[] domain = ascii("sip:" + registration.settings().domain());
            final int expires = remove ? 0 : registration.expiresSeconds();
            writer.wrap(out, 0).put(ascii("REGISTER ")).put(domain).put(ascii(" SIP/2.0\r\nVia: SIP/2.0/"))
                    .put(from.transport().token()).put(' ').put(from.sentBy()).put(ascii(";branch="));
            branches.write(writer, Branches.STATEFUL, key, 0);
            Branches.writePlace(writer, transaction.place());
            writer.put(ascii(";rport\r\nMax-Forwards: 70\r\nFrom: <")).put(registration.uri()).put(ascii(">;tag="))
                    .putHex(tag(), 16).put(ascii("\r\nTo: <")).put(registration.uri())
                    .put(ascii(">\r\nCall-ID: ")).put(registration.callId()).put(ascii("\r\nCSeq: "))
                    .putDecimal(cseq).put(ascii(" REGISTER\r\nContact: <"));
            putContact(from);
            writer.put(ascii(">\r\nExpires: ")).putDecimal(expires).crlf();
            final Challenge challenge = registration.challenge();
            if (challenge.isKnown()) {
                client.write(writer, challenge, registration.settings().credentials(), out, Slice.of(0, 8),
                        Slice.of(9, domain.length), Slice.of(0, 0));
            }
            writer.put(ascii("Content-Length: 0\r\n\r\n"));
            return writer.position();
        }

        private void putContact(final ListenPoint from) {
            writer.put(ascii("sip:" + registration.settings().user() + '@')).put(from.sentBy());
            if (from.transport() != Transport.UDP) {
                writer.put(ascii(";transport=" + from.transport().name().toLowerCase(java.util.Locale.ROOT)));
            }
            writer.put(ascii(';' + Registration.PARAMETER + '=')).putHex(registration.token(), 16);
        }

        private long tag() {
            final byte[] callId = registration.callId();
            return hash.begin().add(LABEL).add(new UnsafeBuffer(callId), 0, callId.length).end();
        }

        @Override
        public void onFinal(final SipMessage response, final Source from, final long nowNs) {
            if (over) {
                return;
            }
            code = response.statusCode();
            reason = "";
            retryAfter = Math.max(retryAfter, RegisterAnswer.retryAfterSeconds(response));
            // It does not linger: an answer that comes twice says nothing new, and a stop is not to wait for it.
            letGo(nowNs);
            if (code < 300) {
                succeed(response, nowNs);
            } else if (code == 401 || code == 407) {
                onChallenge(response, from, nowNs);
            } else if (code == 423 && !raised && registration.raise(RegisterAnswer.minExpiresSeconds(response))) {
                raised = true;
                again(nowNs);
            } else if (code == 408 || code == 480 || code >= 500 && code < 600) {
                next(nowNs);
            } else {
                fail(true, nowNs);
            }
        }

        private void succeed(final SipMessage response, final long nowNs) {
            final int seconds = remove ? 0
                    : answer.grantedSeconds(response, registration.token(), registration.expiresSeconds());
            if (remove) {
                end();
                registration.left();
                registration.over();
            } else if (seconds > 0) {
                end();
                registration.succeeded(peer, seconds, code, chance(nowNs), nowNs);
                registration.over();
            } else {
                reason = "granted no time";
                fail(true, nowNs);
            }
        }

        /** Only a peer is answered, and a nonce that was new is not tried twice: the password would be wrong again. */
        private void onChallenge(final SipMessage response, final Source from, final long nowNs) {
            final Credentials credentials = registration.settings().credentials();
            if (credentials == null || !trunk.hasPeer(from.addressHigh, from.addressLow)) {
                reason = credentials == null ? "no password given" : "challenged by no peer";
                fail(true, nowNs);
                return;
            }
            final boolean first = answers == 0;
            switch (client.read(response, credentials, true, registration.challenge())) {
                case OTHER_REALM -> reason = "another realm than " + credentials.realm();
                case NOT_UNDERSTOOD -> reason = "challenge not understood";
                case TAKEN -> {
                    reason = "password not accepted";
                    if (first || registration.challenge().stale() && answers < MOST_ANSWERS) {
                        answers++;
                        again(nowNs);
                        return;
                    }
                }
            }
            registration.challenge().forget();
            fail(true, nowNs);
        }

        private void again(final long nowNs) {
            timers.cancel(this);
            if (!ask(nowNs)) {
                reason = "no room for a transaction";
                fail(false, nowNs);
            }
        }

        private void fail(final boolean refused, final long nowNs) {
            end();
            if (remove) {
                registration.left();
            } else {
                registration.failed(code, reason, refused, retryAfter, chance(nowNs), nowNs);
            }
            registration.over();
        }

        private int chance(final long nowNs) {
            return (int) Long.remainderUnsigned(hash.begin().add(LABEL).add(tag()).add(nowNs).end(), 1_000);
        }

        private void end() {
            over = true;
            timers.cancel(this);
        }

        @Override
        protected void expired(final long nowNs) {
            silent("no answer", nowNs);
        }

        @Override
        public void onUnreachable(final long nowNs) {
            silent("nobody listens there", nowNs);
        }

        /** Gives up on the peer. */
        private void silent(final String why, final long nowNs) {
            if (over || transaction == null) {
                return;
            }
            code = 0;
            reason = why;
            letGo(nowNs);
            next(nowNs);
        }

        /** Ends the transaction of the peer that is asked. */
        private void letGo(final long nowNs) {
            final ClientTransaction asked = transaction;
            transaction = null;
            asked.detach();
            asked.terminate(nowNs);
        }

        @Override
        public void onTimeout(final ClientTransaction timedOut, final long nowNs) {
            lost(timedOut, "no answer", nowNs);
        }

        @Override
        public void onTransportError(final ClientTransaction failed, final long nowNs) {
            lost(failed, "not reached", nowNs);
        }

        private void lost(final ClientTransaction gone, final String why, final long nowNs) {
            if (over || gone != transaction) {
                return;
            }
            code = 0;
            reason = why;
            transaction = null;
            next(nowNs);
        }

        @Override
        public void onTerminated(final ClientTransaction gone, final long nowNs) {
            lost(gone, "no answer", nowNs);
        }

        @Override
        public void onTerminated(final ServerTransaction gone, final long nowNs) {
            // There is none.
        }
    }
}
