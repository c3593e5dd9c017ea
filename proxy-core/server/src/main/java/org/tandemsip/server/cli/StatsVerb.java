package org.tandemsip.server.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.tandemsip.server.admin.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Shows the counters. */
@Command(name = "stats", description = "Show the metrics, or those whose name matches.")
final class StatsVerb extends ReadVerb {
    @Parameters(arity = "0..1", paramLabel = "GLOB", defaultValue = "*",
            description = "Which ones, such as '*dropped*'; default: all.")
    private String glob;

    @Override
    String path() {
        return "/metrics";
    }

    @Override
    Map<String, Object> view(final String body) {
        final Pattern pattern = Pattern.compile(
                Pattern.quote(glob).replace("*", "\\E.*\\Q").replace("?", "\\E.\\Q"));
        final Map<String, Object> values = new LinkedHashMap<>();
        body.lines().filter(line -> !line.startsWith("#")).forEach(line -> {
            final int space = line.lastIndexOf(' ');
            final String series = line.substring(0, space);
            final String name = series.replaceFirst("\\{.*", "");
            if (pattern.matcher(name).matches() || pattern.matcher(name.replaceFirst("^tandem_", "")).matches()) {
                values.put(series, line.substring(space + 1));
            }
        });
        return values;
    }

    @Override
    String json(final String body) {
        return Json.object(json -> view(body).forEach((series, value) -> {
            final double number = Double.parseDouble((String) value);
            if (number == Math.rint(number)) {
                json.writeNumberProperty(series, (long) number);
            } else if (Double.isFinite(number)) {
                json.writeNumberProperty(series, number);
            } else {
                json.writeNullProperty(series);
            }
        }));
    }

    @Override
    void table(final Map<String, Object> view) {
        view.forEach((series, value) -> out().printf("%-72s %s%n", series, value));
    }
}
