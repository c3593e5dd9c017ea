package org.tandemsip.perf.load;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.tandemsip.server.StartException;
import org.tandemsip.server.Tandem;
import org.tandemsip.server.cli.ExitCode;
import org.tandemsip.server.cli.Verb;
import org.tandemsip.server.config.ConfigException;
import org.tandemsip.server.config.ConfigReader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code tandem demo}: a proxy between an embedded PBX and an embedded carrier on loopback, real calls through it, and
 * what they cost. Needs no configuration and leaves nothing behind.
 */
@Command(name = "demo", mixinStandardHelpOptions = true,
        description = "Starts the proxy in front of an embedded carrier and sends real calls through it.",
        footer = {"",
            "Caller, proxy and carrier share this process, and nothing is measured beforehand: what it shows is no"
                    + " limit of the proxy. For figures to rely on: tandem bench.",
            "Exit code 0 only if every call succeeded."})
public final class DemoCommand implements Callable<Integer> {
    private static final long PROGRESS_WARM_UP_NS = 2_000_000_000L;

    @Spec
    private CommandSpec spec;

    @Option(names = "--for", defaultValue = "10s", paramLabel = "TIME", converter = Durations.class,
            description = "How long calls are begun (${DEFAULT-VALUE}).")
    private long durationNs;

    @Option(names = "--rate", defaultValue = "200", paramLabel = "CALLS/S",
            description = "Calls begun per second (${DEFAULT-VALUE}).")
    private double rate;

    @Option(names = "--mode", defaultValue = "stateful", paramLabel = "MODE",
            description = "stateless, stateful or b2bua (${DEFAULT-VALUE}).")
    private String mode;

    @Override
    public Integer call() throws IOException, StartException {
        final PrintWriter out = spec.commandLine().getOut();
        final InetAddress loopback = InetAddress.getByName("127.0.0.1");
        final InetSocketAddress proxy = new InetSocketAddress(loopback, freePort(loopback));
        final LoadPlan plan;
        try {
            plan = new LoadPlan(new InetSocketAddress(loopback, 0), new InetSocketAddress(loopback, 0),
                    LoadRun.hostPort(proxy), rate, durationNs, mode.equals("b2bua") ? CreditDemo.HOLD_NS : 0,
                    Math.min(PROGRESS_WARM_UP_NS, durationNs / 5));
        } catch (final IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        final Path state = Files.createTempDirectory("tandem-demo");
        try (LoadRun run = new LoadRun(plan); CreditDemo credit = mode.equals("b2bua") ? CreditDemo.start() : null) {
            final String config = credit == null ? config(proxy, run, state, "")
                    : config(proxy, run, state, ", credit: closed") + credit.config();
            out.printf("Tandem in mode %s between a PBX and a carrier, all on %s, with this configuration:%n%n%s%n",
                    mode,
                    loopback.getHostAddress(), config.indent(4).stripTrailing());
            out.printf(
                    "%nEach call is INVITE, 180, 200, ACK, BYE, 200. Latency is from when an INVITE was due to its 200."
                            + "%n%n");
            out.flush();
            final LoadResult result;
            String ending = "";
            boolean good = true;
            try (Tandem tandem = Tandem.start(new ConfigReader(Map.of()).read("demo", config))) {
                if (credit != null) {
                    out.printf("%s%n%n", CreditDemo.INTRODUCTION);
                    run.firstPair().caller().mayBeEnded();
                }
                result = run.run(proxy, 0, new LiveLine(out));
                if (credit != null) {
                    good = credit.awaitSettled(result.begun(), run.firstPair());
                    ending = credit.summary(result, run.firstPair(), tandem.calls());
                }
            } catch (final ConfigException e) {
                throw new ParameterException(spec.commandLine(), e.report(), e);
            }
            good &= result.clean();
            out.printf("%n%s%s%n%s%n", result.summary(), ending,
                    good ? "Every call succeeded." : "NOT every call succeeded.");
            out.flush();
            return good ? ExitCode.OK : ExitCode.FAILED;
        } finally {
            delete(state);
        }
    }

    private String config(final InetSocketAddress proxy, final LoadRun run, final Path state,
            final String pbx) throws IOException {
        return """
                listen: [udp://%s]
                mode: %s
                trunks:
                  carrier: {peers: ["%s"]}
                  pbx: {peers: ["%s"]%s}
                routes:
                  - {from: carrier, to: pbx}
                  - {from: pbx, to: carrier}
                state-dir: %s
                admin: {socket: none}
                """.formatted(LoadRun.hostPort(proxy), mode, LoadRun.hostPort(run.answererAddress()),
                LoadRun.hostPort(run.callerAddress()), pbx, state);
    }

    private static int freePort(final InetAddress address) throws IOException {
        try (DatagramSocket socket = new DatagramSocket(0, address)) {
            return socket.getLocalPort();
        }
    }

    static void delete(final Path directory) throws IOException {
        final List<Path> files;
        try (Stream<Path> walk = Files.walk(directory)) {
            files = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (final Path file : files) {
            Files.deleteIfExists(file);
        }
    }

    /** Brings the verb to the command line. */
    public static final class Provider implements Verb {
        @Override
        public Object command() {
            return new DemoCommand();
        }
    }
}
