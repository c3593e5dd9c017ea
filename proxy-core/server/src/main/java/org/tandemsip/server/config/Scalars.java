package org.tandemsip.server.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tandemsip.server.config.Scalar.BadValue;
import org.tandemsip.server.config.Scalar.Shape;

/** The kinds of single values that know nothing of SIP: numbers, durations, sizes, words, paths. */
final class Scalars {
    private static final Pattern DURATION = Pattern.compile("(\\d{1,12})(us|ms|s|m|h)");
    private static final Pattern SIZE = Pattern.compile("(\\d{1,12})(B|KiB|MiB|GiB)?");
    private static final String DURATION_SHAPE = "^[0-9]{1,12}(us|ms|s|m|h)$";
    private static final String SIZE_SHAPE = "^[0-9]{1,12}(B|KiB|MiB|GiB)?$";

    private Scalars() {}

    /** A whole number. */
    static Scalar<Integer> number(final int min, final int max) {
        return new Scalar<>("a number from " + min + " to " + max, new Shape.Whole(min, max), text -> {
            if (!text.matches("[+-]?\\d{1,18}")) {
                throw new BadValue(ErrorCode.BAD_VALUE, "is not a number from " + min + " to " + max);
            }
            return (int) inRange(Long.parseLong(text), min, max, min + " to " + max);
        });
    }

    /** Digits to dial, kept as they are written: zeros in front count. */
    static Scalar<String> digits(final int min, final int max) {
        final String pattern = "[0-9*#]{" + min + "," + max + "}";
        final Scalar<String> text = text(min + " to " + max + " digits", pattern, min + " to " + max + " digits");
        return new Scalar<>(text.values(), new Shape.Either(text.shape(), new Shape.Whole(0, Integer.MAX_VALUE)),
                text.reader());
    }

    /** A number of bytes. */
    static Scalar<Integer> size(final String min, final String max) {
        final long minBytes = bytes(SIZE.matcher(min));
        final long maxBytes = bytes(SIZE.matcher(max));
        final Shape shape = new Shape.Either(new Shape.Text(SIZE_SHAPE), new Shape.Whole(minBytes, maxBytes));
        return new Scalar<>("a size from " + min + " to " + max + ", such as 64KiB or 1500", shape, text -> {
            final Matcher matcher = SIZE.matcher(text);
            if (!matcher.matches()) {
                throw new BadValue(ErrorCode.BAD_VALUE, "is not a size; write a number with B, KiB, MiB or GiB");
            }
            return (int) inRange(bytes(matcher.reset()), minBytes, maxBytes, min + " to " + max);
        });
    }

    private static long bytes(final Matcher matcher) {
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not a size");
        }
        final long unit = switch (matcher.group(2)) {
            case "KiB" -> 1L << 10;
            case "MiB" -> 1L << 20;
            case "GiB" -> 1L << 30;
            case null, default -> 1L;
        };
        return Long.parseLong(matcher.group(1)) * unit;
    }

    /** A time span in nanoseconds. */
    static Scalar<Long> duration(final String min, final String max) {
        final long minNs = nanos(DURATION.matcher(min));
        final long maxNs = nanos(DURATION.matcher(max));
        return new Scalar<>("a duration from " + min + " to " + max + ", such as 500ms or 30s",
                new Shape.Text(DURATION_SHAPE), text -> {
                    final Matcher matcher = DURATION.matcher(text);
                    if (!matcher.matches()) {
                        throw new BadValue(ErrorCode.BAD_VALUE,
                                "is not a duration; write a number with us, ms, s, m or h");
                    }
                    return inRange(nanos(matcher.reset()), minNs, maxNs, min + " to " + max);
                });
    }

    /** A time span in nanoseconds, or a word for none, which reads as 0. */
    static Scalar<Long> durationOr(final String word, final String min, final String max) {
        final Scalar<Long> duration = duration(min, max);
        return new Scalar<>(word + " or " + duration.values(),
                new Shape.Either(new Shape.Choice(List.of(word)), duration.shape()),
                text -> text.equals(word) ? Long.valueOf(0) : duration.reader().read(text));
    }

    /** A number per second. */
    static Scalar<Integer> rate(final int min, final int max) {
        final Scalar<Integer> number = number(min, max);
        return new Scalar<>("a rate from " + min + "/s to " + max + "/s",
                new Shape.Either(new Shape.Text("^[0-9]{1,18}/s$"), number.shape()),
                text -> number.reader().read(text.endsWith("/s") ? text.substring(0, text.length() - 2) : text));
    }

    private static long nanos(final Matcher matcher) {
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not a duration");
        }
        final long unit = switch (matcher.group(2)) {
            case "us" -> 1_000L;
            case "ms" -> 1_000_000L;
            case "s" -> 1_000_000_000L;
            case "m" -> 60_000_000_000L;
            default -> 3_600_000_000_000L;
        };
        try {
            return Math.multiplyExact(Long.parseLong(matcher.group(1)), unit);
        } catch (final ArithmeticException e) {
            return Long.MAX_VALUE;
        }
    }

    private static long inRange(final long value, final long min, final long max, final String range)
            throws BadValue {
        if (value < min || value > max) {
            throw new BadValue(ErrorCode.OUT_OF_RANGE, "is out of range; allowed: " + range);
        }
        return value;
    }

    /** {@code true} or {@code false}. */
    static Scalar<Boolean> flag() {
        return new Scalar<>("true or false", new Shape.Choice(List.of("true", "false")), text -> switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new BadValue(ErrorCode.BAD_VALUE, "is neither true nor false");
        });
    }

    /** A constant of an enum, written in lower case with dashes. */
    static <E extends Enum<E>> Scalar<E> choice(final String noun, final Class<E> type) {
        final List<String> words = new ArrayList<>();
        for (final E constant : type.getEnumConstants()) {
            words.add(word(constant));
        }
        return new Scalar<>("one of " + String.join(", ", words), new Shape.Choice(words), text -> {
            for (final E constant : type.getEnumConstants()) {
                if (word(constant).equals(text)) {
                    return constant;
                }
            }
            throw new BadValue(ErrorCode.BAD_VALUE, "is not a " + noun + "; one of " + String.join(", ", words)
                    + Suggestion.hint(text, words));
        });
    }

    /** How a constant is written in the file. */
    static String word(final Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** A number, or a word that leaves the choice to Tandem and reads as 0. */
    static Scalar<Integer> numberOr(final String word, final int min, final int max) {
        final Scalar<Integer> number = number(min, max);
        return new Scalar<>(word + " or " + number.values(),
                new Shape.Either(new Shape.Choice(List.of(word)), number.shape()),
                text -> text.equals(word) ? Integer.valueOf(0) : number.reader().read(text));
    }

    /** A file or folder. */
    static Scalar<Path> path() {
        return new Scalar<>("a path", new Shape.Text("^.+$"), text -> {
            try {
                if (!text.isBlank()) {
                    return Path.of(text);
                }
            } catch (final InvalidPathException e) {
                // Falls through: the same mistake as an empty one.
            }
            throw new BadValue(ErrorCode.BAD_VALUE, "is not a path");
        });
    }

    /** Any text that matches; {@code noun} completes "is not". */
    static Scalar<String> text(final String values, final String pattern, final String noun) {
        final Pattern compiled = Pattern.compile(pattern);
        return new Scalar<>(values, new Shape.Text("^(?:" + pattern + ")$"), text -> {
            if (!compiled.matcher(text).matches()) {
                throw new BadValue(ErrorCode.BAD_VALUE, "is not " + noun);
            }
            return text;
        });
    }
}
