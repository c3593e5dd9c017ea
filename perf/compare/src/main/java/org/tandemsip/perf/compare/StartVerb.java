package org.tandemsip.perf.compare;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.tandemsip.server.cli.ExitCode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Time from the start of the process to the first answered OPTIONS. */
@Command(name = "start", mixinStandardHelpOptions = true,
        description = "Time from starting the process to the first answered OPTIONS, with and without the AOT cache.")
final class StartVerb implements Callable<Integer> {
    private static final String CACHE = "-XX:AOTCache=";

    @Spec
    private CommandSpec spec;

    @Option(names = "--rounds", defaultValue = "7", paramLabel = "N", description = "Rounds (${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--out", defaultValue = "perf/results", paramLabel = "DIR",
            description = "Where to keep the result (${DEFAULT-VALUE}).")
    private Path directory;

    @Override
    public Integer call() throws IOException {
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
                        + "cores.");
        if (!cached) {
            table.fact("No AOT cache: make one by `./tandem aot`.");
        }
        try (Lab lab = new Lab()) {
            final Path config = lab.config("stateful");
            for (int round = 1; round <= rounds; round++) {
                for (final Map.Entry<String, List<Double>> each : milliseconds.entrySet()) {
                    final boolean use = each.getKey().equals("AOT cache");
                    final long fromNs = System.nanoTime();
                    try (Child child = new Child(Child.tandem(flag -> use || !flag.startsWith(CACHE), List.of(),
                            List.of("run", "-c", config.toString())), -1, lab.log("server"))) {
                        final double took = lab.firstAnswerNs(child, fromNs) / 1e6;
                        each.getValue().add(took);
                        out.printf("round %d  %-10s %5.0f ms%n", round, each.getKey(), took);
                        out.flush();
                    }
                }
            }
        }
        table.head("", "Start", "median, ms", "fastest", "slowest");
        milliseconds.forEach((name, took) -> {
            final double[] all = took.stream().mapToDouble(Double::doubleValue).sorted().toArray();
            table.row(name, Table.figure(Sample.median(all)), Table.figure(all[0]), Table.figure(all[all.length - 1]));
        });
        table.write(out, directory, "start", json -> milliseconds.forEach((name, took) -> {
            json.writeArrayPropertyStart(name + ", ms");
            took.forEach(each -> json.writeNumber(Math.rint(each)));
            json.writeEndArray();
        }));
        return ExitCode.OK;
    }
}
