package org.tandemsip.server.admin;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tandemsip.server.records.CallHistory;
import org.tandemsip.server.records.CallStore;
import tools.jackson.core.JsonGenerator;

/** Records of calls that are over, and how the writing of them is doing, for people and scripts. */
final class RecordView {
    static final int MOST = 1_000;

    private static final Pattern LAST = Pattern.compile("(?:.*&)?history=(\\d{1,4})(?:&.*)?");
    private static final Pattern ID = Pattern.compile("(?:.*&)?id=([^&]*)(?:&.*)?");

    private RecordView() {}

    /** Whether a query asks for calls that are over. */
    static boolean isHistory(final String query) {
        return LAST.matcher(query).matches();
    }

    /**
     * The last records, newest first.
     *
     * @throws Control.Refused none are written, or the database does not answer
     */
    static String history(final CallHistory history, final String query) throws Control.Refused {
        if (history == null) {
            throw new Control.Refused("no records are written; set cdr.file, or cdr.sqlite");
        }
        final Matcher last = LAST.matcher(query);
        final Matcher id = ID.matcher(query);
        final int most = last.matches() ? Math.clamp(Integer.parseInt(last.group(1)), 1, MOST) : MOST;
        final List<String> lines;
        try {
            lines = history.last(most, id.matches() ? Api.decoded(id.group(1)) : "");
        } catch (final IOException e) {
            throw new Control.Refused(e.getMessage());
        }
        return Json.object(json -> {
            json.writeArrayPropertyStart("records");
            lines.forEach(line -> record(json, line));
            json.writeEndArray();
        });
    }

    private static void record(final JsonGenerator json, final String line) {
        final Map<?, ?> record;
        try {
            record = Json.parse(line) instanceof final Map<?, ?> map ? map : Map.of();
        } catch (final IllegalArgumentException e) {
            return;
        }
        json.writeStartObject();
        record.forEach((name, value) -> {
            if (value instanceof final Number number) {
                json.writeNumberProperty(String.valueOf(name), number.longValue());
            } else if (value == null) {
                json.writeNullProperty(String.valueOf(name));
            } else {
                json.writeStringProperty(String.valueOf(name), String.valueOf(value));
            }
        });
        json.writeEndObject();
    }

    /** What {@code status} says of it; nothing where no calls are kept. */
    static void status(final JsonGenerator json, final CallStore store, final CallHistory history) {
        if (store == null) {
            return;
        }
        json.writeObjectPropertyStart("cdr");
        json.writeStringProperty("state", store.failure() == null ? "ok" : "failing");
        if (store.failure() != null) {
            json.writeStringProperty("cause", store.failure());
        }
        json.writeNumberProperty("written", store.written());
        json.writeNumberProperty("lost", store.lost());
        json.writeNumberProperty("refused", store.refused());
        json.writeNumberProperty("kept", store.kept());
        json.writeNumberProperty("recovered", store.recovered());
        json.writeNumberProperty("damaged", store.damaged());
        json.writeArrayPropertyStart("stores");
        for (final CallHistory.Status each : history == null ? List.<CallHistory.Status>of() : history.databases()) {
            json.writeStartObject();
            json.writeStringProperty("name", each.name());
            json.writeStringProperty("where", each.where());
            json.writeStringProperty("state", each.failure() == null ? "ok" : "failing");
            if (each.failure() != null) {
                json.writeStringProperty("cause", each.failure());
            }
            json.writeNumberProperty("behind_bytes", each.behindBytes());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }
}
