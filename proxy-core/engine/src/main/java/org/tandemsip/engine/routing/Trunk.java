package org.tandemsip.engine.routing;

import java.util.List;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Source;

/**
 * A group of peers that stand for one another: a carrier, a PBX cluster.
 *
 * @param index        position in {@link RoutingPolicy#trunks()}
 * @param name         as written in the configuration
 * @param peers        addresses that requests to this trunk are sent to; may be empty for a trunk that only sends
 * @param allow        addresses whose requests count as coming from this trunk, besides those of its peers
 * @param failover     status codes that make a stateful proxy try the next peer, besides timeout and transport error
 * @param maxForwards  Max-Forwards put into requests to this trunk that carry none; 0 for the global one
 * @param balance      how to choose among the peers
 * @param maxCalls     most calls at a time, from and to this trunk together; 0 for any number
 * @param tryNs        how long a peer may leave an INVITE without any response before the next one is tried; 0: as long
 *                     as timer B
 * @param ping         how the peers are probed
 * @param state        what it carries, kept over reloads
 * @param rules        what is changed in its messages
 * @param trust        how far it is trusted
 * @param certified    whether its requests count only where TLS has shown who they come from
 * @param account      who we are to it
 * @param profile      who it is, where RFC 3261 alone does not say enough
 */
public record Trunk(int index, String name, List<Peer> peers, List<Cidr> allow, int[] failover, int maxForwards,
        Balance balance, int maxCalls, long tryNs, Ping ping, TrunkState state, TrunkRules rules,
        Trust trust, boolean certified, Account account, Profile profile) {
    /** To which we are nobody that it knows, by RFC 3261 alone. */
    public Trunk(final int index, final String name, final List<Peer> peers, final List<Cidr> allow,
            final int[] failover, final int maxForwards, final Balance balance, final int maxCalls, final long tryNs,
            final Ping ping, final TrunkState state, final TrunkRules rules, final Trust trust,
            final boolean certified) {
        this(index, name, peers, allow, failover, maxForwards, balance, maxCalls, tryNs, ping, state, rules, trust,
                certified, Account.NONE, Profile.NONE);
    }

    /** By RFC 3261 alone. */
    public Trunk(final int index, final String name, final List<Peer> peers, final List<Cidr> allow,
            final int[] failover, final int maxForwards, final Balance balance, final int maxCalls, final long tryNs,
            final Ping ping, final TrunkState state, final TrunkRules rules, final Trust trust,
            final boolean certified, final Account account) {
        this(index, name, peers, allow, failover, maxForwards, balance, maxCalls, tryNs, ping, state, rules, trust,
                certified, account, Profile.NONE);
    }

    /** Whose addresses are enough. */
    public Trunk(final int index, final String name, final List<Peer> peers, final List<Cidr> allow,
            final int[] failover, final int maxForwards, final Balance balance, final int maxCalls, final long tryNs,
            final Ping ping, final TrunkState state, final TrunkRules rules, final Trust trust) {
        this(index, name, peers, allow, failover, maxForwards, balance, maxCalls, tryNs, ping, state, rules, trust,
                false);
    }

    /** With the global Max-Forwards. */
    public Trunk(final int index, final String name, final List<Peer> peers, final List<Cidr> allow,
            final int[] failover) {
        this(index, name, peers, allow, failover, 0);
    }

    /** With messages left as they are. */
    public Trunk(final int index, final String name, final List<Peer> peers, final List<Cidr> allow,
            final int[] failover, final int maxForwards, final Balance balance, final int maxCalls, final long tryNs,
            final Ping ping, final TrunkState state) {
        this(index, name, peers, allow, failover, maxForwards, balance, maxCalls, tryNs, ping, state, TrunkRules.NONE);
    }

    /** Of the own house: all is believed, nothing is hidden. */
    public Trunk(final int index, final String name, final List<Peer> peers, final List<Cidr> allow,
            final int[] failover, final int maxForwards, final Balance balance, final int maxCalls, final long tryNs,
            final Ping ping, final TrunkState state, final TrunkRules rules) {
        this(index, name, peers, allow, failover, maxForwards, balance, maxCalls, tryNs, ping, state, rules,
                new Trust(Zone.CORE, true, 0, null, rules.headers()));
    }

    /** Without limits or probes, balanced by Call-ID. */
    public Trunk(final int index, final String name, final List<Peer> peers, final List<Cidr> allow,
            final int[] failover, final int maxForwards) {
        this(index, name, peers, allow, failover, maxForwards, Balance.CALL_ID, 0, 0, Ping.OFF, new TrunkState());
    }

    /** Whether the calls of this trunk have to be counted. */
    public boolean countsCalls() {
        return maxCalls > 0 || balance == Balance.LEAST_CALLS;
    }

    /** Whether it has as many calls as it may have. */
    public boolean isFull() {
        return maxCalls > 0 && state.calls() >= maxCalls;
    }

    /** Whether a peer takes new requests: is not down, and its name has an address for now. */
    public boolean isUsable() {
        for (int i = 0; i < peers.size(); i++) {
            if (peers.get(i).state().usable()) {
                return true;
            }
        }
        return false;
    }

    /** Whether an address is one of a peer. Allocates nothing. */
    public boolean hasPeer(final long addressHigh, final long addressLow) {
        for (int i = 0; i < peers.size(); i++) {
            if (peers.get(i).addressHigh() == addressHigh && peers.get(i).addressLow() == addressLow) {
                return true;
            }
        }
        return false;
    }

    /** Whether an address is one of a peer or lies in {@link #allow}. Allocates nothing. */
    public boolean holds(final long addressHigh, final long addressLow) {
        return Cidr.anyContains(allow, addressHigh, addressLow) || hasPeer(addressHigh, addressLow);
    }

    /**
     * Whether a challenge that {@code from} has sent may be answered with the credentials for this trunk: there are
     * any, and both who was asked and who answers are peers of it. Whoever else challenges us, in whatever name, is not
     * shown what the password could be guessed by.
     *
     * @param asked where the challenged request went
     */
    public boolean mayBeAnswered(final Destination asked, final Source from) {
        return account.credentials() != null && hasPeer(asked.addressHigh, asked.addressLow)
                && hasPeer(from.addressHigh, from.addressLow);
    }

    /** Whether a final response with that code moves the request to the next peer. */
    public boolean failsOver(final int statusCode) {
        for (final int code : failover) {
            if (code == statusCode) {
                return true;
            }
        }
        return false;
    }
}
