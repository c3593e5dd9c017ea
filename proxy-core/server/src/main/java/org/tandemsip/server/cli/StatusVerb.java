package org.tandemsip.server.cli;

import java.time.Duration;
import java.util.Map;
import picocli.CommandLine.Command;

/** One screen: what runs, since when, and what passed through it. */
@Command(name = "status", description = "Show the state of the running server.")
final class StatusVerb extends ReadVerb {
    @Override
    String path() {
        return "/api/v1/status";
    }

    @Override
    void table(final Map<String, Object> view) {
        final Duration uptime = Duration.ofSeconds((Long) view.get("uptime_seconds"));
        line("state", view.get("state") + ", pid " + view.get("pid") + ", up " + text(uptime));
        line("mode", view.get("mode"));
        line("listen", String.join(" ", ReadVerb.<String>list(view, "listen")));
        line("config", view.get("config") + ", in force since " + object(view, "last_reload").get("in_force_since")
                + (Boolean.TRUE.equals(object(view, "last_reload").get("successful")) ? ""
                        : "; the last reload was refused"));
        line("routing", view.get("trunks") + " trunks, " + view.get("routes") + " routes");
        line("live", view.get("live") + " transactions, " + view.get("connections") + " connections, "
                + view.get("shards") + " shards");
        final Map<String, Object> messages = object(view, "messages");
        line("messages", messages.get("received") + " received = " + messages.get("forwarded") + " forwarded + "
                + messages.get("answered") + " answered + " + messages.get("absorbed") + " absorbed + "
                + messages.get("dropped") + " dropped");
        final Map<String, Object> overload = object(view, "overload");
        line("overload", (Boolean.TRUE.equals(overload.get("active")) ? "yes" : "no") + ", messages wait "
                + overload.get("queue_ms") + " ms; new requests turned away: " + overload.get("refused")
                + " refused, " + overload.get("dropped") + " dropped");
        final Map<String, Object> cutOff = object(view, "cut_off");
        if ((Long) cutOff.get("calls") > 0) {
            line("cut off", "%s calls ended when their time or credit was used up, 99.9 %% of them within %.1f ms, one"
                    .formatted(cutOff.get("calls"), cutOff.get("overrun_p999_ms")) + "-sided "
                    + cutOff.get("one_sided"));
        }
        if (view.containsKey("cdr")) {
            final Map<String, Object> cdr = object(view, "cdr");
            line("records", cdr.get("written") + " written, " + cdr.get("lost") + " lost, " + cdr.get("kept")
                    + " calls kept" + failure(cdr));
            ReadVerb.<Map<String, Object>>list(cdr, "stores").forEach(store -> line(String.valueOf(store.get("name")),
                    store.get("behind_bytes") + " bytes behind" + failure(store)));
        }
        line("version", view.get("version"));
    }

    private static String failure(final Map<String, Object> of) {
        return of.containsKey("cause") ? "; FAILING: " + of.get("cause") : "";
    }

    private static String text(final Duration duration) {
        return duration.toDays() > 0
                ? duration.toDays() + "d " + duration.toHoursPart() + "h"
                : duration.toHours() > 0
                        ? duration.toHours() + "h " + duration.toMinutesPart() + "m"
                        : duration.toMinutes() + "m " + duration.toSecondsPart() + "s";
    }
}
