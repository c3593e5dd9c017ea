package org.tandemsip.server.config;

import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.tandemsip.codec.HeaderField;
import org.tandemsip.engine.routing.Expression;
import org.tandemsip.engine.routing.ExpressionCompiler;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.NumberRules;
import org.tandemsip.engine.routing.TimeWindow;
import org.tandemsip.engine.routing.TrunkRules;

/** The keys by which messages are changed, of trunks and routes alike. */
final class RuleKeys {
    // Header fields
    static final Key<List<Item<HeaderField>>> REMOVE = Key.of("remove", new ListOf<>(HeaderFields.NAME, 64), "[]",
            "Header fields to take out, however they are written: in any case, or in their compact form.");
    static final Key<List<Item<HeaderRules.Field>>> SET = Key.of("set", new HeaderFields(), "{}",
            "Header fields to put into requests in place of those that they carry.");
    static final Key<List<Item<HeaderRules.Field>>> ADD = Key.of("add", new HeaderFields(), "{}",
            "Header fields to put into requests beside those that they carry.");
    static final Section HEADERS_SECTION = new Section(List.of(REMOVE, SET, ADD));

    static final Key<Bound> HEADERS = new Key<>("headers", HEADERS_SECTION, null, false,
            "Header fields of what is sent to this trunk; what is to be taken out is taken out of responses too.",
            null);
    static final Key<Bound> HEADERS_IN = new Key<>("headers-in", HEADERS_SECTION, null, false,
            "Likewise of what comes from this trunk, before anything else is done.", null);
    static final Key<Bound> ROUTE_HEADERS = new Key<>("headers", HEADERS_SECTION, null, false,
            "Header fields of the requests of this route: after headers-in of the trunk they come from, before headers"
                    + " of the one they go to.",
            null);

    // Numbers
    static final Key<List<Item<NumberRules.Field>>> FIELDS = Key.of("fields",
            new ListOf<>(Scalars.choice("field", NumberRules.Field.class), 5), "[request-uri]",
            "Where to rewrite. To and From are changed only where they are named here, and are put back in responses;"
                    + " peers of RFC 2543 tell calls by them.");
    static final Key<Integer> STRIP = Key.of("strip", Scalars.number(0, 32), "0",
            "Characters to take off the front, first of all.");
    static final Key<Map<String, String>> RULES = Key.of("rules", new Beginnings(), "{}",
            "Beginnings to be replaced; the longest that fits counts, an empty one fits any number.");
    static final Key<String> PREFIX = Key.optional("prefix",
            Scalars.text("digits", "[+0-9*#]{1,24}", "the beginning of a number; use digits, '+', '*' and '#'"),
            "\"9\"",
            "What to put in front, last of all.");
    static final Section NUMBER_SECTION = new Section(List.of(FIELDS, STRIP, RULES, PREFIX));

    // Times
    static final Key<List<Item<Set<Integer>>>> DAYS = Key.of("days", new ListOf<>(Times.DAYS, 7), "[]",
            "Days of the week; when empty, all of them.");
    static final Key<List<Item<TimeWindow.Hours>>> HOURS = Key.of("hours", new ListOf<>(Times.HOURS, 24), "[]",
            "Hours of the day; those that go past midnight belong to the day on which they begin. When empty, all.");
    static final Key<ZoneId> ZONE = Key.of("zone", Times.ZONE, "UTC", "Place whose time it is.");
    static final Key<Bound> WHEN = new Key<>("when", new Section(List.of(DAYS, HOURS, ZONE)), null, false,
            "When the route holds; at other times it is passed over. Not for stateless routes, which could not send a"
                    + " CANCEL after its INVITE, nor without record-route.",
            null);

    static final Key<List<Item<Bound>>> NUMBER = Key.of("number", new ListOf<>(NUMBER_SECTION, 8), "[]",
            "How telephone numbers are rewritten in requests sent to this trunk, but for those inside a dialog; several"
                    + " steps are taken one after the other. Visual separators are dropped, names left alone.");
    static final Key<List<Item<Bound>>> NUMBER_IN = Key.of("number-in", new ListOf<>(NUMBER_SECTION, 8), "[]",
            "Likewise in requests that come from this trunk. Routes are chosen by what this makes of them.");
    static final Key<List<Item<Bound>>> ROUTE_NUMBER = Key.of("number", new ListOf<>(NUMBER_SECTION, 8), "[]",
            "How telephone numbers are rewritten in requests of this route: after number-in of the trunk they come"
                    + " from, before number of the one they go to.");

    private RuleKeys() {}

    /** What a user part must be: text, or a regular expression between slashes. */
    static Scalar<String> pattern() {
        return pattern("[^*\\s]");
    }

    /** What a value must be. @param character a regular expression for those that may stand in it */
    static Scalar<String> pattern(final String character) {
        final Scalar<String> plain = Scalars.text("text, '*' at its end for any rest; or /REGULAR EXPRESSION/",
                character + "+\\*?|\\*|/.+/", "a pattern; '*' may stand at the end only");
        return new Scalar<>(plain.values(), plain.shape(), text -> {
            if (isExpression(text)) {
                expression(text);
                return text;
            }
            return plain.reader().read(text);
        });
    }

    /** Whether a pattern is a regular expression. */
    static boolean isExpression(final String pattern) {
        return pattern.length() > 2 && pattern.startsWith("/") && pattern.endsWith("/");
    }

    /** The expression of a pattern; {@code null} when it is none. */
    static Expression expression(final String pattern) throws Scalar.BadValue {
        if (pattern == null || !isExpression(pattern)) {
            return null;
        }
        try {
            return ExpressionCompiler.compile(pattern.substring(1, pattern.length() - 1));
        } catch (final ExpressionCompiler.BadExpression e) {
            throw new Scalar.BadValue(ErrorCode.BAD_VALUE, e.getMessage());
        }
    }

    /** When a route holds, or {@code null} for always. */
    static TimeWindow when(final Bound bound) {
        if (bound == null || bound.get(ZONE) == null) {
            return null;
        }
        final Set<Integer> days = new TreeSet<>();
        ConfigBuilder.values(bound.get(DAYS)).forEach(days::addAll);
        final List<TimeWindow.Hours> hours = ConfigBuilder.values(bound.get(HOURS));
        return days.isEmpty() && hours.isEmpty() ? null
                : new TimeWindow(bound.get(ZONE), days, hours, Instant.now());
    }

    /** The rules of a trunk. */
    static TrunkRules trunk(final Reading reading, final Bound trunk) {
        return new TrunkRules(headers(reading, trunk.get(HEADERS)), headers(reading, trunk.get(HEADERS_IN)),
                numbers(trunk.get(NUMBER)), numbers(trunk.get(NUMBER_IN)), CallKeys.rules(reading, trunk));
    }

    /** The rewriting of numbers under one key. */
    static NumberRules numbers(final List<Item<Bound>> items) {
        final List<NumberRules.Step> steps = new ArrayList<>();
        for (final Item<Bound> item : items == null ? List.<Item<Bound>>of() : items) {
            final Set<NumberRules.Field> fields = new LinkedHashSet<>(ConfigBuilder.values(item.value().get(FIELDS)));
            final int strip = ConfigBuilder.orNone(item.value().get(STRIP));
            final Map<String, String> rules = item.value().get(RULES);
            final String prefix = item.value().get(PREFIX);
            if (!fields.isEmpty() && rules != null && (strip > 0 || !rules.isEmpty() || prefix != null)) {
                steps.add(NumberRules.Step.of(fields, strip, rules, prefix == null ? "" : prefix));
            }
        }
        return steps.isEmpty() ? NumberRules.NONE : new NumberRules(List.copyOf(steps));
    }

    /** The rules under one key. */
    static HeaderRules headers(final Reading reading, final Bound bound) {
        if (bound == null) {
            return HeaderRules.NONE;
        }
        final HeaderRules rules = new HeaderRules(ConfigBuilder.values(bound.get(REMOVE)),
                ConfigBuilder.values(bound.get(SET)), ConfigBuilder.values(bound.get(ADD)));
        if (rules.addedBytes() > HeaderRules.MAX_BYTES) {
            reading.problem(ErrorCode.OUT_OF_RANGE, bound.node(),
                    "the header fields put in are " + rules.addedBytes() + " bytes together; allowed: "
                            + HeaderRules.MAX_BYTES);
        }
        return rules.isEmpty() ? HeaderRules.NONE : rules;
    }
}
