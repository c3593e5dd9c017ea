package org.tandemsip.server.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.tandemsip.server.StartException;
import org.tandemsip.server.Trials;
import org.tandemsip.server.admin.Json;
import org.tandemsip.server.admin.RouteView;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.config.ConfigException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Shows the routes, and what they would do with a request. */
@Command(name = "routes", description = "Show the routes; or test what they would do with a request.",
        subcommands = RoutesVerb.TestVerb.class)
final class RoutesVerb extends ReadVerb {
    @Override
    String path() {
        return "/api/v1/routes";
    }

    @Override
    void table(final Map<String, Object> view) {
        out().printf("%-24s %-16s %-28s %-16s %s%n", "ROUTE", "FROM", "TO", "THEN", "MODE");
        for (final Map<String, Object> route : ReadVerb.<Map<String, Object>>list(view, "routes")) {
            out().printf("%-24s %-16s %-28s %-16s %s%n", route.get("name"), route.get("from"),
                    String.join(", ", ReadVerb.<String>list(route, "to")),
                    String.join(", ", ReadVerb.<String>list(route, "then")), route.get("mode"));
        }
    }

    /** Asks what would become of a request. */
    @Command(name = "test", description = {"Say which route a request would take and why, where it would go, and what"
            + " would be sent there. Nothing is sent, and no limit is touched.",
        "Exit code 0 when it would be sent on, 1 when it would be refused."})
    static final class TestVerb extends AdminVerb {
        @Option(names = {"-c", "--config"}, paramLabel = "FILE",
                description = "Ask this file and not a running server: as it would start, nobody being registered.")
        private Path file;

        @Option(names = "--from", paramLabel = "TRUNK", required = true, description = "Trunk that it comes from.")
        private String from;

        @Option(names = "--to", paramLabel = "URI", required = true,
                description = "Request-URI, such as sip:+49301234@example.org; a number alone will do.")
        private String to;

        @Option(names = "--caller", paramLabel = "URI", description = "Address in From; anonymous when not given.")
        private String caller;

        @Option(names = "--method", paramLabel = "METHOD", defaultValue = "INVITE",
                description = "Method; default: ${DEFAULT-VALUE}.")
        private String method;

        @Option(names = "--at", paramLabel = "TIME",
                description = "When it would come, such as 2026-01-31T17:30, in the server's time zone; or with an"
                        + " offset. Now when not given.")
        private String at;

        @Option(names = "--header", paramLabel = "'NAME: VALUE'", description = "Another header row; may be repeated.")
        private List<String> headers = List.of();

        @Option(names = {"-o", "--output"}, paramLabel = "table|json", defaultValue = "table",
                description = "Form of the output; default: ${DEFAULT-VALUE}.")
        private ReadVerb.Form form;

        @Override
        Integer runAlone() {
            if (file == null) {
                return null;
            }
            try {
                final Config config = ConfigOptions.of(file).source().read();
                return show(RouteView.of(Trials.of(config), (Map<?, ?>) Json.parse(question())));
            } catch (final ConfigException e) {
                return Failure.badConfig(spec(), e);
            } catch (final StartException | IllegalArgumentException e) {
                return Failure.say(spec(), ExitCode.FAILED, e.getMessage());
            }
        }

        @Override
        int run(final AdminClient client) throws IOException {
            return show(body(client.send("POST", "/api/v1/routes:test", question())));
        }

        private String question() {
            return Json.object(json -> {
                json.writeStringProperty("from", from);
                json.writeStringProperty("to", to);
                json.writeStringProperty("method", method);
                if (caller != null) {
                    json.writeStringProperty("caller", caller);
                }
                if (at != null) {
                    json.writeStringProperty("at", at);
                }
                Json.texts(json, "headers", headers);
            });
        }

        @SuppressWarnings("unchecked") // every view of the admin API is an object
        private int show(final String body) {
            final Map<String, Object> view = (Map<String, Object>) Json.parse(body);
            if (form == ReadVerb.Form.json) {
                out().print(body);
                out().flush();
            } else {
                table(view);
            }
            return view.get("answer") == null ? ExitCode.OK : ExitCode.FAILED;
        }

        private void table(final Map<String, Object> view) {
            out().println("trunk    " + view.get("from") + ": zone " + view.get("zone") + (Boolean.TRUE.equals(
                    view.get("trusted")) ? ", whose word on identities is taken" : ", which asserts no identities"));
            if (view.get("realm") != null) {
                out().println("password asked for first, realm " + view.get("realm") + "; the rest once it is right");
            }
            final Object number = view.get("number");
            if (number != null) {
                out().println("number   " + number);
            }
            for (final Map<String, Object> route : ReadVerb.<Map<String, Object>>list(view, "routes")) {
                out().println("route    " + route.get("name") + ": " + route.get("reason"));
            }
            out().println("mode     " + view.get("mode"));
            if (view.get("answer") != null) {
                out().println("answer   " + view.get("answer"));
            }
            if ("registrar".equals(view.get("inside")) && view.get("answer") == null) {
                out().println(ReadVerb.list(view, "hops").isEmpty() ? "target   the registrar here"
                        : "target   the trunk below; what it confirms is kept by the registrar here");
            } else if ("location".equals(view.get("inside"))) {
                out().println("target   where the user has registered, then the trunks of 'then'");
            }
            if (Boolean.TRUE.equals(view.get("look_up"))) {
                out().println("target   a host name, which would be looked up; see: dns resolve");
            }
            final List<Map<String, Object>> hops = ReadVerb.list(view, "hops");
            if (hops.isEmpty()) {
                return;
            }
            out().printf("%n%-4s %-16s %-30s %-9s %s%n", "TRY", "TRUNK", "PEER", "TRANSPORT", "ADDRESS");
            for (final Map<String, Object> hop : hops) {
                out().printf("%-4s %-16s %-30s %-9s %s%n", hop.get("try"), orDash(hop.get("trunk")),
                        orDash(hop.get("peer")), hop.get("transport"), hop.get("address"));
            }
            out().println();
            out().print(((String) hops.getFirst().get("message")).replace("\r\n", System.lineSeparator()));
            out().flush();
        }

        private static Object orDash(final Object value) {
            return value == null ? "-" : value;
        }
    }
}
