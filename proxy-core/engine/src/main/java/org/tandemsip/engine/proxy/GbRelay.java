package org.tandemsip.engine.proxy;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.routing.DeviceId;
import org.tandemsip.engine.routing.Gb28181;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;

/**
 * What trunks with {@code profile: gb28181} need beyond RFC 3261. Nothing is answered here, and no body is changed.
 *
 * <pre>
 *   device ---REGISTER--> Tandem ---REGISTER--> platform     the platform knows us as the address of all devices
 *          &lt;-----200----        &lt;-----200----              here the device's address is learnt, by its id
 *          ---Keepalive-->      ---Keepalive-->              and here refreshed, wherever it comes from
 *
 *          &lt;-- INVITE sip:CHANNEL@us --                     found by the id in the Request-URI
 *          &lt;-- ACK sip:anything@us, BYE --                  without Route: by Call-ID and tags, then by the id
 * </pre>
 *
 * A device is there for the time that its registration was granted, and no longer than 180 s after it was heard last;
 * what its catalog lists are channels, reached where it is. Shard thread only, but for the {@link Gb28181} of a trunk.
 */
final class GbRelay {
    private static final long SECOND_NS = 1_000_000_000L;
    /** A device that has not been heard for three of its keep-alives is gone. */
    private static final long SILENCE_NS = 3 * 60 * SECOND_NS;
    /** Longest registration that is believed. */
    private static final long MAX_EXPIRES_S = 7 * 24 * 3_600;
    /** A catalog is asked for now and then: how long a channel is known by the last. */
    private static final long CHANNEL_NS = MAX_EXPIRES_S * SECOND_NS;
    /** More than a message can list: a bound all the same. */
    private static final int MOST_CHANNELS = 1_024;
    /** How long after a BYE its retransmissions and a second one are still led the same way. */
    private static final long AFTER_BYE_NS = 32 * SECOND_NS;
    private static final byte[] EXPIRES = {'e', 'x', 'p', 'i', 'r', 'e', 's'};
    private static final long DIALOG = 0x6762_6469_616cL;
    private static final long QUERY = 0x6762_736eL;

    private final KeyedHash hash;
    private final Counters counters;
    private final GbDialogs dialogs = new GbDialogs();
    private final Manscdp body = new Manscdp();
    private final NameAddr nameAddr = new NameAddr();
    private final SipUri uri = new SipUri();
    private final DeviceId id = new DeviceId();
    private final DeviceId channel = new DeviceId();
    private final Destination here = new Destination();
    private RoutingPolicy policy;
    private boolean on;

    GbRelay(final ShardContext context) {
        hash = new KeyedHash(context.keys().table0(), context.keys().table1());
        counters = context.counters();
        policy((RoutingPolicy) context.policy());
    }

    /** Takes over a configuration. */
    void policy(final RoutingPolicy newPolicy) {
        policy = newPolicy;
        on = newPolicy.trunks().stream().anyMatch(trunk -> trunk.profile().gb28181() != null);
    }

    /** Whether there is any trunk of the profile: else nothing here needs to be asked. */
    boolean on() {
        return on;
    }

    /**
     * Looks for the other side of the dialog that a request is in which says neither by Route nor by Request-URI where
     * that is.
     *
     * @param from trunk that the request comes from, or {@code null}
     * @param into filled when it is known
     */
    boolean findDialog(final SipMessage request, final RouteInformation information, final Trunk from,
            final Destination into, final long nowNs) {
        if (from == null || !Slice.exists(request.toTag()) || information.hasNextRoute()
                || information.inDialog() && !information.requestUriIsOurs()) {
            return false;
        }
        final boolean byCaller;
        int slot = dialogs.find(dialogKey(request, request.fromTag(), request.toTag()), nowNs);
        if (slot != GbDialogs.NONE) {
            byCaller = true;
        } else {
            byCaller = false;
            slot = dialogs.find(dialogKey(request, request.toTag(), request.fromTag()), nowNs);
        }
        if (slot == GbDialogs.NONE || !belongs(slot, byCaller, from)) {
            return false;
        }
        if (request.method() == Method.BYE) {
            dialogs.endBy(slot, nowNs + AFTER_BYE_NS);
        }
        if (!byCaller) {
            dialogs.caller(slot, into);
            return true;
        }
        dialogs.callee(slot, into);
        final Trunk callee = policy.trunkOf(into);
        if (callee != null && callee.profile().gb28181() != null && dialogs.calleeId(slot, id).exists()) {
            // It may have another address by now: the last Keepalive has told.
            callee.profile().gb28181().devices().find(id, into, nowNs);
        }
        return true;
    }

    /** Knowing Call-ID and tags is not enough: it has to be the trunk that was in the dialog before. */
    private boolean belongs(final int slot, final boolean byCaller, final Trunk from) {
        if (byCaller) {
            dialogs.caller(slot, here);
        } else {
            dialogs.callee(slot, here);
        }
        return policy.trunkOf(here) == from;
    }

    /** Looks where the device or channel of {@code trunk} is that the user of a Request-URI names. */
    boolean findDevice(final Trunk trunk, final SipMessage request, final SipUri requestUri, final Destination into,
            final long nowNs) {
        final Gb28181 known = trunk.profile().gb28181();
        return known != null && id.read(request.bytes(), requestUri.user()) && known.devices().find(id, into, nowNs);
    }

    /** Whether a route leads to devices only: one that has not registered is not there for now. */
    static boolean isForDevices(final Route route) {
        for (int i = 0; i < route.to().size(); i++) {
            if (route.to().get(i).profile().gb28181() == null || !route.to().get(i).peers().isEmpty()) {
                return false;
            }
        }
        return !route.to().isEmpty();
    }

    /** Takes note of a request that is sent on. @param to trunk that it goes to, or {@code null} */
    void onRequest(final SipMessage request, final Source source, final Trunk from, final Trunk to,
            final long nowNs) {
        if (request.method() != Method.MESSAGE) {
            return;
        }
        final Gb28181 sender = from.profile().gb28181();
        final Gb28181 receiver = to == null ? null : to.profile().gb28181();
        if (sender == null && receiver == null || body.read(request).kind() == Manscdp.Kind.NONE) {
            return;
        }
        switch (body.kind()) {
            case QUERY, CONTROL -> asked(receiver != null ? receiver : sender, request, nowNs);
            case RESPONSE -> {
                final Gb28181 answering = sender != null ? sender : receiver;
                answering.count(body.command());
                answering.queries().onResponse(queryKey(request.bytes()), nowNs);
                if (sender != null && body.command() == Gb28181.Command.CATALOG) {
                    learnChannels(sender, nowNs);
                }
            }
            case NOTIFY -> {
                if (body.command() == Gb28181.Command.BROADCAST) {
                    asked(receiver != null ? receiver : sender, request, nowNs);
                    return;
                }
                (sender != null ? sender : receiver).count(body.command());
                if (sender != null && body.command() == Gb28181.Command.KEEPALIVE) {
                    heard(sender, request, source, nowNs);
                }
            }
            case NONE -> {
                // Not of this kind.
            }
        }
    }

    /** A query, or what has a response like one: an order, or a broadcast that a device is to call for. */
    private void asked(final Gb28181 asked, final SipMessage request, final long nowNs) {
        asked.count(body.command());
        asked.queries().onQuery(queryKey(request.bytes()), body.command(), body.device(), body.number(), nowNs);
    }

    /** A Keepalive of a device that is known says where it is now. */
    private void heard(final Gb28181 known, final SipMessage request, final Source source, final long nowNs) {
        final DeviceId device = body.device();
        if (!device.exists() || !userOf(request, HeaderName.FROM) || !id.same(device)) {
            return;
        }
        final long untilNs = known.devices().grantedUntil(device, nowNs);
        if (untilNs - nowNs > 0) {
            known.devices().put(device, here.set(source), nowNs, Math.min(untilNs, nowNs + SILENCE_NS), untilNs);
        }
    }

    private void learnChannels(final Gb28181 known, final long nowNs) {
        if (!body.device().exists() || !known.devices().isThere(body.device(), nowNs)) {
            return;
        }
        for (int i = 0; i < MOST_CHANNELS && body.nextItem(channel); i++) {
            if (!channel.same(body.device())) {
                known.devices().putChannel(channel, body.device(), nowNs, nowNs + CHANNEL_NS);
            }
        }
    }

    /** Takes note of a response that is sent on. @param peer where it came from @param caller where it goes */
    void onResponse(final SipMessage response, final Source peer, final Destination caller, final long nowNs) {
        if (response.statusCode() / 100 != 2) {
            return;
        }
        switch (response.method()) {
            case REGISTER -> registered(response, caller, nowNs);
            case INVITE, SUBSCRIBE -> established(response, peer, caller, nowNs);
            case ACK, BYE, CANCEL, OPTIONS, PRACK, NOTIFY, UPDATE, INFO, REFER, MESSAGE, PUBLISH, EXTENSION -> {
                // Say nothing about where anybody is.
            }
        }
    }

    private void registered(final SipMessage response, final Destination caller, final long nowNs) {
        final Trunk trunk = policy.trunkOf(caller);
        final Gb28181 known = trunk == null ? null : trunk.profile().gb28181();
        if (known == null || !userOf(response, HeaderName.TO)) {
            return;
        }
        final long expiresS = expiresS(response);
        if (expiresS == 0) {
            known.countLeaving();
            known.devices().remove(id, nowNs);
            return;
        }
        known.countRegistration(known.devices().isThere(id, nowNs));
        final long grantedNs = nowNs + expiresS * SECOND_NS;
        known.devices().put(id, caller, nowNs, Math.min(grantedNs, nowNs + SILENCE_NS), grantedNs);
    }

    private void established(final SipMessage response, final Source peer, final Destination caller,
            final long nowNs) {
        final Trunk callee = policy.trunkOf(peer);
        final Trunk from = policy.trunkOf(caller);
        if ((callee == null || callee.profile().gb28181() == null)
                && (from == null || from.profile().gb28181() == null) || !Slice.exists(response.toTag())) {
            return;
        }
        if (dialogs.find(dialogKey(response, response.toTag(), response.fromTag()), nowNs) != GbDialogs.NONE) {
            // A request of the other side, in the dialog that is known already.
            return;
        }
        if (!userOf(response, HeaderName.TO)) {
            id.set(0, 0);
        }
        if (dialogs.put(dialogKey(response, response.fromTag(), response.toTag()), caller, here.set(peer), id, nowNs,
                nowNs + policy.timing().lostCallNs())) {
            counters.increment(Counter.LIMITED_GB_DIALOGS);
        }
    }

    /** Reads the id in the URI of From or To. */
    private boolean userOf(final SipMessage message, final HeaderName name) {
        final long value = message.value(name);
        if (!nameAddr.wrap(message.bytes(), Slice.offset(value), Slice.end(value))) {
            return false;
        }
        final long address = nameAddr.uri();
        return uri.wrap(message.bytes(), Slice.offset(address), Slice.end(address))
                && id.read(message.bytes(), uri.user());
    }

    /** What a registration was granted for: Contact's parameter, else Expires, else 3,600 s. */
    private long expiresS(final SipMessage response) {
        final long contact = response.value(HeaderName.CONTACT);
        long value = Slice.NONE;
        if (Slice.exists(contact) && nameAddr.wrap(response.bytes(), Slice.offset(contact), Slice.end(contact))) {
            value = nameAddr.parameter(EXPIRES);
        }
        if (!Slice.exists(value)) {
            value = response.value(HeaderName.EXPIRES);
        }
        return Slice.exists(value) ? seconds(response.bytes(), value) : 3_600;
    }

    private static long seconds(final DirectBuffer bytes, final long value) {
        long seconds = 0;
        for (int i = Slice.offset(value); i < Slice.end(value); i++) {
            final int digit = bytes.getByte(i) - '0';
            if (digit < 0 || digit > 9) {
                break;
            }
            seconds = Math.min(MAX_EXPIRES_S, seconds * 10 + digit);
        }
        return seconds;
    }

    private long dialogKey(final SipMessage message, final long callerTag, final long calleeTag) {
        final DirectBuffer bytes = message.bytes();
        hash.begin().add(DIALOG).addSlice(bytes, message.callId());
        if (Slice.exists(callerTag)) {
            hash.addSlice(bytes, callerTag);
        }
        if (Slice.exists(calleeTag)) {
            hash.addSlice(bytes, calleeTag);
        }
        final long key = hash.end();
        return key == 0 ? 1 : key;
    }

    private long queryKey(final DirectBuffer bytes) {
        hash.begin().add(QUERY).add(body.device().high()).add(body.device().low());
        if (Slice.exists(body.commandSlice())) {
            hash.addSlice(bytes, body.commandSlice());
        }
        return Slice.exists(body.sn()) ? hash.addSlice(bytes, body.sn()).end() : hash.end();
    }
}
