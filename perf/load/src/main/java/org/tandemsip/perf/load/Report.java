package org.tandemsip.perf.load;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;
import org.tandemsip.server.admin.Json;
import tools.jackson.core.JsonGenerator;

/**
 * All that is known about a measurement, written as JSON; the page for people is made from that ({@link HtmlReport}),
 * so one made later from the file is the same.
 *
 * @param at        when it began
 * @param target    what was measured, as the user named it
 * @param pid       process watched, or 0
 * @param rehearsal what the generator did alone, or {@code null} when that was left out
 * @param result    the run, of several the one that counts; {@code null} when there was none
 * @param steps     one result for each rate offered, in the order they were offered; empty for a single run
 * @param verdicts  thresholds
 * @param maxRate   highest rate that passed, of a search for it; NaN otherwise
 * @param problem   what keeps the numbers from saying all they were to say, or {@code null}
 */
record Report(Instant at, String target, long pid, Rehearsal rehearsal, LoadResult result, List<Step> steps,
        List<Verdict> verdicts, double maxRate, String problem) {
    /** Version of the JSON; a reader refuses others. */
    static final int FORMAT = 1;

    /** A threshold and whether the result keeps it. */
    record Verdict(String text, boolean kept) {}

    /** One rate of several. */
    record Step(LoadResult result, boolean passed) {}

    /** Writes the report. */
    String json() {
        return Json.object(json -> {
            json.writeNumberProperty("tandem_bench", FORMAT);
            json.writeStringProperty("at", at.toString());
            json.writeStringProperty("target", target);
            json.writeNumberProperty("pid", pid);
            machine(json, Machine.here());
            if (problem != null) {
                json.writeStringProperty("problem", problem);
            }
            number(json, "max_rate_per_s", maxRate);
            if (rehearsal != null) {
                json.writeObjectPropertyStart("generator");
                number(json, "ceiling_per_s", rehearsal.ceiling());
                json.writeNumberProperty("warm_up_calls", rehearsal.warmUpCalls());
                histogram(json, "alone_us", rehearsal.alone(), false);
                json.writeEndObject();
            }
            if (result != null) {
                result(json);
            }
            json.writeArrayPropertyStart("thresholds");
            for (final Verdict verdict : verdicts) {
                json.writeStartObject();
                json.writeStringProperty("text", verdict.text());
                json.writeBooleanProperty("kept", verdict.kept());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeArrayPropertyStart("steps");
            for (final Step step : steps) {
                step(json, step);
            }
            json.writeEndArray();
        });
    }

    private static void machine(final JsonGenerator json, final Machine machine) {
        json.writeObjectPropertyStart("machine");
        json.writeStringProperty("system", machine.system());
        json.writeStringProperty("cpu", machine.cpu());
        json.writeNumberProperty("cores", machine.cores());
        json.writeStringProperty("java", machine.java());
        json.writeEndObject();
    }

    private void result(final JsonGenerator json) {
        final LoadPlan plan = result.plan();
        json.writeObjectPropertyStart("plan");
        json.writeStringProperty("scenario", plan.scenario().name().toLowerCase(java.util.Locale.ROOT));
        json.writeStringProperty("transport", plan.transport().name().toLowerCase(java.util.Locale.ROOT));
        json.writeNumberProperty("loops", plan.loops());
        number(json, "rate_per_s", plan.rate());
        number(json, "duration_s", plan.durationNs() / 1e9);
        number(json, "warm_up_s", plan.warmUpNs() / 1e9);
        number(json, "hold_s", plan.holdNs() / 1e9);
        json.writeBooleanProperty("retransmit", plan.retransmit());
        json.writeEndObject();
        json.writeObjectPropertyStart("result");
        counts(json, result);
        json.writeObjectPropertyStart("failures");
        for (final Map.Entry<Integer, Integer> failure : result.failuresByCode().entrySet()) {
            json.writeNumberProperty(LoadResult.reason(failure.getKey()), failure.getValue());
        }
        json.writeEndObject();
        number(json, "elapsed_s", result.elapsedNs() / 1e9);
        if (plan.scenario() == Scenario.CALL) {
            number(json, "session_establishment_percent", result.establishmentRatio());
            number(json, "ineffective_attempts_percent", result.ineffectiveRatio());
        }
        usage(json, result);
        json.writeEndObject();
        json.writeObjectPropertyStart("latency_us");
        histogram(json, "to_180", result.latencies().ringing(), true);
        histogram(json, "to_200", result.latencies().setup(), true);
        histogram(json, "bye", result.latencies().teardown(), true);
        histogram(json, "late", result.latencies().late(), true);
        json.writeEndObject();
        json.writeArrayPropertyStart("seconds");
        ProcessUsage before = null;
        for (final Second second : result.seconds()) {
            // What is left of the last second would be rates over next to nothing.
            if (second.lengthS() >= 0.5 || result.seconds().size() == 1) {
                second(json, second, before);
                before = second.usage();
            }
        }
        json.writeEndArray();
    }

    private static void counts(final JsonGenerator json, final LoadResult result) {
        json.writeNumberProperty("begun", result.begun());
        json.writeNumberProperty("answered", result.answered());
        json.writeNumberProperty("succeeded", result.succeeded());
        json.writeNumberProperty("failed", result.failed());
        json.writeNumberProperty("retransmissions", result.retransmissions());
        json.writeNumberProperty("lost", result.lost());
        number(json, "goodput_per_s", result.goodput());
    }

    private static void usage(final JsonGenerator json, final LoadResult result) {
        final ProcessUsage usage = result.usage();
        if (usage == null) {
            return;
        }
        number(json, "cpu_us_per_call", result.cpuMicrosPerCall());
        number(json, "user_us_per_call", result.perCall(usage.userNs()));
        number(json, "system_us_per_call", result.perCall(usage.systemNs()));
        json.writeNumberProperty("resident_bytes", usage.residentBytes());
        if (usage.drops() != ProcessUsage.UNKNOWN) {
            json.writeNumberProperty("drops", usage.drops());
        }
    }

    private static void histogram(final JsonGenerator json, final String name, final Histogram histogram,
            final boolean curve) {
        if (histogram.getTotalCount() == 0) {
            return;
        }
        json.writeObjectPropertyStart(name);
        json.writeNumberProperty("count", histogram.getTotalCount());
        number(json, "mean", histogram.getMean() / 1e3);
        for (final double percentile : LoadResult.PERCENTILES) {
            number(json, LoadResult.name(percentile), histogram.getValueAtPercentile(percentile) / 1e3);
        }
        number(json, "max", histogram.getMaxValue() / 1e3);
        if (curve) {
            json.writeArrayPropertyStart("curve");
            for (final HistogramIterationValue value : histogram.percentiles(5)) {
                json.writeStartArray();
                json.writeNumber(value.getPercentileLevelIteratedTo());
                json.writeNumber(value.getValueIteratedTo() / 1e3);
                json.writeEndArray();
            }
            json.writeEndArray();
        }
        json.writeEndObject();
    }

    private static void second(final JsonGenerator json, final Second second, final ProcessUsage before) {
        json.writeStartObject();
        number(json, "at_s", second.atS());
        number(json, "offered_per_s", second.offered() / second.lengthS());
        number(json, "succeeded_per_s", second.succeeded() / second.lengthS());
        number(json, "failed_per_s", second.failed() / second.lengthS());
        number(json, "retransmissions_per_s", second.retransmissions() / second.lengthS());
        if (second.answered() > 0) {
            number(json, "p50", second.p50Ns() / 1e3);
            number(json, "p99", second.p99Ns() / 1e3);
            number(json, "p99.9", second.p999Ns() / 1e3);
            number(json, "max", second.maxNs() / 1e3);
        }
        if (second.usage() != null) {
            json.writeNumberProperty("resident_bytes", second.usage().residentBytes());
            if (before != null) {
                final ProcessUsage used = second.usage().since(before);
                number(json, "user_share", used.userNs() / 1e9 / second.lengthS());
                number(json, "system_share", used.systemNs() / 1e9 / second.lengthS());
                if (second.succeeded() > 0) {
                    number(json, "cpu_us_per_call", (used.userNs() + used.systemNs()) / 1e3 / second.succeeded());
                }
                if (used.drops() > 0) {
                    json.writeNumberProperty("drops", used.drops());
                }
            }
        }
        json.writeEndObject();
    }

    private static void step(final JsonGenerator json, final Step step) {
        json.writeStartObject();
        number(json, "rate_per_s", step.result().plan().rate());
        json.writeBooleanProperty("passed", step.passed());
        counts(json, step.result());
        number(json, "p50", step.result().setup().getValueAtPercentile(50) / 1e3);
        number(json, "p99", step.result().setup().getValueAtPercentile(99) / 1e3);
        number(json, "late_p99", step.result().latencies().late().getValueAtPercentile(99) / 1e3);
        usage(json, step.result());
        json.writeEndObject();
    }

    /** A number as it can be read: what could not be measured is left out, and nobody needs the tenth digit. */
    private static void number(final JsonGenerator json, final String name, final double value) {
        if (Double.isFinite(value)) {
            json.writeNumberProperty(name, Math.rint(value * 1e3) / 1e3);
        }
    }
}
