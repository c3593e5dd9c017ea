package org.tandemsip.server.cli;

import java.io.IOException;
import java.util.Map;
import org.tandemsip.server.admin.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows and switches the mode. */
@Command(name = "mode", description = "Show the mode of new requests.", subcommands = ModeVerb.SetVerb.class)
final class ModeVerb extends ReadVerb {
    @Override
    String path() {
        return "/api/v1/mode";
    }

    @Override
    void table(final Map<String, Object> view) {
        out().println(view.get("mode"));
        for (final Map<String, Object> route : ReadVerb.<Map<String, Object>>list(view, "routes")) {
            if (Boolean.TRUE.equals(route.get("own"))) {
                out().println("route " + route.get("name") + ": " + route.get("mode"));
            }
        }
    }

    /** Switches the mode. */
    @Command(name = "set", description = {"Switch the mode of new requests.",
        "What is under way finishes where it began. The next reload takes the mode of the file again."})
    static final class SetVerb extends AdminVerb {
        @Parameters(paramLabel = "stateless|stateful|b2bua", description = "The mode.")
        private String mode;

        @Option(names = "--route", paramLabel = "NAME", description = "Switch this route only.")
        private String route;

        @Override
        int run(final AdminClient client) throws IOException {
            body(client.send("PUT", "/api/v1/mode", Json.object(json -> {
                json.writeStringProperty("mode", mode);
                if (route != null) {
                    json.writeStringProperty("route", route);
                }
            })));
            out().println((route == null ? "mode: " : "mode of route " + route + ": ") + mode);
            return ExitCode.OK;
        }
    }
}
