package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.ValueCursor;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.CallRouter;
import org.tandemsip.engine.routing.CallRules;
import org.tandemsip.engine.routing.Target;
import org.tandemsip.engine.routing.Targets;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.Zone;

/**
 * Follows the redirections of trunks whose rules say so (RFC 3261 section 8.1.3.4): Contacts of a 300, 301 or 302 by q,
 * each only where the route table lets the caller itself call it, and to nobody but a trunk. Header fields in a URI are
 * left out, and what holds for later calls only (expires). A 305 names a proxy for the same URI, a 380 another service:
 * neither is followed. Shard thread only.
 */
final class Redirects {
    /** Contacts of one response that are looked at. */
    private static final int MOST_CONTACTS = 8;
    private static final int HIGHEST_Q = 1_000;
    private static final byte[] Q = B2bua.ascii("q");
    private static final byte[] METHOD = B2bua.ascii("method");
    private static final byte[] INVITE = B2bua.ascii("INVITE ");
    private static final byte[] VERSION = B2bua.ascii(" SIP/2.0\r\n");
    private static final byte[] ROUTE_END = B2bua.ascii(";lr>\r\n");
    private static final byte[] TRANSPORT = B2bua.ascii(";transport=");
    private static final byte[] NO_BODY = B2bua.ascii("Content-Length: 0\r\n\r\n");

    private final B2bua owner;
    private final SipMessage redirected;
    private final Targets found;
    private final Target[] chosen = new Target[Targets.MAX];
    private final long[] chosenUri = new long[Targets.MAX];
    private int chosenCount;
    private final long[] contacts = new long[MOST_CONTACTS];
    private final int[] preferences = new int[MOST_CONTACTS];
    private final ValueCursor cursor = new ValueCursor();
    private final NameAddr nameAddr = new NameAddr();
    private final SipUri uri = new SipUri();
    private final SipUri asked = new SipUri();
    private final IpAddress address = new IpAddress();
    private final Source source = new Source();
    private CallRouter router;

    Redirects(final B2bua owner, final ShardContext context) {
        this.owner = owner;
        // One row more than may come: the Route that we put in.
        redirected = new SipMessage(context.limits().headerRows() + 1);
        found = new Targets(context.counters());
        for (int i = 0; i < chosen.length; i++) {
            chosen[i] = new Target();
        }
    }

    void router(final CallRouter table) {
        router = table;
    }

    /** Whether redirections of a trunk are followed, which may be {@code null}. */
    static boolean concerns(final Trunk trunk) {
        return trunk != null && trunk.rules().calls().redirect() == CallRules.Redirect.FOLLOW;
    }

    /**
     * Adds the places that a response redirects to. A call with credit is not redirected: what was asked for is what
     * the service has rated.
     *
     * @param from trunk that it has come from, or {@code null}
     * @return whether there are any
     */
    boolean follow(final Call call, final SipMessage response, final Trunk from, final Redirection into,
            final long nowNs) {
        final int code = response.statusCode();
        if (code < 300 || code > 302 || router == null || !concerns(from) || call.cutOff.hasCredit()
                || !into.begin()) {
            return false;
        }
        owner.transfers.original(call.initial, owner.kept);
        final int count = readContacts(response);
        chosenCount = 0;
        for (int i = 0; i < count; i++) {
            choose(call, response.bytes(), contacts[i], into, nowNs);
        }
        final int added = Math.min(chosenCount, into.room());
        for (int i = added - 1; i >= 0; i--) {
            wrap(response.bytes(), chosenUri[i]);
            final AsciiWriter text = owner.scratchText();
            putUri(text, response.bytes());
            if (!text.overflown()) {
                into.push(chosen[i], owner.scratch(), 0, text.position(),
                        into.elsewhere() || chosen[i].sentTo != from);
            }
        }
        return added > 0;
    }

    /** Remembers what a leg asks for now. */
    void remember(final Leg callee, final Redirection in) {
        if (wrap(callee.buffer(), Slice.of(callee.targetOffset(), callee.targetLength()))) {
            in.tries(callee.buffer(), uri);
        }
    }

    /** Reads the URIs of the Contacts, those with the highest q first; returns how many there are. */
    private int readContacts(final SipMessage response) {
        int count = 0;
        if (response.firstRow(HeaderName.CONTACT) == SipMessage.NO_ROW) {
            return 0;
        }
        cursor.reset(response, HeaderName.CONTACT);
        while (count < MOST_CONTACTS && cursor.next()) {
            if (!nameAddr.wrap(response.bytes(), cursor.start(), cursor.end())) {
                continue;
            }
            final long q = nameAddr.parameter(Q);
            final int preference =
                    Slice.exists(q) ? Numbers.thousandths(response.bytes(), q, HIGHEST_Q) : HIGHEST_Q;
            int at = count++;
            while (at > 0 && preferences[at - 1] < preference) {
                preferences[at] = preferences[at - 1];
                contacts[at] = contacts[at - 1];
                at--;
            }
            preferences[at] = preference;
            contacts[at] = nameAddr.uri();
        }
        return count;
    }

    private boolean wrap(final DirectBuffer bytes, final long slice) {
        return uri.wrap(bytes, Slice.offset(slice), Slice.end(slice));
    }

    private void choose(final Call call, final DirectBuffer bytes, final long contact, final Redirection into,
            final long nowNs) {
        if (!wrap(bytes, contact) || !mayBeAsked() || !into.tries(bytes, uri)) {
            return;
        }
        final boolean literal = isAddress(bytes);
        final AsciiWriter out = owner.scratchText();
        write(out, bytes, owner.kept, call.trunkIn.trust().zone() != Zone.PUBLIC && isForeign(bytes));
        if (out.overflown()) {
            return;
        }
        redirected.wrap(owner.scratch(), 0, out.position());
        if (owner.parser.parse(redirected, false) != ParseError.NONE) {
            return;
        }
        source.set(call.legs[0].seen);
        if (router.locate(redirected, source, owner.policy(), call.trunkIn, found, nowNs) != null) {
            return;
        }
        for (int i = 0; i < found.size(); i++) {
            final Target target = found.get(i);
            if (target.sentTo == null
                    || literal && (target.destination.addressHigh != address.high()
                            || target.destination.addressLow != address.low())) {
                continue;
            }
            if (chosenCount == chosen.length) {
                owner.counters.increment(Counter.TARGETS_LEFT_OUT);
                return;
            }
            chosenUri[chosenCount] = contact;
            chosen[chosenCount++].set(target);
        }
    }

    /** Whether the URI is one for calls, and what was asked for securely is not asked for in the clear. */
    private boolean mayBeAsked() {
        final DirectBuffer bytes = owner.kept.bytes();
        final long first = owner.kept.requestUri();
        final boolean secure = asked.wrap(bytes, Slice.offset(first), Slice.end(first))
                && asked.scheme() == SipUri.Scheme.SIPS;
        return switch (uri.scheme()) {
            case SIPS -> !Slice.exists(uri.maddr());
            case SIP -> !secure && !Slice.exists(uri.maddr());
            case TEL -> !secure;
            case OPAQUE -> false;
        };
    }

    private boolean isForeign(final DirectBuffer bytes) {
        return Slice.exists(uri.host()) && owner.listenPoints.find(bytes, uri) < 0;
    }

    /** Whether the URI names an address that is not ours; {@link #address} is that. */
    private boolean isAddress(final DirectBuffer bytes) {
        return isForeign(bytes) && address.parse(bytes, Slice.offset(uri.host()), Slice.end(uri.host()));
    }

    /**
     * The INVITE as the caller would have sent it to the URI. A Route names the host: it picks one that the line of the
     * table leads to, and opens no other way. From zone public a Route is not let in.
     */
    private void write(final AsciiWriter out, final DirectBuffer bytes, final SipMessage original,
            final boolean names) {
        putUri(out.put(INVITE), bytes);
        out.put(VERSION);
        if (names) {
            out.put(Routes.ROUTE).put('<').putSlice(bytes, uri.schemeToken()).put(':').putSlice(bytes, uri.host());
            if (uri.port() != SipUri.NOT_GIVEN) {
                out.put(':').putDecimal(uri.port());
            }
            if (uri.transport() != null) {
                out.put(TRANSPORT).put(uri.transport().token());
            }
            out.put(ROUTE_END);
        }
        for (int row = 0; row < original.rows(); row++) {
            if (original.rowName(row) != HeaderName.ROUTE && original.rowName(row) != HeaderName.CONTENT_LENGTH) {
                out.put(original.bytes(), original.rowStart(row), original.rowEnd(row) - original.rowStart(row));
            }
        }
        out.put(NO_BODY);
    }

    /** Writes the URI without what may not stand in a Request-URI (section 19.1.1): its header fields and method. */
    private void putUri(final AsciiWriter out, final DirectBuffer bytes) {
        final int end = Slice.exists(uri.headers()) ? Slice.offset(uri.headers()) - 1 : uri.end();
        final long method = uri.parameter(METHOD);
        if (Slice.length(method) <= 0) {
            out.put(bytes, uri.start(), end - uri.start());
        } else {
            final int before = Slice.offset(method) - METHOD.length - 2;
            out.put(bytes, uri.start(), before - uri.start());
            out.put(bytes, Slice.end(method), end - Slice.end(method));
        }
    }
}
