package org.tandemsip.server.cli;

import org.tandemsip.server.config.ConfigException;
import picocli.CommandLine.Model.CommandSpec;

/** How verbs say that they failed. */
final class Failure {
    private Failure() {}

    /** One line on standard error. */
    static int say(final CommandSpec spec, final int exitCode, final String message) {
        spec.commandLine().getErr().println("tandem: " + message);
        return exitCode;
    }

    /** All mistakes of a configuration on standard error. */
    static int badConfig(final CommandSpec spec, final ConfigException e) {
        spec.commandLine().getErr().print(e.report());
        spec.commandLine().getErr().flush();
        return ExitCode.BAD_CONFIG;
    }
}
