package org.tandemsip.perf.load;

import static java.nio.charset.StandardCharsets.US_ASCII;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
import org.tandemsip.codec.ValueCursor;

/**
 * Writes the messages of a run in the sizes that trunks really carry: an INVITE of about 900 bytes with SDP. A call is
 * known by a number, written as eight hexadecimal digits in Call-ID, branches and tags, so that an answer finds its
 * call without a table; and as ten digits in the caller's own number, which passes where a back-to-back user agent
 * replaces the others.
 */
final class Text {
    private static final int NUMBER_DIGITS = 8;
    private static final int CALLER_DIGITS = 10;
    private static final byte[] CALLER = bytes("sip:+1555");
    private static final byte[] CRLF = bytes("\r\n");
    private static final byte[] CONTENT_LENGTH_0 = bytes("Content-Length: 0\r\n\r\n");
    private static final byte[] VERSION = bytes(" SIP/2.0\r\n");
    private static final byte[] KEEP_ALIVE =
            bytes("<?xml version=\"1.0\"?>\r\n<Notify>\r\n<CmdType>Keepalive</CmdType>\r\n<SN>");
    private static final byte[] KEEP_ALIVE_END =
            bytes("</SN>\r\n<DeviceID>34020000001320000001</DeviceID>\r\n<Status>OK</Status>\r\n</Notify>\r\n");

    private final AsciiWriter out = new AsciiWriter();
    private final ValueCursor values = new ValueCursor();
    private final byte[] callee;
    private final byte[] device;
    private final byte[] host;
    private final byte[] domain;
    private final byte[] via;
    private final byte[] from;
    private final byte[] fromTail;
    private final byte[] to;
    private final byte[] callId;
    private final byte[] callIdTail;
    private final byte[] inviteTail;
    private final byte[] optionsTail;
    private final byte[] registerTail;
    private final byte[] contact;
    private final byte[] localHost;
    private final byte[] answerBody;

    /**
     * @param local       host and port of the side that writes
     * @param requestHost host and port of the Request-URI
     * @param carrier     what the messages go over
     * @param runId       token that tells this run's calls from those of others
     * @param recordRoute a Record-Route line as a proxy would add it, or empty: only where there is no proxy
     */
    Text(final String local, final String requestHost, final Transport carrier, final String runId,
            final String recordRoute) {
        final String transport = carrier == Transport.UDP ? ""
                : ";transport=" + carrier.name().toLowerCase(java.util.Locale.ROOT);
        final String at = "@" + requestHost + transport;
        callee = bytes("sip:+15551234567" + at);
        device = bytes("sip:34020000002000000001" + at);
        host = bytes("sip:" + requestHost + transport);
        domain = bytes(requestHost);
        via = bytes("Via: SIP/2.0/" + carrier.name() + ' ' + local + ";rport;branch=z9hG4bK" + runId);
        from = bytes("\r\nMax-Forwards: 70\r\nFrom: \"Load\" <sip:+1555");
        fromTail = bytes("@" + local + ";user=phone>;tag=f" + runId);
        to = bytes("\r\nTo: <sip:+15551234567@" + requestHost + ";user=phone>");
        callId = bytes(runId + '-');
        callIdTail = bytes("@" + local + "\r\nCSeq: ");
        contact = bytes("Contact: <sip:load@" + local + transport + ">\r\n");
        localHost = bytes("@" + local + transport + ">;expires=3600\r\n");
        final String sdp = sdp(local);
        inviteTail = bytes("1 INVITE\r\nContact: <sip:load@" + local + transport + ">\r\n" + recordRoute
                + "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY, MESSAGE\r\n"
                + "Supported: timer, 100rel, replaces\r\nSession-Expires: 1800\r\nMin-SE: 90\r\n"
                + "User-Agent: tandem-load\r\nP-Asserted-Identity: <sip:+15557654321@" + local
                + ">\r\nContent-Type: application/sdp\r\nContent-Length: " + sdp.length() + "\r\n\r\n" + sdp);
        optionsTail = bytes("1 OPTIONS\r\nContact: <sip:load@" + local + transport
                + ">\r\nAccept: application/sdp\r\nUser-Agent: tandem-load\r\nContent-Length: 0\r\n\r\n");
        registerTail = bytes("1 REGISTER\r\nExpires: 3600\r\nSupported: path, outbound, gruu\r\n"
                + "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY, MESSAGE\r\nUser-Agent: tandem-load\r\n");
        answerBody = bytes("Content-Type: application/sdp\r\nContent-Length: " + sdp.length() + "\r\n\r\n" + sdp);
    }

    private static String sdp(final String local) {
        final String host = local.substring(0, local.lastIndexOf(':')).replace("[", "").replace("]", "");
        return "v=0\r\no=- 2890844526 2890844526 IN IP" + (host.contains(":") ? "6 " : "4 ") + host
                + "\r\ns=-\r\nc=IN IP"
                + (host.contains(":") ? "6 " : "4 ") + host + "\r\nt=0 0\r\nm=audio 49170 RTP/AVP 8 0 101\r\n"
                + "a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
                + "a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n";
    }

    private static byte[] bytes(final String text) {
        return text.getBytes(US_ASCII);
    }

    /** Number of the call that a message belongs to, or -1 when its Call-ID is not of this run. */
    int callNumber(final SipMessage message) {
        final long id = message.callId();
        final DirectBuffer bytes = message.bytes();
        final int start = Slice.offset(id);
        if (Slice.length(id) < callId.length + NUMBER_DIGITS) {
            return -1;
        }
        for (int i = 0; i < callId.length; i++) {
            if (bytes.getByte(start + i) != callId[i]) {
                return -1;
            }
        }
        int number = 0;
        for (int i = start + callId.length; i < start + callId.length + NUMBER_DIGITS; i++) {
            final int digit = Character.digit(bytes.getByte(i), 16);
            if (digit < 0) {
                return -1;
            }
            number = number << 4 | digit;
        }
        return number;
    }

    /** Number of the call that a request to the called side belongs to, whoever has passed it on; or -1. */
    int calledNumber(final SipMessage request) {
        final int number = callNumber(request);
        return number >= 0 ? number : callerNumber(request);
    }

    private static int callerNumber(final SipMessage request) {
        final long from = request.value(HeaderName.FROM);
        final DirectBuffer bytes = request.bytes();
        final int last = Slice.end(from) - CALLER.length - CALLER_DIGITS;
        for (int start = Slice.offset(from); start <= last; start++) {
            if (matches(bytes, start, CALLER)) {
                long number = 0;
                for (int i = start + CALLER.length; i < start + CALLER.length + CALLER_DIGITS; i++) {
                    final int digit = bytes.getByte(i) - '0';
                    if (digit < 0 || digit > 9) {
                        return -1;
                    }
                    number = 10 * number + digit;
                }
                return number > Integer.MAX_VALUE ? -1 : (int) number;
            }
        }
        return -1;
    }

    private static boolean matches(final DirectBuffer bytes, final int start, final byte[] wanted) {
        for (int i = 0; i < wanted.length; i++) {
            if (bytes.getByte(start + i) != wanted[i]) {
                return false;
            }
        }
        return true;
    }

    /** Writes the request that begins attempt {@code number}; returns its size in bytes. */
    int first(final Kind kind, final int number, final MutableDirectBuffer into) {
        out.wrap(into, 0);
        switch (kind) {
            case ANSWERED, BUSY, CANCELLED -> {
                out.put(Method.INVITE.token()).put(' ').put(callee).put(VERSION);
                head(number, 'i');
                out.put(to);
                callId(number);
                out.put(inviteTail);
            }
            case OPTIONS -> {
                out.put(Method.OPTIONS.token()).put(' ').put(callee).put(VERSION);
                head(number, 'i');
                out.put(to);
                callId(number);
                out.put(optionsTail);
            }
            case MESSAGE -> keepAlive(number);
            case REGISTER -> register(number);
        }
        return out.position();
    }

    /** The keep-alive that a camera sends each minute: a MESSAGE with an XML document (GB/T 28181, appendix A). */
    private void keepAlive(final int number) {
        out.put(Method.MESSAGE.token()).put(' ').put(device).put(VERSION);
        head(number, 'i');
        ascii("\r\nTo: <");
        out.put(device).put('>');
        callId(number);
        ascii("1 MESSAGE\r\nUser-Agent: tandem-load\r\nContent-Type: Application/MANSCDP+xml\r\nContent-Length: ");
        out.putDecimal(KEEP_ALIVE.length + NUMBER_DIGITS + KEEP_ALIVE_END.length).put(CRLF).put(CRLF);
        out.put(KEEP_ALIVE).putHex(number, NUMBER_DIGITS).put(KEEP_ALIVE_END);
    }

    private void register(final int number) {
        out.put(Method.REGISTER.token()).put(' ').put(host).put(VERSION);
        head(number, 'i');
        ascii("\r\nTo: <sip:load");
        out.putHex(number, NUMBER_DIGITS).put('@').put(domain).put('>');
        callId(number);
        out.put(registerTail);
        ascii("Contact: <sip:load");
        out.putHex(number, NUMBER_DIGITS).put(localHost).put(CONTENT_LENGTH_0);
    }

    /**
     * Writes the ACK or BYE of an answered call: to the Contact of the 2xx, by its Record-Routes in reverse order (RFC
     * 3261 section 12.1.2); returns its size in bytes.
     */
    int inDialog(final int number, final Method method, final int cseq, final SipMessage ok,
            final MutableDirectBuffer into) {
        final DirectBuffer bytes = ok.bytes();
        out.wrap(into, 0).put(method.token()).put(' ');
        contactUri(ok, bytes);
        out.put(VERSION);
        head(number, method == Method.ACK ? 'a' : 'b');
        out.put(CRLF);
        ascii("To: ");
        out.putSlice(bytes, ok.value(HeaderName.TO));
        callId(number);
        out.putDecimal(cseq).put(' ').put(method.token()).put(CRLF);
        routes(ok, bytes);
        out.put(CONTENT_LENGTH_0);
        return out.position();
    }

    /** Writes the ACK for a final response that is not 2xx (RFC 3261 section 17.1.1.3); returns its size in bytes. */
    int ackForFailure(final int number, final SipMessage response, final MutableDirectBuffer into) {
        out.wrap(into, 0).put(Method.ACK.token()).put(' ').put(callee).put(VERSION);
        head(number, 'i');
        out.put(CRLF);
        ascii("To: ");
        out.putSlice(response.bytes(), response.value(HeaderName.TO));
        callId(number);
        ascii("1 ACK\r\n");
        out.put(CONTENT_LENGTH_0);
        return out.position();
    }

    /** Writes the CANCEL of an INVITE: the same but for method and body (section 9.1); returns its size in bytes. */
    int cancel(final int number, final MutableDirectBuffer into) {
        out.wrap(into, 0).put(Method.CANCEL.token()).put(' ').put(callee).put(VERSION);
        head(number, 'i');
        out.put(to);
        callId(number);
        ascii("1 CANCEL\r\n");
        out.put(CONTENT_LENGTH_0);
        return out.position();
    }

    private void head(final int number, final char branchMark) {
        out.put(via).putHex(number, NUMBER_DIGITS).put(branchMark).put(from);
        for (int divisor = 1_000_000_000; divisor > 0; divisor /= 10) {
            out.put((char) ('0' + number / divisor % 10));
        }
        out.put(fromTail).putHex(number, NUMBER_DIGITS);
    }

    private void callId(final int number) {
        ascii("\r\nCall-ID: ");
        out.put(callId).putHex(number, NUMBER_DIGITS).put(callIdTail);
    }

    private void contactUri(final SipMessage ok, final DirectBuffer bytes) {
        final long value = ok.value(HeaderName.CONTACT);
        if (!Slice.exists(value)) {
            ascii("sip:no-contact@invalid");
            return;
        }
        int start = Slice.offset(value);
        int end = Slice.end(value);
        for (int i = start; i < Slice.end(value); i++) {
            if (bytes.getByte(i) == '<') {
                start = i + 1;
            } else if (bytes.getByte(i) == '>') {
                end = i;
                break;
            }
        }
        out.put(bytes, start, end - start);
    }

    private void routes(final SipMessage ok, final DirectBuffer bytes) {
        int count = 0;
        values.reset(ok, HeaderName.RECORD_ROUTE);
        while (values.next()) {
            count++;
        }
        for (int wanted = count - 1; wanted >= 0; wanted--) {
            values.reset(ok, HeaderName.RECORD_ROUTE);
            for (int i = 0; i <= wanted; i++) {
                values.next();
            }
            ascii("Route: ");
            out.put(bytes, values.start(), values.end() - values.start()).put(CRLF);
        }
    }

    /** Writes a response to {@code request}, with SDP when {@code body} is set; returns its size in bytes. */
    int response(final SipMessage request, final String statusLine, final int number, final boolean body,
            final MutableDirectBuffer into) {
        final DirectBuffer bytes = request.bytes();
        out.wrap(into, 0);
        ascii(statusLine);
        for (int row = 0; row < request.rows(); row++) {
            switch (request.rowName(row)) {
                case VIA, RECORD_ROUTE, FROM, CALL_ID, CSEQ ->
                        out.put(bytes, request.rowStart(row), request.rowEnd(row) - request.rowStart(row));
                case TO -> {
                    ascii("To: ");
                    out.putSlice(bytes, request.rowValue(row));
                    if (!Slice.exists(request.toTag())) {
                        ascii(";tag=t");
                        out.putHex(number, NUMBER_DIGITS);
                    }
                    out.put(CRLF);
                }
                default -> {
                    // Nothing else is copied into a response (RFC 3261 section 8.2.6.2).
                }
            }
        }
        out.put(contact).put(body ? answerBody : CONTENT_LENGTH_0);
        return out.position();
    }

    private void ascii(final String text) {
        for (int i = 0; i < text.length(); i++) {
            out.put(text.charAt(i));
        }
    }
}
