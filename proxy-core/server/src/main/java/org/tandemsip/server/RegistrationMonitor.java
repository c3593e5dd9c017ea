package org.tandemsip.server;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.routing.Registration;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.shard.Shards;
import org.tandemsip.server.transport.Network;

/**
 * Has addresses registered when it is time, takes back those that the configuration names no more, and logs what
 * becomes of them. The requests are sent by the shards that own their Call-IDs. Called on the thread of
 * {@link PeerMonitor}.
 */
final class RegistrationMonitor {
    private static final long WARN_EVERY_NS = TimeUnit.MINUTES.toNanos(1);

    /** What was seen of one registration. */
    private static final class Seen {
        private Registration.State state = Registration.State.UNREGISTERED;
        private long failures;
    }

    private final Network network;
    private final ShardContext.Keys keys;
    private final Map<Registration, Seen> known = new IdentityHashMap<>();
    private final Map<String, Long> warnedNs = new HashMap<>();
    private volatile boolean leaving;
    private volatile int open;

    RegistrationMonitor(final Network network, final ShardContext.Keys keys) {
        this.network = network;
        this.keys = keys;
    }

    /** Takes all registrations back from now on. */
    void leave() {
        leaving = true;
    }

    /** Whether nothing is registered or being taken back any more, as of the last turn. */
    boolean hasLeft() {
        return leaving && open == 0;
    }

    /** Does what is due. */
    void turn(final RoutingPolicy policy, final long nowNs) {
        final List<Trunk> trunks = policy.trunks();
        for (final Trunk trunk : trunks) {
            final Registration registration = trunk.account().registration();
            if (registration != null) {
                registration.trunk(trunk);
                known.computeIfAbsent(registration, _ -> new Seen());
            }
            if (trunk.account().credentials() != null) {
                warnOfRealm(trunk, nowNs);
            }
        }
        final Set<Registration> wanted = leaving ? Set.of()
                : trunks.stream().map(trunk -> trunk.account().registration()).filter(each -> each != null)
                        .collect(Collectors.toSet());
        takeBackAllBut(wanted, nowNs);
        for (final Registration registration : wanted) {
            look(registration, nowNs);
            if (!isBeingTakenBack(registration, wanted) && registration.tryAsk(nowNs)) {
                order(registration, false);
            }
        }
        open = known.size();
    }

    /** One that is replaced by another for the same address at the same trunk is not taken back: both are one there. */
    private void takeBackAllBut(final Set<Registration> wanted, final long nowNs) {
        for (final Iterator<Registration> all = known.keySet().iterator(); all.hasNext();) {
            final Registration registration = all.next();
            if (wanted.contains(registration)) {
                continue;
            }
            registration.leave();
            final boolean replaced = wanted.stream().anyMatch(other -> isSameAddress(other, registration));
            if (!replaced && registration.tryTakeBack(nowNs)) {
                order(registration, true);
            } else if (!registration.asked()) {
                look(registration, nowNs);
                all.remove();
            }
        }
    }

    private static boolean isSameAddress(final Registration one, final Registration other) {
        final Registration.Settings a = one.settings();
        final Registration.Settings b = other.settings();
        return a.trunk().equals(b.trunk()) && a.user().equals(b.user()) && a.domain().equals(b.domain());
    }

    /** Whether an earlier one of its trunk is not gone yet: what is sent now could be overtaken. */
    private boolean isBeingTakenBack(final Registration registration, final Set<Registration> wanted) {
        return known.keySet().stream().anyMatch(other -> other != registration && !wanted.contains(other)
                && other.settings().trunk().equals(registration.settings().trunk()));
    }

    private void order(final Registration registration, final boolean remove) {
        if (!network.command(Shards.ownerOf(registration.callId(), keys, network.shards()),
                new ShardCommand.Register(registration, remove))) {
            registration.over();
        }
    }

    private void look(final Registration registration, final long nowNs) {
        final Seen seen = known.get(registration);
        final Registration.State state = registration.state(nowNs);
        final long failures = registration.totalFailures();
        if (state == Registration.State.REGISTERED && failures != seen.failures && state == seen.state) {
            EventLog.warn("registration", "trunk", registration.settings().trunk(), "address", registration.address(),
                    "msg", "not renewed, tried again", "code", registration.lastCode(), "reason",
                    registration.lastReason(), "left_seconds", registration.leftNs(nowNs) / 1_000_000_000L);
        } else if (state != seen.state && state != Registration.State.REGISTERING) {
            log(registration, seen.state, state, nowNs);
        }
        seen.failures = failures;
        seen.state = state == Registration.State.REGISTERING ? seen.state : state;
    }

    private static void log(final Registration registration, final Registration.State from,
            final Registration.State to, final long nowNs) {
        final List<Object> fields = new ArrayList<>(List.of("trunk", registration.settings().trunk(), "address",
                registration.address(), "from", from, "to", to));
        if (registration.peer() != null) {
            fields.addAll(List.of("peer", registration.peer().hostPort()));
        }
        switch (to) {
            case REGISTERED -> {
                fields.addAll(List.of("seconds", (registration.leftNs(nowNs) + 500_000_000L) / 1_000_000_000L));
                EventLog.info("registration", fields.toArray());
            }
            case UNREGISTERED, REGISTERING -> EventLog.info("registration", fields.toArray());
            case FAILED, REFUSED -> {
                fields.addAll(List.of("code", registration.lastCode(), "reason", registration.lastReason(),
                        "again_seconds", registration.untilDueNs(nowNs) / 1_000_000_000L));
                EventLog.warn("registration", fields.toArray());
            }
        }
    }

    private void warnOfRealm(final Trunk trunk, final long nowNs) {
        final Long before = warnedNs.get(trunk.name());
        if (before == null || nowNs - before > WARN_EVERY_NS) {
            final String realm = trunk.account().credentials().takeRefusedRealm();
            if (realm != null) {
                warnedNs.put(trunk.name(), nowNs);
                EventLog.warn("challenge", "trunk", trunk.name(), "realm", realm, "answered_realm",
                        trunk.account().credentials().realm(), "msg", "a challenge for another realm was not answered");
            }
        }
    }
}
