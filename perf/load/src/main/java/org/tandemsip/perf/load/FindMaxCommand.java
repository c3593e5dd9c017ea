package org.tandemsip.perf.load;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.tandemsip.server.cli.ExitCode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code tandem bench find-max}: the highest rate at which nothing fails (RFC 7501's session establishment rate). */
@Command(name = "find-max", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Looks for the highest rate that a running proxy takes without a failed call, to 2 %%.",
        footer = {
            "",
            "A rate passes when it keeps every threshold: failed=0 and retransmissions<0.1%% unless others are given."
                    + " A step is longer than the 32 s that RFC 3261 lets transactions linger (64*T1), so that memory"
                    + " and tables are as full as they will ever be at that rate. --beyond 2,3 then offers twice and"
                    + " three times the maximum, which shows whether the proxy collapses.",
            "Exit codes: 1 no rate passed, or the generator's own ceiling or schedule ended the search, and the maximum"
                    + " may be higher; 3 the target does not answer, or does no longer."})
final class FindMaxCommand implements Callable<Integer> {
    private static final long MAX_WARM_UP_NS = 5_000_000_000L;

    @Spec
    private CommandSpec spec;

    @Mixin
    private LoadOptions options;

    @Option(names = "--from", defaultValue = "1000", paramLabel = "CALLS/S",
            description = "First rate; doubled until one fails (${DEFAULT-VALUE}).")
    private double from;

    @Option(names = "--up-to", paramLabel = "CALLS/S", description = "Highest rate to try.")
    private double upTo = Double.MAX_VALUE;

    @Option(names = "--warm-up", defaultValue = "10s", paramLabel = "TIME", converter = Durations.class,
            description = "How long the first rate is offered before the search, to let the target warm up; what comes"
                    + " of it is shown and does not count (${DEFAULT-VALUE}).")
    private long warmUpNs;

    @Option(names = "--step", defaultValue = "70s", paramLabel = "TIME", converter = Durations.class,
            description = "How long each rate is offered (${DEFAULT-VALUE}).")
    private long stepNs;

    @Option(names = "--beyond", split = ",", paramLabel = "FACTOR",
            description = "Offer these multiples of the maximum afterwards.")
    private List<Double> beyond = List.of();

    /** Why the search could not go on; {@code null} when it came to its own end. */
    private Refusal stop;

    @Override
    public Integer call() throws IOException {
        final PrintWriter out = spec.commandLine().getOut();
        final LoadPlan first = options.plan(from, stepNs, Math.min(MAX_WARM_UP_NS, stepNs / 5));
        if (beyond.stream().anyMatch(factor -> !(factor > 0))) {
            throw new ParameterException(spec.commandLine(), "--beyond: " + beyond + " are not all over 0");
        }
        final List<Threshold> bounds = options.thresholds("failed=0", "retransmissions<0.1%");
        final Measurement measurement = new Measurement(options, out);
        try {
            measurement.rehearse(first);
            if (warmUpNs > 0) {
                final LoadResult result = measurement.run(first.at(from, warmUpNs, 0), List.of());
                out.printf("%nwarm-up %,.0f calls/s offered, %,d of %,d failed%n%n", from, result.failed(),
                        result.begun());
            }
            if (from > measurement.limit()) {
                measurement.refuse(from);
            }
            final Search search = new Search(from, Math.min(upTo, measurement.limit()));
            final LoadResult best = search(measurement, search, first, bounds);
            final List<String> problems = problems(search);
            offerBeyond(measurement, search, first, bounds, problems);
            problems.forEach(problem -> out.println("note        " + problem));
            out.println();
            if (best != null) {
                out.print(best.summary());
            }
            out.printf("maximum     %s%,.0f calls/s%n", search.limited() ? "at least " : "", search.best());
            out.flush();
            measurement.write(best, bounds, search.best(), problems.isEmpty() ? null : String.join(" ", problems));
            if (stop != null) {
                throw stop;
            }
            return best == null ? ExitCode.FAILED : ExitCode.OK;
        } catch (final Refusal e) {
            spec.commandLine().getErr().println("tandem: " + e.getMessage());
            return e.exitCode();
        }
    }

    private LoadResult search(final Measurement measurement, final Search search, final LoadPlan first,
            final List<Threshold> bounds) throws IOException, Refusal {
        LoadResult best = null;
        while (!Double.isNaN(search.next())) {
            try {
                final LoadResult result = offer(measurement, first.at(search.next(), stepNs, first.warmUpNs()), true,
                        bounds);
                final boolean passed = Measurement.keeps(result, bounds);
                best = passed ? result : best;
                search.tell(passed);
            } catch (final Refusal e) {
                if (best == null) {
                    throw e;
                }
                // It cannot go on, but what passed has passed.
                search.stop();
                stop = e;
            }
        }
        if (stop == null && search.limited() && search.best() < upTo) {
            stop = new Refusal(ExitCode.FAILED, "The search ended where the generator's own ceiling begins to show.");
        }
        return best;
    }

    private List<String> problems(final Search search) {
        final List<String> problems = new ArrayList<>();
        if (stop != null) {
            problems.add(stop.getMessage());
        }
        if (search.limited() && !gone()) {
            problems.add("The search ended at its own limit: the target's maximum may be higher.");
        }
        if (stepNs < LoadPlan.PATIENCE_NS) {
            problems.add(("Steps of %s s are shorter than the 32 s that transactions linger (64*T1): the target never"
                    + " held as many as it would.").formatted(Plot.label(stepNs / 1e9)));
        }
        return problems;
    }

    private void offerBeyond(final Measurement measurement, final Search search, final LoadPlan first,
            final List<Threshold> bounds, final List<String> problems) throws IOException {
        for (final double factor : search.best() > 0 && !gone() ? beyond : List.<Double>of()) {
            try {
                final double rate = Math.min(factor * search.best(), LoadPlan.MAX_RATE);
                offer(measurement, first.at(rate, stepNs, first.warmUpNs()), false, bounds);
            } catch (final Refusal e) {
                problems.add(
                        "%s times the maximum was not measured: %s".formatted(Plot.label(factor), e.getMessage()));
            }
        }
    }

    /** Whether the target answered once and then no longer. */
    private boolean gone() {
        return stop != null && stop.exitCode() == ExitCode.UNREACHABLE;
    }

    private LoadResult offer(final Measurement measurement, final LoadPlan plan, final boolean untilHopeless,
            final List<Threshold> bounds) throws IOException, Refusal {
        final PrintWriter out = spec.commandLine().getOut();
        final LoadResult result = measurement.run(plan, untilHopeless ? bounds : List.of());
        final boolean passed = Measurement.keeps(result, bounds);
        measurement.step(result, passed);
        out.printf("%n%-7s %,.0f calls/s offered, %,.0f completed, %,d of %,d failed, %,d messages sent again%n%n",
                passed ? "passed" : "FAILED", plan.rate(), result.goodput(), result.failed(), result.begun(),
                result.retransmissions());
        out.flush();
        return result;
    }
}
