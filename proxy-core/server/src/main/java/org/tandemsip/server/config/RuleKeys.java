package org.tandemsip.server.config;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tandemsip.codec.HeaderField;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.NumberRules;
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
            "Where to rewrite. To and From are changed only where they are named here: peers of RFC 2543 tell calls by"
                    + " them.");
    static final Key<Integer> STRIP = Key.of("strip", Scalars.number(0, 32), "0",
            "Characters to take off the front, first of all.");
    static final Key<Map<String, String>> RULES = Key.of("rules", new Beginnings(), "{}",
            "Beginnings to be replaced; the longest that fits counts, an empty one fits any number.");
    static final Key<String> PREFIX = Key.optional("prefix",
            Scalars.text("digits", "[+0-9*#]{1,24}", "the beginning of a number; use digits, '+', '*' and '#'"),
            "\"9\"",
            "What to put in front, last of all.");
    static final Section NUMBER_SECTION = new Section(List.of(FIELDS, STRIP, RULES, PREFIX));

    static final Key<List<Item<Bound>>> NUMBER = Key.of("number", new ListOf<>(NUMBER_SECTION, 8), "[]",
            "How telephone numbers are rewritten in requests sent to this trunk, but for those inside a dialog; several"
                    + " steps are taken one after the other. Visual separators are dropped, names left alone.");
    static final Key<List<Item<Bound>>> NUMBER_IN = Key.of("number-in", new ListOf<>(NUMBER_SECTION, 8), "[]",
            "Likewise in requests that come from this trunk. Routes are chosen by what this makes of them.");
    static final Key<List<Item<Bound>>> ROUTE_NUMBER = Key.of("number", new ListOf<>(NUMBER_SECTION, 8), "[]",
            "How telephone numbers are rewritten in requests of this route: after number-in of the trunk they come"
                    + " from, before number of the one they go to.");

    private RuleKeys() {}

    /** The rules of a trunk. */
    static TrunkRules trunk(final Reading reading, final Bound trunk) {
        return new TrunkRules(headers(reading, trunk.get(HEADERS)), headers(reading, trunk.get(HEADERS_IN)),
                numbers(trunk.get(NUMBER)), numbers(trunk.get(NUMBER_IN)));
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
