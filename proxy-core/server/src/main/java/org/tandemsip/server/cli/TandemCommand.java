package org.tandemsip.server.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.ServiceLoader;
import org.tandemsip.server.admin.Version;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line of {@code tandem}: the verbs of this module and those that {@link Verb} brings. */
@Command(name = "tandem", description = "A SIP proxy that stands in front of a carrier trunk.",
        synopsisSubcommandLabel = "VERB", usageHelpAutoWidth = true, mixinStandardHelpOptions = true,
        versionProvider = TandemCommand.class, scope = CommandLine.ScopeType.INHERIT)
final class TandemCommand implements Runnable, IVersionProvider {
    private static final List<String> VERBS = List.of("run", "check", "reload", "stop", "drain", "status", "mode",
            "trunks", "calls", "routes", "registrations", "dns", "config", "errors", "stats", "version");

    @Spec
    private CommandSpec spec;

    private TandemCommand() {}

    /**
     * Runs one command line.
     *
     * @param out where results go
     * @param err where errors go
     * @return an {@link ExitCode}
     */
    static int run(final String[] args, final PrintWriter out, final PrintWriter err) {
        final CommandLine line = new CommandLine(new TandemCommand());
        addVerbs(line, args);
        line.setOut(out).setErr(err).setCaseInsensitiveEnumValuesAllowed(true);
        line.setExecutionExceptionHandler((exception, command, _) -> {
            command.getErr().println("tandem: " + exception);
            return ExitCode.FAILED;
        });
        return line.execute(args);
    }

    /**
     * Only the verb that is asked for, where that is plain: to look into all of them by reflection takes a third of the
     * time that the server takes to start.
     */
    private static void addVerbs(final CommandLine line, final String[] args) {
        if (args.length > 0 && VERBS.contains(args[0])) {
            line.addSubcommand(verb(args[0]));
            return;
        }
        for (final String name : VERBS) {
            line.addSubcommand(verb(name));
        }
        for (final Verb verb : ServiceLoader.load(Verb.class)) {
            line.addSubcommand(verb.command());
        }
    }

    private static Object verb(final String name) {
        return switch (name) {
            case "run" -> new RunVerb();
            case "check" -> new CheckVerb();
            case "reload" -> new ReloadVerb();
            case "stop" -> new StopVerb();
            case "drain" -> new DrainVerb();
            case "status" -> new StatusVerb();
            case "mode" -> new ModeVerb();
            case "calls" -> new CallsVerb();
            case "trunks" -> new TrunksVerb();
            case "routes" -> new RoutesVerb();
            case "registrations" -> new RegistrationsVerb();
            case "dns" -> new DnsVerb();
            case "config" -> new ConfigVerb();
            case "errors" -> new ErrorsVerb();
            case "stats" -> new StatsVerb();
            case "version" -> new VersionVerb();
            default -> throw new IllegalArgumentException(name);
        };
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
