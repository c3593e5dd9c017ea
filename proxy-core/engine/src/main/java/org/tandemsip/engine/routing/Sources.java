package org.tandemsip.engine.routing;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Source;

/**
 * Which trunk something comes from or goes to. Three things are asked, in this order:
 *
 * <ol>
 * <li>The zone of the listen point: on one that has a zone, trunks of other zones do not exist. Whoever writes the
 * address of the PBX as his own and sends to the carrier's listen point is nobody.
 * <li>Address and port ({@link SourceTable}).
 * <li>Where several trunks claim those, which are then accounts with one carrier, or where none does: which account the
 * request is for. It is sent to the Contact that we have registered for it, whose token was told to nobody else; or
 * the Request-URI names its user; or To does. Else it belongs to the trunk without an account, else to the first.
 * </ol>
 *
 * Immutable, read by all shards and I/O loops; nothing here allocates once it is made.
 */
final class Sources {
    private static final byte[] CONTACT_PARAMETER = Registration.PARAMETER.getBytes(StandardCharsets.US_ASCII);
    private static final int MOST_LISTEN_POINTS = 64;
    private static final long ALL = -1;

    private final SourceTable all;
    /** Per zone the table of its trunks alone. */
    private final SourceTable[] ofZone;
    /** Per listen point its zone, or {@code null} for any. */
    private final Zone[] listenZones;
    /** Per zone a bit for each listen point that it may use. */
    private final long[] listenersOfZone;
    /** Trunks that we have registered an address with. */
    private final Trunk[] registered;

    /** @param listenZones zone per listen point, in the order of their index; {@code null} for any */
    Sources(final List<Trunk> trunks, final List<Zone> listenZones) {
        final Zone[] zones = Zone.values();
        this.listenZones = listenZones.subList(0, Math.min(MOST_LISTEN_POINTS, listenZones.size()))
                .toArray(Zone[]::new);
        all = new SourceTable(trunks);
        ofZone = new SourceTable[zones.length];
        listenersOfZone = new long[zones.length];
        for (final Zone zone : zones) {
            ofZone[zone.ordinal()] =
                    new SourceTable(trunks.stream().filter(trunk -> trunk.trust().zone() == zone).toList());
            listenersOfZone[zone.ordinal()] = ALL;
            for (int i = 0; i < this.listenZones.length; i++) {
                if (this.listenZones[i] != null && this.listenZones[i] != zone) {
                    listenersOfZone[zone.ordinal()] &= ~(1L << i);
                }
            }
        }
        registered = trunks.stream().filter(trunk -> trunk.account().registration() != null).toArray(Trunk[]::new);
    }

    /** Zone per listen point, in the order of their index; {@code null} for any. */
    List<Zone> listenZones() {
        final List<Zone> zones = new ArrayList<>();
        Collections.addAll(zones, listenZones);
        return Collections.unmodifiableList(zones);
    }

    /** A bit for each listen point by which {@code trunk} may be reached; {@code null} for an address of no trunk. */
    long listenersOf(final Trunk trunk) {
        return trunk == null ? ALL : listenersOfZone[trunk.trust().zone().ordinal()];
    }

    /** The trunk of an address, or {@code null}: of those that share it the first. */
    Trunk trunkOf(final Source source) {
        final Trunk[] claimants = claimants(source);
        return claimants == null ? null : heard(claimants[0], source);
    }

    /** As {@link #trunkOf(Source)}, for where something is sent to; before its listen point is chosen that is -1. */
    Trunk trunkOf(final Destination to) {
        final Trunk[] claimants = tableOf(to.listenPoint).claimants(to.addressHigh, to.addressLow, to.port);
        return claimants == null ? null : claimants[0];
    }

    /**
     * The trunk that a request inside a dialog goes to: of those that share the address the one whose user From names,
     * since that was the caller's account, or what was called.
     */
    Trunk trunkTo(final SipMessage request, final long addressHigh, final long addressLow, final int port,
            final UserReader users) {
        final Trunk[] claimants = all.claimants(addressHigh, addressLow, port);
        if (claimants == null) {
            return null;
        }
        final Trunk named = claimants.length == 1 ? claimants[0]
                : named(claimants, request, users.user(request, HeaderName.FROM));
        return named != null ? named : unnamed(claimants);
    }

    /** The trunk that a request belongs to, or {@code null}. */
    Trunk trunkOf(final SipMessage request, final Source source, final UserReader users) {
        final Trunk[] claimants = claimants(source);
        if (claimants != null && (claimants.length == 1 || !request.isRequest())) {
            return heard(claimants[0], source);
        }
        if (!request.isRequest() || claimants == null && registered.length == 0) {
            return null;
        }
        final SipUri uri = request.parsedUri();
        final boolean sip = uri.scheme() == SipUri.Scheme.SIP || uri.scheme() == SipUri.Scheme.SIPS;
        final Trunk called = sip ? called(claimants == null ? registered : claimants, request, uri) : null;
        if (claimants == null) {
            return called != null && isHeardOn(called, source.listenPoint) ? heard(called, source) : null;
        }
        Trunk trunk = called != null ? called
                : named(claimants, request, uri.scheme() == SipUri.Scheme.OPAQUE ? Slice.NONE : uri.user());
        if (trunk == null) {
            trunk = named(claimants, request, users.user(request, HeaderName.TO));
        }
        return heard(trunk != null ? trunk : unnamed(claimants), source);
    }

    private Trunk[] claimants(final Source source) {
        return tableOf(source.listenPoint).claimants(source.addressHigh, source.addressLow, source.port);
    }

    private SourceTable tableOf(final int listenPoint) {
        final Zone zone = zoneOf(listenPoint);
        return zone == null ? all : ofZone[zone.ordinal()];
    }

    private Zone zoneOf(final int listenPoint) {
        return listenPoint >= 0 && listenPoint < listenZones.length ? listenZones[listenPoint] : null;
    }

    private boolean isHeardOn(final Trunk trunk, final int listenPoint) {
        final Zone zone = zoneOf(listenPoint);
        return zone == null || zone == trunk.trust().zone();
    }

    /** One that wants certificates owns nothing that came in the clear. */
    private static Trunk heard(final Trunk trunk, final Source source) {
        return trunk.certified() && !source.transport.secure() ? null : trunk;
    }

    /** The trunk whose registered Contact {@code uri} is. */
    private static Trunk called(final Trunk[] trunks, final SipMessage request, final SipUri uri) {
        final long token = uri.parameter(CONTACT_PARAMETER);
        for (int i = 0; Slice.exists(token) && i < trunks.length; i++) {
            final Registration registration = trunks[i].account().registration();
            if (registration != null && Registration.isToken(request.bytes(), token, registration.token())) {
                return trunks[i];
            }
        }
        return null;
    }

    private static Trunk named(final Trunk[] claimants, final SipMessage request, final long user) {
        for (int i = 0; Slice.exists(user) && i < claimants.length; i++) {
            if (claimants[i].account().isUser(request.bytes(), user)) {
                return claimants[i];
            }
        }
        return null;
    }

    private static Trunk unnamed(final Trunk[] claimants) {
        for (final Trunk claimant : claimants) {
            if (claimant.account() == Account.NONE) {
                return claimant;
            }
        }
        return claimants[0];
    }
}
