package org.tandemsip.perf.compare;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.tandemsip.server.cli.ExitCode;
import picocli.CommandLine.Option;

/** What the verbs have in common that offer servers more than they can: the servers, and how much each can. */
final class CapacitySearch {
    /** On a whole core: with a share of it the compiler would still be at work when it matters. */
    static final int WARM_UP_SECONDS = 40;

    /** Steps towards the capacity: so coarse that a server which collapses behind it loses little. */
    private static final double LADDER = 1.12;
    private static final int LADDER_SECONDS = 4;
    /** A server that completes so much of the highest rate of the search can do more than that. */
    private static final double ALL = 0.97;

    @Option(names = "--mode", defaultValue = "stateful", paramLabel = "MODE", description = "Mode (${DEFAULT-VALUE}).")
    private String mode;

    @Option(names = "--transport", defaultValue = "udp", paramLabel = "udp|tcp",
            description = "Of both sides (${DEFAULT-VALUE}); our configurations of the peers have no TCP.")
    private String transport;

    @Option(names = "--from", defaultValue = "4000", paramLabel = "CALLS/S",
            description = "First rate of the search for the capacity (${DEFAULT-VALUE}).")
    private double from;

    @Option(names = "--up-to", defaultValue = "30000", paramLabel = "CALLS/S",
            description = "Highest rate of it (${DEFAULT-VALUE}).")
    private double upTo;

    @Option(names = "--retransmit", description = "Callers send again what is not answered, as RFC 3261 says.")
    private boolean retransmit;

    @Option(names = "--patience", defaultValue = "2s", paramLabel = "TIME",
            description = "How long a caller waits for an answer (${DEFAULT-VALUE}).")
    private String patience;

    @Option(names = "--share", defaultValue = "1", paramLabel = "0..1",
            description = {"Share of its core that the server may use once it is warm (${DEFAULT-VALUE}): with less the"
                    + " generator can offer more times its capacity. Needs root."})
    private double share;

    /** Rates per second; {@code late} is how late the generator was with one call in a hundred, microseconds. */
    record Step(double offered, double completed, double late) {}

    /** {@code found}: whether the search went on until not all was completed. */
    record Capacity(double perSecond, boolean found) {}

    /** What is added to the name of a verb. */
    String name(final String verb) {
        return verb + '-' + mode + '-' + transport + (retransmit ? "-retransmit" : "");
    }

    /** Title of a result. */
    String title(final String what) {
        return what + ", " + mode + " over " + transport.toUpperCase(Locale.ROOT);
    }

    /** How a verb is run, for people. */
    String command(final String verb) {
        return "`tandem compare " + verb + " --mode " + mode + " --transport " + transport
                + (retransmit ? " --retransmit`" : "`");
    }

    /** What callers do and what a server may use, for people. */
    String terms(final Lab lab) {
        return "A caller waits " + patience + " for an answer"
                + (retransmit ? " and sends again what is not answered. " : " and sends nothing again. ")
                + (lab.pinned() ? "The server has core 0, the generator core 1." : "Nothing is pinned to a core.")
                + " Each server is warmed up for " + WARM_UP_SECONDS + " s."
                + (share < 1 ? " Of its core it may then use " + Math.round(share * 100) + " %." : "");
    }

    /** The servers by name: Tandem as {@code tandem} starts it, and the peer before it where one is to be had. */
    Map<String, RoundOptions.Starter> contenders(final Lab lab, final Table table, final RoundOptions.Starter tandem)
            throws IOException, InterruptedException {
        final Map<String, RoundOptions.Starter> all = new LinkedHashMap<>();
        if (peer().isEmpty()) {
            table.fact("No peer: our configurations of them have no TCP.");
        } else if (!Lab.found(peer())) {
            table.fact("No peer: " + peer() + " is not installed.");
        } else if (peer().equals("opensips")) {
            table.fact("Peer: " + lab.versionOf("opensips", "-V") + ", one worker, F_MALLOC.");
            all.put("OpenSIPS b2bua", lab::opensips);
        } else {
            table.fact("Peer: " + lab.versionOf("kamailio", "-v") + ", one child, `-x fm -X fm`.");
            all.put("Kamailio " + mode, () -> lab.kamailio(mode, 1));
        }
        all.put("Tandem " + mode, tandem);
        return all;
    }

    /** Program to compare with; empty for none. */
    private String peer() {
        return !transport.equals("udp") ? "" : mode.equals("b2bua") ? "opensips" : "kamailio";
    }

    /** Exit code of a comparison that has come to its end: Kamailio, which can be had anywhere, has to be there. */
    int exitCode(final PrintWriter err) {
        if (peer().equals("kamailio") && !Lab.found(peer())) {
            err.println(Lab.NO_KAMAILIO);
            return ExitCode.FAILED;
        }
        return ExitCode.OK;
    }

    String mode() {
        return mode;
    }

    /** Offers a new process ever more. */
    Capacity search(final Lab lab, final RoundOptions.Starter starter) throws IOException, InterruptedException {
        final List<Double> ladder = new ArrayList<>();
        for (double rate = from; rate <= upTo; rate *= LADDER) {
            ladder.add(Math.rint(rate));
        }
        try (Server server = starter.start()) {
            warmUp(lab, server, from);
            final List<Step> steps = steps(shared(server, () -> offer(lab, server, ladder, LADDER_SECONDS)));
            return new Capacity(steps.stream().mapToDouble(Step::completed).max().orElseThrow(),
                    steps.getLast().completed() < ALL * steps.getLast().offered());
        }
    }

    /** Says so when the search ended before a server could do no more. */
    void tellEnd(final Table table, final String server, final boolean found) {
        if (!found) {
            table.fact(server + " completed all of the highest rate of the search: its capacity is higher than shown,"
                    + " and what it completes is less of that. Raise --up-to.");
        }
    }

    /** Offers {@code rate}, at least that which the search begins with, on a whole core. */
    void warmUp(final Lab lab, final Server server, final double rate) throws IOException, InterruptedException {
        offer(lab, server, List.of(Math.max(rate, from)), WARM_UP_SECONDS);
    }

    /** Does {@code work} while a server has its share of a core. */
    <T> T shared(final Server server, final Callable<T> work) throws IOException, InterruptedException {
        try (CpuShare _ = share < 1 ? new CpuShare(share, server.processes()) : null) {
            return work.call();
        } catch (final IOException | InterruptedException | RuntimeException e) {
            throw e;
        } catch (final Exception e) {
            throw new IOException(e);
        }
    }

    /** Offers rates one after the other, {@code each} seconds; returns the report. */
    Map<String, Object> offer(final Lab lab, final Server server, final List<Double> rates, final int each,
            final String... more) throws IOException, InterruptedException {
        final List<String> options = options(rates, each);
        options.addAll(List.of("--busy-poll", "--pid", Long.toString(server.pid())));
        options.addAll(List.of(more));
        return lab.bench(server, (long) rates.size() * (each + 60), options.toArray(String[]::new));
    }

    /** Options of {@code bench} for that. */
    List<String> options(final List<Double> rates, final int each) {
        final List<String> options = new ArrayList<>(List.of("--rate",
                String.join(",", rates.stream().map(rate -> Long.toString(rate.longValue())).toList()), "--for",
                each + "s", "--transport", transport, "--patience", patience, "--no-rehearsal", "--late", "60s"));
        if (!retransmit) {
            options.add("--no-retransmit");
        }
        return options;
    }

    /** Steps of a report. */
    static List<Step> steps(final Map<String, Object> report) {
        final List<Step> steps = new ArrayList<>();
        for (final Object each : (List<?>) report.get("steps")) {
            final Map<?, ?> step = (Map<?, ?>) each;
            steps.add(new Step(number(step, "rate_per_s"), number(step, "goodput_per_s"), number(step, "late_p99")));
        }
        return steps;
    }

    static double number(final Map<?, ?> object, final String key) {
        return object.get(key) instanceof final Number number ? number.doubleValue() : Double.NaN;
    }
}
