package org.tandemsip.server.cli;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.tandemsip.server.admin.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Makes the running server read its configuration again. */
@Command(name = "reload", description = {"Make the running server read its configuration again, and say what changed.",
    "All of it is taken over or nothing: exit 78 when it holds a mistake, 1 when a key would need a restart."})
final class ReloadVerb extends AdminVerb {
    @Option(names = "--dry-run", description = "Change nothing; say what a reload would change, and what of it needs"
            + " a restart.")
    private boolean dryRun;

    @Override
    int run(final AdminClient client) throws IOException {
        final String body = body(client.send("POST", "/api/v1/config:" + (dryRun ? "compare" : "reload"), ""));
        if (!(Json.parse(body) instanceof final Map<?, ?> result)) {
            return ExitCode.FAILED;
        }
        final String changed = texts(result, "changed");
        final String needsRestart = texts(result, "needs_restart");
        if (changed.isEmpty() && needsRestart.isEmpty()) {
            out().println(dryRun ? "nothing would change" : "reloaded: nothing changed");
            return ExitCode.OK;
        }
        if (!changed.isEmpty()) {
            out().println((dryRun ? "would reload: " : "reloaded: ") + changed);
        }
        if (!needsRestart.isEmpty()) {
            out().println("needs restart: " + needsRestart + ", so that nothing would be changed");
        }
        if (result.get("differences") instanceof final List<?> differences) {
            differences.forEach(difference -> out().println("  " + ((Map<?, ?>) difference).get("text")));
        }
        return needsRestart.isEmpty() ? ExitCode.OK : ExitCode.FAILED;
    }

    private static String texts(final Map<?, ?> result, final String name) {
        return result.get(name) instanceof final List<?> list
                ? String.join(", ", list.stream().map(String::valueOf).toList())
                : "";
    }
}
