package org.tandemsip.perf.load;

import static java.nio.charset.StandardCharsets.US_ASCII;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.ValueCursor;

/**
 * Writes the messages of a call of the size that trunks really carry: an INVITE of about 900 bytes with SDP. A call is
 * known by a number, written as eight hexadecimal digits in Call-ID, branches and tags, so that an answer finds its
 * call without a table.
 */
final class Text {
    private static final int NUMBER_DIGITS = 8;
    private static final byte[] CRLF = bytes("\r\n");
    private static final byte[] CONTENT_LENGTH_0 = bytes("Content-Length: 0\r\n\r\n");

    private final AsciiWriter out = new AsciiWriter();
    private final ValueCursor values = new ValueCursor();
    private final byte[] inviteLine;
    private final byte[] afterMethod;
    private final byte[] via;
    private final byte[] fromAndTo;
    private final byte[] fromTail;
    private final byte[] toTail;
    private final byte[] callId;
    private final byte[] callIdTail;
    private final byte[] inviteTail;
    private final byte[] contact;
    private final byte[] answerBody;

    /**
     * @param local       host and port of the side that writes
     * @param requestHost host and port of the Request-URI
     * @param runId       token that tells this run's calls from those of others
     */
    Text(final String local, final String requestHost, final String runId) {
        inviteLine = bytes("INVITE sip:+15551234567@" + requestHost + " SIP/2.0\r\n");
        afterMethod = bytes(" sip:+15551234567@" + requestHost + " SIP/2.0\r\n");
        via = bytes("Via: SIP/2.0/UDP " + local + ";rport;branch=z9hG4bK" + runId);
        fromAndTo = bytes(
                "\r\nMax-Forwards: 70\r\nFrom: \"Load\" <sip:+15557654321@" + local + ";user=phone>;tag=f" + runId);
        fromTail = bytes("\r\nTo: <sip:+15551234567@" + requestHost + ";user=phone>");
        toTail = bytes("\r\nCall-ID: ");
        callId = bytes(runId + '-');
        callIdTail = bytes("@" + local + "\r\nCSeq: ");
        contact = bytes("Contact: <sip:load@" + local + ">\r\n");
        final String sdp = sdp(local);
        inviteTail = bytes("1 INVITE\r\nContact: <sip:load@" + local + ">\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS,"
                + " PRACK, UPDATE, INFO, REFER, NOTIFY, MESSAGE\r\nSupported: timer, 100rel,"
                + " replaces\r\nSession-Expires:"
                + " 1800\r\nMin-SE: 90\r\nUser-Agent: tandem-load\r\nP-Asserted-Identity: <sip:+15557654321@" + local
                + ">\r\nContent-Type: application/sdp\r\nContent-Length: " + sdp.length() + "\r\n\r\n" + sdp);
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

    /** Writes the INVITE of call {@code number}; returns its size in bytes. */
    int invite(final int number, final MutableDirectBuffer into) {
        out.wrap(into, 0).put(inviteLine);
        head(number, 'i');
        out.put(fromTail).put(toTail).put(callId).putHex(number, NUMBER_DIGITS).put(callIdTail).put(inviteTail);
        return out.position();
    }

    /**
     * Writes the ACK or BYE of an answered call: to the Contact of the 2xx, by its Record-Routes in reverse order (RFC
     * 3261 section 12.1.2); returns its size in bytes.
     */
    int inDialog(final int number, final String method, final int cseq, final SipMessage ok,
            final MutableDirectBuffer into) {
        final DirectBuffer bytes = ok.bytes();
        out.wrap(into, 0);
        ascii(method);
        out.put(' ');
        contactUri(ok, bytes);
        ascii(" SIP/2.0\r\n");
        head(number, method.charAt(0));
        out.put(CRLF);
        ascii("To: ");
        out.putSlice(bytes, ok.value(HeaderName.TO));
        out.put(toTail).put(callId).putHex(number, NUMBER_DIGITS).put(callIdTail).putDecimal(cseq).put(' ');
        ascii(method);
        out.put(CRLF);
        routes(ok, bytes);
        out.put(CONTENT_LENGTH_0);
        return out.position();
    }

    /** Writes the ACK for a final response that is not 2xx (RFC 3261 section 17.1.1.3); returns its size in bytes. */
    int ackForFailure(final int number, final SipMessage response, final MutableDirectBuffer into) {
        out.wrap(into, 0);
        ascii("ACK");
        out.put(afterMethod);
        head(number, 'i');
        out.put(CRLF);
        ascii("To: ");
        out.putSlice(response.bytes(), response.value(HeaderName.TO));
        out.put(toTail).put(callId).putHex(number, NUMBER_DIGITS).put(callIdTail);
        ascii("1 ACK\r\n");
        out.put(CONTENT_LENGTH_0);
        return out.position();
    }

    private void head(final int number, final char branchMark) {
        out.put(via).putHex(number, NUMBER_DIGITS).put(branchMark).put(fromAndTo).putHex(number, NUMBER_DIGITS);
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
