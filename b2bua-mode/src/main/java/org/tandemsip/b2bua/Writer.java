package org.tandemsip.b2bua;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.DigestFields;
import org.tandemsip.codec.Edits;
import org.tandemsip.codec.HeaderField;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.ResponseWriter;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.auth.Realm;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.ReceivedVia;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.routing.Branches;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.ListenPoints;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trust;
import org.tandemsip.engine.transaction.ServerTransaction;

/**
 * Writes the messages of a leg. What comes from the other leg, status line, header fields of the {@link PassList} and
 * body, is copied byte for byte; all that belongs to the dialog is the leg's own. Shard thread only.
 */
final class Writer {
    private static final byte[] VIA = ascii(" SIP/2.0\r\nVia: SIP/2.0/");
    private static final int VERSION_LENGTH = " SIP/2.0".length();
    private static final byte[] BRANCH = ascii(";branch=");
    private static final byte[] MAX_FORWARDS = ascii("Max-Forwards: ");
    private static final byte[] FROM = ascii("From: ");
    private static final byte[] TO = ascii("\r\nTo: ");
    private static final byte[] CALL_ID = ascii("\r\nCall-ID: ");
    private static final byte[] CSEQ = ascii("\r\nCSeq: ");
    private static final byte[] CONTACT = ascii("Contact: <sip:");
    private static final byte[] SECURE_CONTACT = ascii("Contact: <sips:");
    private static final byte[] REASON = ascii("Reason: ");
    private static final byte[] RACK = ascii("RAck: ");
    private static final byte[] RSEQ = ascii("RSeq: ");
    private static final byte[] RETRY_AFTER = ascii("Retry-After: ");
    private static final byte[] CONTENT_LENGTH = ascii("Content-Length: ");
    private static final byte[] NO_BODY = ascii("Content-Length: 0\r\n\r\n");
    /** Start line, Via, CSeq, Contact and the rest at their longest, without names, addresses and what is passed. */
    private static final int OWN_BYTES = 640 + SessionTimer.MOST_BYTES;
    /** Places that our host is written to: Via, Contact, and in the stead of addresses. */
    private static final int MOST_HOSTS = 30;

    private final ListenPoints listenPoints;
    private final Branches branches;
    private final PassList passList = new PassList();
    private final CallNames names;
    private final Replacements replacements;
    private final AsciiWriter out = new AsciiWriter();
    private final ResponseWriter responses = new ResponseWriter();
    private final ReceivedVia receivedVia = new ReceivedVia();
    private final DigestFields credentials = new DigestFields();
    private final Edits viaEdits = new Edits(4, 128);
    private final Source source = new Source();
    private final int longestSentBy;
    private int mostAdded;

    Writer(final List<ListenPoint> points, final ListenPoints listenPoints, final Branches branches,
            final B2bua owner) {
        replacements = owner.replacements;
        this.listenPoints = listenPoints;
        this.branches = branches;
        names = owner.names;
        longestSentBy = points.stream().mapToInt(point -> point.sentBy().length).max().orElse(0);
    }

    /** Takes over what the rules of a configuration may add. */
    void policy(final RoutingPolicy policy) {
        mostAdded = policy.mostAdded() + MOST_HOSTS * longestSentBy;
    }

    /** What a request has besides what comes from the other leg. */
    static final class Extra {
        /** Value of Reason of our own, or {@code null}. */
        byte[] reason;
        /** Answers a challenge, or {@code null}. */
        LegAuth auth;
        /** Rows of a request of our own, or {@code null}. */
        byte[] rows;
        /** Its body, or {@code null}. */
        KeptBytes body;
        /** Values of RAck, when {@code rackCseq} is not 0. */
        long rackRseq;
        long rackCseq;
        /** What another shard has said of the dialog that the request names, or {@code null}. */
        NamedDialog named;

        /** Most bytes of what is given by us. */
        int length() {
            return (rows == null ? 0 : rows.length) + (body == null ? 0 : body.length());
        }

        Extra clear() {
            reason = null;
            auth = null;
            rows = null;
            body = null;
            rackRseq = 0;
            rackCseq = 0;
            named = null;
            return this;
        }
    }

    /** Most bytes of a request on {@code leg} that takes over what {@code original} has, which may be {@code null}. */
    int maxLength(final Leg leg, final SipMessage original) {
        return OWN_BYTES + mostAdded + leg.textLength() + leg.credentials.length() + leg.answerLength()
                + (original == null ? 0 : original.length() + Replacements.mostAdded(original));
    }

    /**
     * Writes a request of the dialog of {@code leg}.
     *
     * @param method   its method; EXTENSION takes the token of {@code original}
     * @param cseq     its number
     * @param original the request of the other leg that it takes over, or {@code null}
     * @param hops     Max-Forwards
     * @param key      key in our branch
     * @param place    place of the client transaction, or {@code Places.NONE}
     * @return size in bytes, 0 when it does not fit
     */
    int request(final Leg leg, final Method method, final long cseq, final SipMessage original, final int hops,
            final Extra extra, final long key, final long place, final MutableDirectBuffer into) {
        out.wrap(into, 0);
        putMethod(method, original);
        leg.putTarget(out.put(' '));
        final ListenPoint point = listenPoints.get(leg.remote.listenPoint);
        putVia(point, key, place);
        out.crlf().put(MAX_FORWARDS).putDecimal(hops).crlf();
        leg.putRoutes(out);
        leg.putLocal(out.put(FROM));
        leg.putRemote(out.put(TO));
        leg.putCallId(out.put(CALL_ID));
        out.put(CSEQ).putDecimal(cseq).put(' ');
        putMethod(method, original);
        out.crlf();
        if (hasContact(method, original)) {
            putContact(point, leg.secure());
        }
        if (extra.reason != null) {
            out.put(REASON).put(extra.reason).crlf();
        }
        if (extra.auth != null) {
            final int row = out.position();
            final int methodLength = Slice.length(methodOf(method, original));
            extra.auth.write(out, into, Slice.of(0, methodLength),
                    Slice.of(methodLength + 1, leg.targetLength()));
            leg.credentials.keep(into, row, out.overflown() ? 0 : out.position() - row);
        } else if (method == Method.ACK) {
            leg.credentials.put(out);
        } else if (method == Method.INVITE) {
            leg.credentials.forget();
        }
        if (extra.rackCseq > 0) {
            out.put(RACK).putDecimal(extra.rackRseq).put(' ').putDecimal(extra.rackCseq).put(' ')
                    .put(Method.INVITE.token()).crlf();
        }
        if (SessionTimer.concerns(method)) {
            leg.session.putInRequest(out);
        }
        if (original == null) {
            if (extra.rows != null) {
                out.put(extra.rows);
            }
            if (extra.body == null || extra.body.length() == 0) {
                out.put(NO_BODY);
            } else {
                extra.body.put(out.put(CONTENT_LENGTH).putDecimal(extra.body.length()).crlf().crlf());
            }
        } else {
            final HeaderRules route = leg.call.route == null ? HeaderRules.NONE : leg.call.route.headers();
            putPassed(original, leg, Trust.receivedFrom(leg.other().trunk), route,
                    Trust.sentTo(leg.trunk, original), extra.named);
            putBody(original);
        }
        return out.overflown() ? 0 : out.position();
    }

    private void putVia(final ListenPoint point, final long key, final long place) {
        out.put(VIA).put(point.transport().token()).put(' ').put(point.sentBy()).put(BRANCH);
        branches.write(out, Branches.B2BUA, key, 0);
        Branches.writePlace(out, place);
    }

    /**
     * Writes a request that {@link #request} has written once more, to go by another listen point.
     *
     * @return size in bytes, {@link #maxLengthElsewhere} at most
     */
    int elsewhere(final DirectBuffer bytes, final int offset, final int length, final int listenPoint, final long key,
            final long place, final MutableDirectBuffer into) {
        int via = offset;
        while (bytes.getByte(via) != '\r') {
            via++;
        }
        int rest = via + 2;
        while (bytes.getByte(rest) != '\r') {
            rest++;
        }
        out.wrap(into, 0).put(bytes, offset, via - VERSION_LENGTH - offset);
        putVia(listenPoints.get(listenPoint), key, place);
        out.put(bytes, rest, offset + length - rest);
        return out.position();
    }

    /** Most bytes that the above writes for a request of so many bytes. */
    int maxLengthElsewhere(final int length) {
        return length + longestSentBy + OWN_BYTES;
    }

    private static long methodOf(final Method method, final SipMessage original) {
        return method == Method.EXTENSION ? original.methodToken() : Slice.of(0, method.token().length);
    }

    private void putMethod(final Method method, final SipMessage original) {
        if (method == Method.EXTENSION) {
            out.putSlice(original.bytes(), original.methodToken());
        } else {
            out.put(method.token());
        }
    }

    /** Most bytes of a response to the request that {@code transaction} keeps. */
    int maxLength(final SipMessage request, final SipMessage original) {
        return OWN_BYTES + mostAdded + request.bodyOffset() + (original == null ? 0 : original.length());
    }

    /**
     * Writes the response to a request of {@code leg} that takes over what {@code original} on the other leg says.
     *
     * @param request     as the server transaction keeps it
     * @param statusLine  status to write in the place of that of {@code original}, or {@code null}
     * @param rseq        RSeq of ours, 0 for none
     * @return size in bytes, 0 when it is longer than {@link #maxLength(SipMessage, SipMessage)}
     */
    int response(final Leg leg, final ServerTransaction server, final SipMessage request, final SipMessage original,
            final Status statusLine, final long rseq, final MutableDirectBuffer into) {
        final AsciiWriter rows = statusLine == null
                ? responses.begin(request, original, leg.tagHigh(), leg.mac, via(server, request), into, 0)
                : responses.begin(request, statusLine, leg.tagHigh(), leg.mac, via(server, request), into, 0);
        final int code = statusLine == null ? original.statusCode() : statusLine.code();
        out.wrap(into, rows.position());
        if (rows.overflown()) {
            return 0;
        }
        if (code > 100 && code < 300) {
            // Only who may form or refresh a dialog by it looks at these (sections 12.1.1, 12.2.2).
            putRows(request, HeaderName.RECORD_ROUTE);
            if (hasContact(request.method(), request)) {
                putContact(listenPoints.get(server.responseDestination().listenPoint), leg.secure());
            }
        }
        if (code >= 200 && code < 300 && SessionTimer.concerns(request.method())
                && leg.call.state == Call.State.UP) {
            leg.session.putInResponse(out);
        }
        if (code >= 300 && code < 400) {
            // Where the caller shall try it: by way of us, who know the way to whoever is named by an address.
            names.noRules();
            for (int row = original.firstRow(HeaderName.CONTACT); row != SipMessage.NO_ROW;
                    row = original.nextRow(row)) {
                names.putNamingRow(out, original, row, leg.remote.listenPoint);
            }
        }
        if (rseq > 0) {
            out.put(RSEQ).putDecimal(rseq).crlf();
        }
        putPassed(original, leg, Trust.receivedFrom(leg.other().trunk), HeaderRules.NONE,
                Trust.sentTo(leg.trunk, original), null);
        putBody(original);
        // A redirection may name many hosts, each of them longer as ours.
        return out.overflown() || out.position() > maxLength(request, original) ? 0 : out.position();
    }

    /** Writes a response of our own. @param retryAfter seconds for Retry-After, -1 for none */
    int response(final Leg leg, final ServerTransaction server, final SipMessage request, final Status status,
            final int retryAfter, final byte[] reason, final MutableDirectBuffer into) {
        final AsciiWriter rows =
                responses.begin(request, status, leg.tagHigh(), leg.mac, via(server, request), into, 0);
        if (status.code() >= 200 && status.code() < 300 && hasContact(request.method(), request)) {
            out.wrap(into, rows.position());
            putContact(listenPoints.get(server.responseDestination().listenPoint), leg.secure());
            rows.wrap(into, out.position());
        }
        if (status == Status.SESSION_INTERVAL_TOO_SMALL_422) {
            leg.session.putMinimum(rows);
        }
        if (retryAfter >= 0) {
            rows.put(RETRY_AFTER).putDecimal(retryAfter).crlf();
        }
        if (reason != null) {
            rows.put(REASON).put(reason).crlf();
        }
        return responses.finish();
    }

    private Edits via(final ServerTransaction server, final SipMessage request) {
        source.transport = server.responseDestination().transport;
        source.addressHigh = server.responseDestination().addressHigh;
        source.addressLow = server.responseDestination().addressLow;
        source.port = server.sourcePort();
        receivedVia.edit(viaEdits.reset(), request, request.topVia(), source);
        return viaEdits;
    }

    private void putRows(final SipMessage message, final HeaderName name) {
        for (int row = message.firstRow(name); row != SipMessage.NO_ROW; row = message.nextRow(row)) {
            out.put(message.bytes(), message.rowStart(row), message.rowEnd(row) - message.rowStart(row));
        }
    }

    /**
     * Whether requests of a method and their 2xx may say where we are: those of others must not (RFC 3261 table 2, RFC
     * 3262 section 4, RFC 3428 sections 4 and 7, RFC 6086 table 1). But there are agents that write one into a BYE and
     * look for one in what comes back, or in a BYE of ours.
     *
     * @param request as the side that has sent it wrote it; {@code null} for one of our own
     */
    private static boolean hasContact(final Method method, final SipMessage request) {
        return switch (method) {
            case BYE -> request == null || request.firstRow(HeaderName.CONTACT) != SipMessage.NO_ROW;
            case CANCEL, INFO, MESSAGE, PRACK -> false;
            case INVITE, ACK, OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, REFER, PUBLISH, UPDATE, EXTENSION -> true;
        };
    }

    private void putContact(final ListenPoint point, final boolean sips) {
        out.put(sips ? SECURE_CONTACT : CONTACT).put(point.sentBy());
        CallNames.putTransport(out, point, sips);
        out.put('>').crlf();
    }

    /** Whether a row answers a challenge of ours: that is of use to nobody else (RFC 3261 section 22.3). */
    private boolean isForUs(final SipMessage request, final int row, final Leg from) {
        final Realm realm = from.trunk == null ? null : from.trunk.trust().realm();
        return realm != null && realm.isOf(credentials, request, row);
    }

    private void putPassed(final SipMessage original, final Leg to, final HeaderRules received,
            final HeaderRules route, final HeaderRules sent, final NamedDialog named) {
        final DirectBuffer bytes = original.bytes();
        if (original.isRequest() && !Slice.exists(original.toTag())) {
            names.rules(to.other().trunk, to.call.route, to.trunk);
        } else {
            names.noRules();
        }
        for (int row = 0; row < original.rows(); row++) {
            if (received.removes(original, row) || route.removes(original, row) || sent.removes(original, row)) {
                continue;
            }
            final HeaderName name = original.rowName(row);
            if ((name == HeaderName.AUTHORIZATION || name == HeaderName.PROXY_AUTHORIZATION)
                    && (to.call.setup != null && to.call.setup.isElsewhere() || isForUs(original, row, to.other()))) {
                continue;
            }
            if (name == HeaderName.SUPPORTED || name == HeaderName.REQUIRE) {
                SessionTimer.putOthers(out, original, row);
            } else if (Replacements.is(original, row)) {
                replacements.put(out, original, row, to, named);
            } else if (name == HeaderName.REFER_TO) {
                replacements.putReferTo(out, original, row, to, named);
            } else if (passList.passes(original, row) || isPassed(original, row, to)
                    || isPassed(original, row, to.other())) {
                out.put(bytes, original.rowStart(row), original.rowEnd(row) - original.rowStart(row));
            } else if (passList.names(original, row)) {
                names.putNamingRow(out, original, row, to.remote.listenPoint);
            }
        }
        if (original.isRequest() && received.addedBytes() + route.addedBytes() + sent.addedBytes() > 0) {
            received.putRows(out, route, sent);
            route.putRows(out, sent, HeaderRules.NONE);
            sent.putRows(out, HeaderRules.NONE, HeaderRules.NONE);
        }
    }

    /** Whether a row is one that the trunk of a leg wants to be passed, both ways. */
    private static boolean isPassed(final SipMessage original, final int row, final Leg leg) {
        if (leg.trunk != null) {
            final List<HeaderField> fields = leg.trunk.rules().calls().passed();
            for (int i = 0; i < fields.size(); i++) {
                if (fields.get(i).names(original, row)) {
                    return true;
                }
            }
        }
        return false;
    }

    private void putBody(final SipMessage original) {
        out.put(CONTENT_LENGTH).putDecimal(original.bodyLength()).crlf().crlf();
        out.put(original.bytes(), original.bodyOffset(), original.bodyLength());
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
