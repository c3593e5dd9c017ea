package org.tandemsip.perf.compare;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** What the verbs have in common that run one load on several servers, in alternating rounds. */
final class RoundOptions {
    /** How often a run is tried that the generator cannot stand for, before all is given up. */
    private static final int TRIES = 4;

    private int repeated;

    @Option(names = "--rate", defaultValue = "4000", paramLabel = "CALLS/S",
            description = "Calls begun per second (${DEFAULT-VALUE}).")
    private int rate;

    @Option(names = "--seconds", defaultValue = "10", paramLabel = "N",
            description = "Length of a measured run (${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--warm-up", defaultValue = "25", paramLabel = "N",
            description = "Seconds of load before the first measured run (${DEFAULT-VALUE}).")
    private int warmUp;

    @Option(names = "--rounds", defaultValue = "5", paramLabel = "N", description = "Rounds (${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--late", defaultValue = "10ms", paramLabel = "TIME",
            description = "How late the generator may be with one call in a hundred (${DEFAULT-VALUE}).")
    private String late;

    @Option(names = "--out", defaultValue = "perf/results", paramLabel = "DIR",
            description = "Where to keep the result (${DEFAULT-VALUE}).")
    private Path directory;

    /** Starts a server under test. */
    @FunctionalInterface
    interface Starter {
        Server start() throws IOException, InterruptedException;
    }

    int rate() {
        return rate;
    }

    Path directory() {
        return directory;
    }

    /** What is run, for people. */
    String text(final Lab lab) {
        return rate + " calls/s over UDP on 127.0.0.1, medians of " + rounds + " alternating rounds of " + seconds
                + " s; each server was warmed up for " + warmUp + " s before the first. "
                + (lab.pinned() ? "The server has core 0, the generator core 1." : "Nothing is pinned to a core.");
    }

    /**
     * Starts all servers and warms them up, then measures them in turn, round by round: what changes on the machine
     * meanwhile meets all of them. One that is not measured has nothing to do.
     *
     * @param contenders what to start, by name, in order
     * @param out        told how far it is
     * @return a sample per round, by name
     */
    Map<String, List<Sample>> run(final Lab lab, final Map<String, Starter> contenders, final PrintWriter out)
            throws IOException, InterruptedException {
        final Map<String, Server> servers = new LinkedHashMap<>();
        final Map<String, List<Sample>> samples = new LinkedHashMap<>();
        try {
            for (final Map.Entry<String, Starter> each : contenders.entrySet()) {
                lab.nextPlace();
                servers.put(each.getKey(), each.getValue().start());
                samples.put(each.getKey(), new ArrayList<>());
                lab.warmUp(servers.get(each.getKey()), rate, warmUp);
                out.printf("warmed up %s%n", each.getKey());
                out.flush();
            }
            for (int round = 1; round <= rounds; round++) {
                for (final Map.Entry<String, Server> each : servers.entrySet()) {
                    final Sample sample = measure(lab, each.getValue(), out);
                    lab.keepReport(each.getKey());
                    samples.get(each.getKey()).add(sample);
                    out.printf("round %d  %-28s %6.1f us CPU per call, p50 %.0f p99 %.0f p99.9 %.0f us, %.0f MiB,"
                            + " %.0f failed%n", round, each.getKey(), sample.cpuMicros(), sample.p50(), sample.p99(),
                            sample.p999(), sample.residentBytes() / (1 << 20), sample.failed());
                    out.flush();
                }
            }
            return samples;
        } finally {
            servers.values().forEach(Server::close);
        }
    }

    /** A machine that stalls for a moment spoils one run, not a quarter of an hour: that run is thrown away whole. */
    private Sample measure(final Lab lab, final Server server, final PrintWriter out)
            throws IOException, InterruptedException {
        for (int tries = 1;; tries++) {
            try {
                return lab.measure(server, rate, seconds, late);
            } catch (final IOException e) {
                if (tries == TRIES) {
                    throw e;
                }
                repeated++;
                out.printf("again: %s%n", e.getMessage().strip().replaceAll("(?s).*\n", ""));
                out.flush();
            }
        }
    }

    /** How many runs were thrown away and repeated, for people. */
    String repeatedText() {
        return repeated == 0 ? "No run was repeated."
                : "Thrown away and repeated, since the generator did not keep its schedule or did not get to its end: "
                        + repeated + " runs.";
    }
}
