package org.tandemsip.perf.compare;

import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** What the verbs have in common that run one load on several servers, in alternating rounds. */
final class RoundOptions {
    @Option(names = "--rate", defaultValue = "4000", paramLabel = "CALLS/S",
            description = "Calls begun per second (${DEFAULT-VALUE}).")
    private int rate;

    @Option(names = "--seconds", defaultValue = "10", paramLabel = "N",
            description = "Length of a measured run (${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--warm-up", defaultValue = "25", paramLabel = "N",
            description = "Seconds of load before each measured run; over 40, and as much state ends as begins"
                    + " (${DEFAULT-VALUE}).")
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

    int rounds() {
        return rounds;
    }

    Path directory() {
        return directory;
    }

    /** What is run, for people. */
    String text(final Lab lab) {
        return rate + " calls/s over UDP on 127.0.0.1, medians of " + rounds + " alternating rounds of " + seconds
                + " s, each after " + warmUp + " s of warm-up. "
                + (lab.pinned() ? "The server has core 0, the generator core 1." : "Nothing is pinned to a core.");
    }

    /** Starts a server, warms it up, measures it and stops it. */
    Sample run(final Lab lab, final Starter starter) throws IOException, InterruptedException {
        try (Server server = starter.start()) {
            lab.warmUp(server, rate, warmUp);
            return lab.measure(server, rate, seconds, late);
        }
    }
}
