package org.tandemsip.engine.handler;

import java.util.List;
import org.tandemsip.codec.Transport;

/**
 * An order or report that crosses into a shard through its command queue. Control path: made per event, not per
 * message.
 */
public sealed interface ShardCommand {
    /** Takes over a new configuration; what is under way finishes by what it began with. */
    record Configure(Policy policy) implements ShardCommand {}

    /**
     * A message could not be sent: connection refused or lost, no route to host, queue full.
     *
     * @param correlation what was given to {@link Egress#send}
     * @param queueFull   whether a queue of this node was full, which says nothing of where the message was to go
     */
    record SendFailed(long correlation, boolean queueFull) implements ShardCommand {
        /** The way to where the message was to go has failed. */
        public SendFailed(final long correlation) {
            this(correlation, false);
        }
    }

    /**
     * ICMP has reported that a datagram could not be delivered (RFC 3261 section 18.4). Goes to all shards: which of
     * them sent it is known by what is quoted of it.
     *
     * @param quoted      the beginning of the datagram, as far as the report quotes it
     * @param addressHigh upper half of the address it went to
     * @param addressLow  lower half of the address it went to
     * @param port        port it went to
     */
    record Unreachable(byte[] quoted, long addressHigh, long addressLow, int port) implements ShardCommand {
        /** Whether the datagram went to {@code destination}. */
        public boolean isAbout(final Destination destination) {
            return destination.transport == Transport.UDP && destination.port == port
                    && destination.addressHigh == addressHigh && destination.addressLow == addressLow;
        }
    }

    /** The addresses of a host name that the shard asked {@link NameService} for. */
    record Resolved(HostName.Answer answer) implements ShardCommand {}

    /**
     * Asks a peer by OPTIONS whether it is alive; what it says goes into the peer's state.
     *
     * @param trunk  name of the trunk
     * @param peer   place of the peer in it
     * @param callId Call-ID of the probe, whose shard this is: the answer will come here
     * @param among  a bit for each listen point that is of interest; -1 for all
     */
    record Probe(String trunk, int peer, byte[] callId, long among) implements ShardCommand {}

    /**
     * Asks a trunk to register an address, or to forget it; what it says goes into the registration.
     *
     * @param what   whose Call-ID is of this shard: the answers will come here
     * @param remove whether it is to be forgotten
     */
    record Register(Registrable what, boolean remove) implements ShardCommand {}

    /** Asks phones by OPTIONS for a sign of life, so that the NAT before them keeps the way open. */
    record PingPhones(List<PhonePing> pings) implements ShardCommand {}

    /** One of them. @param uri its contact */
    record PhonePing(Destination to, byte[] uri) {}

    /** A peer has gone down, or one of the ways to it: calls that are being set up by it go on elsewhere. */
    record PeerDown() implements ShardCommand {}

    /**
     * What somebody outside says to a question that the shard has asked: a credit service, a media relay.
     *
     * @param ticket number of the question, of this shard, never the same again: a reply that comes too late, or a
     *               second one, finds nothing
     */
    record Replied(long ticket, Reply reply) implements ShardCommand {}

    /**
     * Asks the shard that has a call for what it knows of a dialog: {@link Neighbours} bring it there, and a
     * {@link Replied} back.
     *
     * @param shard    who asks
     * @param ticket   number of its question
     * @param replaces value of Replaces (RFC 3891) that names the dialog
     */
    record FindDialog(int shard, long ticket, byte[] replaces) implements ShardCommand {}

    /** Runs on the shard thread between two messages: for looking at shard state from outside (status, tests). */
    record Inspect(Runnable task) implements ShardCommand {}
}
