package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
import org.tandemsip.codec.ValueCursor;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.routing.DeviceId;
import org.tandemsip.engine.routing.ListenPoints;
import org.tandemsip.engine.routing.NumberRules;
import org.tandemsip.engine.routing.Privacy;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Target;
import org.tandemsip.engine.routing.TelephoneNumber;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.Trust;

/**
 * Writes From, To, Request-URI and the rows that name people of the INVITE that we send: user parts as they came, with
 * the numbers that the rules of trunks and route make of them; hosts that are addresses, or ours, become those of the
 * other leg: ours for the caller, that of the next hop for the called party. Domain names say who somebody is and stay.
 * Shard thread only.
 */
final class CallNames {
    private static final byte[] USER = B2bua.ascii("user");
    private static final byte[] TRANSPORT = B2bua.ascii(";transport=");
    private static final byte[] METHOD = B2bua.ascii("method");
    /** Why a call was diverted (RFC 4458). */
    private static final byte[] CAUSE = B2bua.ascii("cause");
    /** RFC 3323 section 4.1.1.3. */
    private static final byte[] ANONYMOUS =
            B2bua.ascii("\"Anonymous\" <sip:anonymous@anonymous.invalid>");

    private final ListenPoints listenPoints;
    private final NameAddr nameAddr = new NameAddr();
    private final SipUri uri = new SipUri();
    private final IpAddress address = new IpAddress();
    private final TelephoneNumber telephone = new TelephoneNumber();
    private final DeviceId deviceId = new DeviceId();
    private Target target;
    /** What has led there, or {@code null}. */
    private Redirection redirection;
    private NumberRules received = NumberRules.NONE;
    private NumberRules route = NumberRules.NONE;
    private NumberRules sent = NumberRules.NONE;
    private boolean keepsDeviceIds;
    /** Numbers rewritten in the rows of a message. */
    private int changes;

    CallNames(final ListenPoints listenPoints) {
        this.listenPoints = listenPoints;
    }

    /** Writes for a call to {@code next} from now on. @param by what has led there, or {@code null} */
    CallNames to(final Target next, final Redirection by) {
        target = next;
        redirection = by;
        rules(next.from, next.route, next.sentTo);
        return this;
    }

    /** Rewrites numbers from now on as it is asked for between two trunks; each may be {@code null}. */
    void rules(final Trunk from, final Route by, final Trunk to) {
        received = from == null ? NumberRules.NONE : from.rules().numberIn();
        route = by == null ? NumberRules.NONE : by.number();
        sent = to == null ? NumberRules.NONE : to.rules().number();
        keepsDeviceIds = isGb28181(from) || isGb28181(to);
        changes = 0;
    }

    /** Leaves numbers as they are from now on: those inside a dialog are never rewritten, nor those of answers. */
    void noRules() {
        rules(null, null, null);
    }

    /** Whether 20 digits are the id of a device there, which nobody may rewrite. */
    private static boolean isGb28181(final Trunk trunk) {
        return trunk != null && trunk.profile().gb28181() != null;
    }

    /** Nobody who is not trusted is told who calls when that is asked for by Privacy (RFC 3323 section 5.3). */
    void putFrom(final AsciiWriter out, final SipMessage invite) {
        if (!Trust.isTold(target.sentTo) && Privacy.hidesCaller(invite)) {
            out.put(ANONYMOUS);
            return;
        }
        putName(out, invite, HeaderName.FROM, NumberRules.Field.FROM, true);
    }

    void putTo(final AsciiWriter out, final SipMessage invite) {
        putName(out, invite, HeaderName.TO, NumberRules.Field.TO, false);
    }

    /**
     * Writes the Request-URI: for a user of ours the contact (RFC 3261 section 16.6 step 2), after a redirection what
     * was given there (section 8.1.3.4).
     */
    void putRequestUri(final AsciiWriter out, final SipMessage invite) {
        if (redirection != null && redirection.read(uri)) {
            putUri(out, redirection.buffer(), Slice.between(uri.start(), uri.end()), NumberRules.Field.REQUEST_URI,
                    false);
        } else if (target.binding == null) {
            putUri(out, invite.bytes(), invite.requestUri(), NumberRules.Field.REQUEST_URI, false);
        } else {
            out.put(target.binding.contact());
        }
    }

    /** Writes the Route rows that lead to a user of ours (RFC 3327 section 5.4). */
    void putRoutes(final AsciiWriter out) {
        if (target.binding != null && target.binding.path().length > 0) {
            out.put(Routes.ROUTE).put(target.binding.path()).crlf();
        }
    }

    private void putName(final AsciiWriter out, final SipMessage invite, final HeaderName name,
            final NumberRules.Field field, final boolean ours) {
        final DirectBuffer bytes = invite.bytes();
        final long value = invite.value(name);
        if (!nameAddr.wrap(bytes, Slice.offset(value), Slice.end(value))) {
            // The parser has let it through, so it is harmless; but there is no telling what is an address in it.
            out.put('<').put(B2bua.SIP);
            putHost(out, ours);
            out.put('>');
            return;
        }
        if (Slice.exists(nameAddr.displayName())) {
            out.putSlice(bytes, nameAddr.displayName()).put(' ');
        }
        putUri(out.put('<'), bytes, nameAddr.uri(), field, ours);
        out.put('>');
    }

    private void putUri(final AsciiWriter out, final DirectBuffer bytes, final long slice,
            final NumberRules.Field field, final boolean ours) {
        if (!uri.wrap(bytes, Slice.offset(slice), Slice.end(slice)) || uri.scheme() == SipUri.Scheme.OPAQUE) {
            out.putSlice(bytes, slice);
            return;
        }
        final boolean sip = uri.scheme() != SipUri.Scheme.TEL;
        final boolean replaces = sip && isAddress(bytes) && !leadsThere(bytes);
        final boolean number = changes(bytes, field);
        int from = uri.start();
        if (number) {
            telephone.write(out.put(bytes, from, telephone.start() - from));
            from = telephone.end();
        }
        if (!replaces) {
            out.put(bytes, from, (Slice.exists(uri.headers()) ? Slice.offset(uri.headers()) - 1 : uri.end()) - from);
            return;
        }
        if (Slice.exists(uri.user())) {
            // Without the password, if any: it was meant for somebody else.
            final int userEnd = Slice.end(uri.user());
            out.put(bytes, from, Math.max(0, userEnd - from)).put('@');
        } else {
            out.put(B2bua.SIP);
        }
        putHost(out, ours);
        putParameter(out, bytes, USER);
    }

    /** Writes by which transport we are reached, where a URI without it says another (RFC 7118 section 5.2 has ws). */
    static void putTransport(final AsciiWriter out, final ListenPoint point, final boolean sips) {
        if (point.transport() != Transport.UDP && !sips) {
            out.put(TRANSPORT)
                    .put(point.transport() == Transport.WSS ? Transport.WS.token() : point.transport().token());
        }
    }

    private void putParameter(final AsciiWriter out, final DirectBuffer bytes, final byte[] name) {
        final long value = uri.parameter(name);
        if (Slice.exists(value)) {
            out.put(';').put(name).put('=').putSlice(bytes, value);
        }
    }

    private void putHost(final AsciiWriter out, final boolean ours) {
        final Destination to = target.destination;
        if (ours) {
            out.put(listenPoints.get(to.listenPoint).sentBy());
        } else {
            out.putAddress(to.addressHigh, to.addressLow, true).put(':').putDecimal(to.port);
        }
    }

    private boolean isAddress(final DirectBuffer bytes) {
        final long host = uri.host();
        return address.parse(bytes, Slice.offset(host), Slice.end(host)) || Slice.exists(uri.maddr())
                || listenPoints.find(bytes, uri) != ListenPoints.NONE;
    }

    /** Whether the URI names the very address that the call is redirected to. */
    private boolean leadsThere(final DirectBuffer bytes) {
        final long host = uri.host();
        return redirection != null && address.parse(bytes, Slice.offset(host), Slice.end(host))
                && address.high() == target.destination.addressHigh
                && address.low() == target.destination.addressLow;
    }

    private boolean changes(final DirectBuffer bytes, final NumberRules.Field field) {
        if (!received.concerns(field) && !route.concerns(field) && !sent.concerns(field)
                || keepsDeviceIds && deviceId.read(bytes, uri.user()) && deviceId.isDevice()
                || !telephone.read(bytes, uri.user())) {
            return false;
        }
        telephone.apply(received, field);
        telephone.apply(route, field);
        telephone.apply(sent, field);
        return telephone.differs(bytes);
    }

    /**
     * Writes a row that names people by URIs, with their numbers as rules want them and our host standing for each that
     * is an address; nothing of it when a value cannot be read.
     *
     * @param listenPoint ours on the leg that it goes to
     */
    void putNamingRow(final AsciiWriter out, final SipMessage message, final int row, final int listenPoint) {
        putNamingRow(out, message.bytes(), message.rowStart(row), message.rowValue(row), message.rowName(row),
                listenPoint);
    }

    /** Likewise, where the row that begins at {@code start} stands in other bytes. */
    void putNamingRow(final AsciiWriter out, final DirectBuffer bytes, final int start, final long value,
            final HeaderName name, final int listenPoint) {
        final int first = Slice.offset(value);
        final int end = Slice.end(value);
        for (int at = first; at < end; at = ValueCursor.valueEnd(bytes, at, end) + 1) {
            if (!readValue(bytes, at, ValueCursor.valueEnd(bytes, at, end))) {
                return;
            }
        }
        final NumberRules.Field field = switch (name) {
            case P_ASSERTED_IDENTITY -> NumberRules.Field.P_ASSERTED_IDENTITY;
            case DIVERSION -> NumberRules.Field.DIVERSION;
            default -> null;
        };
        int from = start;
        for (int at = first; at < end; at = ValueCursor.valueEnd(bytes, at, end) + 1) {
            readValue(bytes, at, ValueCursor.valueEnd(bytes, at, end));
            from = putChanged(out, bytes, from, field, listenPoint,
                    name == HeaderName.CONTACT || name == HeaderName.REFER_TO);
        }
        out.put(bytes, from, end - from).crlf();
    }

    /** Reads the URI of a value, in brackets or not. There are those who leave out the brackets where they must not. */
    private boolean readValue(final DirectBuffer bytes, final int start, final int end) {
        int first = start;
        while (first < end && bytes.getByte(first) <= ' ') {
            first++;
        }
        return nameAddr.wrap(bytes, first, end)
                ? uri.wrap(bytes, Slice.offset(nameAddr.uri()), Slice.end(nameAddr.uri()))
                : uri.wrap(bytes, first, ReplacesValue.indexOf(bytes, ';', first, end))
                        && uri.scheme() != SipUri.Scheme.OPAQUE;
    }

    /**
     * Writes what changes in the URI that was read, and what stands before that; returns what comes next.
     *
     * @param asked whether somebody is to send a request there
     */
    private int putChanged(final AsciiWriter out, final DirectBuffer bytes, final int from,
            final NumberRules.Field field, final int listenPoint, final boolean asked) {
        if (uri.scheme() == SipUri.Scheme.OPAQUE) {
            return from;
        }
        int next = from;
        if (field != null && changes < RoutingPolicy.MOST_NUMBERS - 1 && changes(bytes, field)) {
            telephone.write(out.put(bytes, next, telephone.start() - next));
            next = telephone.end();
            changes++;
        }
        if (uri.scheme() == SipUri.Scheme.TEL || !isAddress(bytes)) {
            return next;
        }
        // What else the URI says is about how to get to the address.
        final ListenPoint point = listenPoints.get(listenPoint);
        out.put(bytes, next, Slice.offset(uri.host()) - next).put(point.sentBy());
        if (asked) {
            putTransport(out, point, uri.scheme() == SipUri.Scheme.SIPS);
            putParameter(out, bytes, METHOD);
        }
        putParameter(out, bytes, USER);
        putParameter(out, bytes, CAUSE);
        return Slice.exists(uri.headers()) ? Slice.offset(uri.headers()) - 1 : uri.end();
    }
}
