package org.tandemsip.server.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.snakeyaml.engine.v2.nodes.Node;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.HeaderMatch;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.PrefixTable;
import org.tandemsip.engine.routing.Route.Inside;
import org.tandemsip.engine.routing.TimeWindow;
import org.tandemsip.engine.routing.Zone;

/** Builds the routes: sees that the trunks they name are there and can be sent to. */
final class RouteBuilder {
    private static final String ANY = "any";
    private static final String REQUEST_URI = "request-uri";
    private static final String PREFIXES = "prefixes";
    private static final String REGISTRAR = "registrar";
    private static final String LOCATION = "location";

    private final Reading reading;
    private final Map<Path, PrefixTable> tables = new HashMap<>();
    private final ConfigBuilder builder;

    RouteBuilder(final Reading reading, final ConfigBuilder builder) {
        this.reading = reading;
        this.builder = builder;
    }

    List<Config.Route> build(final Bound top) {
        final List<Config.Route> routes = new ArrayList<>();
        final List<Item<Bound>> items = top.get(Keys.ROUTES);
        final Map<String, Bound> trunks = top.get(Keys.TRUNKS);
        if (items == null || trunks == null) {
            return routes;
        }
        final Set<String> given = new HashSet<>();
        for (final Item<Bound> item : items) {
            final String name = item.value().get(Keys.ROUTE_NAME);
            if (name != null && !given.add(name)) {
                reading.problem(ErrorCode.BAD_NAME, item.value().at(Keys.ROUTE_NAME),
                        "another route is named '" + name + "' already");
            }
        }
        for (final Item<Bound> item : items) {
            routes.add(route(item.value(), trunks, given));
        }
        return List.copyOf(routes);
    }

    private Config.Route route(final Bound bound, final Map<String, Bound> trunks, final Set<String> names) {
        final String from = bound.get(Keys.FROM);
        if (from != null && !from.equals(ANY)) {
            known(from, bound.at(Keys.FROM), "route from", trunks);
        }
        final List<Item<String>> toItems = bound.get(Keys.TO);
        final List<Cidr> within = ConfigBuilder.values(bound.get(Keys.WITHIN));
        final List<String> to = ConfigBuilder.values(toItems);
        final boolean toRequestUri = to.contains(REQUEST_URI);
        final PrefixTable prefixes = to.contains(PREFIXES) ? prefixes(bound, to, trunks) : null;
        if (!to.contains(PREFIXES) && bound.get(Keys.PREFIXES) != null) {
            reading.problem(ErrorCode.ROUTE_INCOMPLETE, bound.at(Keys.PREFIXES),
                    "'prefixes' goes with 'to: prefixes' only");
        }
        final Inside inside = inside(bound, to);
        if (inside != Inside.NOTHING) {
            checkInside(bound, inside, from, trunks);
        } else if (toRequestUri) {
            checkRequestUri(bound, to, within);
        } else {
            if (!within.isEmpty()) {
                reading.problem(ErrorCode.ROUTE_INCOMPLETE, bound.at(Keys.WITHIN),
                        "'within' goes with 'to: request-uri' only");
            }
            if (toItems != null && to.isEmpty()) {
                reading.problem(ErrorCode.ROUTE_INCOMPLETE, bound.at(Keys.TO),
                        "a route needs at least one trunk in 'to'");
            }
            if (!to.contains(PREFIXES)) {
                checkTargets(toItems, trunks);
            }
        }
        checkTargets(bound.get(Keys.THEN), trunks);
        checkWayOut(bound, from, trunks);
        final Bound match = bound.get(Keys.MATCH);
        final String given = bound.get(Keys.ROUTE_NAME);
        final String name = given == null ? makeUp(from, to, names) : given;
        return new Config.Route(name, ANY.equals(from) ? null : from, match == null ? null : match.get(Keys.MATCH_TO),
                match == null ? null : match.get(Keys.MATCH_FROM),
                match == null ? null : match.get(Keys.MATCH_METHOD), headers(bound, match),
                toRequestUri || inside != Inside.NOTHING ? List.of() : prefixes != null ? prefixes.trunks() : to,
                ConfigBuilder.values(bound.get(Keys.THEN)), within, builder.mode(bound, Keys.ROUTE_MODE),
                RuleKeys.headers(reading, bound.get(RuleKeys.ROUTE_HEADERS)),
                RuleKeys.numbers(bound.get(RuleKeys.ROUTE_NUMBER)), prefixes, when(bound), inside,
                bound.get(Keys.MAX_DURATION));
    }

    private Inside inside(final Bound bound, final List<String> to) {
        final Inside inside = to.contains(REGISTRAR) ? Inside.REGISTRAR
                : to.contains(LOCATION) ? Inside.LOCATION : Inside.NOTHING;
        if (inside != Inside.NOTHING && to.size() > 1) {
            reading.problem(ErrorCode.ROUTE_INCOMPLETE, bound.at(Keys.TO),
                    Scalars.word(inside) + " stands alone, not beside trunks");
        }
        return inside;
    }

    private void checkInside(final Bound bound, final Inside inside, final String from,
            final Map<String, Bound> trunks) {
        if (!ConfigBuilder.values(bound.get(Keys.WITHIN)).isEmpty()) {
            reading.problem(ErrorCode.ROUTE_INCOMPLETE, bound.at(Keys.WITHIN),
                    "'within' goes with 'to: request-uri' only");
        }
        final Mode mode = bound.get(Keys.ROUTE_MODE) == null ? builder.mode() : bound.get(Keys.ROUTE_MODE);
        final boolean through = inside == Inside.REGISTRAR && !ConfigBuilder.values(bound.get(Keys.THEN)).isEmpty();
        if ((inside == Inside.LOCATION || through) && mode == Mode.STATELESS) {
            reading.problem(ErrorCode.CONTRADICTION, bound.at(Keys.TO), "'to: " + Scalars.word(inside) + "'"
                    + (through ? " with 'then' has to wait for an answer" : " may ring several phones")
                    + ", which a stateless proxy cannot; 'mode: stateful' on this route sees to that");
        }
        if (inside == Inside.LOCATION) {
            return;
        }
        trunks.forEach((name, trunk) -> {
            if ((ANY.equals(from) || name.equals(from)) && trunk.get(Keys.ZONE) == Zone.PUBLIC
                    && !Boolean.TRUE.equals(trunk.get(Keys.ALLOW_UNAUTHENTICATED)) && !AuthKeys.isGiven(trunk)) {
                reading.problem(ErrorCode.UNAUTHENTICATED, bound.at(Keys.FROM), "trunk '" + name
                        + "' is public, and nobody there has shown who they are: anybody could take the calls of any"
                        + " user; 'require-auth' on trunk '" + name
                        + "' makes them, 'allow-unauthenticated: true' does without");
            }
        });
    }

    private List<HeaderMatch> headers(final Bound bound, final Bound match) {
        final List<HeaderMatch> headers = match == null ? List.of() : match.get(Keys.MATCH_HEADER);
        if (headers != null && !headers.isEmpty()) {
            checkState(bound, match.at(Keys.MATCH_HEADER), "header",
                    "requests of a call without that field would go another way");
        }
        return headers == null ? List.of() : headers;
    }

    /** What is not the same for all requests of a call does for routes only that know which belong together. */
    private void checkState(final Bound bound, final Node node, final String key, final String otherwise) {
        final Mode mode = bound.get(Keys.ROUTE_MODE) == null ? builder.mode() : bound.get(Keys.ROUTE_MODE);
        if (mode == Mode.STATELESS || !builder.recordRoute()) {
            reading.problem(ErrorCode.CONTRADICTION, node, mode == Mode.STATELESS
                    ? "'" + key + "' needs to know which requests belong together, which a stateless proxy does not"
                    : "'" + key + "' needs 'record-route', or " + otherwise);
        }
    }

    private TimeWindow when(final Bound bound) {
        final TimeWindow when = RuleKeys.when(bound.get(RuleKeys.WHEN));
        if (when != null) {
            checkState(bound, bound.at(RuleKeys.WHEN), "when",
                    "requests of a call would go another way once the time is over");
        }
        return when;
    }

    private PrefixTable prefixes(final Bound bound, final List<String> to, final Map<String, Bound> trunks) {
        if (to.size() > 1) {
            reading.problem(ErrorCode.ROUTE_INCOMPLETE, bound.at(Keys.TO), "prefixes stands alone, not beside trunks");
        }
        final Path file = bound.get(Keys.PREFIXES);
        if (file == null) {
            reading.problem(ErrorCode.ROUTE_INCOMPLETE, bound.at(Keys.TO),
                    "'to: prefixes' needs 'prefixes', the file with the table");
            return null;
        }
        final Node node = bound.at(Keys.PREFIXES);
        final String source = node.getStartMark().map(mark -> mark.getName()).orElse("");
        final Path path = Path.of(source).resolveSibling(file);
        if (!tables.containsKey(path)) {
            tables.put(path, new PrefixFile(reading, trunks).read(path, node));
        }
        return tables.get(path);
    }

    private void checkRequestUri(final Bound bound, final List<String> to, final List<Cidr> within) {
        if (to.size() > 1) {
            reading.problem(ErrorCode.ROUTE_INCOMPLETE, bound.at(Keys.TO),
                    "request-uri stands alone, not beside trunks");
        }
        if (within.isEmpty()) {
            reading.problem(ErrorCode.ROUTE_INCOMPLETE, bound.at(Keys.TO),
                    "'to: request-uri' needs 'within', the ranges"
                            + " it may relay to; without it Tandem would be an open relay");
        }
        if (!ConfigBuilder.values(bound.get(Keys.THEN)).isEmpty()) {
            reading.problem(ErrorCode.ROUTE_INCOMPLETE, bound.at(Keys.THEN),
                    "'then' does not go with 'to: request-uri'");
        }
    }

    /** Anybody who can reach a public trunk could call by this route at the expense of the house. */
    private void checkWayOut(final Bound bound, final String from, final Map<String, Bound> trunks) {
        final List<String> targets = new ArrayList<>(ConfigBuilder.values(bound.get(Keys.TO)));
        targets.addAll(ConfigBuilder.values(bound.get(Keys.THEN)));
        final String out = targets.stream().filter(name -> name.equals(REQUEST_URI) || name.equals(PREFIXES)
                || trunks.containsKey(name) && trunks.get(name).get(Keys.ZONE) == Zone.TRUNK).findFirst().orElse(null);
        trunks.forEach((name, trunk) -> {
            if (out != null && (ANY.equals(from) || name.equals(from)) && trunk.get(Keys.ZONE) == Zone.PUBLIC
                    && !Boolean.TRUE.equals(trunk.get(Keys.ALLOW_UNAUTHENTICATED)) && !AuthKeys.isGiven(trunk)) {
                reading.problem(ErrorCode.UNAUTHENTICATED, bound.at(Keys.FROM), "trunk '" + name
                        + "' is public, and nobody there has shown who they are: a route may lead to zone core only,"
                        + " not to '" + out + "'; 'require-auth' on trunk '" + name
                        + "' makes them, 'allow-unauthenticated: true' does without");
            }
        });
    }

    private void checkTargets(final List<Item<String>> targets, final Map<String, Bound> trunks) {
        final Set<String> seen = new LinkedHashSet<>();
        for (final Item<String> target : targets == null ? List.<Item<String>>of() : targets) {
            if (known(target.value(), target.node(), "route to", trunks)) {
                final List<Item<Peers.Spec>> peers = trunks.get(target.value()).get(Keys.PEERS);
                // The devices of GB/T 28181 are learnt as they register.
                if (peers != null && peers.isEmpty()
                        && trunks.get(target.value()).get(Keys.PROFILE) != Config.ProfileName.GB28181) {
                    reading.problem(ErrorCode.TRUNK_UNUSABLE, target.node(),
                            "trunk '" + target.value() + "' has no peers to send to");
                }
            }
            if (!seen.add(target.value())) {
                reading.problem(ErrorCode.CONTRADICTION, target.node(),
                        "trunk '" + target.value() + "' is listed twice");
            }
        }
    }

    private boolean known(final String name, final Node node, final String role, final Map<String, Bound> trunks) {
        if (trunks.containsKey(name)) {
            return true;
        }
        final String defined = trunks.isEmpty() ? "none" : String.join(", ", trunks.keySet());
        reading.problem(ErrorCode.UNKNOWN_TRUNK, node,
                role + " unknown trunk '" + name + "' (defined: " + defined + ")");
        return false;
    }

    private static String makeUp(final String from, final List<String> to, final Set<String> names) {
        final String base = from + "-to-" + String.join("+", to);
        String name = base;
        for (int i = 2; !names.add(name); i++) {
            name = base + "-" + i;
        }
        return name;
    }
}
