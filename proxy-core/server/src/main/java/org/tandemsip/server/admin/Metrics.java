package org.tandemsip.server.admin;

import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.metrics.LatencyWindow;
import org.tandemsip.engine.metrics.Stage;
import org.tandemsip.engine.registrar.LocationTable;
import org.tandemsip.engine.routing.Gb28181;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.server.dns.Answer;
import org.tandemsip.server.dns.DnsCounters;
import org.tandemsip.server.dns.RecordType;
import org.tandemsip.server.transport.Network;

/**
 * The numbers in Prometheus' text format 0.0.4. Labels come from closed sets and from the configuration, never from the
 * wire, so the number of series is bounded.
 */
final class Metrics {
    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";
    private static final double[] QUANTILES = {0.5, 0.9, 0.99, 0.999, 0.9999, 1};

    private final StringBuilder out = new StringBuilder(16_384);

    private Metrics() {}

    static String of(final Control control) {
        final Metrics metrics = new Metrics();
        metrics.process(control);
        metrics.counters(control.network().counters());
        metrics.latency(control.network());
        new ProcessMetrics(metrics).write(control.network(), control.config().tls());
        metrics.dns(control.names().counters());
        control.calls().media().ifPresent(rtpengine -> new MediaMetrics(metrics).write(rtpengine));
        new TrunkMetrics(metrics).write(control.policy(), control.config().listen());
        metrics.calls(control.calls());
        metrics.users(control.policy().registry().table());
        metrics.gb28181(control.policy().trunks());
        new RecordMetrics(metrics).write(control.records(), control.history());
        return metrics.out.toString();
    }

    private void process(final Control control) {
        head("tandem_build_info", "gauge", "Version of the program; always 1.");
        line("tandem_build_info", "version=\"" + escape(Version.number()) + "\",commit=\"" + escape(Version.commit())
                + "\",jdk=\""
                + escape(Runtime.version().toString()) + '"', 1);
        single("tandem_start_time_seconds", "gauge", "When the process started, in seconds since 1970.",
                control.startedEpochMs() / 1e3);
        head("tandem_mode_info", "gauge", "Mode of new requests; 1 for the one in force.");
        for (final Mode mode : Mode.values()) {
            line("tandem_mode_info", "mode=\"" + word(mode) + '"', control.policy().mode() == mode ? 1 : 0);
        }
        final Control.ReloadState reload = control.lastReload();
        single("tandem_config_last_reload_successful", "gauge", "Whether the last reload was applied.",
                reload.successful() ? 1 : 0);
        single("tandem_config_last_reload_success_timestamp_seconds", "gauge",
                "When the configuration in force was taken over.", reload.successEpochMs() / 1e3);
        head("tandem_config_reloads_total", "counter", "Reloads, by result.");
        line("tandem_config_reloads_total", "result=\"applied\"", reload.succeeded());
        line("tandem_config_reloads_total", "result=\"refused\"", reload.failed());
        single("tandem_live", "gauge", "Transactions, calls and timers held, lingering ones included.",
                control.network().live());
        single("tandem_connections", "gauge", "Open stream connections.", control.network().connections());
    }

    private void counters(final Collection<Counters> counters) {
        final Map<String, List<Counter>> byMetric = new LinkedHashMap<>();
        // Received and sent messages are shown by transport and method.
        for (final Counter counter : EnumSet.complementOf(EnumSet.of(Counter.RECEIVED, Counter.SENT))) {
            byMetric.computeIfAbsent(counter.metric(), _ -> new java.util.ArrayList<>()).add(counter);
        }
        final Map<Counter, Long> sums = new EnumMap<>(Counter.class);
        for (final Counter counter : Counter.values()) {
            sums.put(counter, Counters.sum(counters, counter));
        }
        byMetric.forEach((metric, members) -> {
            head(metric, members.getFirst().isGauge() ? "gauge" : "counter", members.getFirst().help());
            members.forEach(counter -> line(metric, counter.labels(), sums.get(counter)));
        });
    }

    private void latency(final Network network) {
        head("tandem_stage_duration_seconds", "summary",
                "Time messages spent in each stage, over the last " + LatencyWindow.SECONDS + " s.");
        for (final Stage stage : Stage.values()) {
            final Histogram histogram = network.latency(stage, LatencyWindow.SECONDS);
            for (final double quantile : QUANTILES) {
                final double seconds = histogram.getTotalCount() == 0
                        ? Double.NaN
                        : histogram.getValueAtPercentile(quantile * 100) / 1e9;
                line("tandem_stage_duration_seconds",
                        "stage=\"" + word(stage) + "\",quantile=\"" + number(quantile) + '"',
                        seconds);
            }
        }
    }

    private void dns(final DnsCounters counters) {
        head("tandem_dns_queries_total", "counter", "Questions asked of DNS servers, by type and outcome.");
        for (final RecordType type : RecordType.values()) {
            for (final Answer.Kind kind : Answer.Kind.values()) {
                line("tandem_dns_queries_total", "type=\"" + word(type) + "\",result=\"" + word(kind) + '"',
                        counters.queries(type, kind));
            }
        }
        head("tandem_dns_duration_seconds", "histogram", "Time DNS servers took to answer, by type.");
        for (final RecordType type : RecordType.values()) {
            long sum = 0;
            for (int bucket = 0; bucket <= DnsCounters.BOUNDS.length; bucket++) {
                sum += counters.durations(type, bucket);
                bucket("tandem_dns_duration_seconds", "type=\"" + word(type) + '"',
                        bucket == DnsCounters.BOUNDS.length ? Double.POSITIVE_INFINITY : DnsCounters.BOUNDS[bucket],
                        sum);
            }
            line("tandem_dns_duration_seconds_sum", "type=\"" + word(type) + '"', counters.totalNs(type) / 1e9);
            line("tandem_dns_duration_seconds_count", "type=\"" + word(type) + '"', sum);
        }
        single("tandem_dns_cache_hits_total", "counter", "Questions answered from memory.", counters.cacheHits());
        single("tandem_dns_stale_total", "counter", "Failures covered by an answer that had run out.",
                counters.staleAnswers());
        single("tandem_dns_refused_total", "counter", "Questions not asked because too many were under way.",
                counters.refusals());
        single("tandem_dns_forbidden_total", "counter", "Addresses from DNS that may not be sent to.",
                counters.forbiddenAddresses());
    }

    private void calls(final LiveCalls calls) {
        final Histogram overruns = calls.cutOffs().overruns();
        head("tandem_cut_off_overrun_seconds", "summary",
                "How long calls have lasted over their time or credit, since the start.");
        for (final double quantile : QUANTILES) {
            line("tandem_cut_off_overrun_seconds", "quantile=\"" + number(quantile) + '"',
                    overruns.getTotalCount() == 0 ? Double.NaN
                            : overruns.getValueAtPercentile(quantile * 100) / 1e9);
        }
        line("tandem_cut_off_overrun_seconds_count", "", overruns.getTotalCount());
        calls.credit().ifPresent(books -> {
            single("tandem_credit_in_flight", "gauge", "Requests to the credit service under way.", books.inFlight());
            single("tandem_credit_unsettled", "gauge", "Settlements that have not arrived yet.", books.unsettled());
            head("tandem_credit_settlements_total", "counter", "Settlements, by what became of them.");
            line("tandem_credit_settlements_total", "result=\"settled\"", books.settled());
            line("tandem_credit_settlements_total", "result=\"refused\"", books.refused());
            line("tandem_credit_settlements_total", "result=\"lost\"", books.lost());
            single("tandem_credit_settlement_retries_total", "counter", "Settlements that were sent again.",
                    books.retries());
        });
    }

    private void users(final LocationTable table) {
        single("tandem_registrations", "gauge", "Users that have registered.", table.users());
        single("tandem_registration_contacts", "gauge", "Contacts of all of them.", table.contacts());
    }

    private void gb28181(final List<Trunk> all) {
        final List<Trunk> trunks = all.stream().filter(trunk -> trunk.profile().gb28181() != null).toList();
        if (trunks.isEmpty()) {
            return;
        }
        final long nowNs = System.nanoTime();
        gb28181(trunks, "devices", "gauge", "Devices that have registered and been heard in the last 180 s.",
                known -> known.devices().count(nowNs));
        gb28181(trunks, "devices_refused_total", "counter", "Times that there was no room for a device or channel.",
                known -> known.devices().refused());
        gb28181(trunks, "queries_waiting", "gauge", "Queries that wait for their response, 60 s at most.",
                known -> known.queries().waiting(nowNs));
        gb28181(trunks, "queries_total", "counter", "Queries, orders and broadcasts to devices.",
                known -> known.queries().sent());
        gb28181(trunks, "queries_displaced_total", "counter",
                "Queries that made room for later ones while they waited.",
                known -> known.queries().displaced());
        gb28181(trunks, "unasked_responses_total", "counter",
                "Responses that no query waits for: further parts of a catalog, or too late.",
                known -> known.queries().unasked());
        gb28181(trunks, "query_seconds_sum", "counter",
                "Time from queries to their responses, by CmdType, SN and DeviceID.",
                known -> known.queries().answerNs() / 1e9);
        gb28181(trunks, "query_seconds_count", "counter", "Queries of which the response was seen.",
                known -> known.queries().answered());
        head("tandem_gb28181_registrations_total", "counter", "Registrations of devices that were granted.");
        for (final Trunk trunk : trunks) {
            final String labels = "trunk=\"" + escape(trunk.name()) + "\",kind=\"";
            final Gb28181 known = trunk.profile().gb28181();
            line("tandem_gb28181_registrations_total", labels + "new\"", known.registered());
            line("tandem_gb28181_registrations_total", labels + "again\"", known.refreshed());
            line("tandem_gb28181_registrations_total", labels + "end\"", known.left());
        }
        head("tandem_gb28181_messages_total", "counter", "MESSAGEs from and to devices, by CmdType.");
        for (final Trunk trunk : trunks) {
            for (final Gb28181.Command command : Gb28181.Command.values()) {
                line("tandem_gb28181_messages_total",
                        "trunk=\"" + escape(trunk.name()) + "\",cmd_type=\"" + command.word() + '"',
                        trunk.profile().gb28181().messages(command));
            }
        }
    }

    private void gb28181(final List<Trunk> trunks, final String name, final String type, final String help,
            final ToDoubleFunction<Gb28181> value) {
        head("tandem_gb28181_" + name, type, help);
        trunks.forEach(trunk -> line("tandem_gb28181_" + name, "trunk=\"" + escape(trunk.name()) + '"',
                value.applyAsDouble(trunk.profile().gb28181())));
    }

    void single(final String metric, final String type, final String help, final double value) {
        head(metric, type, help);
        line(metric, "", value);
    }

    void head(final String metric, final String type, final String help) {
        out.append("# HELP ").append(metric).append(' ').append(help.replace("\\", "\\\\").replace("\n", "\\n"))
                .append("\n# TYPE ").append(metric).append(' ').append(type).append('\n');
    }

    void line(final String metric, final String labels, final double value) {
        out.append(metric);
        if (!labels.isEmpty()) {
            out.append('{').append(labels).append('}');
        }
        out.append(' ').append(number(value)).append('\n');
    }

    /** One bucket of a histogram. @param bound upper bound; infinite for the last */
    void bucket(final String metric, final String labels, final double bound, final long count) {
        line(metric + "_bucket", labels + ",le=\"" + (Double.isInfinite(bound) ? "+Inf" : number(bound)) + '"', count);
    }

    private static String number(final double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15 ? Long.toString((long) value)
                : Double.toString(value);
    }

    static String word(final Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    static String escape(final String value) {
        return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }
}
