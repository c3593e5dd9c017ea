package org.tandemsip.engine.routing;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How telephone numbers are rewritten: in steps, one after the other. Compiled from the configuration; immutable, read
 * by all shards.
 *
 * @param steps applied in this order
 */
public record NumberRules(List<Step> steps) {
    /** Rewrites nothing. */
    public static final NumberRules NONE = new NumberRules(List.of());

    /** Where a number stands in a request. */
    public enum Field {
        /** User part of the Request-URI: the called party, as routing sees it. */
        REQUEST_URI,
        /** User part of the To address. */
        TO,
        /** User part of the From address. */
        FROM,
        /** User part of each address in P-Asserted-Identity (RFC 3325). */
        P_ASSERTED_IDENTITY,
        /** User part of each address in Diversion (RFC 5806). */
        DIVERSION
    }

    /**
     * One step: takes characters off the front, replaces the beginning, puts characters in front.
     *
     * @param fields     where it holds
     * @param strip      how many characters to take off
     * @param beginnings what replaces which beginning, longest first; the first that fits
     * @param prefix     what to put in front
     */
    public record Step(Set<Field> fields, int strip, List<Beginning> beginnings, byte[] prefix) {
        /** Makes a step from what the configuration says. */
        public static Step of(final Set<Field> fields, final int strip, final Map<String, String> rules,
                final String prefix) {
            return new Step(EnumSet.copyOf(fields), strip, rules.entrySet().stream()
                    .map(rule -> new Beginning(ascii(rule.getKey()), ascii(rule.getValue())))
                    .sorted(Comparator.comparingInt((Beginning rule) -> -rule.from.length)).toList(), ascii(prefix));
        }

        @Override
        public boolean equals(final Object other) {
            return other instanceof final Step step && fields.equals(step.fields) && strip == step.strip
                    && beginnings.equals(step.beginnings) && Arrays.equals(prefix, step.prefix);
        }

        @Override
        public int hashCode() {
            return beginnings.hashCode() * 31 + Arrays.hashCode(prefix) + strip;
        }
    }

    /** What a number begins with, and what replaces it. */
    public record Beginning(byte[] from, byte[] to) {
        @Override
        public boolean equals(final Object other) {
            return other instanceof final Beginning rule && Arrays.equals(from, rule.from)
                    && Arrays.equals(to, rule.to);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(from) * 31 + Arrays.hashCode(to);
        }
    }

    /** Whether there is nothing to do. */
    public boolean isEmpty() {
        return steps.isEmpty();
    }

    /** Whether numbers in {@code field} are rewritten. */
    public boolean concerns(final Field field) {
        for (int i = 0; i < steps.size(); i++) {
            if (steps.get(i).fields.contains(field)) {
                return true;
            }
        }
        return false;
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
