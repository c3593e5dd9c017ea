package org.tandemsip.perf.compare;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import org.tandemsip.server.cli.ExitCode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Time from the start of the process to the first answered OPTIONS, and what becomes of load from then on. */
@Command(name = "start", mixinStandardHelpOptions = true,
        description = {"Time from starting the process to the first answered OPTIONS, with and without the AOT cache.",
            "Then, once each, calls that come at their full rate from that answer on."})
final class StartVerb implements Callable<Integer> {
    private static final String CACHE = "-XX:AOTCache=";

    @Spec
    private CommandSpec spec;

    @Option(names = "--rounds", defaultValue = "7", paramLabel = "N", description = "Rounds (${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--rate", defaultValue = "7000", paramLabel = "CALLS/S",
            description = "Calls begun per second from the first answer on; 0 leaves that out (${DEFAULT-VALUE}).")
    private int rate;

    @Option(names = "--seconds", defaultValue = "10", paramLabel = "N",
            description = "For how long (${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--mode", defaultValue = "stateful", paramLabel = "MODE", description = "Mode (${DEFAULT-VALUE}).")
    private String mode;

    @Option(names = "--out", defaultValue = "perf/results", paramLabel = "DIR",
            description = "Where to keep the result (${DEFAULT-VALUE}).")
    private Path directory;

    /** Calls from the first answer on. */
    private record Loaded(double begun, double failed, double sentAgain) {
        String failures() {
            return String.format(Locale.ROOT, "%,.0f of %,.0f", failed, begun);
        }
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        final PrintWriter out = spec.commandLine().getOut();
        final Map<String, List<Double>> milliseconds = new LinkedHashMap<>();
        milliseconds.put("plain", new ArrayList<>());
        final boolean cached =
                Child.tandem(_ -> true, List.of(), List.of()).stream().anyMatch(f -> f.startsWith(CACHE));
        if (cached) {
            milliseconds.put("AOT cache", new ArrayList<>());
        }
        final Table table = new Table("Start to first answer",
                "`tandem compare start`: from starting the process to the "
                        + "first answered OPTIONS, which is sent every 5 ms; medians of " + rounds
                        + " alternating rounds, on all "
                        + "cores. Under load: " + rate + " calls/s over UDP from that answer on for " + seconds
                        + " s, callers ask again as RFC 3261 says, the server on core 0 and the generator on core 1"
                        + " where there are two.");
        if (!cached) {
            table.fact("No AOT cache: make one by `./tandem aot`.");
        }
        final Map<String, Loaded> loaded = new LinkedHashMap<>();
        try (Lab lab = new Lab()) {
            final Path config = lab.config(mode);
            for (int round = 1; round <= rounds; round++) {
                for (final Map.Entry<String, List<Double>> each : milliseconds.entrySet()) {
                    final long fromNs = System.nanoTime();
                    try (Child child = new Child(Child.tandem(flags(each.getKey()), List.of(),
                            List.of("run", "-c", config.toString())), -1, lab.log("server"))) {
                        final double took = lab.firstAnswerNs(child, fromNs) / 1e6;
                        each.getValue().add(took);
                        out.printf("round %d  %-10s %5.0f ms%n", round, each.getKey(), took);
                        out.flush();
                    }
                }
            }
            for (final String each : rate == 0 ? Set.<String>of() : milliseconds.keySet()) {
                final Loaded load = offer(lab, each);
                loaded.put(each, load);
                out.printf("loaded   %-10s %s failed%n", each, load.failures());
                out.flush();
            }
        }
        table.head("", "Start", "median, ms", "fastest", "slowest", "failed under load", "sent again");
        milliseconds.forEach((name, took) -> {
            final double[] all = took.stream().mapToDouble(Double::doubleValue).sorted().toArray();
            final Loaded load = loaded.get(name);
            table.row(name, Table.figure(Sample.median(all)), Table.figure(all[0]), Table.figure(all[all.length - 1]),
                    load == null ? "-" : load.failures(), load == null ? "-" : Table.figure(load.sentAgain()));
        });
        table.write(out, directory, "start", json -> {
            milliseconds.forEach((name, took) -> {
                json.writeArrayPropertyStart(name + ", ms");
                took.forEach(each -> json.writeNumber(Math.rint(each)));
                json.writeEndArray();
            });
            loaded.forEach((name, load) -> {
                json.writeNumberProperty(name + ", begun under load", load.begun());
                json.writeNumberProperty(name + ", failed under load", load.failed());
                json.writeNumberProperty(name + ", sent again under load", load.sentAgain());
            });
        });
        return ExitCode.OK;
    }

    private Loaded offer(final Lab lab, final String variant) throws IOException, InterruptedException {
        final Map<String, Object> report = lab.benchFromStart(() -> lab.tandem(mode, flags(variant), List.of()),
                seconds, "--rate", Integer.toString(rate), "--for", seconds + "s", "--busy-poll", "--late", "60s");
        final Map<?, ?> result = (Map<?, ?>) report.get("result");
        return new Loaded(number(result, "begun"), number(result, "failed"), number(result, "retransmissions"));
    }

    private static Predicate<String> flags(final String variant) {
        return variant.equals("AOT cache") ? _ -> true : flag -> !flag.startsWith(CACHE);
    }

    private static double number(final Map<?, ?> object, final String key) {
        return ((Number) object.get(key)).doubleValue();
    }
}
