package org.tandemsip.engine.proxy;

import java.util.ArrayList;
import java.util.List;
import org.tandemsip.codec.Transport;

/**
 * A message that the proxy has sent, as text, one character per byte.
 *
 * @param atNs        when
 * @param transport   over what
 * @param to          remote {@code address:port}
 * @param listenPoint index of the local address
 * @param connection  over which connection; 0 where that does not matter
 * @param correlation what was given to {@code Egress.send}
 * @param text        the message
 */
record SentMessage(long atNs, Transport transport, String to, int listenPoint, long connection, long correlation,
        String text) {
    String startLine() {
        return text.substring(0, text.indexOf("\r\n"));
    }

    boolean isRequest() {
        return !text.startsWith("SIP/2.0 ");
    }

    /** Method of a request, of the CSeq for a response. */
    String method() {
        return isRequest() ? text.substring(0, text.indexOf(' ')) : header("CSeq").split(" ")[1];
    }

    /** Status code of a response, 0 for a request. */
    int status() {
        return isRequest() ? 0 : Integer.parseInt(text.substring(8, 11));
    }

    /** Method and status in short: {@code INVITE}, {@code 180 INVITE}. */
    String summary() {
        return isRequest() ? method() : status() + " " + method();
    }

    /** Value of the first row of that name, {@code null} when there is none. */
    String header(final String name) {
        final List<String> values = headers(name);
        return values.isEmpty() ? null : values.getFirst();
    }

    /** Values of all rows of that name, in order. */
    List<String> headers(final String name) {
        return SipText.headers(text, name);
    }

    /** The branch of the topmost Via. */
    String branch() {
        return SipText.parameter(header("Via"), "branch");
    }

    String body() {
        return text.substring(text.indexOf("\r\n\r\n") + 4);
    }

    static List<String> summaries(final List<SentMessage> messages) {
        final List<String> summaries = new ArrayList<>();
        messages.forEach(message -> summaries.add(message.summary()));
        return summaries;
    }
}
