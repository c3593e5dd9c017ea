package org.tandemsip.engine.proxy;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Status;
import org.tandemsip.codec.ValueCursor;
import org.tandemsip.engine.auth.Authenticator;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.registrar.AddressReader;
import org.tandemsip.engine.registrar.Binding;
import org.tandemsip.engine.registrar.Bindings;
import org.tandemsip.engine.registrar.Registrar;
import org.tandemsip.engine.registrar.Rules;
import org.tandemsip.engine.routing.ListenPoints;
import org.tandemsip.engine.routing.Registry;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Targets;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.Zone;

/**
 * Deals with the REGISTER requests that end here (RFC 3261 section 10.3): which of them do, whose contacts they are
 * about, and the answer. Given without state: what has been sent again is known by the binding it made. Shard thread
 * only.
 */
final class Registrations {
    private static final byte[] PATH_TAG = ascii("path");
    private static final byte[] OUTBOUND_TAG = ascii("outbound");
    private static final byte[] OB = ascii("ob");
    private static final byte[] EXPIRES_NAME = ascii("expires");
    private static final byte[] REG_ID_NAME = ascii("reg-id");
    private static final byte[] CONTACT = ascii("Contact: <");
    private static final byte[] EXPIRES = ascii(">;expires=");
    private static final byte[] Q = ascii(";q=0.");
    private static final byte[] INSTANCE = ascii(";+sip.instance=");
    private static final byte[] REG_ID = ascii(";reg-id=");
    private static final byte[] PATH = ascii("Path: ");
    private static final byte[] SUPPORTED = ascii("Supported: path, outbound\r\n");
    private static final byte[] REQUIRE = ascii("Require: outbound\r\n");
    private static final byte[] FLOW_TIMER = ascii("Flow-Timer: ");
    /**
     * How often a user agent is to send a keep-alive, in seconds: what it would do unasked (RFC 5626 section 4.4). A
     * flow is never taken for dead for want of them: what was sent and did not get there shows that better.
     */
    private static final int STREAM_FLOW_S = 120;
    private static final int DATAGRAM_FLOW_S = 29;
    private static final byte[] DATE = ascii("Date: ");
    private static final byte[] MIN_EXPIRES = ascii("Min-Expires: ");
    private static final byte[] UNSUPPORTED = ascii("Unsupported: ");
    /** Date, Supported, and the names of the rest. */
    private static final int ADDED_BYTES = 256;
    /** Most bytes of the Contact rows of one user. */
    static final int MOST_CONTACT_BYTES = 10 * (Registrar.MAX_CONTACT + 256);
    /** Expires, q and reg-id of a contact at their longest, and what stands between. */
    private static final int CONTACT_BYTES = 80;
    private static final DateTimeFormatter RFC_1123 =
            DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT).withZone(ZoneOffset.UTC);

    private final Registry registry;
    private final Counters counters;
    private final ListenPoints listenPoints;
    private final StatelessUas uas;
    private final Authenticator authenticator;
    private final Registrar registrar;
    private final AddressReader reader;
    private final RouteMatcher matcher = new RouteMatcher();
    private final NameAddr nameAddr = new NameAddr();
    private final SipUri uri = new SipUri();
    private final ValueCursor tags = new ValueCursor();
    private boolean outbound;
    private Route line;
    private Registrar.Registration registration;
    private final AsciiWriter rows = new AsciiWriter();
    private long dateSecond = -1;
    private byte[] date;

    Registrations(final Registry registry, final Counters counters, final ListenPoints listenPoints,
            final StatelessUas uas, final Authenticator authenticator) {
        this.registry = registry;
        this.counters = counters;
        this.listenPoints = listenPoints;
        this.uas = uas;
        this.authenticator = authenticator;
        registrar = new Registrar(registry.table());
        reader = new AddressReader(registry.table());
    }

    /** Whether this works on the table of {@code other}. */
    boolean isOf(final Registry other) {
        return registry.table() == other.table();
    }

    /**
     * Whether a REGISTER ends here (step 1): a line of the table leads it to the registrar, and its Request-URI is a
     * domain of ours.
     */
    boolean takes(final SipMessage request, final RoutingPolicy by, final Trunk from,
            final RouteInformation information, final long nowNs) {
        if (!information.requestUriIsOurs() && !listenPoints.isDomain(request.bytes(), information.requestUri())
                && by.registry().rules().domainOf(request.bytes(),
                        information.requestUri().host()) == null) {
            return false;
        }
        final List<Route> routes = by.routes();
        matcher.request(request, information, from);
        for (int i = 0; i < routes.size(); i++) {
            final Route route = routes.get(i);
            if ((route.from() == null || route.from().index() == from.index()) && matcher.matches(route.match())
                    && (route.when() == null || route.when().holds(nowNs))) {
                if (route.inside() == Route.Inside.REGISTRAR) {
                    line = route;
                    return true;
                }
                if (route.inside() == Route.Inside.NOTHING && !route.toRequestUri()) {
                    return false;
                }
            }
        }
        return false;
    }

    /** Line of the table by which {@link #takes} was true last. */
    Route line() {
        return line;
    }

    /** Answers a REGISTER that would not be taken here, so that it does not go on; {@code null} when it may. */
    Disposition refuse(final SipMessage request, final Source source, final RoutingPolicy by, final Trunk from,
            final long nowNs) {
        final Status judged = judge(request, source, by, from, false, nowNs);
        if (judged == Status.OK_200) {
            return null;
        }
        counters.increment(Counter.REGISTERS_REFUSED);
        return answer(request, source, judged, by.registry().rules());
    }

    /**
     * What a REGISTER that {@link #takes} would be answered here; nothing is changed by that.
     *
     * @param known whether its sender was found to be who it says before
     */
    Status judge(final SipMessage request, final Source source, final RoutingPolicy by, final Trunk from,
            final boolean known, final long nowNs) {
        final Status status = prepare(request, source, by.registry().rules(), from, known);
        return status != null ? status
                : registrar.judge(request, reader.user(), registration, by.registry().rules(),
                        by.registry().clock().epochMs(nowNs));
    }

    /** Has a REGISTER that was not refused go on with our Contact, for as long as one of the user's own will last. */
    void goOn(final SipMessage request, final Targets targets) {
        for (int i = 0; request.firstRow(HeaderName.CONTACT) != SipMessage.NO_ROW && i < targets.size(); i++) {
            targets.get(i).registerSeconds = registrar.secondsLeft();
        }
    }

    /**
     * Takes what a trunk has confirmed for the REGISTER that went there: the user's contacts are kept here for as long
     * as it says, and are what the answer lists.
     *
     * @param request  as the phone has sent it
     * @param response its 2xx
     */
    void learn(final SipMessage request, final Source source, final SipMessage response,
            final RequestForwarder requests, final ResponseForwarder responses, final long nowNs) {
        final RoutingPolicy by = requests.policy();
        final Trunk from = by.trunkOf(source);
        if (from == null || by.registry() == null || !takes(request, by, from, requests.routeInformation(), nowNs)
                || line.then().isEmpty() || prepare(request, source, by.registry().rules(), from, true) != null) {
            return;
        }
        final Rules rules = by.registry().rules();
        final long nowMs = by.registry().clock().epochMs(nowNs);
        final int granted = granted(response, rules);
        final Rules bounded = new Rules(rules.domains(), Math.min(rules.expires(), granted), 1, granted,
                rules.contacts(), 0);
        final Status status = registrar.register(request, reader.user(), registration, bounded, nowMs);
        counters.increment(status == Status.OK_200 ? Counter.REGISTERS_ACCEPTED : Counter.REGISTERS_REFUSED);
        if (status != Status.OK_200) {
            return;
        }
        final Bindings bindings = registrar.bindings();
        rows.wrap(responses.contacts(), 0);
        for (int i = 0; bindings != null && i < bindings.size(); i++) {
            if (bindings.get(i).isLive(nowMs)) {
                putContact(bindings.get(i), nowMs, rows);
            }
        }
        responses.contacts(rows.position());
    }

    /** Seconds that the trunk has granted: those of the only Contact that it knows of the user, or the last listed. */
    private int granted(final SipMessage response, final Rules rules) {
        final long expires = response.value(HeaderName.EXPIRES);
        int granted = Slice.exists(expires) ? Registrar.number(response.bytes(), expires) : rules.maxExpires();
        tags.reset(response, HeaderName.CONTACT);
        while (tags.next()) {
            if (nameAddr.wrap(response.bytes(), tags.start(), tags.end())) {
                final long own = nameAddr.parameter(EXPIRES_NAME);
                granted = Slice.exists(own) ? Registrar.number(response.bytes(), own) : granted;
            }
        }
        return granted <= 0 ? rules.maxExpires() : granted;
    }

    /** Carries out a REGISTER that {@link #takes}, whose sender has shown who it is where it has to. */
    Disposition register(final SipMessage request, final Source source, final RoutingPolicy by, final Trunk from,
            final long nowNs) {
        final Rules rules = by.registry().rules();
        final long nowMs = by.registry().clock().epochMs(nowNs);
        Status status = prepare(request, source, rules, from, false);
        if (status == null) {
            status = registrar.register(request, reader.user(), registration, rules, nowMs);
        }
        counters.increment(status == Status.OK_200 ? Counter.REGISTERS_ACCEPTED : Counter.REGISTERS_REFUSED);
        return status == Status.OK_200 ? confirm(request, source, registrar.bindings(), nowMs)
                : answer(request, source, status, rules);
    }

    private Disposition answer(final SipMessage request, final Source source, final Status status,
            final Rules rules) {
        final AsciiWriter out = uas.begin(request, source, status,
                request.headersEnd() - Slice.end(request.startLine()));
        if (status == Status.INTERVAL_TOO_BRIEF_423) {
            out.put(MIN_EXPIRES).putDecimal(rules.minExpires()).crlf();
        } else if (status == Status.BAD_EXTENSION_420) {
            putUnsupported(request, out);
        }
        return uas.end(request, source);
    }

    /**
     * Finds out whose contacts a REGISTER is about, and how it came; {@code null}, or what to answer.
     *
     * @param known whether its sender was found to be who it says before
     */
    private Status prepare(final SipMessage request, final Source source, final Rules rules, final Trunk from,
            final boolean known) {
        final boolean stranger = from.trust().zone() == Zone.PUBLIC;
        final boolean path = request.firstRow(HeaderName.PATH) != SipMessage.NO_ROW;
        if (hasUnsupported(request)) {
            return Status.BAD_EXTENSION_420;
        }
        if (stranger && path) {
            // Whoever calls this user would be sent where it says.
            return Status.FORBIDDEN_403;
        }
        if (!readUser(request, rules)) {
            return Status.NOT_FOUND_404;
        }
        final long name = known ? Slice.NONE : authenticator.user();
        if (!known && from.trust().realm() != null
                && !reader.user().isNamed(request.bytes(), Slice.offset(name), Slice.length(name))) {
            return Status.FORBIDDEN_403;
        }
        final boolean direct = stranger || request.viaValues() == 1 && !path;
        outbound = asksForOutbound(request);
        if (outbound && !direct && !startsWithOb(request)) {
            return Status.FIRST_HOP_LACKS_OUTBOUND_SUPPORT_439;
        }
        registration = new Registrar.Registration(source, listenPoints.identity(source.listenPoint), direct, outbound);
        return null;
    }

    /** Whether it wants a flow of its own: it knows outbound, and a contact has a reg-id (RFC 5626 section 4.2.1). */
    private boolean asksForOutbound(final SipMessage request) {
        boolean knows = false;
        tags.reset(request, HeaderName.SUPPORTED);
        while (tags.next()) {
            knows |= is(request.bytes(), OUTBOUND_TAG);
        }
        tags.reset(request, HeaderName.REQUIRE);
        while (tags.next()) {
            knows |= is(request.bytes(), OUTBOUND_TAG);
        }
        tags.reset(request, HeaderName.CONTACT);
        while (knows && tags.next()) {
            if (nameAddr.wrap(request.bytes(), tags.start(), tags.end())
                    && Slice.exists(nameAddr.parameter(REG_ID_NAME))) {
                return true;
            }
        }
        return false;
    }

    /** Whether the first proxy on its way keeps the flow: the URI that this has put into Path says so (section 5.1). */
    private boolean startsWithOb(final SipMessage request) {
        if (!tags.reset(request, HeaderName.PATH).next()
                || !nameAddr.wrap(request.bytes(), tags.start(), tags.end())) {
            return false;
        }
        final long first = nameAddr.uri();
        return uri.wrap(request.bytes(), Slice.offset(first), Slice.end(first)) && Slice.exists(uri.parameter(OB));
    }

    /** Reads the user that To names (step 5). Our address in it needs no port: the Request-URI is ours already. */
    private boolean readUser(final SipMessage request, final Rules rules) {
        final DirectBuffer bytes = request.bytes();
        final long to = request.value(HeaderName.TO);
        if (!nameAddr.wrap(bytes, Slice.offset(to), Slice.end(to))) {
            return false;
        }
        final long address = nameAddr.uri();
        if (!uri.wrap(bytes, Slice.offset(address), Slice.end(address)) || uri.scheme() == SipUri.Scheme.OPAQUE) {
            return false;
        }
        byte[] domain = uri.scheme() == SipUri.Scheme.TEL ? rules.ownDomain() : rules.domainOf(bytes, uri.host());
        if (domain == null && (listenPoints.find(bytes, uri) != ListenPoints.NONE || listenPoints.isDomain(bytes, uri)
                || isSame(bytes, uri.host(), request.parsedUri().host()))) {
            domain = rules.ownDomain();
        }
        return domain != null && reader.read(bytes, uri, domain);
    }

    private static boolean isSame(final DirectBuffer bytes, final long one, final long other) {
        if (!Slice.exists(other) || Slice.length(one) != Slice.length(other)) {
            return false;
        }
        for (int i = 0; i < Slice.length(one); i++) {
            if (Character.toLowerCase(bytes.getByte(Slice.offset(one) + i)) != Character.toLowerCase(
                    bytes.getByte(Slice.offset(other) + i))) {
                return false;
            }
        }
        return true;
    }

    /** Lists what is registered now (step 8), and the Path where there is one (RFC 3327 section 5.3). */
    private Disposition confirm(final SipMessage request, final Source source, final Bindings bindings,
            final long nowMs) {
        final int count = bindings == null ? 0 : bindings.size();
        int room = ADDED_BYTES + request.headersEnd() - Slice.end(request.startLine());
        for (int i = 0; i < count; i++) {
            room += bindings.get(i).contact().length + bindings.get(i).instance().length + CONTACT_BYTES;
        }
        final AsciiWriter out = uas.begin(request, source, Status.OK_200, room);
        for (int i = 0; i < count; i++) {
            if (bindings.get(i).isLive(nowMs)) {
                putContact(bindings.get(i), nowMs, out);
            }
        }
        tags.reset(request, HeaderName.PATH);
        while (tags.next()) {
            out.put(PATH).put(request.bytes(), tags.start(), tags.end() - tags.start()).crlf();
        }
        out.put(SUPPORTED);
        if (outbound) {
            out.put(REQUIRE);
            if (registration.direct()) {
                out.put(FLOW_TIMER).putDecimal(source.transport.stream() ? STREAM_FLOW_S : DATAGRAM_FLOW_S).crlf();
            }
        }
        putDate(nowMs / 1_000, out);
        return uas.end(request, source);
    }

    private static void putContact(final Binding binding, final long nowMs, final AsciiWriter out) {
        out.put(CONTACT).put(binding.contact()).put(EXPIRES).putDecimal((binding.expiresAtMs() - nowMs + 999) / 1_000);
        if (binding.q() < Binding.MAX_Q) {
            out.put(Q).putDecimal(binding.q() / 100).putDecimal(binding.q() / 10 % 10).putDecimal(binding.q() % 10);
        }
        if (binding.instance().length > 0) {
            out.put(INSTANCE).put(binding.instance());
        }
        if (binding.regId() > 0) {
            out.put(REG_ID).putDecimal(binding.regId());
        }
        out.crlf();
    }

    private void putDate(final long second, final AsciiWriter out) {
        if (second != dateSecond) {
            dateSecond = second;
            date = ascii(RFC_1123.format(Instant.ofEpochSecond(second)));
        }
        out.put(DATE).put(date).crlf();
    }

    /** Whether it requires what the registrar does not do (step 2). */
    private boolean hasUnsupported(final SipMessage request) {
        tags.reset(request, HeaderName.REQUIRE);
        while (tags.next()) {
            if (!isSupported(request.bytes())) {
                return true;
            }
        }
        return false;
    }

    private void putUnsupported(final SipMessage request, final AsciiWriter out) {
        out.put(UNSUPPORTED);
        boolean more = false;
        tags.reset(request, HeaderName.REQUIRE);
        while (tags.next()) {
            if (!isSupported(request.bytes())) {
                if (more) {
                    out.put(',');
                }
                out.put(request.bytes(), tags.start(), tags.end() - tags.start());
                more = true;
            }
        }
        out.crlf();
    }

    private boolean isSupported(final DirectBuffer bytes) {
        return is(bytes, PATH_TAG) || is(bytes, OUTBOUND_TAG);
    }

    private boolean is(final DirectBuffer bytes, final byte[] tag) {
        if (tags.end() - tags.start() != tag.length) {
            return false;
        }
        for (int i = 0; i < tag.length; i++) {
            if (Character.toLowerCase(bytes.getByte(tags.start() + i)) != tag[i]) {
                return false;
            }
        }
        return true;
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
