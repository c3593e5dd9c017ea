package org.tandemsip.server.cli;

import java.io.PrintWriter;
import org.tandemsip.server.config.ConfigException;
import picocli.CommandLine.Model.CommandSpec;

/** How verbs say that they failed. */
final class Failure {
    private Failure() {}

    /** One line on standard error. */
    static int say(final CommandSpec spec, final int exitCode, final String message) {
        return say(spec.commandLine().getErr(), exitCode, message);
    }

    /** One line on {@code err}. */
    static int say(final PrintWriter err, final int exitCode, final String message) {
        err.println("tandem: " + message);
        return exitCode;
    }

    /** All mistakes of a configuration on standard error. */
    static int badConfig(final CommandSpec spec, final ConfigException e) {
        return badConfig(spec.commandLine().getErr(), e);
    }

    /** All mistakes of a configuration on {@code err}. */
    static int badConfig(final PrintWriter err, final ConfigException e) {
        err.print(e.report());
        err.flush();
        return ExitCode.BAD_CONFIG;
    }
}
