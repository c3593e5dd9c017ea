package org.tandemsip.server.cli;

import java.io.PrintWriter;
import java.util.ServiceLoader;
import org.tandemsip.server.admin.Version;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The {@code tandem} command: the verbs of this module and those that {@link Verb} brings. */
@Command(name = "tandem", description = "A SIP proxy that stands in front of a carrier trunk.",
        synopsisSubcommandLabel = "VERB", usageHelpAutoWidth = true, mixinStandardHelpOptions = true,
        versionProvider = Main.class, scope = CommandLine.ScopeType.INHERIT,
        subcommands = {RunVerb.class, CheckVerb.class, ReloadVerb.class, StopVerb.class, StatusVerb.class,
            ModeVerb.class, TrunksVerb.class, ConfigVerb.class, ErrorsVerb.class, StatsVerb.class,
            VersionVerb.class})
public final class Main implements Runnable, IVersionProvider {
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
        line.setOut(out).setErr(err).setCaseInsensitiveEnumValuesAllowed(true);
        line.setExecutionExceptionHandler((exception, command, _) -> {
            command.getErr().println("tandem: " + exception);
            return ExitCode.FAILED;
        });
        final int code = line.execute(args);
        out.flush();
        err.flush();
        return code;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Tell a verb.");
    }

    @Override
    public String[] getVersion() {
        return new String[] {"tandem " + Version.number() + " (Java " + Runtime.version() + ")"};
    }
}
