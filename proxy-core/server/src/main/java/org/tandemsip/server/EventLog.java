package org.tandemsip.server;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;
import org.slf4j.MarkerFactory;
import org.slf4j.event.Level;
import org.tandemsip.server.config.Config;

/**
 * The log of what happens to the server: one line per event, {@code key=value} pairs or a JSON object. Text from the
 * wire is escaped and cut, so an event is one line whatever it holds. Control path only.
 */
public final class EventLog {
    /** Marks messages that are pairs already. */
    static final String MARKER = "event";
    /** Most characters of one value. */
    private static final int MAX_VALUE = 1_024;
    private static final Logger LOG = LoggerFactory.getLogger("tandem");
    private static final Marker EVENT = MarkerFactory.getMarker(MARKER);

    private static volatile Config.LogFormat format = Config.LogFormat.LOGFMT;

    private EventLog() {}

    static void format(final Config.LogFormat newFormat) {
        format = newFormat;
    }

    /** Writes an event. @param pairs names and values, alternating */
    public static void info(final String event, final Object... pairs) {
        log(Level.INFO, event, pairs);
    }

    /** Writes an event that somebody should look at. @param pairs names and values, alternating */
    public static void warn(final String event, final Object... pairs) {
        log(Level.WARN, event, pairs);
    }

    /** Writes an event that should not have happened. @param pairs names and values, alternating */
    public static void error(final String event, final Object... pairs) {
        log(Level.ERROR, event, pairs);
    }

    private static void log(final Level level, final String event, final Object... pairs) {
        if (!LOG.isEnabledForLevel(level)) {
            return;
        }
        final StringBuilder line = new StringBuilder(160);
        pair(line, format, "event", event);
        for (int i = 0; i + 1 < pairs.length; i += 2) {
            separate(line, format);
            pair(line, format, (String) pairs[i], pairs[i + 1]);
        }
        LOG.atLevel(level).addMarker(EVENT).log(line.toString());
    }

    /** A whole line in the form of the log. @param message pairs when {@code event}, else text of some library */
    static String line(final Config.LogFormat form, final long epochMs, final String level, final String logger,
            final boolean event, final String message) {
        final StringBuilder line = new StringBuilder(message.length() + 80);
        line.append(form == Config.LogFormat.JSON ? "{" : "");
        pair(line, form, "ts", Instant.ofEpochMilli(epochMs).truncatedTo(ChronoUnit.MILLIS));
        separate(line, form);
        pair(line, form, "level", level.toLowerCase(Locale.ROOT));
        separate(line, form);
        if (event) {
            line.append(message);
        } else {
            pair(line, form, "event", "log");
            separate(line, form);
            pair(line, form, "logger", logger);
            separate(line, form);
            pair(line, form, "msg", message);
        }
        return line.append(form == Config.LogFormat.JSON ? "}\n" : "\n").toString();
    }

    private static void separate(final StringBuilder line, final Config.LogFormat form) {
        line.append(form == Config.LogFormat.JSON ? ',' : ' ');
    }

    private static void pair(final StringBuilder line, final Config.LogFormat form, final String key,
            final Object value) {
        final boolean json = form == Config.LogFormat.JSON;
        if (json) {
            line.append('"').append(key).append("\":");
        } else {
            line.append(key).append('=');
        }
        final String text = String.valueOf(value);
        if (json && (value instanceof Number || value instanceof Boolean)) {
            line.append(text);
        } else if (!json && !text.isEmpty() && text.chars().allMatch(EventLog::plain)) {
            line.append(text.length() > MAX_VALUE ? text.substring(0, MAX_VALUE) : text);
        } else {
            quote(line, text);
        }
    }

    private static boolean plain(final int c) {
        return c > ' ' && c < 127 && c != '"' && c != '=' && c != '\\';
    }

    /** A JSON string, which logfmt readers take as well; everything but printable ASCII as an escape. */
    private static void quote(final StringBuilder line, final String text) {
        line.append('"');
        for (int i = 0; i < Math.min(text.length(), MAX_VALUE); i++) {
            final char c = text.charAt(i);
            switch (c) {
                case '"' -> line.append("\\\"");
                case '\\' -> line.append("\\\\");
                case '\n' -> line.append("\\n");
                case '\r' -> line.append("\\r");
                case '\t' -> line.append("\\t");
                default -> {
                    if (c >= ' ' && c < 127) {
                        line.append(c);
                    } else {
                        line.append(String.format("\\u%04x", (int) c));
                    }
                }
            }
        }
        line.append('"');
    }
}
