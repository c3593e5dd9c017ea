package org.tandemsip.server.cli;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tandemsip.server.admin.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Shows the calls of B2BUA mode, and ends them. */
@Command(name = "calls", description = {"Show the calls that Tandem has two dialogs of (mode b2bua),"
        + " and what devices of GB/T 28181 were asked in the last minute.",
    "--history shows those that are over, from the records (cdr).",
    "hangup ID ends a call by a BYE on both sides, or refuses it while it is being set up.",
    "limit ID TIME lets it last so long from now, whatever was said before; its credit may end it sooner."})
final class CallsVerb extends ReadVerb {
    private static final Pattern TIME = Pattern.compile("(\\d{1,9})(ms|s|m|h)");

    /** What to do. */
    enum Action {
        show, hangup, limit
    }

    @Parameters(index = "0", arity = "0..1", paramLabel = "show|hangup|limit", defaultValue = "show",
            description = "What to do; default: ${DEFAULT-VALUE}.")
    private Action action;

    @Parameters(index = "1", arity = "0..1", paramLabel = "ID", description = "The call.")
    private String id;

    @Parameters(index = "2", arity = "0..1", paramLabel = "TIME", description = "With limit: such as 500ms, 30s or 1h.")
    private String time;
    @Option(names = "--history", description = "Show calls that are over, the last first; with an ID, its record.")
    private boolean history;

    @Option(names = "--last", paramLabel = "N", defaultValue = "20",
            description = "How many of them; default: ${DEFAULT-VALUE}.")
    private int last;

    @Override
    String path() {
        if (history) {
            return "/api/v1/calls?history=" + last
                    + (id == null ? "" : "&id=" + URLEncoder.encode(id, StandardCharsets.UTF_8));
        }
        return "/api/v1/calls" + (id == null ? "" : '/' + URLEncoder.encode(id, StandardCharsets.UTF_8));
    }

    @Override
    int run(final AdminClient client) throws IOException {
        if (action == Action.show) {
            return super.run(client);
        }
        if (id == null) {
            throw new ParameterException(spec().commandLine(), "Name a call by its ID.");
        }
        if (action == Action.limit) {
            final long remainingMs = remainingMs();
            body(client.send("PATCH", path(),
                    Json.object(json -> json.writeNumberProperty("remaining_ms", remainingMs))));
        } else {
            body(client.send("DELETE", path(), ""));
        }
        return ExitCode.OK;
    }

    private long remainingMs() {
        final Matcher matcher = TIME.matcher(time == null ? "" : time);
        if (!matcher.matches()) {
            throw new ParameterException(spec().commandLine(), "Say how long it may still last: 500ms, 30s, 5m or 1h.");
        }
        return Long.parseLong(matcher.group(1)) * switch (matcher.group(2)) {
            case "ms" -> 1;
            case "s" -> 1_000;
            case "m" -> 60_000;
            default -> 3_600_000;
        };
    }

    @Override
    void table(final Map<String, Object> view) {
        if (view.containsKey("records")) {
            records(list(view, "records"));
            return;
        }
        out().printf("%-16s %-9s %8s %8s %-12s %-12s %-34s %s%n", "ID", "STATE", "SECONDS", "LEFT", "FROM TRUNK",
                "TO TRUNK",
                "CALLER", "CALLED");
        final List<Map<String, Object>> calls =
                view.containsKey("calls") ? ReadVerb.<Map<String, Object>>list(view, "calls") : List.of(view);
        for (final Map<String, Object> call : calls) {
            out().printf("%-16s %-9s %8.1f %8s %-12s %-12s %-34s %s%n", call.get("id"), call.get("state"),
                    ((Number) call.get("age_ms")).doubleValue() / 1_000,
                    call.get("remaining_ms") instanceof final Number left
                            ? "%.1f".formatted(left.doubleValue() / 1_000) : "-",
                    call.get("trunk_in"),
                    call.getOrDefault("trunk_out", "-"), call.get("from"), call.get("to"));
        }
        if (view.containsKey("queries")) {
            queries(list(view, "queries"));
        }
    }

    private void queries(final List<Map<String, Object>> queries) {
        out().printf("%n%-16s %12s %-20s %-12s %8s %s%n", "QUERY", "SN", "DEVICE", "TRUNK", "SECONDS", "ANSWERED");
        for (final Map<String, Object> query : queries) {
            final Object answeredMs = query.get("answered_ms");
            out().printf("%-16s %12s %-20s %-12s %8.1f %s%n", query.get("cmd_type"), query.getOrDefault("sn", "-"),
                    query.get("device_id"), query.get("trunk"),
                    ((Number) query.get("age_ms")).doubleValue() / 1_000,
                    answeredMs == null ? "not yet" : "after " + answeredMs + " ms");
        }
    }

    private void records(final List<Map<String, Object>> records) {
        out().printf("%-24s %9s %4s %-8s %-12s %-12s %-34s %-34s %s%n", "START", "SECONDS", "CODE", "ENDED BY",
                "FROM TRUNK", "TO TRUNK", "CALLER", "CALLED", "ID");
        for (final Map<String, Object> each : records) {
            final Object durationMs = each.get("duration_ms");
            out().printf("%-24s %9.3f %4s %-8s %-12s %-12s %-34s %-34s %s%n", each.get("start"),
                    durationMs instanceof final Number ms ? ms.doubleValue() / 1_000 : 0, each.get("code"),
                    each.get("hangup_by"), each.get("trunk_in"), each.getOrDefault("trunk_out", "-"),
                    each.get("from"), each.get("to"), each.get("id"));
        }
    }
}
