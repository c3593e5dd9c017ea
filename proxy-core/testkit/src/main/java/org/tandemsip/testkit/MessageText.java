package org.tandemsip.testkit;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Writes a SIP message as text, header by header, with a Content-Length that is right. For tests; knows no SIP rules.
 */
public final class MessageText {
    private final StringBuilder head = new StringBuilder(600);
    private String body = "";

    private MessageText(final String startLine) {
        head.append(startLine).append("\r\n");
    }

    /** Begins a request. */
    public static MessageText request(final String method, final String uri) {
        return new MessageText(method + ' ' + uri + " SIP/2.0");
    }

    /** Begins a response. */
    public static MessageText response(final int status, final String reason) {
        return new MessageText("SIP/2.0 " + status + ' ' + reason);
    }

    /** Adds a header field; nothing when {@code value} is {@code null}. */
    public MessageText header(final String name, final String value) {
        if (value != null) {
            head.append(name).append(": ").append(value).append("\r\n");
        }
        return this;
    }

    /** Adds one row per value. */
    public MessageText headers(final String name, final List<String> values) {
        values.forEach(value -> header(name, value));
        return this;
    }

    /** Sets the body, one byte per character. */
    public MessageText body(final String contentType, final String content) {
        header("Content-Type", contentType);
        body = content;
        return this;
    }

    /** The message, one character per byte. */
    public String text() {
        return head + "Content-Length: " + body.length() + "\r\n\r\n" + body;
    }

    /** The message as bytes (ISO 8859-1). */
    public byte[] bytes() {
        return text().getBytes(StandardCharsets.ISO_8859_1);
    }
}
