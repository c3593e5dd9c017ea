package org.tandemsip.testkit.wire;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A SIP message as a strict observer reads it: text in ISO 8859-1, header fields in order. Slow and plain on purpose.
 */
public final class WireMessage {
    /**
     * One header field.
     *
     * @param name      as written
     * @param canonical long form, lower case
     * @param value     without white space around it, folds replaced by a space
     */
    public record Header(String name, String canonical, String value) {}

    private static final Map<String, String> COMPACT = Map.ofEntries(Map.entry("v", "via"), Map.entry("f", "from"),
            Map.entry("t", "to"), Map.entry("i", "call-id"), Map.entry("m", "contact"),
            Map.entry("l", "content-length"), Map.entry("c", "content-type"), Map.entry("e", "content-encoding"),
            Map.entry("s", "subject"), Map.entry("k", "supported"), Map.entry("o", "event"),
            Map.entry("r", "refer-to"), Map.entry("b", "referred-by"), Map.entry("u", "allow-events"));

    private final String startLine;
    private final List<Header> headers;
    private final String body;
    private final String method;
    private final int status;
    private final long cseq;
    private final List<WireVia> vias;

    private WireMessage(final String startLine, final List<Header> headers, final String body) {
        this.startLine = startLine;
        this.headers = headers;
        this.body = body;
        final String[] first = startLine.split(" ", 3);
        final String[] sequence = one("cseq").split("\\s+");
        if (first.length < 3 || sequence.length != 2) {
            throw new WireFormatException("start line or CSeq: " + startLine);
        }
        this.cseq = Long.parseLong(sequence[0]);
        this.method = sequence[1];
        if (first[0].equals("SIP/2.0")) {
            this.status = Integer.parseInt(first[1]);
            if (status < 100 || status > 699) {
                throw new WireFormatException("status " + status);
            }
        } else {
            this.status = 0;
            if (!first[2].equals("SIP/2.0") || !first[0].equals(method)) {
                throw new WireFormatException("request line or method of CSeq: " + startLine);
            }
        }
        one("from");
        one("to");
        one("call-id");
        this.vias = new ArrayList<>();
        for (final String value : all("via")) {
            vias.add(WireVia.parse(value));
        }
        if (vias.isEmpty()) {
            throw new WireFormatException("no Via");
        }
        final List<String> length = all("content-length");
        if (length.size() > 1 || length.size() == 1 && Integer.parseInt(length.get(0)) != body.length()) {
            throw new WireFormatException("Content-Length " + length + " but " + body.length() + " bytes of body");
        }
        if (all("max-forwards").size() > 1) {
            throw new WireFormatException("two Max-Forwards");
        }
    }

    /** Reads a whole message; throws {@link WireFormatException} for anything a strict reader would not accept. */
    public static WireMessage parse(final byte[] bytes) {
        final String text = new String(bytes, StandardCharsets.ISO_8859_1);
        final int end = text.indexOf("\r\n\r\n");
        if (end < 0) {
            throw new WireFormatException("no end of headers");
        }
        final List<Header> headers = new ArrayList<>(20);
        final int first = text.indexOf("\r\n");
        int at = first + 2;
        while (at < end + 2) {
            int stop = text.indexOf("\r\n", at);
            while (stop + 2 < end && (text.charAt(stop + 2) == ' ' || text.charAt(stop + 2) == '\t')) {
                stop = text.indexOf("\r\n", stop + 2);
            }
            headers.add(header(text.substring(at, stop)));
            at = stop + 2;
        }
        try {
            return new WireMessage(text.substring(0, first), headers, text.substring(end + 4));
        } catch (final NumberFormatException e) {
            throw new WireFormatException("number: " + e.getMessage());
        }
    }

    /** Value of Content-Length in a header block that is complete; 0 when there is none. For framing a stream. */
    public static int contentLength(final String headerBlock) {
        for (final String row : headerBlock.split("\r\n")) {
            final int colon = row.indexOf(':');
            final String name = colon < 0 ? "" : row.substring(0, colon).trim().toLowerCase(Locale.ROOT);
            if (name.equals("content-length") || name.equals("l")) {
                return Integer.parseInt(row.substring(colon + 1).trim());
            }
        }
        return 0;
    }

    private static Header header(final String row) {
        final int colon = row.indexOf(':');
        if (colon <= 0) {
            throw new WireFormatException("header row: " + row);
        }
        final String name = row.substring(0, colon).trim();
        final String raw = row.substring(colon + 1);
        final String value = (raw.indexOf('\r') < 0 ? raw : raw.replaceAll("\r\n[ \t]+", " ")).trim();
        if (value.indexOf('\n') >= 0 || value.indexOf('\r') >= 0 || name.indexOf(' ') >= 0) {
            throw new WireFormatException("header row: " + row);
        }
        final String lower = name.toLowerCase(Locale.ROOT);
        return new Header(name, COMPACT.getOrDefault(lower, lower), value);
    }

    /** First line without CRLF. */
    public String startLine() {
        return startLine;
    }

    /** Whether this is a request. */
    public boolean isRequest() {
        return status == 0;
    }

    /** Status code, 0 for a request. */
    public int status() {
        return status;
    }

    /** Method of the request line or, for a response, of CSeq. */
    public String method() {
        return method;
    }

    /** Request-URI. */
    public String uri() {
        return startLine.split(" ", 3)[1];
    }

    /** CSeq number. */
    public long cseq() {
        return cseq;
    }

    /** Call-ID. */
    public String callId() {
        return one("call-id");
    }

    /** Tag of From, or the empty string. */
    public String fromTag() {
        return tag(one("from"));
    }

    /** Tag of To, or the empty string. */
    public String toTag() {
        return tag(one("to"));
    }

    /** All Via values, topmost first. */
    public List<WireVia> vias() {
        return vias;
    }

    /** The topmost Via. */
    public WireVia topVia() {
        return vias.get(0);
    }

    /** All header fields in order. */
    public List<Header> headers() {
        return headers;
    }

    /** The body, one character per byte. */
    public String body() {
        return body;
    }

    /** Value of a header field that must stand exactly once; name in lower-case long form. */
    public String one(final String canonical) {
        String found = null;
        for (final Header header : headers) {
            if (header.canonical.equals(canonical)) {
                if (found != null) {
                    throw new WireFormatException(canonical + " twice");
                }
                found = header.value;
            }
        }
        if (found == null) {
            throw new WireFormatException(canonical + " missing");
        }
        return found;
    }

    /** First value of a header field, or {@code null}. */
    public String first(final String canonical) {
        for (final Header header : headers) {
            if (header.canonical.equals(canonical)) {
                return header.value;
            }
        }
        return null;
    }

    /** All values of a header field, comma lists split (commas in quotes and angle brackets left alone). */
    public List<String> all(final String canonical) {
        final List<String> values = new ArrayList<>(4);
        for (final Header header : headers) {
            if (header.canonical.equals(canonical)) {
                split(header.value, values);
            }
        }
        return values;
    }

    /** Value of Max-Forwards, or -1. */
    public int maxForwards() {
        final String value = first("max-forwards");
        return value == null ? -1 : Integer.parseInt(value);
    }

    /** URI between the angle brackets of a name-addr, or the text before the first semicolon. */
    public static String uriOf(final String nameAddr) {
        final int open = nameAddr.indexOf('<');
        if (open >= 0) {
            return nameAddr.substring(open + 1, nameAddr.indexOf('>', open));
        }
        final int semicolon = nameAddr.indexOf(';');
        return (semicolon < 0 ? nameAddr : nameAddr.substring(0, semicolon)).trim();
    }

    private static String tag(final String nameAddr) {
        final int close = nameAddr.indexOf('>');
        for (final String param : nameAddr.substring(close < 0 ? 0 : close).split(";")) {
            final String trimmed = param.trim();
            if (trimmed.regionMatches(true, 0, "tag=", 0, 4)) {
                return trimmed.substring(4);
            }
        }
        return "";
    }

    private static void split(final String value, final List<String> into) {
        boolean quoted = false;
        boolean bracket = false;
        int start = 0;
        for (int i = 0; i < value.length(); i++) {
            final char c = value.charAt(i);
            if (c == '"' && (i == 0 || value.charAt(i - 1) != '\\')) {
                quoted = !quoted;
            } else if (!quoted && (c == '<' || c == '>')) {
                bracket = c == '<';
            } else if (c == ',' && !quoted && !bracket) {
                into.add(value.substring(start, i).trim());
                start = i + 1;
            }
        }
        into.add(value.substring(start).trim());
    }

    @Override
    public String toString() {
        return startLine + " [" + callId() + ' ' + cseq + ' ' + method + " branch " + topVia().branch() + ']';
    }
}
