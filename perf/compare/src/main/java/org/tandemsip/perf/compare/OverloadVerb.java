package org.tandemsip.perf.compare;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import org.tandemsip.perf.compare.CapacitySearch.Capacity;
import org.tandemsip.perf.compare.CapacitySearch.Step;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.core.JsonGenerator;

/** What Tandem and Kamailio complete when they are offered more than they can. */
@Command(name = "overload", mixinStandardHelpOptions = true, description = {
    "Calls completed against calls offered, beside Kamailio or OpenSIPS (b2bua) over UDP.",
    "Each server is first offered ever more, which shows its capacity, then multiples of that and at last half of it; "
            + "rounds alternate."})
final class OverloadVerb implements Callable<Integer> {
    /** How long half of the capacity is offered after the overload, at least. */
    private static final int AFTER_SECONDS = 6;
    /** So much of what was offered is all of it, in one second. */
    private static final double ALL = 0.95;

    @Spec
    private CommandSpec spec;

    @Mixin
    private CapacitySearch load;

    @Option(names = "--factors", split = ",", defaultValue = "0.5,0.8,1,1.5,2,3", paramLabel = "X",
            description = "Multiples of the capacity to offer (${DEFAULT-VALUE}).")
    private List<Double> factors;

    @Option(names = "--seconds", defaultValue = "6", paramLabel = "N",
            description = "How long each multiple is offered (${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--rounds", defaultValue = "3", paramLabel = "N", description = "Rounds (${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--out", defaultValue = "perf/results", paramLabel = "DIR",
            description = "Where to keep the result (${DEFAULT-VALUE}).")
    private Path directory;

    /** {@code recoveredSeconds}: after the overload, until it completed all of half of its capacity. */
    private record Curve(Capacity capacity, List<Step> steps, double recoveredSeconds) {
        double perSecond() {
            return capacity.perSecond();
        }
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        final PrintWriter out = spec.commandLine().getOut();
        final String name = load.name("overload");
        try (Lab lab = new Lab()) {
            final Table table = new Table(load.title("Overload"), load.command("overload")
                    + ": calls without hold time on 127.0.0.1, each multiple of the capacity offered for " + seconds
                    + " s, at last half of the capacity for " + AFTER_SECONDS + " s; medians of " + rounds
                    + " alternating rounds. " + load.terms(lab) + " It is warmed up by " + seconds + " s of " + most()
                    + " x, too.");
            final Map<String, RoundOptions.Starter> contenders =
                    load.contenders(lab, table, () -> lab.tandem(load.mode(), _ -> true, List.of()));
            final Map<String, List<Curve>> curves = new LinkedHashMap<>();
            Files.createDirectories(directory);
            final Path page = directory.resolve(name + '-' + LocalDate.now(ZoneOffset.UTC) + ".html");
            for (int round = 1; round <= rounds; round++) {
                for (final Map.Entry<String, RoundOptions.Starter> each : contenders.entrySet()) {
                    final Curve curve = run(lab, each.getKey(), each.getValue(), page);
                    curves.computeIfAbsent(each.getKey(), _ -> new ArrayList<>()).add(curve);
                    out.printf("round %d  %-20s capacity %,.0f/s;", round, each.getKey(), curve.perSecond());
                    curve.steps().forEach(step -> out.printf(" %,.0f of %,.0f", step.completed(), step.offered()));
                    out.printf("; back after %.0f s%n", curve.recoveredSeconds());
                    out.flush();
                }
            }
            if (contenders.size() > 1) {
                lab.comparePage(contenders.keySet(), page);
            }
            tabulate(table, curves);
            table.write(out, directory, name, json -> curves.forEach((server, list) -> write(json, server, list)));
            out.println("Page: " + page);
            out.flush();
        }
        return load.exitCode(spec.commandLine().getErr());
    }

    private double most() {
        return factors.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    }

    private Curve run(final Lab lab, final String name, final RoundOptions.Starter starter, final Path page)
            throws IOException, InterruptedException {
        final Capacity capacity = load.search(lab, starter);
        final double half = Math.rint(capacity.perSecond() / 2);
        // A new process: what the search left behind in one that collapsed would count against it.
        try (Server server = starter.start()) {
            load.warmUp(lab, server, half);
            // Code is compiled meanwhile, the generator's own and that which refuses: offered once in vain.
            final List<Double> rates = new ArrayList<>(List.of(half, Math.rint(most() * capacity.perSecond())));
            factors.forEach(factor -> rates.add(Math.rint(factor * capacity.perSecond())));
            final int from = rates.size() * seconds;
            for (int s = 0; s < AFTER_SECONDS; s += seconds) {
                rates.add(half);
            }
            final Map<String, Object> report =
                    load.shared(server, () -> load.offer(lab, server, rates, seconds, "--html", page.toString()));
            lab.keepReport(name);
            return new Curve(capacity, CapacitySearch.steps(report).subList(2, 2 + factors.size()),
                    recoveredSeconds(report, from, half));
        }
    }

    /** Seconds behind {@code from} until what was completed stayed at what was offered. */
    private static double recoveredSeconds(final Map<String, Object> report, final int from, final double offered) {
        double bad = from;
        for (final Object each : (List<?>) report.get("seconds")) {
            final Map<?, ?> second = (Map<?, ?>) each;
            final double at = CapacitySearch.number(second, "at_s");
            if (at > from && CapacitySearch.number(second, "succeeded_per_s") < ALL * offered
                    && at < from + AFTER_SECONDS) {
                bad = at;
            }
        }
        return bad - from;
    }

    private void tabulate(final Table table, final Map<String, List<Curve>> curves) {
        final List<String> head = new ArrayList<>(List.of("Server", "capacity, calls/s"));
        factors.forEach(factor -> head.add("offered " + factor + " x"));
        head.add("one more costs");
        head.add("back to normal after, s");
        head.add("generator late, p99, ms");
        table.head("", head.toArray(String[]::new));
        curves.forEach((name, list) -> {
            final List<String> row =
                    new ArrayList<>(List.of(name, String.format(Locale.ROOT, "%,.0f", median(list, Curve::perSecond))));
            for (int i = 0; i < factors.size(); i++) {
                final int at = i;
                row.add(String.format(Locale.ROOT, "%,.0f (%.0f %%)",
                        median(list, curve -> curve.steps().get(at).completed()),
                        100 * median(list, curve -> curve.steps().get(at).completed() / curve.perSecond())));
            }
            row.add(String.format(Locale.ROOT, "%.0f %%", 100 * median(list, OverloadVerb::costOfRefusal)));
            row.add(Table.figure(median(list, Curve::recoveredSeconds)));
            row.add(Table.figure(median(list,
                    curve -> curve.steps().stream().mapToDouble(Step::late).max().orElse(0)) / 1e3));
            table.row(row.toArray(String[]::new));
        });
        table.fact("In brackets: calls completed as a share of the capacity, the most that was completed at any rate of"
                + " the search. One more costs: so much of the capacity for one call is lost by each call that is not"
                + " completed at the highest multiple.");
        curves.forEach(
                (name, list) -> load.tellEnd(table, name, list.stream().allMatch(curve -> curve.capacity().found())));
    }

    /** What of the capacity is missing at the highest multiple, per call turned away there; in calls. */
    private static double costOfRefusal(final Curve curve) {
        final Step worst =
                curve.steps().stream().max(Comparator.comparingDouble(Step::offered)).orElseThrow();
        return Math.max(0, curve.perSecond() - worst.completed()) / (worst.offered() - worst.completed());
    }

    private static double median(final List<Curve> curves, final ToDoubleFunction<Curve> figure) {
        return Sample.median(curves.stream().mapToDouble(figure).toArray());
    }

    private static void write(final JsonGenerator json, final String server, final List<Curve> curves) {
        json.writeArrayPropertyStart(server);
        for (final Curve curve : curves) {
            json.writeStartObject();
            json.writeNumberProperty("capacity_per_s", Math.rint(curve.perSecond()));
            json.writeNumberProperty("recovered_s", curve.recoveredSeconds());
            json.writeArrayPropertyStart("steps");
            for (final Step step : curve.steps()) {
                json.writeStartObject();
                json.writeNumberProperty("offered_per_s", Math.rint(step.offered()));
                json.writeNumberProperty("completed_per_s", Math.rint(step.completed()));
                json.writeNumberProperty("generator_late_p99_us", Math.rint(step.late()));
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        json.writeEndArray();
    }
}
