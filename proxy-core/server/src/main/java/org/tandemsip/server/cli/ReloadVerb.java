package org.tandemsip.server.cli;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.tandemsip.server.admin.Json;
import picocli.CommandLine.Command;

/** Makes the running server read its configuration again. */
@Command(name = "reload", description = {"Make the running server read its configuration again.",
    "All of it is taken over or nothing: exit 78 when it holds a mistake, 1 when a key would need a restart."})
final class ReloadVerb extends AdminVerb {
    @Override
    int run(final AdminClient client) throws IOException {
        final String body = body(client.send("POST", "/api/v1/config:reload", ""));
        final List<?> changed =
                Json.parse(body) instanceof final Map<?, ?> map && map.get("changed") instanceof final List<?> list
                        ? list
                        : List.of();
        out().println(changed.isEmpty()
                ? "reloaded: nothing changed"
                : "reloaded: " + String.join(", ", changed.stream().map(String::valueOf).toList()));
        return ExitCode.OK;
    }
}
