package org.tandemsip.perf.compare;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.core.JsonGenerator;

/** Whether one trunk that calls too much takes the calls of another one. */
@Command(name = "fairness", mixinStandardHelpOptions = true, description = {
    "What two trunks complete that together offer three times what a server can, beside Kamailio or OpenSIPS over UDP.",
    "Fair is what max-min fairness gives each; Jain's index of what was completed over that is 1 when all are alike."})
final class FairnessVerb implements Callable<Integer> {
    /** Multiples of the capacity that the two offer. */
    private static final double[][] LOADS = {{1.5, 1.5}, {2.4, 0.6}, {2.8, 0.2}};

    @Spec
    private CommandSpec spec;

    @Mixin
    private CapacitySearch load;

    @Option(names = "--seconds", defaultValue = "10", paramLabel = "N",
            description = "How long each load is offered (${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--rounds", defaultValue = "3", paramLabel = "N", description = "Rounds (${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--out", defaultValue = "perf/results", paramLabel = "DIR",
            description = "Where to keep the result (${DEFAULT-VALUE}).")
    private Path directory;

    /** What two trunks have completed, as shares of the capacity. */
    private record Outcome(double one, double other, double jain) {
        double sum() {
            return one + other;
        }
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        final PrintWriter out = spec.commandLine().getOut();
        try (Lab lab = new Lab()) {
            final Table table = new Table(load.title("Fairness"), load.command("fairness")
                    + ": calls without hold time on 127.0.0.1, from two trunks at the same time, each load for "
                    + seconds + " s; medians of " + rounds + " alternating rounds. " + load.terms(lab));
            final Map<String, RoundOptions.Starter> contenders =
                    load.contenders(lab, table, () -> lab.tandemOfTrunks(load.mode()));
            final Map<String, List<List<Outcome>>> outcomes = new LinkedHashMap<>();
            for (int round = 1; round <= rounds; round++) {
                for (final Map.Entry<String, RoundOptions.Starter> each : contenders.entrySet()) {
                    final List<Outcome> row = run(lab, each.getValue());
                    outcomes.computeIfAbsent(each.getKey(), _ -> new ArrayList<>()).add(row);
                    out.printf("round %d  %-20s", round, each.getKey());
                    row.forEach(outcome -> out.printf(Locale.ROOT, "  %.2f + %.2f (%.3f)", outcome.one(),
                            outcome.other(), outcome.jain()));
                    out.println();
                    out.flush();
                }
            }
            tabulate(table, outcomes);
            table.write(out, directory, load.name("fairness"),
                    json -> outcomes.forEach((server, list) -> write(json, server, list)));
        }
        return load.exitCode(spec.commandLine().getErr());
    }

    private List<Outcome> run(final Lab lab, final RoundOptions.Starter starter)
            throws IOException, InterruptedException {
        final double capacity = load.search(lab, starter).perSecond();
        try (Server server = starter.start()) {
            load.warmUp(lab, server, capacity / 2);
            return load.shared(server, () -> {
                final List<Outcome> row = new ArrayList<>();
                // The first of them once in vain: code is compiled meanwhile.
                offer(lab, server, capacity, LOADS[0]);
                for (final double[] offered : LOADS) {
                    row.add(offer(lab, server, capacity, offered));
                }
                return row;
            });
        }
    }

    private Outcome offer(final Lab lab, final Server server, final double capacity, final double[] offered)
            throws IOException, InterruptedException {
        final List<Map<String, Object>> reports = lab.benchTogether(server, seconds + 60L,
                load.options(List.of(Math.rint(offered[0] * capacity)), seconds),
                load.options(List.of(Math.rint(offered[1] * capacity)), seconds));
        final double one = completed(reports.get(0)) / capacity;
        final double other = completed(reports.get(1)) / capacity;
        return new Outcome(one, other,
                jain(one / fair(offered[0], offered[1]), other / fair(offered[1], offered[0])));
    }

    private static double completed(final Map<String, Object> report) {
        return CapacitySearch.number((Map<?, ?>) report.get("result"), "goodput_per_s");
    }

    /** What max-min fairness gives a trunk of a capacity of 1. */
    static double fair(final double offered, final double byTheOther) {
        return Math.min(offered, Math.max(0.5, 1 - byTheOther));
    }

    /** Jain's index of two: 1 when they are alike, 0.5 when one has all. */
    static double jain(final double one, final double other) {
        return one + other == 0 ? 0 : (one + other) * (one + other) / (2 * (one * one + other * other));
    }

    private void tabulate(final Table table, final Map<String, List<List<Outcome>>> outcomes) {
        final List<String> head = new ArrayList<>(List.of("Server"));
        for (final double[] offered : LOADS) {
            head.add(offered[0] + " x + " + offered[1] + " x");
            head.add("Jain");
        }
        table.head("", head.toArray(String[]::new));
        outcomes.forEach((server, list) -> {
            final List<String> row = new ArrayList<>(List.of(server));
            for (int i = 0; i < LOADS.length; i++) {
                row.add(String.format(Locale.ROOT, "%.0f %% + %.0f %% = %.0f %%", 100 * median(list, i, Outcome::one),
                        100 * median(list, i, Outcome::other), 100 * median(list, i, Outcome::sum)));
                row.add(String.format(Locale.ROOT, "%.3f", median(list, i, Outcome::jain)));
            }
            table.row(row.toArray(String[]::new));
        });
        table.fact("Of each load: completed by each trunk and by both, as a share of the capacity, which is the most"
                + " that was completed at any rate of a search before. Two generators share one core here.");
    }

    private static double median(final List<List<Outcome>> rounds, final int load,
            final ToDoubleFunction<Outcome> figure) {
        return Sample.median(rounds.stream().map(row -> row.get(load)).mapToDouble(figure).toArray());
    }

    private static void write(final JsonGenerator json, final String server, final List<List<Outcome>> rounds) {
        json.writeArrayPropertyStart(server);
        for (final List<Outcome> row : rounds) {
            json.writeStartArray();
            for (final Outcome outcome : row) {
                json.writeStartObject();
                json.writeNumberProperty("one", outcome.one());
                json.writeNumberProperty("other", outcome.other());
                json.writeNumberProperty("jain", outcome.jain());
                json.writeEndObject();
            }
            json.writeEndArray();
        }
        json.writeEndArray();
    }
}
