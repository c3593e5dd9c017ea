package org.tandemsip.server.cli;

import java.time.Instant;
import java.util.concurrent.Callable;
import org.tandemsip.server.PeerNames;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.config.ConfigException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Checks a configuration without running it. */
@Command(name = "check", description = "Check a configuration; exit 78 with line and column of every mistake in it.")
final class CheckVerb implements Callable<Integer> {
    @Spec
    private CommandSpec spec;
    @Mixin
    private ConfigOptions options;

    @Override
    public Integer call() {
        if (!options.given()) {
            throw new ParameterException(spec.commandLine(), "Which file? Write -c FILE.");
        }
        try {
            final Config config = options.source().read();
            final int peers = config.trunks().stream().mapToInt(trunk -> trunk.peers().size()).sum();
            PeerNames.unresolved(config).forEach(warning -> spec.commandLine().getErr()
                    .println(options.name() + ": warning: " + warning));
            config.warnings(Instant.now()).forEach(warning -> spec.commandLine().getErr()
                    .println(options.name() + ": warning: " + warning));
            spec.commandLine().getErr().flush();
            spec.commandLine().getOut().println("ok: " + count(config.trunks().size(), "trunk") + ", "
                    + count(peers, "peer") + ", " + count(config.routes().size(), "route"));
            return ExitCode.OK;
        } catch (final ConfigException e) {
            return Failure.badConfig(spec, e);
        }
    }

    private static String count(final int number, final String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }
}
