package org.tandemsip.server.cli;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Shows the calls of B2BUA mode, and ends them. */
@Command(name = "calls", description = {"Show the calls that Tandem has two dialogs of (mode b2bua),"
        + " and what devices of GB/T 28181 were asked in the last minute.",
    "hangup ID ends a call by a BYE on both sides, or refuses it while it is being set up."})
final class CallsVerb extends ReadVerb {
    /** What to do. */
    enum Action {
        show, hangup
    }

    @Parameters(index = "0", arity = "0..1", paramLabel = "show|hangup", defaultValue = "show",
            description = "What to do; default: ${DEFAULT-VALUE}.")
    private Action action;

    @Parameters(index = "1", arity = "0..1", paramLabel = "ID", description = "The call.")
    private String id;

    @Override
    String path() {
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
        body(client.send("DELETE", path(), ""));
        return ExitCode.OK;
    }

    @Override
    void table(final Map<String, Object> view) {
        out().printf("%-16s %-9s %8s %-12s %-12s %-34s %s%n", "ID", "STATE", "SECONDS", "FROM TRUNK", "TO TRUNK",
                "CALLER", "CALLED");
        final List<Map<String, Object>> calls =
                view.containsKey("calls") ? ReadVerb.<Map<String, Object>>list(view, "calls") : List.of(view);
        for (final Map<String, Object> call : calls) {
            out().printf("%-16s %-9s %8.1f %-12s %-12s %-34s %s%n", call.get("id"), call.get("state"),
                    ((Number) call.get("age_ms")).doubleValue() / 1_000, call.get("trunk_in"),
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
}
