package org.tandemsip.testkit;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Writes a SIP message as text, header by header, with a Content-Length that is right. For tests; knows no SIP rules.
 */
public final class MessageText {
    private static final Map<String, String> COMPACT = Map.of("Via", "v", "From", "f", "To", "t", "Call-ID", "i",
            "Contact", "m", "Content-Length", "l", "Content-Type", "c");

    private record Row(String name, String value) {}

    private final String startLine;
    private final List<Row> rows = new ArrayList<>();
    private String body = "";
    private long shape;

    private MessageText(final String startLine) {
        this.startLine = startLine;
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
            rows.add(new Row(name, value));
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

    /**
     * Writes the same message in another shape that means the same (RFC 3261 section 7.3): compact names, other letter
     * case, white space before the colon, folds, rows in another order. What {@code random} says now holds for this
     * message.
     */
    public MessageText shaped(final SplittableRandom random) {
        final long seed = random.nextLong() | 1;
        rows.add(random.nextInt(rows.size() + 1), new Row("Content-Length", ""));
        for (int i = rows.size() - 1; i > 0; i--) {
            final int other = random.nextInt(i + 1);
            final Row row = rows.get(i);
            // Rows of one name keep their order, so a name moves only when it stands once.
            if (isSingle(row.name) && isSingle(rows.get(other).name)) {
                rows.set(i, rows.get(other));
                rows.set(other, row);
            }
        }
        shape = seed;
        return this;
    }

    private boolean isSingle(final String name) {
        return rows.stream().filter(row -> row.name.equals(name)).count() == 1;
    }

    /** The message, one character per byte. */
    public String text() {
        final StringBuilder text = new StringBuilder(600).append(startLine).append("\r\n");
        final SplittableRandom random = shape == 0 ? null : new SplittableRandom(shape);
        for (final Row row : rows) {
            final String value = row.name.equals("Content-Length") ? "" + body.length() : row.value;
            text.append(random == null ? row.name + ": " + value : written(row.name, value, random)).append("\r\n");
        }
        if (random == null) {
            text.append("Content-Length: ").append(body.length()).append("\r\n");
        }
        return text.append("\r\n").append(body).toString();
    }

    private static String written(final String name, final String value, final SplittableRandom random) {
        final String written = switch (random.nextInt(5)) {
            case 0 -> COMPACT.getOrDefault(name, name);
            case 1 -> name.toUpperCase(java.util.Locale.ROOT);
            case 2 -> name.toLowerCase(java.util.Locale.ROOT) + " \t";
            default -> name;
        };
        final int space = value.indexOf(' ');
        final boolean fold = random.nextInt(4) == 0 && space > 0 && value.indexOf('"') < 0;
        return written + (random.nextBoolean() ? ":" : ": ")
                + (fold ? value.substring(0, space) + "\r\n" + value.substring(space) : value);
    }

    /** The message as bytes (ISO 8859-1). */
    public byte[] bytes() {
        return text().getBytes(StandardCharsets.ISO_8859_1);
    }
}
