package org.tandemsip.engine.proxy;

import java.nio.charset.StandardCharsets;
import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.DigestFields;
import org.tandemsip.codec.Edits;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.auth.Realm;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.Places;
import org.tandemsip.engine.handler.ReceivedVia;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.registrar.Binding;
import org.tandemsip.engine.registrar.Registrar;
import org.tandemsip.engine.routing.Branches;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.ListenPoints;
import org.tandemsip.engine.routing.NumberRules;
import org.tandemsip.engine.routing.Privacy;
import org.tandemsip.engine.routing.RecordRoutes;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Target;
import org.tandemsip.engine.routing.TcpRefusals;
import org.tandemsip.engine.routing.TelephoneNumber;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.Trust;
import org.tandemsip.engine.routing.UserReader;

/**
 * Writes the copy of a request that goes to one target: RFC 3261 section 16.6 steps 1 to 9 and RFC 3581 as edits over
 * the received bytes. Shared by both proxies. Shard thread only.
 *
 * <p>Use: {@link #prepare} once per request with what preprocessing found (section 16.4), then {@link #chooseTransport}
 * and {@link #write} per target.
 *
 * <p>Our Via asks for no {@code rport}: requests leave from the port that sent-by names, so it would tell nothing new
 * and make every response longer.
 */
final class RequestForwarder {
    private static final byte[] VIA = ascii("Via: SIP/2.0/");
    private static final byte[] BRANCH = ascii(";branch=");
    private static final byte[] ALIAS = ascii(";alias");
    private static final byte[] MAX_FORWARDS = ascii("Max-Forwards: ");
    private static final byte[] MAX_BREADTH = ascii("Max-Breadth: ");
    private static final byte[] CONTENT_LENGTH = ascii("Content-Length: ");
    private static final byte[] ROUTE = ascii("Route: ");
    /** What counts towards the size before Max-Breadth is known. */
    private static final int LARGEST_BREADTH = 60;
    /** Via, Max-Forwards, Max-Breadth, Content-Length, received and rport at their longest, without sent-by. */
    private static final int ADDED_BYTES = 21 + 8 + 6 + Branches.LENGTH + Branches.PLACE_LENGTH
            + Branches.CONNECTION_LENGTH + 20 + 20 + 24 + 64;

    private final ListenPoints listenPoints;
    private final Branches branches;
    private final OwnRecordRoutes ownRecordRoutes;
    private final OwnContact ownContact = new OwnContact();
    private final RouteInformation routeInformation;
    private final ReceivedVia receivedVia = new ReceivedVia();
    private final NumberChanges numbers = new NumberChanges();
    private final OriginalNames names;
    private final DigestFields credentials = new DigestFields();
    private final TcpRefusals refusals = new TcpRefusals();
    private final TopologyHider hider;
    private final Edits edits;
    private final int longestSentBy;
    private final UserReader users = new UserReader();
    private RoutingPolicy policy;
    private Trunk from;
    private char statefulMode = Branches.STATEFUL;
    private SipMessage request;
    private Source source;
    private boolean recordRoute;
    /** Whether who sends the request wants its addresses kept. */
    private boolean hidesHeaders;
    private int loopHash;
    /** Most bytes that somebody else adds to the copy written next. */
    private int added;
    /** Whose credentials stop here, or {@code null}. */
    private Realm realm;
    /** Places of what the copies written next belong to. */
    private long client;
    private long call;

    RequestForwarder(final ShardContext context, final ListenPoints listenPoints, final Branches branches,
            final TopologyHider hider) {
        this.hider = hider;
        names = new OriginalNames(context.keys());
        this.listenPoints = listenPoints;
        this.branches = branches;
        final RecordRoutes recordRoutes = new RecordRoutes(context);
        ownRecordRoutes = new OwnRecordRoutes(context, recordRoutes);
        routeInformation = new RouteInformation(context, listenPoints, recordRoutes);
        policy = (RoutingPolicy) context.policy();
        longestSentBy = context.listenPoints().stream().mapToInt(point -> point.sentBy().length).max().orElse(0);
        edits = new Edits(context.limits().routeValues() + context.limits().headerRows() + 16
                + RoutingPolicy.MOST_NUMBERS,
                2 * context.limits().uriBytes() + 1_280 + Registrar.MAX_CONTACT + Registrar.MAX_PATH + 3 * longestSentBy
                        + 3 * HeaderRules.MAX_BYTES
                        + RoutingPolicy.MOST_NUMBERS * TelephoneNumber.MAX_WRITTEN + RoutingPolicy.MOST_ORIGINALS);
    }

    /** The configuration in force. */
    RoutingPolicy policy() {
        return policy;
    }

    /** Takes over a configuration. */
    void policy(final RoutingPolicy newPolicy) {
        policy = newPolicy;
    }

    /**
     * Remembers what all copies share: Max-Forwards lowered or inserted, received and rport put on the topmost Via, our
     * own Route removed, a strict router's Request-URI put back, Max-Breadth.
     *
     * <p>Depends on its arguments alone: a stateful proxy calls this again with its kept copy of the request when it
     * tries a later target.
     *
     * @param mayRecordRoute whether to put a Record-Route into the request if it may form a dialog
     * @return whether Request-URI and Routes are well-formed; when not, nothing else may be called (400)
     */
    boolean prepare(final SipMessage message, final Source receivedFrom, final boolean mayRecordRoute) {
        return prepare(message, receivedFrom, policy.trunkOf(message, receivedFrom, users), mayRecordRoute);
    }

    /** Trunk that the request prepared last comes from, or {@code null}. */
    Trunk from() {
        return from;
    }

    /** As {@link #prepare(SipMessage, Source, boolean)}, for a caller that knows which trunk the request comes from. */
    boolean prepare(final SipMessage message, final Source receivedFrom, final Trunk from,
            final boolean mayRecordRoute) {
        request = message;
        source = receivedFrom;
        recordRoute = mayRecordRoute && OwnRecordRoutes.mayFormDialog(message);
        loopHash = branches.loopHash(message, from);
        this.from = from;
        realm = from == null ? null : from.trust().realm();
        client = Places.NONE;
        call = Places.NONE;
        added = 0;
        hidesHeaders = policy.recordRoute() && Privacy.hidesHeaders(message);
        if (hidesHeaders) {
            hider.turnOn();
        }
        return routeInformation.read(message, receivedFrom);
    }

    /** What preprocessing made of the request prepared last. */
    RouteInformation routeInformation() {
        return routeInformation;
    }

    /** Whether the request prepared last is for help in an emergency: no limit holds for it. */
    boolean isEmergency() {
        final long uri = request.requestUri();
        return policy.emergencies().includes(request.bytes(), Slice.offset(uri), Slice.end(uri));
    }

    /** Loop hash of the request prepared last. */
    int loopHash() {
        return loopHash;
    }

    /** Whether copies of the request prepared last get a Record-Route. */
    boolean recordRoute() {
        return recordRoute;
    }

    /**
     * Settles on the transport to {@code target}: TCP for a request over 1,300 bytes where the target may be tried that
     * way and has not refused it lately (section 18.1.1). Changes {@link Target#destination}, so call it before a
     * client transaction is made with that; again for each try.
     */
    void chooseTransport(final Target target, final long nowNs) {
        if (!target.tcpWhenLarge) {
            return;
        }
        backToUdp(target);
        final Destination destination = target.destination;
        if (maxLength() <= TcpRefusals.UDP_LIMIT) {
            return;
        }
        final int listenPoint = listenPoints.select(Transport.TCP, destination.addressHigh, destination.addressLow,
                source.listenPoint, policy.listenersOf(target.sentTo) & ~target.down());
        if (listenPoint == ListenPoints.NONE || refusals.refuses(destination, nowNs)) {
            return;
        }
        edit(target, Branches.STATEFUL, 0, LARGEST_BREADTH);
        if (edits.resultLength(request) + added > TcpRefusals.UDP_LIMIT) {
            destination.transport = Transport.TCP;
            destination.listenPoint = listenPoint;
        }
    }

    /**
     * Turns to the other transport that {@code target} may be reached by, once the one of {@link #chooseTransport} was
     * refused: to UDP where TCP was tried for the size of the request (section 18.1.1), to TCP where nobody has said
     * which one it is. No way leads back: the target has one transport from now on.
     *
     * @return whether there is another
     */
    boolean changeTransport(final Target target) {
        if (isTcpForSize(target)) {
            backToUdp(target);
            target.tcpWhenLarge = false;
            return true;
        }
        final Destination destination = target.destination;
        final int listenPoint = target.tcpWhenRefused && destination.transport == Transport.UDP
                ? listenPoints.select(Transport.TCP, destination.addressHigh, destination.addressLow,
                        source.listenPoint, policy.listenersOf(target.sentTo))
                : ListenPoints.NONE;
        if (listenPoint == ListenPoints.NONE) {
            return false;
        }
        destination.transport = Transport.TCP;
        destination.listenPoint = listenPoint;
        target.recordRouteListenPoint = listenPoint;
        target.tcpWhenLarge = false;
        return true;
    }

    /** Undoes what {@link #chooseTransport} may have made of a target that is UDP but for the size of a request. */
    private static void backToUdp(final Target target) {
        target.destination.transport = Transport.UDP;
        target.destination.listenPoint = target.recordRouteListenPoint;
    }

    /** Whether {@link #chooseTransport} has put {@code target} on TCP for the size of the request. */
    static boolean isTcpForSize(final Target target) {
        return target.tcpWhenLarge && target.destination.transport == Transport.TCP;
    }

    /** Takes the report that what was sent with {@code correlation} (a branch key) could not be sent. */
    void onSendFailed(final long correlation, final long nowNs) {
        refusals.onSendFailed(correlation, nowNs);
    }

    /**
     * Mode character that {@link StatefulProxy} gives to {@link #write}: {@link Branches#STATEFUL}, but for 64*T1 after
     * a switch from stateless to stateful still {@link Branches#STATELESS}; see {@link Proxy}.
     */
    char statefulMode() {
        return statefulMode;
    }

    /** Sets what {@link #statefulMode()} says. */
    void statefulMode(final char mode) {
        statefulMode = mode;
    }

    /**
     * Tells what the copies written next belong to, so that what comes back finds it at once; nothing after
     * {@link #prepare}.
     *
     * @param clientPlace place of the client transaction
     * @param callPlace   place of the call that the request begins, or {@link Places#NONE}
     */
    void belongsTo(final long clientPlace, final long callPlace) {
        client = clientPlace;
        call = callPlace;
    }

    /** Tells that up to so many bytes will be added to the copy written next. */
    void adds(final int bytes) {
        added = bytes;
    }

    /** Upper bound for the size of a copy, to claim memory with. */
    int maxLength() {
        final int recordRouteRows = recordRoute ? ownRecordRoutes.maxLength() : 0;
        return request.length() + ADDED_BYTES + longestSentBy + recordRouteRows + routeInformation.maxAdded(request)
                + policy.mostAdded() + added + hider.maxAdded(request);
    }

    /** As {@link #maxLength()}, for the copy that goes to {@code target}. */
    int maxLength(final Target target) {
        final Binding binding = target.binding;
        return maxLength()
                + (target.registerSeconds < 0 ? 0 : OwnContact.maxLength(request, longestSentBy))
                + (binding == null ? 0 : binding.contact().length + binding.path().length + ROUTE.length + 2);
    }

    /**
     * Writes the copy for {@code target}: Record-Route, Via with {@code mode}, {@code branchKey} and the request's loop
     * hash.
     *
     * @param maxBreadth Max-Breadth of this copy, or 0 to leave the header as it is
     * @return size in bytes, written from index 0; 0 when there is more to hide than a message can carry
     */
    int write(final Target target, final char mode, final long branchKey, final int maxBreadth,
            final MutableDirectBuffer out) {
        edit(target, mode, branchKey, maxBreadth);
        if (isTcpForSize(target)) {
            refusals.tried(branchKey, target.destination);
        }
        if (edits.overflown()) {
            throw new IllegalStateException("more to change in a request than its limits allow");
        }
        if (target.sentTo != null && target.sentTo.profile().hidesTopology()
                || hidesHeaders && !Trust.isTold(target.sentTo)) {
            return hider.hide(edits.apply(request, hider.plain(), 0), target.recordRouteListenPoint, hidesHeaders, out);
        }
        return edits.apply(request, out, 0);
    }

    private void edit(final Target target, final char mode, final long branchKey, final int maxBreadth) {
        edits.reset();
        numbers.rules(target.from == null ? NumberRules.NONE : target.from.rules().numberIn(),
                target.route == null ? NumberRules.NONE : target.route.number(),
                target.sentTo == null ? NumberRules.NONE : target.sentTo.rules().number());
        numbers.keepDeviceIds(isGb28181(target.from) || isGb28181(target.sentTo));
        final boolean rewrites = !numbers.isEmpty() && NumberChanges.mayRewrite(request, routeInformation);
        final Binding binding = target.binding;
        routeInformation.edit(request,
                rewrites && binding == null ? numbers.requestUri(request, routeInformation.requestUri()) : null,
                binding == null ? null : binding.contact(), edits);
        if (rewrites) {
            numbers.edit(request, edits);
        }
        receivedVia.edit(edits, request, request.topVia(), source);
        final long maxForwards = request.value(HeaderName.MAX_FORWARDS);
        if (Slice.exists(maxForwards)) {
            replace(maxForwards, request.maxForwards() - 1);
        }
        final long breadth = request.value(HeaderName.MAX_BREADTH);
        if (Slice.exists(breadth) && maxBreadth > 0) {
            replace(breadth, maxBreadth);
        }
        if (target.destination.transport.stream() && request.contentLength() != request.bodyLength()
                && request.contentLength() != SipMessage.NOT_GIVEN) {
            // Over UDP the end of the datagram has told, over a stream nothing else does.
            replace(request.value(HeaderName.CONTENT_LENGTH), request.bodyLength());
        }
        final int recordRouteRow = request.firstRow(HeaderName.RECORD_ROUTE);
        if (recordRoute && recordRouteRow != SipMessage.NO_ROW) {
            putRecordRoutes(target, edits.begin(request.rowStart(recordRouteRow), 0));
            edits.end();
        }
        final AsciiWriter rows = edits.begin(request.rowStart(request.firstRow(HeaderName.VIA)), 0);
        putVia(target, mode, branchKey, rows);
        if (binding != null && binding.path().length > 0) {
            rows.put(ROUTE).put(binding.path()).crlf();
        }
        if (!Slice.exists(maxForwards)) {
            rows.put(MAX_FORWARDS).putDecimal(maxForwardsTo(target.trunk)).crlf();
        }
        if (!Slice.exists(breadth) && maxBreadth > 0) {
            rows.put(MAX_BREADTH).putDecimal(maxBreadth).crlf();
        }
        if (recordRoute && recordRouteRow == SipMessage.NO_ROW) {
            putRecordRoutes(target, rows);
        }
        if (target.destination.transport.stream() && request.contentLength() == SipMessage.NOT_GIVEN) {
            rows.put(CONTENT_LENGTH).putDecimal(request.bodyLength()).crlf();
        }
        edits.end();
        if (target.registerSeconds >= 0) {
            ownContact.edit(request, listenPoints.get(target.recordRouteListenPoint), target.registerSeconds, edits);
        }
        if (realm != null) {
            consumeCredentials();
        }
        HeaderChanges.edit(request, Trust.receivedFrom(target.from),
                target.route == null ? HeaderRules.NONE : target.route.headers(),
                Trust.sentTo(target.sentTo, request), edits);
    }

    /** What was for us is of no use to anybody else (section 22.3). */
    private void consumeCredentials() {
        consumeCredentials(HeaderName.PROXY_AUTHORIZATION);
        if (request.method() == Method.REGISTER) {
            consumeCredentials(HeaderName.AUTHORIZATION);
        }
    }

    private void consumeCredentials(final HeaderName name) {
        for (int row = request.firstRow(name); row != SipMessage.NO_ROW; row = request.nextRow(row)) {
            if (realm.isOf(credentials, request, row)) {
                edits.delete(request.rowStart(row), request.rowEnd(row) - request.rowStart(row));
            }
        }
    }

    private static boolean isGb28181(final Trunk trunk) {
        return trunk != null && trunk.profile().gb28181() != null;
    }

    private int maxForwardsTo(final Trunk trunk) {
        return trunk != null && trunk.maxForwards() > 0 ? trunk.maxForwards() : policy.maxForwards();
    }

    private void replace(final long slice, final int number) {
        edits.begin(Slice.offset(slice), Slice.length(slice)).putDecimal(number);
        edits.end();
    }

    private void putVia(final Target target, final char mode, final long branchKey, final AsciiWriter out) {
        final ListenPoint point = listenPoints.get(target.destination.listenPoint);
        out.put(VIA).put(point.transport().token()).put(' ').put(point.sentBy()).put(BRANCH);
        branches.write(out, mode, branchKey, loopHash);
        if (mode == Branches.STATEFUL) {
            Branches.writePlace(out, client);
        }
        branches.writeConnection(out, branchKey, source);
        names.write(out, request, numbers.fromUser(), numbers.toUser());
        if (point.transport() == Transport.TLS) {
            // The peer may send us its requests by this connection: we know whose it is (RFC 5923 section 8.1).
            out.put(ALIAS);
        }
        out.crlf();
    }

    private void putRecordRoutes(final Target target, final AsciiWriter out) {
        ownRecordRoutes.write(out, request, source, from, policy, target, call, routeInformation.isSips());
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
