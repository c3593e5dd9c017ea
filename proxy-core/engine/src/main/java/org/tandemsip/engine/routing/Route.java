package org.tandemsip.engine.routing;

import java.util.List;

/**
 * One line of the route table: requests from a trunk that match go to other trunks, or to the host of their
 * Request-URI.
 *
 * @param name   for people; given or made up from from and to
 * @param from   trunk the request must come from, or {@code null} for any
 * @param match  further conditions
 * @param to     trunks to send to; more than one: in parallel, but with {@code prefixes}. Empty when {@code within} is
 *               used
 * @param then   trunks to try after those, one after the other
 * @param within for {@code to: request-uri}: address ranges that the Request-URI's host must lie in; else empty
 * @param mode   mode for requests of this route, or {@code null} for the global one
 * @param headers header fields changed in its requests
 * @param number numbers rewritten in its requests
 * @param prefixes table that says which of the trunks in {@code to} get a number, in which order; or {@code null}
 * @param when   when it holds, or {@code null} for always
 * @param inside whether its requests go to the registrar or to whom that knows, and not to {@code to}
 * @param maxDurationNs longest that one of its calls may last from its answer, 0 for any time; for calls that we end
 */
public record Route(String name, Trunk from, Match match, List<Trunk> to, List<Trunk> then, List<Cidr> within,
        Mode mode, HeaderRules headers, NumberRules number, PrefixTable prefixes,
        Schedule when, Inside inside, long maxDurationNs) {
    /** What of the house itself a route leads to. */
    public enum Inside {
        /** Nothing: to trunks, or a Request-URI. */
        NOTHING,
        /** To the registrar, for REGISTER only. */
        REGISTRAR,
        /** To where a user has registered, for all but REGISTER. */
        LOCATION
    }

    /** For calls of any duration. */
    public Route(final String name, final Trunk from, final Match match, final List<Trunk> to, final List<Trunk> then,
            final List<Cidr> within, final Mode mode, final HeaderRules headers, final NumberRules number,
            final PrefixTable prefixes, final Schedule when, final Inside inside) {
        this(name, from, match, to, then, within, mode, headers, number, prefixes, when, inside, 0);
    }

    /** To trunks or a Request-URI. */
    public Route(final String name, final Trunk from, final Match match, final List<Trunk> to, final List<Trunk> then,
            final List<Cidr> within, final Mode mode, final HeaderRules headers, final NumberRules number,
            final PrefixTable prefixes, final Schedule when) {
        this(name, from, match, to, then, within, mode, headers, number, prefixes, when, Inside.NOTHING);
    }

    /** With requests left as they are. */
    public Route(final String name, final Trunk from, final Match match, final List<Trunk> to, final List<Trunk> then,
            final List<Cidr> within, final Mode mode) {
        this(name, from, match, to, then, within, mode, HeaderRules.NONE, NumberRules.NONE, null, null);
    }

    /** With header fields changed and nothing else. */
    public Route(final String name, final Trunk from, final Match match, final List<Trunk> to, final List<Trunk> then,
            final List<Cidr> within, final Mode mode, final HeaderRules headers) {
        this(name, from, match, to, then, within, mode, headers, NumberRules.NONE, null, null);
    }

    /** This route with another mode. */
    public Route withMode(final Mode newMode) {
        return new Route(name, from, match, to, then, within, newMode, headers, number, prefixes, when, inside,
                maxDurationNs);
    }

    /**
     * Conditions; {@code null} means any.
     *
     * @param to     pattern for the user part of the Request-URI; {@code *} at the end matches any rest
     * @param from   pattern for the user part of From, likewise
     * @param method request method, upper case
     * @param toExpression what the user part of the Request-URI must match
     * @param fromExpression what the user part of From must match
     * @param headers what header fields must be, all of them; empty for any
     */
    public record Match(byte[] to, byte[] from, byte[] method, Expression toExpression, Expression fromExpression,
            List<HeaderMatch> headers) {
        /** Matches everything. */
        public static final Match ANY = new Match(null, null, null);

        /** Without expressions. */
        public Match(final byte[] to, final byte[] from, final byte[] method) {
            this(to, from, method, null, null, List.of());
        }

        /** Without conditions on header fields. */
        public Match(final byte[] to, final byte[] from, final byte[] method, final Expression toExpression,
                final Expression fromExpression) {
            this(to, from, method, toExpression, fromExpression, List.of());
        }
    }

    /** Whether a trunk of {@link #to} has a peer that takes new requests. */
    public boolean isUsable() {
        for (int i = 0; i < to.size(); i++) {
            if (to.get(i).isUsable()) {
                return true;
            }
        }
        return false;
    }

    /** Whether requests go to the host of their Request-URI. */
    public boolean toRequestUri() {
        return !within.isEmpty();
    }
}
