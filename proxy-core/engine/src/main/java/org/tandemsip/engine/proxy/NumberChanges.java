package org.tandemsip.engine.proxy;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.Edits;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.ValueCursor;
import org.tandemsip.engine.routing.DeviceId;
import org.tandemsip.engine.routing.NumberRules;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.TelephoneNumber;

/**
 * Telephone numbers rewritten on the way from one trunk to another, as edits over the received bytes: first what the
 * trunk asks for that a request comes from, then the route, then the trunk that it goes to. A function of the request
 * and the rules alone, so that a retransmission, CANCEL and ACK carry what their INVITE carried.
 *
 * <p>Requests inside a dialog are left alone: their Request-URI is a Contact, and their To and From belong to those who
 * began it. Shard thread only.
 */
final class NumberChanges {
    private final TelephoneNumber number = new TelephoneNumber();
    private final NameAddr nameAddr = new NameAddr();
    private final SipUri uri = new SipUri();
    private final ValueCursor cursor = new ValueCursor();
    private NumberRules received = NumberRules.NONE;
    private NumberRules route = NumberRules.NONE;
    private NumberRules sent = NumberRules.NONE;
    private int changes;
    private long fromUser;
    private long toUser;
    private boolean keepsDeviceIds;
    private final DeviceId deviceId = new DeviceId();

    /**
     * Whether numbers of a request may be rewritten. An ACK without our token is that for an answer that was no 2xx,
     * and has to follow its INVITE (RFC 3261 section 17.1.1.3).
     */
    static boolean mayRewrite(final SipMessage request, final RouteInformation information) {
        return !Slice.exists(request.toTag()) || request.method() == Method.ACK && !information.inDialog();
    }

    /** Takes over the rules for one copy. */
    void rules(final NumberRules receivedBy, final NumberRules ofRoute, final NumberRules sentTo) {
        received = receivedBy;
        route = ofRoute;
        sent = sentTo;
        changes = 0;
        fromUser = Slice.NONE;
        toUser = Slice.NONE;
    }

    /** Whether 20 digits are the id of a device, which nobody may rewrite (GB/T 28181). */
    void keepDeviceIds(final boolean keep) {
        keepsDeviceIds = keep;
    }

    /** Whether there is nothing to do. */
    boolean isEmpty() {
        return received.isEmpty() && route.isEmpty() && sent.isEmpty();
    }

    /** The number that takes the place of that in the Request-URI, or {@code null} when it stays as it is. */
    TelephoneNumber requestUri(final SipMessage request, final SipUri requestUri) {
        return concerns(NumberRules.Field.REQUEST_URI)
                && changes(request.bytes(), requestUri.user(), NumberRules.Field.REQUEST_URI) ? number : null;
    }

    /** Adds to {@code edits} what changes in header fields. */
    void edit(final SipMessage request, final Edits edits) {
        editAll(request, HeaderName.TO, NumberRules.Field.TO, edits);
        editAll(request, HeaderName.FROM, NumberRules.Field.FROM, edits);
        editAll(request, HeaderName.P_ASSERTED_IDENTITY, NumberRules.Field.P_ASSERTED_IDENTITY, edits);
        editAll(request, HeaderName.DIVERSION, NumberRules.Field.DIVERSION, edits);
    }

    /** User part of From as it came, where it was changed by the last {@link #edit}; else {@link Slice#NONE}. */
    long fromUser() {
        return fromUser;
    }

    /** As {@link #fromUser()}, of To. */
    long toUser() {
        return toUser;
    }

    private boolean concerns(final NumberRules.Field field) {
        return received.concerns(field) || route.concerns(field) || sent.concerns(field);
    }

    private void editAll(final SipMessage request, final HeaderName name, final NumberRules.Field field,
            final Edits edits) {
        if (request.firstRow(name) == SipMessage.NO_ROW || !concerns(field)) {
            return;
        }
        if (name.single()) {
            final long value = request.value(name);
            editValue(request.bytes(), Slice.offset(value), Slice.end(value), field, edits);
            return;
        }
        cursor.reset(request, name);
        while (cursor.next()) {
            editValue(request.bytes(), cursor.start(), cursor.end(), field, edits);
        }
    }

    private void editValue(final DirectBuffer bytes, final int start, final int end, final NumberRules.Field field,
            final Edits edits) {
        if (changes == RoutingPolicy.MOST_NUMBERS - 1 || !nameAddr.wrap(bytes, start, end)) {
            return;
        }
        final long address = nameAddr.uri();
        if (uri.wrap(bytes, Slice.offset(address), Slice.end(address)) && uri.scheme() != SipUri.Scheme.OPAQUE
                && changes(bytes, uri.user(), field)) {
            number.write(edits.begin(number.start(), number.end() - number.start()));
            edits.end();
            changes++;
            fromUser = field == NumberRules.Field.FROM ? uri.user() : fromUser;
            toUser = field == NumberRules.Field.TO ? uri.user() : toUser;
        }
    }

    private boolean changes(final DirectBuffer bytes, final long user, final NumberRules.Field field) {
        if (keepsDeviceIds && deviceId.read(bytes, user) && deviceId.isDevice() || !number.read(bytes, user)) {
            return false;
        }
        number.apply(received, field);
        number.apply(route, field);
        number.apply(sent, field);
        return number.differs(bytes);
    }
}
