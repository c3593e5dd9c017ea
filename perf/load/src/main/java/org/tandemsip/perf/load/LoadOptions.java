package org.tandemsip.perf.load;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.tandemsip.codec.Transport;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What the verbs that send load have in common. */
final class LoadOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--target", paramLabel = "HOST:PORT", description = "Proxy to send to; required.")
    private String target;

    @Option(names = "--scenario", defaultValue = "call", paramLabel = "NAME",
            description = "What is offered (${DEFAULT-VALUE}): call, cancel, options, message (keep-alive of"
                    + " GB/T 28181), register, or mixed (of 20: 14 answered, 2 busy, 3 cancelled, 1 OPTIONS).")
    private Scenario scenario;

    @Option(names = "--transport", defaultValue = "udp", paramLabel = "udp|tcp|tls",
            description = "Of both sides (${DEFAULT-VALUE}).")
    private Transport transport;

    @Mixin
    private TlsOptions tls;

    @Option(names = "--connections", defaultValue = "4", paramLabel = "N",
            description = "TCP or TLS connections that the caller of each loop opens (${DEFAULT-VALUE}).")
    private int connections;

    @Option(names = "--loops", defaultValue = "1", paramLabel = "N",
            description = "Threads that send, each with a caller and an answerer of its own, two ports up from the one"
                    + " before; they share one schedule (${DEFAULT-VALUE}).")
    private int loops;

    @Option(names = "--hold", defaultValue = "0ms", paramLabel = "TIME", converter = Durations.class,
            description = "From ACK to BYE, and from 180 to CANCEL (${DEFAULT-VALUE}).")
    private long holdNs;

    @Option(names = "--no-retransmit",
            description = "Send nothing again: a lost message is a failed call. Without this both sides retransmit"
                    + " as RFC 3261 says, and what was sent again is counted.")
    private boolean noRetransmit;

    @Option(names = "--caller", defaultValue = "127.0.0.1:0", paramLabel = "HOST:PORT",
            description = "Local address of the caller (${DEFAULT-VALUE}).")
    private String caller;

    @Option(names = "--answerer", defaultValue = "127.0.0.1:0", paramLabel = "HOST:PORT",
            description = "Local address of the answering side (${DEFAULT-VALUE}).")
    private String answerer;

    @Option(names = "--request-uri-host", paramLabel = "HOST[:PORT]",
            description = "Host of the Request-URI; default: the answerer.")
    private String requestHost;

    @Option(names = "--pid", paramLabel = "PID",
            description = "Process to watch: CPU time per call, memory, datagrams its sockets dropped.")
    private long pid;

    @Option(names = "--busy-poll",
            description = "Never sleep: exact to the microsecond, where the generator has a core of its own.")
    private boolean busyPoll;

    @Option(names = "--late", defaultValue = "10ms", paramLabel = "TIME", converter = Durations.class,
            description = "A run with over 1 %% of its calls begun later than this fails (${DEFAULT-VALUE}).")
    private long lateNs;

    @Option(names = "--patience", defaultValue = "32s", paramLabel = "TIME", converter = Durations.class,
            description = "How long the answer to a request is waited for before the call has failed"
                    + " (${DEFAULT-VALUE}: 64*T1). Shorter to offer more than the target can take.")
    private long patienceNs;

    @Option(names = "--no-rehearsal",
            description = "Leave out the four seconds in which the generator warms up and measures its own ceiling."
                    + " The report says so.")
    private boolean noRehearsal;

    @Option(names = "--await", defaultValue = "0s", paramLabel = "TIME", converter = Durations.class,
            description = "Begin when the target first answers OPTIONS, and wait for that so long at most:"
                    + " what a server does in its first seconds shows when it is started meanwhile.")
    private long awaitNs;

    @Option(names = "--threshold", paramLabel = "BOUND",
            description = "Bound to keep, may be given again: p99<2ms, failed=0, failed<0.1%%, retransmissions=0,"
                    + " cpu<50us, drops=0.")
    private List<String> thresholds = List.of();

    @Option(names = "--json", paramLabel = "FILE", description = "Write the report as JSON.")
    private Path json;

    @Option(names = "--html", paramLabel = "FILE", description = "Write the report as one HTML page with plots.")
    private Path html;

    @Option(names = "--hlog", paramLabel = "FILE",
            description = "Write the latencies of each second as HdrHistogram log (of several runs: the last).")
    private Path hlog;

    /** The plan for these options; an error of the user's is told as such. */
    LoadPlan plan(final double rate, final long durationNs, final long warmUpNs) {
        if (target == null) {
            throw new ParameterException(spec.commandLine(), "Missing required option: '--target=HOST:PORT'");
        }
        if (pid != 0 && !Files.isReadable(Path.of("/proc/" + pid + "/stat"))) {
            throw new ParameterException(spec.commandLine(), "--pid: there is no process " + pid + " in /proc");
        }
        for (final Path file : Stream.of(json, html, hlog).filter(Objects::nonNull).toList()) {
            if (!Files.isWritable(file.toAbsolutePath().getParent())) {
                throw new ParameterException(spec.commandLine(), "there is no folder to write " + file + " to");
            }
        }
        try {
            address(target);
            if (transport != Transport.TLS) {
                tls.refuseAny();
            }
            return new LoadPlan(address(caller), address(answerer), requestHost, rate, durationNs, holdNs, warmUpNs,
                    scenario, transport, connections, !noRetransmit, busyPoll, patienceNs, loops,
                    transport == Transport.TLS ? tls.ends(target) : null);
        } catch (final IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    /** The thresholds given, or {@code defaults}. */
    List<Threshold> thresholds(final String... defaults) {
        final List<Threshold> bounds = new ArrayList<>();
        try {
            for (final String text : thresholds.isEmpty() ? List.of(defaults) : thresholds) {
                bounds.add(Threshold.parse(text));
            }
        } catch (final IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        if (pid == 0 && bounds.stream().anyMatch(Threshold::needsProcess)) {
            throw new ParameterException(spec.commandLine(), "--threshold: cpu and drops are known with --pid only");
        }
        return bounds;
    }

    String targetText() {
        return target;
    }

    InetSocketAddress target() {
        return address(target);
    }

    /** Waits for the first answer of the target, where that was asked for; whether it answers. */
    boolean awaitTarget(final LoadPlan plan) throws IOException {
        return awaitNs == 0 || Probe.answers(plan, target(), awaitNs);
    }

    long pid() {
        return pid;
    }

    long lateNs() {
        return lateNs;
    }

    boolean rehearses() {
        return !noRehearsal;
    }

    Path json() {
        return json;
    }

    Path html() {
        return html;
    }

    Path hlog() {
        return hlog;
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
        } catch (final java.net.UnknownHostException | IllegalArgumentException e) {
            throw new IllegalArgumentException("'" + text + "' is not HOST:PORT: " + e.getMessage(), e);
        }
    }
}
