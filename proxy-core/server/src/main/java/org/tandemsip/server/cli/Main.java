package org.tandemsip.server.cli;

import java.io.PrintWriter;
import java.util.ServiceLoader;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The {@code tandem} command: the verbs of this module and those that {@link Verb} brings. */
@Command(name = "tandem", description = "A SIP proxy that stands in front of a carrier trunk.",
        synopsisSubcommandLabel = "VERB", usageHelpAutoWidth = true)
public final class Main implements Runnable {
    @Spec
    private CommandSpec spec;

    private Main() {}

    /** Entry point of the process. */
    public static void main(final String[] args) {
        final int code = run(args, new PrintWriter(System.out, true), new PrintWriter(System.err, true));
        System.exit(code);
    }

    /**
     * Runs one command line.
     *
     * @param out where results go
     * @param err where errors go
     * @return an {@link ExitCode}
     */
    public static int run(final String[] args, final PrintWriter out, final PrintWriter err) {
        final CommandLine line = new CommandLine(new Main());
        for (final Verb verb : ServiceLoader.load(Verb.class)) {
            line.addSubcommand(verb.command());
        }
        line.setOut(out).setErr(err);
        return line.execute(args);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "tell a verb");
    }
}
