package org.tandemsip.server.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Runs the server until it is told to stop. */
@Command(name = "run", description = {"Run the server.",
    "Signals: TERM and INT stop it, a second one at once; HUP reloads the configuration; USR1 opens the log file"
            + " again."})
final class RunVerb implements Callable<Integer> {
    @Spec
    private CommandSpec spec;
    @Mixin
    private ConfigOptions options;

    @Override
    public Integer call() {
        return ServerProcess.run(options.source(), spec.commandLine().getErr());
    }
}
