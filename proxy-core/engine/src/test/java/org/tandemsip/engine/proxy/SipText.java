package org.tandemsip.engine.proxy;

import java.util.ArrayList;
import java.util.List;

/**
 * Writes what user agents on both sides of the proxy say. Text, one character per byte; knows no more SIP than it must.
 */
final class SipText {
    /** Where a callee wants the requests of its dialog. */
    static final String CONTACT = "Contact: <sip:bob@10.0.1.1:5060>";

    private SipText() {}

    /** A new request of a caller; its branch is made of Call-ID and method. */
    static String request(final String method, final Endpoint from, final String callId, final String... headers) {
        return method + " sip:bob@example.com SIP/2.0\r\n"
                + "Via: SIP/2.0/" + from.transport() + ' ' + from.hostPort() + ";branch=z9hG4bK" + callId + method
                + "\r\n"
                + "From: <sip:alice@example.com>;tag=a1\r\n"
                + "To: <sip:bob@example.com>\r\n"
                + "Call-ID: " + callId + "\r\n"
                + "CSeq: 1 " + method + "\r\n"
                + "Max-Forwards: 70\r\n"
                + "Contact: <sip:alice@" + from.hostPort() + ">\r\n"
                + rows(headers)
                + "Content-Length: 0\r\n\r\n";
    }

    static String invite(final Endpoint from, final String callId, final String... headers) {
        return request("INVITE", from, callId, headers);
    }

    /** The CANCEL, or the ACK for a failure, of an INVITE: same Request-URI, Via, From, Call-ID and CSeq number. */
    static String hopByHop(final String method, final String invite, final String to) {
        return method + invite.substring(invite.indexOf(' '), invite.indexOf("\r\n") + 2)
                + "Via: " + headers(invite, "Via").getFirst() + "\r\n"
                + "From: " + headers(invite, "From").getFirst() + "\r\n"
                + "To: " + to + "\r\n"
                + "Call-ID: " + headers(invite, "Call-ID").getFirst() + "\r\n"
                + "CSeq: " + headers(invite, "CSeq").getFirst().split(" ")[0] + ' ' + method + "\r\n"
                + "Max-Forwards: 70\r\n"
                + "Content-Length: 0\r\n\r\n";
    }

    static String cancel(final String invite) {
        return hopByHop("CANCEL", invite, headers(invite, "To").getFirst());
    }

    /** ACK for a failure. */
    static String ack(final String invite, final SentMessage failure) {
        return hopByHop("ACK", invite, failure.header("To"));
    }

    /**
     * A request inside the dialog that {@code success} made, by the caller: along the route set, to the remote target.
     */
    static String inDialog(final String method, final Endpoint from, final SentMessage success, final int cseq) {
        final StringBuilder routes = new StringBuilder();
        success.headers("Record-Route").reversed()
                .forEach(route -> routes.append("Route: ").append(route).append("\r\n"));
        final String contact = success.header("Contact");
        return method + ' ' + contact.substring(1, contact.indexOf('>')) + " SIP/2.0\r\n"
                + "Via: SIP/2.0/" + from.transport() + ' ' + from.hostPort() + ";branch=z9hG4bKd" + method + cseq
                + "\r\n"
                + routes
                + "From: " + success.header("From") + "\r\n"
                + "To: " + success.header("To") + "\r\n"
                + "Call-ID: " + success.header("Call-ID") + "\r\n"
                + "CSeq: " + cseq + ' ' + method + "\r\n"
                + "Max-Forwards: 70\r\n"
                + "Content-Length: 0\r\n\r\n";
    }

    /**
     * What a callee answers to a request that the proxy has sent it; {@code toTag} is put on To where there is none.
     */
    static String response(final SentMessage request, final int status, final String toTag, final String... headers) {
        final StringBuilder text = new StringBuilder("SIP/2.0 " + status + " Reason\r\n");
        request.headers("Via").forEach(via -> text.append("Via: ").append(via).append("\r\n"));
        request.headers("Record-Route").forEach(route -> text.append("Record-Route: ").append(route).append("\r\n"));
        final String to = request.header("To");
        text.append("From: ").append(request.header("From")).append("\r\nTo: ").append(to);
        if (toTag != null && !to.contains(";tag=")) {
            text.append(";tag=").append(toTag);
        }
        return text + "\r\nCall-ID: " + request.header("Call-ID") + "\r\nCSeq: " + request.header("CSeq") + "\r\n"
                + rows(headers) + "Content-Length: 0\r\n\r\n";
    }

    /** Values of all rows of that name, in order. */
    static List<String> headers(final String message, final String name) {
        final List<String> values = new ArrayList<>();
        for (final String row : message.substring(0, message.indexOf("\r\n\r\n")).split("\r\n")) {
            if (row.regionMatches(true, 0, name + ':', 0, name.length() + 1)) {
                values.add(row.substring(name.length() + 1).trim());
            }
        }
        return values;
    }

    /** Value of the header parameter {@code name}, {@code null} when there is none. */
    static String parameter(final String value, final String name) {
        for (final String part : value.split(";")) {
            if (part.startsWith(name + '=')) {
                return part.substring(name.length() + 1);
            }
        }
        return null;
    }

    private static String rows(final String... headers) {
        final StringBuilder rows = new StringBuilder();
        for (final String header : headers) {
            rows.append(header).append("\r\n");
        }
        return rows.toString();
    }
}
