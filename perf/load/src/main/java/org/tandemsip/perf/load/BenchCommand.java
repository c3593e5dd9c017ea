package org.tandemsip.perf.load;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.tandemsip.server.cli.ExitCode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tandem bench}: open-loop load through a proxy that is already running. */
@Command(name = "bench", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Offers calls to a running proxy, open loop, and reports.",
        subcommands = {FindMaxCommand.class, CompareCommand.class}, footer = {
            "",
            "The proxy must forward calls from the caller's address to the answerer's: by a route between two trunks,"
                    + " or by Request-URI. Latency counts from the time a call was due. Before anything is offered the"
                    + " generator calls itself: to warm up, and to know the rates it can vouch for.",
            "Over TLS the caller believes --tls-ca or the authorities of the machine. The answerer listens with"
                    + " --tls-cert, or with a certificate made for the run, and the proxy's trunk has to believe that.",
            "Exit codes: 99 a threshold was missed; 1 calls failed, or the generator could not do what was asked; 3 the"
                    + " target does not answer."})
public final class BenchCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private LoadOptions options;

    @Option(names = "--rate", defaultValue = "100", split = ",", paramLabel = "CALLS/S",
            description = "Calls begun per second (${DEFAULT-VALUE}); several as 1000,2000,4000 are offered in turn.")
    private List<Double> rates;

    @Option(names = "--for", defaultValue = "10s", paramLabel = "TIME", converter = Durations.class,
            description = "How long calls are begun, at each rate (${DEFAULT-VALUE}).")
    private long durationNs;

    @Option(names = "--warm-up", defaultValue = "0s", paramLabel = "TIME", converter = Durations.class,
            description = "First part of the run whose latencies and CPU time are left out (${DEFAULT-VALUE}).")
    private long warmUpNs;

    @Override
    public Integer call() throws IOException {
        final PrintWriter out = spec.commandLine().getOut();
        final List<LoadPlan> plans =
                rates.stream().map(rate -> options.plan(rate, durationNs, warmUpNs)).toList();
        final List<Threshold> bounds = options.thresholds();
        final Measurement measurement = new Measurement(options, out);
        LoadResult result = null;
        boolean kept = true;
        boolean clean = true;
        try {
            measurement.rehearse(plans.getFirst());
            for (final LoadPlan plan : plans) {
                result = measurement.run(plan, List.of());
                out.println();
                out.print(result.summary());
                kept &= Measurement.judge(out, result, bounds);
                clean &= result.clean();
                if (plans.size() > 1) {
                    measurement.step(result, bounds.isEmpty() ? result.clean() : Measurement.keeps(result, bounds));
                }
            }
        } catch (final Refusal e) {
            spec.commandLine().getErr().println("tandem: " + e.getMessage());
            if (result != null) {
                // The rates before this one are good.
                measurement.write(result, bounds, Double.NaN, e.getMessage());
            }
            return e.exitCode();
        }
        measurement.write(result, bounds, Double.NaN, null);
        if (!kept) {
            return ExitCode.THRESHOLD_MISSED;
        }
        return clean || !bounds.isEmpty() ? ExitCode.OK : ExitCode.FAILED;
    }

    /** Brings the verb to the command line. */
    public static final class Provider implements org.tandemsip.server.cli.Verb {
        @Override
        public Object command() {
            return new BenchCommand();
        }
    }
}
