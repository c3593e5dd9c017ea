package org.tandemsip.perf.load;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.net.BindException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.tandemsip.server.cli.ExitCode;

/** One measurement by the command line: rehearsal, one run or several, and the reports on them. */
final class Measurement {
    /** A run that has failed by this share of its calls need not go on to be known as failed. */
    private static final double HOPELESS = 0.05;
    private static final long HOPELESS_CALLS = 20;

    private final LoadOptions options;
    private final PrintWriter out;
    private final Instant at = Instant.now();
    private final List<Report.Step> steps = new ArrayList<>();
    private Rehearsal rehearsal;

    Measurement(final LoadOptions options, final PrintWriter out) {
        this.options = options;
        this.out = out;
    }

    /**
     * Warms the generator up and takes its own measure, then waits for the target as long as the options say.
     *
     * @throws Refusal it did not answer
     */
    void rehearse(final LoadPlan plan) throws IOException, Refusal {
        if (options.rehearses()) {
            rehearsal = Rehearsal.of(plan);
            out.println(rehearsal.summary());
        } else {
            out.println("generator   not warmed up and its ceiling not measured (--no-rehearsal)");
        }
        out.flush();
        if (!options.awaitTarget(plan)) {
            throw new Refusal(ExitCode.UNREACHABLE, options.targetText() + " did not answer OPTIONS (--await)");
        }
    }

    /** Highest rate whose result would say something about the target. */
    double limit() {
        return rehearsal == null ? Double.MAX_VALUE : rehearsal.ceiling() * Rehearsal.USABLE;
    }

    /** Says why a rate above {@link #limit()} is not offered. */
    void refuse(final double rate) throws Refusal {
        throw new Refusal(ExitCode.FAILED,
                ("%,.0f calls/s is within 20 %% of what the generator does alone (%,.0f calls/s): the result would"
                        + " be about the generator. Offer at most %,.0f, or use more --loops or a faster machine.")
                        .formatted(rate, rehearsal.ceiling(), Math.floor(limit())));
    }

    /**
     * Offers one plan.
     *
     * @param search bounds of a search, which ends a run that has surely missed one; none of a measurement
     * @throws Refusal the result says nothing about the target, or there is none
     */
    LoadResult run(final LoadPlan plan, final List<Threshold> search) throws IOException, Refusal {
        if (plan.rate() > limit()) {
            refuse(plan.rate());
        }
        final LiveLine line = new LiveLine(out);
        final LoadResult result;
        final String trouble;
        try (LoadRun run = new LoadRun(plan);
                OutputStream log = options.hlog() == null ? null : Files.newOutputStream(options.hlog())) {
            run.logTo(log);
            final long[] totals = new long[2];
            result = run.run(options.target(), options.pid(), second -> {
                line.onSecond(second);
                totals[0] += second.begun();
                totals[1] += second.failed();
                if (totals[1] > HOPELESS_CALLS && totals[1] > HOPELESS * totals[0]
                        && search.stream().anyMatch(bound -> bound.surelyMissed(totals[1], plan.calls()))) {
                    run.stop();
                }
            });
            trouble = run.trouble();
        } catch (final ConnectException e) {
            throw new Refusal(ExitCode.UNREACHABLE, e.getMessage());
        } catch (final BindException e) {
            throw new Refusal(ExitCode.CANNOT_BIND, "cannot listen on %s and %s: %s".formatted(
                    LoadRun.hostPort(plan.caller()), LoadRun.hostPort(plan.answerer()), e.getMessage()));
        }
        if (result.received() == 0) {
            throw new Refusal(ExitCode.UNREACHABLE, options.targetText()
                    + " does not answer: is it running, does it take calls from this address, and do its routes lead"
                    + " here?" + (trouble == null ? "" : " A connection broke, " + trouble));
        }
        if (trouble != null) {
            out.println("note        a connection broke, " + trouble);
        }
        final long lateNs = result.latencies().late().getValueAtPercentile(99);
        if (lateNs > options.lateNs()) {
            throw new Refusal(ExitCode.FAILED,
                    ("the generator did not keep its schedule: 1 %% of the calls began over %,d ms late (--late is"
                            + " %,d ms). Give it a core of its own, or a lower rate.")
                            .formatted(lateNs / 1_000_000, options.lateNs() / 1_000_000));
        }
        return result;
    }

    /** Notes a run as one of several. */
    void step(final LoadResult result, final boolean passed) {
        steps.add(new Report.Step(result, passed));
    }

    /** Prints what became of each bound; returns whether all are kept. */
    static boolean judge(final PrintWriter out, final LoadResult result, final List<Threshold> bounds) {
        boolean kept = true;
        for (final Threshold bound : bounds) {
            final boolean good = bound.keptBy(result);
            kept &= good;
            out.printf("%s %s%n", good ? "kept  " : "MISSED", bound.text());
        }
        out.flush();
        return kept;
    }

    /** Whether {@code result} keeps every bound. */
    static boolean keeps(final LoadResult result, final List<Threshold> bounds) {
        return bounds.stream().allMatch(bound -> bound.keptBy(result));
    }

    /**
     * Writes the files that the options name.
     *
     * @param result  the run that counts, or {@code null}
     * @param maxRate highest rate that passed, or NaN
     * @param problem what limits the result, or {@code null}
     */
    void write(final LoadResult result, final List<Threshold> bounds, final double maxRate, final String problem)
            throws IOException {
        if (options.json() == null && options.html() == null) {
            return;
        }
        final List<Report.Verdict> verdicts = result == null
                ? List.of()
                : bounds.stream().map(bound -> new Report.Verdict(bound.text(), bound.keptBy(result))).toList();
        final String json = new Report(at, options.targetText(), options.pid(), rehearsal, result, steps, verdicts,
                maxRate, problem).json();
        if (options.json() != null) {
            Files.writeString(options.json(), json);
        }
        if (options.html() != null) {
            Files.writeString(options.html(), HtmlReport.of(List.of(Recorded.parse("result", json))));
        }
    }
}
