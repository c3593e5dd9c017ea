package org.tandemsip.server.cli;

import java.io.IOException;
import picocli.CommandLine.Command;

/** Stops the running server. */
@Command(name = "stop", description = "Stop the running server.")
final class StopVerb extends AdminVerb {
    @Override
    int run(final AdminClient client) throws IOException {
        body(client.send("POST", "/api/v1/shutdown", ""));
        out().println("stopping");
        return ExitCode.OK;
    }
}
