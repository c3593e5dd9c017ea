package org.tandemsip.server;

import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.server.admin.Control;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.config.Effective;

/**
 * What is different between two configurations, and what of it a running server can take over. Whether a top-level key
 * has changed is told by what it means; below it, by what is written, and by the files that it names.
 */
final class Changes {
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("yyyy-MM-dd").withZone(ZoneOffset.UTC);

    /** A top-level key. @param means what of a configuration it stands for */
    private record Row(String key, boolean live, Function<Config, Object> means) {}

    private static final List<Row> ROWS = List.of(
            fixed("listen", Config::listen),
            fixed("threading", Config::threading),
            fixed("loops", Config::loops),
            fixed("limits", config -> List.of(config.limits(), config.streams(), config.socketBuffer(),
                    config.ringSize(), config.transactions(), config.tlsLimits())),
            fixed("admin", Config::admin),
            fixed("state-dir", Config::stateDir),
            fixed("dns", Config::dns),
            fixed("media", Config::media),
            fixed("credit", Config::credit),
            fixed("cdr", Config::cdr),
            live("mode", Config::mode),
            live("proxy-protocol", Config::balancers),
            live("trunks", Config::trunks),
            live("routes", Config::routes),
            live("timers", Config::timing),
            live("max-calls", Config::maxCalls),
            live("cps", Config::cps),
            live("emergency-numbers", Config::emergencyNumbers),
            live("drain", Config::drainNs),
            live("max-forwards", Config::maxForwards),
            live("record-route", Config::recordRoute),
            live("tls", Config::tls),
            live("registrar", Config::registrar),
            live("log", Config::log));

    private Changes() {}

    private static Row fixed(final String key, final Function<Config, Object> means) {
        return new Row(key, false, means);
    }

    private static Row live(final String key, final Function<Config, Object> means) {
        return new Row(key, true, means);
    }

    /** Top-level keys that are told apart here; {@code include} means nothing by itself. */
    static Set<String> keys() {
        return ROWS.stream().map(Row::key).collect(Collectors.toSet());
    }

    /**
     * Compares {@code next} with what is in force.
     *
     * @param mode mode in force, which an order may have set since the file was read
     */
    static Control.ReloadResult between(final Config current, final Config next, final Mode mode) {
        final List<String> changed = new ArrayList<>();
        final List<String> needsRestart = new ArrayList<>();
        final List<Control.Difference> differences = new ArrayList<>();
        for (final Row row : ROWS) {
            final Object before = row.key.equals("mode") ? mode : row.means.apply(current);
            if (!Objects.equals(before, row.means.apply(next))) {
                (row.live ? changed : needsRestart).add(row.key);
                differences.addAll(below(row, current, next, mode));
            }
        }
        return new Control.ReloadResult(changed, needsRestart, differences);
    }

    private static List<Control.Difference> below(final Row row, final Config current, final Config next,
            final Mode mode) {
        final List<Control.Difference> found = new ArrayList<>();
        switch (row.key) {
            case "mode" -> add(found, row, "mode", word(mode), word(next.mode()));
            case "tls" -> add(found, row, "tls, certificates", certificates(current), certificates(next));
            case "routes" -> prefixes(row, current, next, found);
            default -> {
                // Nothing but what is written.
            }
        }
        if (!row.key.equals("mode")) {
            written(row, current, next, found);
        }
        if (found.isEmpty()) {
            add(found, row, row.key, "what its files and variables held", "what they hold now");
        }
        return found;
    }

    private static void written(final Row row, final Config current, final Config next,
            final List<Control.Difference> to) {
        final Map<String, Effective.Entry> before = entries(row, current);
        final Map<String, Effective.Entry> after = entries(row, next);
        final Set<String> paths = new LinkedHashSet<>(before.keySet());
        paths.addAll(after.keySet());
        for (final String path : paths) {
            final Effective.Entry old = before.get(path);
            final Effective.Entry now = after.get(path);
            // Of a trunk that comes or goes only what was given is of interest.
            if ((old == null ? now : old).isDefault() && (old == null || now == null)) {
                continue;
            }
            if (old != null && now != null && !(old.items().isEmpty() && now.items().isEmpty())) {
                lists(row, path, old.items(), now.items(), to);
            } else {
                add(to, row, path, old == null ? null : old.value(), now == null ? null : now.value());
            }
        }
    }

    private static Map<String, Effective.Entry> entries(final Row row, final Config config) {
        return config.effective().entries().stream().filter(entry -> entry.keys().getFirst().equals(row.key))
                .collect(Collectors.toMap(Effective.Entry::path, entry -> entry, (first, _) -> first,
                        java.util.LinkedHashMap::new));
    }

    private static void lists(final Row row, final String path, final List<String> before, final List<String> after,
            final List<Control.Difference> to) {
        final List<String> gone = new ArrayList<>(before);
        after.forEach(gone::remove);
        final List<String> come = new ArrayList<>(after);
        before.forEach(come::remove);
        gone.forEach(item -> add(to, row, path, item, null));
        come.forEach(item -> add(to, row, path, null, item));
        if (gone.isEmpty() && come.isEmpty()) {
            add(to, row, path + ", order", String.join(", ", before), String.join(", ", after));
        }
    }

    private static void prefixes(final Row row, final Config current, final Config next,
            final List<Control.Difference> to) {
        for (final Config.Route route : next.routes()) {
            current.routes().stream()
                    .filter(old -> old.name().equals(route.name()) && old.prefixes() != null
                            && route.prefixes() != null && !old.prefixes().equals(route.prefixes()))
                    .forEach(old -> to.add(new Control.Difference("routes." + route.name() + ", prefixes",
                            old.prefixes().prefixes() + " prefixes",
                            route.prefixes().prefixes() + " prefixes, not the same", row.live)));
        }
    }

    /** Our certificates with their last day. */
    private static String certificates(final Config config) {
        return config.tls().all()
                .map(each -> each.file() + " no " + each.certificate().getSerialNumber().toString(16) + " until "
                        + DATE.format(each.certificate().getNotAfter().toInstant()))
                .distinct().collect(Collectors.joining(", "));
    }

    private static void add(final List<Control.Difference> to, final Row row, final String key, final String before,
            final String after) {
        if (!Objects.equals(before, after)) {
            to.add(new Control.Difference(key, before, after, row.live));
        }
    }

    private static String word(final Mode mode) {
        return mode.name().toLowerCase(Locale.ROOT);
    }
}
