package org.tandemsip.server.cli;

import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tandemsip.server.admin.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Takes nothing new, and stops the server after a time. */
@Command(name = "drain", description = {"Take no new calls, and stop after the deadline.",
    "New requests and OPTIONS are answered 503 with Retry-After; calls that stand go on until then."})
final class DrainVerb extends AdminVerb {
    private static final Pattern DURATION = Pattern.compile("(\\d{1,6})(s|m|h)");

    @Option(names = "--deadline", paramLabel = "DURATION", defaultValue = "30s",
            description = "When to stop, such as 30s or 10m; default: ${DEFAULT-VALUE}.")
    private String deadline;

    @Override
    int run(final AdminClient client) throws IOException {
        final Matcher matcher = DURATION.matcher(deadline);
        if (!matcher.matches()) {
            throw new ParameterException(spec().commandLine(),
                    "'" + deadline + "' is not a duration; write 30s, 10m or 1h");
        }
        final int unit = switch (matcher.group(2)) {
            case "m" -> 60;
            case "h" -> 3_600;
            default -> 1;
        };
        final long seconds = Long.parseLong(matcher.group(1)) * unit;
        body(client.send("POST", "/api/v1/drain",
                Json.object(json -> json.writeNumberProperty("seconds", seconds))));
        out().println("draining, stops in " + deadline);
        return ExitCode.OK;
    }
}
