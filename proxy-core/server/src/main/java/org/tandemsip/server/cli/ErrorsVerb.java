package org.tandemsip.server.cli;

import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;

/** Shows the last malformed messages, each with the byte that is wrong. */
@Command(name = "errors", description = "Show the last malformed messages, each with the offending byte.")
final class ErrorsVerb extends ReadVerb {
    private static final int BEFORE = 40;
    private static final int AFTER = 40;

    @Override
    String path() {
        return "/api/v1/errors";
    }

    @Override
    void table(final Map<String, Object> view) {
        final List<Map<String, Object>> errors = list(view, "errors");
        if (errors.isEmpty()) {
            out().println("no malformed messages");
        }
        for (final Map<String, Object> error : errors) {
            out().println(error.get("at") + " " + error.get("transport") + " from " + error.get("source") + ": "
                    + error.get("error") + " at offset " + error.get("offset") + " of " + error.get("length"));
            excerpt((String) error.get("message"), Math.toIntExact((Long) error.get("offset")));
        }
    }

    private void excerpt(final String message, final int offset) {
        if (offset > message.length()) {
            out().println("  (behind the " + message.length() + " bytes that are kept)");
            return;
        }
        final int from = Math.clamp(offset - (long) BEFORE, 0, message.length());
        final int to = Math.clamp(offset + (long) AFTER, 0, message.length());
        final String before = escaped(message.substring(from, Math.clamp(offset, from, to)));
        out().println("  " + before + escaped(message.substring(Math.clamp(offset, from, to), to)));
        out().println("  " + " ".repeat(before.length()) + "^");
    }

    /** Wire bytes on a terminal: printable ASCII as it is, everything else by its number. */
    private static String escaped(final String text) {
        final StringBuilder out = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            switch (c) {
                case '\r' -> out.append("\\r");
                case '\n' -> out.append("\\n");
                case '\t' -> out.append("\\t");
                default -> out.append(c >= ' ' && c < 127 ? String.valueOf(c) : String.format("\\x%02x", (int) c));
            }
        }
        return out.toString();
    }
}
