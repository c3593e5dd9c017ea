package org.tandemsip.perf.load;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;

/** Reads {@code 10s}, {@code 500ms}, {@code 2m} from the command line, as nanoseconds. */
final class Durations implements CommandLine.ITypeConverter<Long> {
    private static final Pattern SYNTAX = Pattern.compile("(\\d{1,9})(ms|s|m|h)");

    @Override
    public Long convert(final String text) {
        final Matcher matcher = SYNTAX.matcher(text.strip());
        if (!matcher.matches()) {
            throw new CommandLine.TypeConversionException(
                    "'" + text + "' is not a duration such as 500ms, 10s, 2m or 1h");
        }
        final long number = Long.parseLong(matcher.group(1));
        return number * switch (matcher.group(2)) {
            case "ms" -> 1_000_000L;
            case "s" -> 1_000_000_000L;
            case "m" -> 60_000_000_000L;
            default -> 3_600_000_000_000L;
        };
    }
}
