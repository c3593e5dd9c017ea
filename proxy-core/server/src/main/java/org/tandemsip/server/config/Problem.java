package org.tandemsip.server.config;

/**
 * One mistake and where it is.
 *
 * @param code    kind of mistake
 * @param source  file as named by the user, or the environment variable or flag
 * @param line    line number from 1; 0 when the mistake has no position
 * @param column  column from 1
 * @param width   characters that the caret line underlines, at least 1
 * @param text    the line itself
 * @param message what is wrong and what would be right
 */
public record Problem(ErrorCode code, String source, int line, int column, int width, String text, String message) {
    private static final int TEXT_WIDTH = 160;

    /** The error as people read it: position, message, line and carets; ends with a newline. */
    public String render() {
        final StringBuilder out = new StringBuilder();
        out.append(source);
        if (line > 0) {
            out.append(':').append(line).append(':').append(column);
        }
        out.append(": error[").append(code.code()).append("]: ").append(Printable.of(message)).append('\n');
        if (line > 0) {
            appendSnippet(out);
        }
        return out.toString();
    }

    private void appendSnippet(final StringBuilder out) {
        // A window of the line, so that a machine-made file of one long line does not flood the terminal.
        final int from = column <= TEXT_WIDTH ? 0 : Math.max(0, column - 1 - TEXT_WIDTH / 2);
        final String window = text.substring(Math.min(from, text.length()),
                Math.min(text.length(), from + TEXT_WIDTH));
        final int underline = Math.max(1, Math.min(width, window.length() - (column - 1 - from)));
        final String number = Integer.toString(line);
        out.append("  ").append(number).append(" | ").append(Printable.of(window)).append('\n');
        out.append("  ").append(" ".repeat(number.length())).append(" | ").append(" ".repeat(column - 1 - from))
                .append("^".repeat(underline)).append('\n');
    }
}
