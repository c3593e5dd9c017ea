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
import org.tandemsip.server.cli.ExitCode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.core.JsonGenerator;

/** What Tandem and Kamailio complete when they are offered more than they can. */
@Command(name = "overload", mixinStandardHelpOptions = true, description = {
    "Calls completed against calls offered, beside Kamailio (UDP).",
    "Each server is first offered ever more, which shows its capacity, then multiples of that; rounds alternate."})
final class OverloadVerb implements Callable<Integer> {
    /** Steps towards the capacity: so coarse that a server which collapses behind it loses little. */
    private static final double LADDER = 1.12;
    private static final int LADDER_SECONDS = 4;
    /** On a whole core: with a share of it the compiler would still be at work when the multiples come. */
    private static final int WARM_UP_SECONDS = 40;
    /** A server that completes so much of the highest rate of the search can do more than that. */
    private static final double ALL = 0.97;

    @Spec
    private CommandSpec spec;

    @Option(names = "--mode", defaultValue = "stateful", paramLabel = "MODE", description = "Mode (${DEFAULT-VALUE}).")
    private String mode;

    @Option(names = "--transport", defaultValue = "udp", paramLabel = "udp|tcp",
            description = "Of both sides (${DEFAULT-VALUE}); our configuration of Kamailio has no TCP.")
    private String transport;

    @Option(names = "--factors", split = ",", defaultValue = "0.5,0.8,1,1.5,2,3", paramLabel = "X",
            description = "Multiples of the capacity to offer (${DEFAULT-VALUE}).")
    private List<Double> factors;

    @Option(names = "--from", defaultValue = "4000", paramLabel = "CALLS/S",
            description = "First rate of the search for the capacity (${DEFAULT-VALUE}).")
    private double from;

    @Option(names = "--up-to", defaultValue = "30000", paramLabel = "CALLS/S",
            description = "Highest rate of it (${DEFAULT-VALUE}).")
    private double upTo;

    @Option(names = "--seconds", defaultValue = "6", paramLabel = "N",
            description = "How long each multiple is offered (${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--rounds", defaultValue = "3", paramLabel = "N", description = "Rounds (${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--retransmit", description = "Callers send again what is not answered, as RFC 3261 says.")
    private boolean retransmit;

    @Option(names = "--patience", defaultValue = "2s", paramLabel = "TIME",
            description = "How long a caller waits for an answer (${DEFAULT-VALUE}).")
    private String patience;

    @Option(names = "--share", defaultValue = "1", paramLabel = "0..1",
            description = {"Share of its core that the server may use once it is warm (${DEFAULT-VALUE}): with less the"
                    + " generator can offer more times its capacity. Needs root."})
    private double share;

    @Option(names = "--out", defaultValue = "perf/results", paramLabel = "DIR",
            description = "Where to keep the result (${DEFAULT-VALUE}).")
    private Path directory;

    /** Rates per second; {@code late} is how late the generator was with one call in a hundred, microseconds. */
    private record Step(double offered, double completed, double late) {}

    /** {@code found}: whether the search went on until not all was completed. */
    private record Curve(double capacity, boolean found, List<Step> steps) {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        final PrintWriter out = spec.commandLine().getOut();
        final String name = "overload-" + mode + '-' + transport + (retransmit ? "-retransmit" : "");
        try (Lab lab = new Lab()) {
            final Table table = new Table("Overload, " + mode + " over " + transport.toUpperCase(Locale.ROOT),
                    "`tandem compare overload --mode " + mode + " --transport " + transport
                            + (retransmit ? " --retransmit`" : "`") + ": calls without hold time on 127.0.0.1, each"
                            + " multiple of the capacity offered for " + seconds + " s, medians of " + rounds
                            + " alternating rounds; a caller waits " + patience + " for an answer"
                            + (retransmit ? " and sends again what is not answered. " : " and sends nothing again. ")
                            + (lab.pinned() ? "The server has core 0, the generator core 1."
                                    : "Nothing is pinned to a core.")
                            + " Each server is warmed up for " + WARM_UP_SECONDS + " s, and by " + seconds + " s of "
                            + most() + " x."
                            + (share < 1 ? " Of its core it may then use " + Math.round(share * 100) + " %." : ""));
            final Map<String, RoundOptions.Starter> contenders = contenders(lab, table);
            final Map<String, List<Curve>> curves = new LinkedHashMap<>();
            Files.createDirectories(directory);
            final Path page = directory.resolve(name + '-' + LocalDate.now(ZoneOffset.UTC) + ".html");
            for (int round = 1; round <= rounds; round++) {
                for (final Map.Entry<String, RoundOptions.Starter> each : contenders.entrySet()) {
                    final Curve curve = run(lab, each.getKey(), each.getValue(), page);
                    curves.computeIfAbsent(each.getKey(), _ -> new ArrayList<>()).add(curve);
                    out.printf("round %d  %-20s capacity %,.0f/s;", round, each.getKey(), curve.capacity());
                    curve.steps().forEach(step -> out.printf(" %,.0f of %,.0f", step.completed(), step.offered()));
                    out.println();
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
        if (transport.equals("udp") && !Lab.found("kamailio")) {
            spec.commandLine().getErr().println(Lab.NO_KAMAILIO);
            return ExitCode.FAILED;
        }
        return ExitCode.OK;
    }

    private double most() {
        return factors.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    }

    private Map<String, RoundOptions.Starter> contenders(final Lab lab, final Table table)
            throws IOException, InterruptedException {
        final Map<String, RoundOptions.Starter> all = new LinkedHashMap<>();
        if (transport.equals("udp") && Lab.found("kamailio")) {
            table.fact("Peer: " + lab.versionOf("kamailio", "-v") + ", one child, `-x fm -X fm`.");
            all.put("Kamailio " + mode, () -> lab.kamailio(mode, 1));
        } else {
            table.fact(transport.equals("udp") ? "No Kamailio: it is not installed."
                    : "No Kamailio: our configuration of it has no TCP.");
        }
        all.put("Tandem " + mode, () -> lab.tandem(mode, _ -> true, List.of()));
        return all;
    }

    private Curve run(final Lab lab, final String name, final RoundOptions.Starter starter, final Path page)
            throws IOException, InterruptedException {
        final List<Step> search = search(lab, starter);
        final double capacity = search.stream().mapToDouble(Step::completed).max().orElseThrow();
        final boolean found = search.getLast().completed() < ALL * search.getLast().offered();
        // A new process: what the search left behind in one that collapsed would count against it.
        try (Server server = starter.start()) {
            final double first = Math.rint(factors.getFirst() * capacity);
            offer(lab, server, List.of(Math.max(first, from)), WARM_UP_SECONDS, null);
            // Code is compiled meanwhile, the generator's own and that which refuses: offered once in vain.
            final List<Double> rates = new ArrayList<>(List.of(first, Math.rint(most() * capacity)));
            factors.forEach(factor -> rates.add(Math.rint(factor * capacity)));
            final List<Step> steps = steps(offerWarm(lab, server, rates, seconds, page));
            lab.keepReport(name);
            return new Curve(capacity, found, steps.subList(2, steps.size()));
        }
    }

    private List<Step> search(final Lab lab, final RoundOptions.Starter starter)
            throws IOException, InterruptedException {
        final List<Double> ladder = new ArrayList<>();
        for (double rate = from; rate <= upTo; rate *= LADDER) {
            ladder.add(Math.rint(rate));
        }
        try (Server server = starter.start()) {
            offer(lab, server, List.of(from), WARM_UP_SECONDS, null);
            return steps(offerWarm(lab, server, ladder, LADDER_SECONDS, null));
        }
    }

    private Map<String, Object> offerWarm(final Lab lab, final Server server, final List<Double> rates, final int each,
            final Path page) throws IOException, InterruptedException {
        if (share >= 1) {
            return offer(lab, server, rates, each, page);
        }
        try (CpuShare _ = new CpuShare(share, server.processes())) {
            return offer(lab, server, rates, each, page);
        }
    }

    private Map<String, Object> offer(final Lab lab, final Server server, final List<Double> rates, final int each,
            final Path page) throws IOException, InterruptedException {
        final List<String> options = new ArrayList<>(List.of("--rate",
                String.join(",", rates.stream().map(rate -> Long.toString(rate.longValue())).toList()), "--for",
                each + "s", "--transport", transport, "--patience", patience, "--no-rehearsal", "--busy-poll", "--late",
                "60s", "--pid", Long.toString(server.pid())));
        if (!retransmit) {
            options.add("--no-retransmit");
        }
        if (page != null) {
            options.addAll(List.of("--html", page.toString()));
        }
        return lab.bench(server, (long) rates.size() * (each + 60), options.toArray(String[]::new));
    }

    private static List<Step> steps(final Map<String, Object> report) {
        final List<Step> steps = new ArrayList<>();
        for (final Object each : (List<?>) report.get("steps")) {
            final Map<?, ?> step = (Map<?, ?>) each;
            steps.add(new Step(number(step, "rate_per_s"), number(step, "goodput_per_s"), number(step, "late_p99")));
        }
        return steps;
    }

    private static double number(final Map<?, ?> object, final String key) {
        return object.get(key) instanceof final Number number ? number.doubleValue() : Double.NaN;
    }

    private void tabulate(final Table table, final Map<String, List<Curve>> curves) {
        final List<String> head = new ArrayList<>(List.of("Server", "capacity, calls/s"));
        factors.forEach(factor -> head.add("offered " + factor + " x"));
        head.add("one more costs");
        head.add("generator late, p99, ms");
        table.head("", head.toArray(String[]::new));
        curves.forEach((name, list) -> {
            final List<String> row =
                    new ArrayList<>(List.of(name, String.format(Locale.ROOT, "%,.0f", median(list, Curve::capacity))));
            for (int i = 0; i < factors.size(); i++) {
                final int at = i;
                row.add(String.format(Locale.ROOT, "%,.0f (%.0f %%)",
                        median(list, curve -> curve.steps().get(at).completed()),
                        100 * median(list, curve -> curve.steps().get(at).completed() / curve.capacity())));
            }
            row.add(String.format(Locale.ROOT, "%.0f %%", 100 * median(list, OverloadVerb::costOfRefusal)));
            row.add(Table.figure(median(list,
                    curve -> curve.steps().stream().mapToDouble(Step::late).max().orElse(0)) / 1e3));
            table.row(row.toArray(String[]::new));
        });
        table.fact("In brackets: calls completed as a share of the capacity, the most that was completed at any rate of"
                + " the search. One more costs: so much of the capacity for one call is lost by each call that is not"
                + " completed at the highest multiple.");
        curves.forEach((name, list) -> {
            if (!list.stream().allMatch(Curve::found)) {
                table.fact(name + " completed all of the highest rate of the search: its capacity is higher than shown,"
                        + " and what it completes is less of that. Raise --up-to.");
            }
        });
    }

    /** What of the capacity is missing at the highest multiple, per call turned away there; in calls. */
    private static double costOfRefusal(final Curve curve) {
        final Step worst =
                curve.steps().stream().max(Comparator.comparingDouble(Step::offered)).orElseThrow();
        return Math.max(0, curve.capacity() - worst.completed()) / (worst.offered() - worst.completed());
    }

    private static double median(final List<Curve> curves, final ToDoubleFunction<Curve> figure) {
        return Sample.median(curves.stream().mapToDouble(figure).toArray());
    }

    private static void write(final JsonGenerator json, final String server, final List<Curve> curves) {
        json.writeArrayPropertyStart(server);
        for (final Curve curve : curves) {
            json.writeStartObject();
            json.writeNumberProperty("capacity_per_s", Math.rint(curve.capacity()));
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
