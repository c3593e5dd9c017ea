package org.tandemsip.server.cli;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.tandemsip.server.admin.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What is about host names. */
@Command(name = "dns", description = "Look up host names as a running server does.",
        subcommands = DnsVerb.ResolveVerb.class)
final class DnsVerb extends AdminVerb {
    @Override
    int run(final AdminClient client) {
        return Failure.say(spec(), ExitCode.USAGE, "Which name? Write: dns resolve sip:HOST");
    }

    /** Looks a name up. */
    @Command(name = "resolve", description = {"Find the servers of a host (RFC 3263): every question with its answer,"
            + " and the addresses that requests would be sent to.",
        "Lower priorities are tried first; among equal ones each gets calls by its weight."})
    static final class ResolveVerb extends AdminVerb {
        @Parameters(paramLabel = "sip:HOST", description = "sip:HOST[:PORT][;transport=udp|tcp], or HOST[:PORT].")
        private String target;

        @Option(names = {"-o", "--output"}, paramLabel = "table|json", defaultValue = "table",
                description = "Form of the output; default: ${DEFAULT-VALUE}.")
        private ReadVerb.Form form;

        @Override
        @SuppressWarnings("unchecked") // every view of the admin API is an object
        int run(final AdminClient client) throws IOException {
            final String body = body(client.send("POST", "/api/v1/dns:resolve",
                    Json.object(json -> json.writeStringProperty("target", target))));
            final Map<String, Object> view = (Map<String, Object>) Json.parse(body);
            if (form == ReadVerb.Form.json) {
                out().print(body);
                out().flush();
            } else {
                table(view);
            }
            return "found".equals(view.get("result")) ? ExitCode.OK : ExitCode.FAILED;
        }

        private void table(final Map<String, Object> view) {
            out().printf("%-6s %-40s %6s  %s%n", "ASKED", "NAME", "TTL", "ANSWER");
            for (final Map<String, Object> step : ReadVerb.<Map<String, Object>>list(view, "steps")) {
                final List<String> records = ReadVerb.list(step, "records");
                final String stale = Boolean.TRUE.equals(step.get("stale")) ? " (stale)" : "";
                row(step, records.isEmpty() ? step.get("answer") + ": " + step.get("detail")
                        : records.getFirst() + stale);
                records.stream().skip(1)
                        .forEach(record -> out().printf("%-54s  %s%n", "", record + stale));
            }
            out().println();
            final List<Map<String, Object>> targets = ReadVerb.list(view, "targets");
            if (targets.isEmpty()) {
                out().println(view.get("target") + ": " + view.get("result") + ": " + view.get("reason"));
                return;
            }
            out().printf("%-8s %-6s %-9s %-30s %s%n", "PRIORITY", "WEIGHT", "TRANSPORT", "ADDRESS", "NAME");
            for (final Map<String, Object> each : targets) {
                out().printf("%-8s %-6s %-9s %-30s %s%n", each.get("priority"), each.get("weight"),
                        each.get("transport"), each.get("address"), each.get("name"));
            }
        }

        private void row(final Map<String, Object> step, final String answer) {
            out().printf("%-6s %-40s %6s  %s%n", step.get("type"), step.get("name"), step.get("ttl"), answer);
        }
    }
}
