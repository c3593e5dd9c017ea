package org.tandemsip.perf.load;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.tandemsip.server.cli.ExitCode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code tandem bench}: open-loop calls through a proxy that is already running. */
@Command(name = "bench", mixinStandardHelpOptions = true,
        description = "Offers calls to a running proxy, open loop, and reports.", footer = {
            "",
            "The proxy must forward calls from the caller's address to the answerer's: by a route between two trunks,",
            "or by Request-URI. Latency counts from the time a call was due.",
            "Exit code 99: a threshold was missed; 1: calls failed."})
public final class BenchCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--target", required = true, paramLabel = "HOST:PORT", description = "Proxy to call through, UDP.")
    private String target;

    @Option(names = "--rate", defaultValue = "100", paramLabel = "CALLS/S",
            description = "Calls begun per second (${DEFAULT-VALUE}).")
    private double rate;

    @Option(names = "--for", defaultValue = "10s", paramLabel = "TIME", converter = Durations.class,
            description = "How long calls are begun (${DEFAULT-VALUE}).")
    private long durationNs;

    @Option(names = "--hold", defaultValue = "0ms", paramLabel = "TIME", converter = Durations.class,
            description = "From ACK to BYE (${DEFAULT-VALUE}).")
    private long holdNs;

    @Option(names = "--warm-up", defaultValue = "0s", paramLabel = "TIME", converter = Durations.class,
            description = "First part of the run whose latencies are left out (${DEFAULT-VALUE}).")
    private long warmUpNs;

    @Option(names = "--caller", defaultValue = "127.0.0.1:0", paramLabel = "HOST:PORT",
            description = "Local address of the caller (${DEFAULT-VALUE}).")
    private String caller;

    @Option(names = "--answerer", defaultValue = "127.0.0.1:0", paramLabel = "HOST:PORT",
            description = "Local address of the answering side (${DEFAULT-VALUE}).")
    private String answerer;

    @Option(names = "--request-uri-host", paramLabel = "HOST[:PORT]",
            description = "Host of the Request-URI; default: the answerer.")
    private String requestHost;

    @Option(names = "--pid", paramLabel = "PID", description = "Process to watch: CPU time per call and memory.")
    private long pid;

    @Option(names = "--threshold", paramLabel = "BOUND",
            description = "Bound to keep, as 'p99<2ms', 'failed=0' or 'cpu<50us'; may be given again.")
    private List<String> thresholds = List.of();

    @Override
    public Integer call() throws IOException {
        final PrintWriter out = spec.commandLine().getOut();
        final List<Threshold> bounds = new ArrayList<>();
        final LoadPlan plan;
        try {
            for (final String text : thresholds) {
                bounds.add(Threshold.parse(text));
            }
            plan = new LoadPlan(address(caller), address(answerer), requestHost, rate, durationNs, holdNs, warmUpNs);
        } catch (final IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        try (LoadRun run = new LoadRun(plan)) {
            final LoadResult result = run.run(address(target), pid, new LiveLine(out));
            out.println();
            out.print(result.summary());
            boolean kept = true;
            for (final Threshold bound : bounds) {
                final boolean good = bound.keptBy(result);
                kept &= good;
                out.printf("%s %s%n", good ? "kept  " : "MISSED", bound.text());
            }
            out.flush();
            if (!kept) {
                return ExitCode.THRESHOLD_MISSED;
            }
            return result.clean() || !bounds.isEmpty() ? ExitCode.OK : ExitCode.FAILED;
        }
    }

    /** Reads HOST:PORT or [IPv6]:PORT given by the user. */
    static InetSocketAddress address(final String text) {
        final int colon = text.lastIndexOf(':');
        if (colon <= 0) {
            throw new IllegalArgumentException("'" + text + "' is not HOST:PORT");
        }
        try {
            return new InetSocketAddress(InetAddress.getByName(text.substring(0, colon)),
                    Integer.parseInt(text.substring(colon + 1)));
        } catch (final java.net.UnknownHostException | NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is not HOST:PORT: " + e.getMessage(), e);
        }
    }

    /** Brings the verb to the command line. */
    public static final class Provider implements org.tandemsip.server.cli.Verb {
        @Override
        public Object command() {
            return new BenchCommand();
        }
    }
}
