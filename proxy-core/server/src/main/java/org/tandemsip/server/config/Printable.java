package org.tandemsip.server.config;

/** Text from files and wires made safe to print: one line, no control characters. */
final class Printable {
    private Printable() {}

    /** {@code text} with tabs as one space and every other control character as {@code ?}; same length. */
    static String of(final String text) {
        final StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            out.append(c == '\t' ? ' ' : Character.isISOControl(c) || c == '\u2028' || c == '\u2029' ? '?' : c);
        }
        return out.toString();
    }
}
