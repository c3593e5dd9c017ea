package org.tandemsip.engine.proxy;

import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.Edits;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
import org.tandemsip.codec.ValueCursor;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Places;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.routing.ListenPoints;
import org.tandemsip.engine.routing.RecordRoutes;
import org.tandemsip.engine.routing.Registration;
import org.tandemsip.engine.routing.TelephoneNumber;

/**
 * Route information preprocessing (RFC 3261 section 16.4): what Request-URI and Route set a request has once everything
 * that names this proxy is taken off, without touching its bytes.
 *
 * <pre>
 *   Route: &lt;ours;tk&gt;, &lt;ours;tk&gt;, &lt;next&gt;, &lt;after&gt;, &lt;target&gt;
 *          [0]         [1]         [2] first             [4] last, when a strict router put target here
 *          +-- both of a double Record-Route removed --+
 * </pre>
 *
 * A token on an own Route or on a strict router's Request-URI that fits the dialog ({@link RecordRoutes#verifies})
 * makes the request {@link #inDialog()}: it goes where the rest of its Route set or its Request-URI says and needs no
 * route of the table. An own Route without such a token is removed all the same, and gives no right to anything: phones
 * are configured with their outbound proxy as a Route, and an attacker would write one as well. Shard thread only.
 */
final class RouteInformation {
    private static final byte[] TOKEN = Registration.PARAMETER.getBytes(StandardCharsets.US_ASCII);
    private static final byte[] TRANSPORT = {'t', 'r', 'a', 'n', 's', 'p', 'o', 'r', 't'};

    private final ListenPoints listenPoints;
    private final RecordRoutes recordRoutes;
    private final ValueCursor cursor = new ValueCursor();
    private final NameAddr nameAddr = new NameAddr();
    private final SipUri restoredUri = new SipUri();
    private final SipUri routeUri = new SipUri();
    private SipUri requestUri = restoredUri;
    private final int[] starts;
    private final int[] ends;
    private final int[] rows;
    private int values;
    private int first;
    private int last;
    private int ourListenPoint;
    /** Where the other side of the dialog is, when {@link #hasFlow}. */
    private final Destination flow = new Destination();
    private boolean hasFlow;
    private boolean restored;
    private boolean token;
    private boolean byCaller;
    private boolean inDialog;
    private long call;
    /** Listen point that host and port of the Request-URI name, or NONE. */
    private int uriListenPoint;
    private boolean ourMaddr;
    /** Pieces of the Request-URI that must not be forwarded, {@code [start, end)} pairs in rising order. */
    private final int[] cuts = new int[8];
    private int cutCount;

    RouteInformation(final ShardContext context, final ListenPoints listenPoints, final RecordRoutes recordRoutes) {
        this.listenPoints = listenPoints;
        this.recordRoutes = recordRoutes;
        final int most = context.limits().routeValues();
        starts = new int[most];
        ends = new int[most];
        rows = new int[most];
    }

    /**
     * Reads {@code request} as received from {@code source}.
     *
     * @return whether its Route values are well-formed; when not, nothing else may be asked (400)
     */
    boolean read(final SipMessage request, final Source source) {
        restored = false;
        token = false;
        byCaller = false;
        call = Places.NONE;
        ourMaddr = false;
        ourListenPoint = ListenPoints.NONE;
        hasFlow = false;
        cutCount = 0;
        final DirectBuffer bytes = request.bytes();
        requestUri = request.parsedUri();
        if (!collect(request)) {
            return false;
        }
        uriListenPoint = find(request, requestUri);
        if (values > 0 && !(restoreRequestUri(request) && removeOwn(request))) {
            return false;
        }
        inDialog = token && Slice.exists(request.toTag());
        if (isSip(requestUri)) {
            cutMaddr(bytes, source);
            cutToken(bytes);
            if (endOf(requestUri) < requestUri.end()) {
                cut(endOf(requestUri), requestUri.end());
            }
        }
        return true;
    }

    private boolean collect(final SipMessage request) {
        values = 0;
        first = 0;
        last = 0;
        if (request.firstRow(HeaderName.ROUTE) == SipMessage.NO_ROW) {
            return true;
        }
        cursor.reset(request, HeaderName.ROUTE);
        while (cursor.next()) {
            if (values == starts.length) {
                return false;
            }
            starts[values] = cursor.start();
            ends[values] = cursor.end();
            rows[values] = cursor.row();
            values++;
        }
        last = values;
        return true;
    }

    /** A strict router has put our Record-Route URI into the Request-URI, and the real one behind the Route set. */
    private boolean restoreRequestUri(final SipMessage request) {
        if (uriListenPoint == ListenPoints.NONE || !recordRoutes.verifies(request, requestUri, uriListenPoint)) {
            return true;
        }
        useToken(true, uriListenPoint);
        restored = true;
        last--;
        if (!wrapRoute(request, last, restoredUri)) {
            return false;
        }
        requestUri = restoredUri;
        uriListenPoint = find(request, requestUri);
        return true;
    }

    /**
     * Takes our own Routes off the front. Once one token is good, the others need not be: they only name the way out.
     */
    private boolean removeOwn(final SipMessage request) {
        while (first < last) {
            int listenPoint = recordRoutes.read(request.bytes(), starts[first], ends[first]);
            if (listenPoint != ListenPoints.NONE) {
                useToken(token && !recordRoutes.readHasFlow() || recordRoutes.readVerifies(request, listenPoint),
                        listenPoint);
                first++;
                continue;
            }
            if (!wrapRoute(request, first, routeUri)) {
                return false;
            }
            listenPoint = find(request, routeUri);
            if (listenPoint == ListenPoints.NONE) {
                return true;
            }
            useToken(recordRoutes.verifies(request, routeUri, listenPoint)
                    || token && !recordRoutes.readHasFlow(), listenPoint);
            first++;
        }
        return true;
    }

    private void useToken(final boolean valid, final int listenPoint) {
        if (!valid) {
            return;
        }
        if (!token) {
            call = recordRoutes.readPlace();
            byCaller = recordRoutes.readIsByCaller();
        }
        token = true;
        ourListenPoint = listenPoint;
        final Destination named = recordRoutes.readHasFlow() ? recordRoutes.readFlow() : null;
        if (named != null) {
            flow.set(named);
            flow.listenPoint = listenPoint;
            flow.transport = listenPoints.get(listenPoint).transport();
            hasFlow = true;
        }
    }

    private int find(final SipMessage request, final SipUri uri) {
        return isSip(uri) ? listenPoints.find(request.bytes(), uri) : ListenPoints.NONE;
    }

    private boolean wrapRoute(final SipMessage request, final int value, final SipUri uri) {
        final DirectBuffer bytes = request.bytes();
        if (!nameAddr.wrap(bytes, starts[value], ends[value])) {
            return false;
        }
        final long slice = nameAddr.uri();
        return uri.wrap(bytes, Slice.offset(slice), Slice.end(slice));
    }

    /** A maddr that names us, where the request came in, is taken off with the port and transport that went with it. */
    private void cutMaddr(final DirectBuffer bytes, final Source source) {
        final long maddr = requestUri.maddr();
        if (!Slice.exists(maddr) || listenPoints.findMaddr(bytes, requestUri) != source.listenPoint) {
            return;
        }
        ourMaddr = true;
        final int hostEnd = Slice.end(requestUri.host());
        int portEnd = hostEnd;
        if (requestUri.port() != SipUri.NOT_GIVEN) {
            portEnd++;
            while (portEnd < requestUri.end() && bytes.getByte(portEnd) >= '0' && bytes.getByte(portEnd) <= '9') {
                portEnd++;
            }
            cut(hostEnd, portEnd);
        }
        final long transport = requestUri.parameter(TRANSPORT);
        final boolean transportFirst = Slice.exists(transport) && Slice.offset(transport) < Slice.offset(maddr);
        if (transportFirst) {
            cutParameter(bytes, transport);
        }
        cutParameter(bytes, maddr);
        if (Slice.exists(transport) && !transportFirst) {
            cutParameter(bytes, transport);
        }
    }

    /** The token of a Contact that we have registered is for us, and nobody further on needs it. */
    private void cutToken(final DirectBuffer bytes) {
        final long token = ourMaddr || uriListenPoint == ListenPoints.NONE ? Slice.NONE : requestUri.parameter(TOKEN);
        if (Slice.exists(token)) {
            cutParameter(bytes, token);
        }
    }

    /** Takes off a parameter from its semicolon on: the name may be escaped, and there may be no value. */
    private void cutParameter(final DirectBuffer bytes, final long value) {
        int start = Slice.offset(value) - 1;
        while (bytes.getByte(start) != ';') {
            start--;
        }
        cut(start, Slice.end(value));
    }

    /**
     * Where a URI ends without its headers, which a Request-URI may not have (section 19.1.1, table 1; 16.6 step 2).
     */
    private static int endOf(final SipUri uri) {
        return Slice.exists(uri.headers()) ? Slice.offset(uri.headers()) - 1 : uri.end();
    }

    private void cut(final int start, final int end) {
        cuts[cutCount++] = start;
        cuts[cutCount++] = end;
    }

    /** The Request-URI, a strict router's work undone. */
    SipUri requestUri() {
        return requestUri;
    }

    /** Whether the request goes to a sips URI, by its Request-URI or its next Route. */
    boolean isSips() {
        return requestUri.scheme() == SipUri.Scheme.SIPS
                || hasNextRoute() && routeUri.scheme() == SipUri.Scheme.SIPS;
    }

    /** Whether the host and port of {@link #requestUri()} are ours. */
    boolean requestUriIsOurs() {
        return uriListenPoint != ListenPoints.NONE;
    }

    /**
     * Whether the Request-URI has a maddr that is ours: it, the port and the transport count as not there (section
     * 16.4).
     */
    boolean maddrIsOurs() {
        return ourMaddr;
    }

    /**
     * Whether the request belongs to a dialog that was let through here before: to be sent on without asking the route
     * table.
     */
    boolean inDialog() {
        return inDialog;
    }

    /** Whether the request is {@link #inDialog()} and goes to the side that was called. */
    boolean goesToCallee() {
        return inDialog && byCaller;
    }

    /** Place of the call that the request is in, as the token says; {@link Places#NONE} when it says nothing. */
    long call() {
        return inDialog ? call : Places.NONE;
    }

    /** Whether a Route is left that is not ours. */
    boolean hasNextRoute() {
        return first < last;
    }

    /** Where the other side is, whatever the Request-URI says; {@code null} when no Route of ours tells. */
    Destination flow() {
        return inDialog && hasFlow ? flow : null;
    }

    /** The transport that a URI asks for, {@code null} for none: sips is TLS, be it under WebSocket. */
    static Transport transportOf(final SipUri uri, final boolean stripped) {
        final Transport named = stripped ? null : uri.transport();
        if (uri.scheme() == SipUri.Scheme.SIPS) {
            return named == Transport.WS || named == Transport.WSS ? Transport.WSS : Transport.TLS;
        }
        return named;
    }

    /** The first Route that is not ours; only when {@link #hasNextRoute()}. */
    SipUri nextRoute() {
        return routeUri;
    }

    /** Whether the next hop is a strict router (section 16.6 step 6). */
    boolean nextRouteIsStrict() {
        return first < last && isSip(routeUri) && !routeUri.hasLr();
    }

    /**
     * Listen point named by the last of our own Routes, that a double Record-Route wants the request sent from; or
     * {@code otherwise}.
     */
    int listenPointOfRoute(final int otherwise) {
        return ourListenPoint == ListenPoints.NONE ? otherwise : ourListenPoint;
    }

    /** How much longer a copy can be than the request because of what {@link #edit} does. */
    int maxAdded(final SipMessage request) {
        return nextRouteIsStrict() ? requestUri.end() - requestUri.start() + 16 : 0;
    }

    /**
     * Adds to {@code edits} what section 16.4 and step 6 of section 16.6 change in Request-URI and Route rows.
     *
     * @param number  what takes the place of the number in {@link #requestUri()}, or {@code null}
     * @param contact what takes the place of the whole Request-URI, or {@code null}
     */
    void edit(final SipMessage request, final TelephoneNumber number, final byte[] contact, final Edits edits) {
        final DirectBuffer bytes = request.bytes();
        final boolean strict = nextRouteIsStrict();
        final long received = request.requestUri();
        if (contact != null) {
            edits.begin(Slice.offset(received), Slice.length(received)).put(contact);
            edits.end();
        } else if (strict) {
            edits.begin(Slice.offset(received), Slice.length(received))
                    .put(bytes, routeUri.start(), endOf(routeUri) - routeUri.start());
            edits.end();
        } else if (restored || cutCount > 0 || number != null) {
            putRequestUri(bytes, number, edits.begin(Slice.offset(received), Slice.length(received)));
            edits.end();
        }
        if (values > 0) {
            editRows(request, edits, strict ? first + 1 : first);
        }
        if (strict) {
            final AsciiWriter row = edits.begin(request.rowEnd(rows[values - 1]), 0);
            putRequestUri(bytes, number, row.put(ROUTE));
            row.put('>').crlf();
            edits.end();
        }
    }

    private static final byte[] ROUTE = {'R', 'o', 'u', 't', 'e', ':', ' ', '<'};

    private void putRequestUri(final DirectBuffer bytes, final TelephoneNumber number, final AsciiWriter out) {
        int from = requestUri.start();
        if (number != null) {
            number.write(out.put(bytes, from, number.start() - from));
            from = number.end();
        }
        for (int i = 0; i < cutCount; i += 2) {
            out.put(bytes, from, cuts[i] - from);
            from = cuts[i + 1];
        }
        out.put(bytes, from, requestUri.end() - from);
    }

    /**
     * Keeps the values {@code [keep, last)}, which stand together; drops those before and behind, and rows left empty.
     */
    private void editRows(final SipMessage request, final Edits edits, final int keep) {
        int value = 0;
        while (value < values) {
            final int row = rows[value];
            final int rowFirst = value;
            while (value < values && rows[value] == row) {
                value++;
            }
            final int kept = Math.max(rowFirst, keep);
            final int keptEnd = Math.min(value, last);
            if (kept >= keptEnd) {
                edits.delete(request.rowStart(row), request.rowEnd(row) - request.rowStart(row));
                continue;
            }
            if (kept > rowFirst) {
                edits.delete(starts[rowFirst], starts[kept] - starts[rowFirst]);
            }
            if (keptEnd < value) {
                edits.delete(ends[keptEnd - 1], ends[value - 1] - ends[keptEnd - 1]);
            }
        }
    }

    private static boolean isSip(final SipUri uri) {
        return uri.scheme() == SipUri.Scheme.SIP || uri.scheme() == SipUri.Scheme.SIPS;
    }
}
