package org.tandemsip.server.config;

import java.util.List;
import org.tandemsip.codec.HeaderField;
import org.tandemsip.engine.routing.HeaderRules;
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

    private RuleKeys() {}

    /** The rules of a trunk. */
    static TrunkRules trunk(final Reading reading, final Bound trunk) {
        return new TrunkRules(headers(reading, trunk.get(HEADERS)), headers(reading, trunk.get(HEADERS_IN)));
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
