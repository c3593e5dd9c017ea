package org.tandemsip.perf.compare;

import org.tandemsip.server.cli.Verb;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code tandem compare}: what Tandem costs, beside others and by itself. */
@Command(name = "compare", mixinStandardHelpOptions = true,
        description = "Measures Tandem beside the peers found on this machine, or under overload, or its start,"
                + " memory and collectors.",
        subcommands = {PeersVerb.class, OverloadVerb.class, FairnessVerb.class, StartVerb.class, MemoryVerb.class,
            CollectorsVerb.class})
public final class CompareCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(),
                "Tell what: peers, overload, fairness, start, memory or collectors.");
    }

    /** Brings the verb to the command line. */
    public static final class Provider implements Verb {
        @Override
        public Object command() {
            return new CompareCommand();
        }
    }
}
