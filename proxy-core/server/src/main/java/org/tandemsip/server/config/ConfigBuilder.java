package org.tandemsip.server.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.snakeyaml.engine.v2.nodes.Node;
import org.tandemsip.codec.Limits;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.timer.Timing;
import org.tandemsip.server.dns.Names;
import org.tandemsip.server.tls.TlsSettings;
import org.tandemsip.server.transport.NetworkConfig.Streams;
import org.tandemsip.server.transport.Tls;

/** From typed values to the records: whatever takes more than one value to decide. */
final class ConfigBuilder {
    private final Reading reading;
    private final Bound top;

    ConfigBuilder(final Reading reading, final Bound top) {
        this.reading = reading;
        this.top = top;
    }

    /** The configuration; {@code null} when it holds mistakes, which are noted in the reading. */
    Config build(final String source) {
        final List<Config.Listen> listen = listen();
        final Mode mode = mode(top, Keys.MODE);
        final TrunkBuilder trunks = new TrunkBuilder(reading, top);
        final List<Config.Trunk> trunkList = trunks.build(top.get(Keys.TRUNKS));
        final List<Config.Route> routes = new RouteBuilder(reading, this).build(top);
        if (!reading.failed()) {
            checkStateless(mode, trunkList, routes);
            checkRecordRoute(trunkList);
            trunks.checkZones(listen);
            checkLogins(mode, trunkList, routes);
            CreditKeys.check(reading, top, mode, trunkList, routes);
        }
        final TlsSettings tls = new TlsBuilder(reading, top).build(listen, trunkList);
        final Config.Admin admin = admin();
        final Limits limits = limits();
        final Streams streams = streams();
        final Timing timing = timing();
        final Config.Media media = MediaKeys.media(reading, top);
        final Config.Registrar registrar = RegistrarKeys.registrar(reading, top);
        if (reading.failed()) {
            return null;
        }
        final Bound log = top.get(Keys.LOG);
        final Bound dns = top.get(Keys.DNS);
        return new Config(source, listen, values(top.get(Keys.PROXY_PROTOCOL)), mode, top.get(Keys.THREADING),
                top.get(Keys.LOOPS), trunkList, routes,
                orNone(top.get(Keys.TOTAL_CALLS)), orNone(top.get(Keys.CPS)), values(top.get(Keys.EMERGENCY_NUMBERS)),
                top.get(Keys.MAX_FORWARDS),
                top.get(Keys.RECORD_ROUTE), top.get(Keys.DRAIN), admin, limits,
                streams,
                top.get(Keys.LIMITS).get(LimitKeys.SOCKET_BUFFER), top.get(Keys.LIMITS).get(LimitKeys.RING_SIZE),
                top.get(Keys.LIMITS).get(LimitKeys.TRANSACTIONS), timing, registrar, media,
                Optional.ofNullable(top.get(Keys.STATE_DIR)),
                CreditKeys.credit(top), CdrKeys.cdr(top),
                new Config.Log(log.get(Keys.LOG_FORMAT), log.get(Keys.LOG_LEVEL),
                        Optional.ofNullable(log.get(Keys.LOG_FILE))),
                new Names.Settings(values(dns.get(Keys.DNS_SERVERS)), dns.get(Keys.DNS_TIMEOUT),
                        dns.get(Keys.DNS_STALE)),
                tls, new Tls.Limits(top.get(Keys.LIMITS).get(LimitKeys.HANDSHAKES),
                        millis(top.get(Keys.LIMITS), LimitKeys.HANDSHAKE)),
                Effective.of(top));
    }

    /** A number that need not be given, 0 then. */
    static int orNone(final Integer value) {
        return value == null ? 0 : value;
    }

    /** Sees that trunks which need to know of their calls are in no stateless route. */
    private void checkStateless(final Mode mode, final List<Config.Trunk> trunks, final List<Config.Route> routes) {
        if (top.get(Keys.TOTAL_CALLS) != null) {
            routes.stream().filter(route -> (route.mode() == null ? mode : route.mode()) == Mode.STATELESS)
                    .filter(route -> route.inside() != Route.Inside.REGISTRAR).findFirst()
                    .ifPresent(route -> reading.problem(ErrorCode.CONTRADICTION, top.at(Keys.TOTAL_CALLS),
                            "'max-calls' needs to know of calls, which a stateless proxy does not; route '"
                                    + route.name() + "' is stateless"));
        }
        for (final Config.Trunk trunk : trunks) {
            final Optional<Config.Route> stateless = routes.stream()
                    .filter(route -> (route.mode() == null ? mode : route.mode()) == Mode.STATELESS)
                    .filter(route -> route.from() == null || route.from().equals(trunk.name())
                            || route.to().contains(trunk.name()) || route.then().contains(trunk.name()))
                    .findFirst();
            final Key<?> key = needingCalls(trunk);
            if (stateless.isPresent() && key != null) {
                reading.problem(ErrorCode.CONTRADICTION, top.get(Keys.TRUNKS).get(trunk.name()).at(key),
                        "'" + key.name() + "' of trunk '" + trunk.name() + "' needs to know of calls, which a stateless"
                                + " proxy does not; route '" + stateless.get().name() + "' is stateless");
            }
        }
    }

    /** Sees that challenges of a trunk can be answered where it is sent to. */
    private void checkLogins(final Mode mode, final List<Config.Trunk> trunks, final List<Config.Route> routes) {
        for (final Config.Trunk trunk : trunks) {
            if (trunk.account().login() != null) {
                routes.stream().filter(route -> (route.mode() == null ? mode : route.mode()) == Mode.STATELESS)
                        .filter(route -> route.to().contains(trunk.name()) || route.then().contains(trunk.name()))
                        .findFirst()
                        .ifPresent(route -> reading.problem(ErrorCode.CONTRADICTION,
                                top.get(Keys.TRUNKS).get(trunk.name()).at(AccountKeys.AUTH),
                                "'auth' of trunk '" + trunk.name() + "' needs to know what a challenge is for, which a"
                                        + " stateless proxy does not; route '" + route.name() + "' is stateless"));
            }
        }
    }

    /** Sees that the BYE comes this way too where calls are counted (RFC 3261 section 16.6 step 4). */
    private void checkRecordRoute(final List<Config.Trunk> trunks) {
        if (top.get(Keys.RECORD_ROUTE)) {
            return;
        }
        if (top.get(Keys.TOTAL_CALLS) != null) {
            reading.problem(ErrorCode.CONTRADICTION, top.at(Keys.TOTAL_CALLS),
                    "'max-calls' needs to see calls end, and without 'record-route' their BYE does not come this way");
        }
        for (final Config.Trunk trunk : trunks) {
            final Key<?> key = needingCalls(trunk);
            if (key != null) {
                reading.problem(ErrorCode.CONTRADICTION, top.get(Keys.TRUNKS).get(trunk.name()).at(key),
                        "'" + key.name() + "' of trunk '" + trunk.name() + "' needs to see calls end, and without"
                                + " 'record-route' their BYE does not come this way");
            }
        }
    }

    /** What is said of a trunk that needs to know of its calls; {@code null} when nothing is. */
    private static Key<?> needingCalls(final Config.Trunk trunk) {
        return trunk.maxCalls() > 0 ? Keys.MAX_CALLS : trunk.balance().worksWithoutState() ? null : Keys.BALANCE;
    }

    /** The values of a list; empty when it is wrong. */
    static <T> List<T> values(final List<Item<T>> items) {
        return items == null ? List.of() : items.stream().map(Item::value).toList();
    }

    private List<Config.Listen> listen() {
        final List<Item<Config.Listen>> items = top.get(Keys.LISTEN);
        if (items == null) {
            return List.of();
        }
        final List<Config.Listen> seen = new ArrayList<>();
        for (final Item<Config.Listen> item : items) {
            if (item.value().port() != 0 && seen.stream().anyMatch(other -> sameSocket(other, item.value()))) {
                reading.problem(ErrorCode.CONTRADICTION, item.node(), "'" + item.value() + "' is listed twice");
            }
            seen.add(item.value());
        }
        if (seen.isEmpty()) {
            reading.problem(ErrorCode.OUT_OF_RANGE, top.at(Keys.LISTEN), "at least one address to listen on is needed");
        }
        return List.copyOf(seen);
    }

    private static boolean sameSocket(final Config.Listen a, final Config.Listen b) {
        return a.transport() == b.transport() && a.addressHigh() == b.addressHigh()
                && a.addressLow() == b.addressLow() && a.port() == b.port();
    }

    /** Mode of routes that name none; {@code null} when it is wrong. */
    Mode mode() {
        return top.get(Keys.MODE);
    }

    /** Whether dialogs stay on this path. */
    boolean recordRoute() {
        return !Boolean.FALSE.equals(top.get(Keys.RECORD_ROUTE));
    }

    /** The mode under a key, checked against what this build can do. */
    Mode mode(final Bound bound, final Key<Mode> key) {
        final Mode mode = bound.get(key);
        if (mode != null && !Modes.available(mode)) {
            reading.problem(ErrorCode.NO_SUCH_MODE, bound.at(key), "this build has no mode '" + Scalars.word(mode)
                    + "'; it has stateless and stateful");
        }
        return mode;
    }

    private Config.Admin admin() {
        final Bound bound = top.get(Keys.ADMIN);
        if (bound == null) {
            return null;
        }
        final Config.HttpAddress listen = bound.get(Keys.ADMIN_LISTEN);
        final String token = bound.get(Keys.TOKEN);
        final Node tokenNode = bound.nodeOf(Keys.TOKEN);
        // From the environment a token is as good as from ${env:NAME}; anywhere else it would stand in plain sight.
        if (token != null && tokenNode instanceof final org.snakeyaml.engine.v2.nodes.ScalarNode scalar
                && !References.isReference(scalar.getValue())
                && !scalar.getStartMark().map(mark -> mark.getName().startsWith("TANDEM_")).orElse(false)) {
            reading.problem(ErrorCode.LITERAL_SECRET, tokenNode,
                    "a secret must not stand here itself; write ${env:NAME} or ${file:PATH}");
        }
        if (listen != null && !listen.loopback() && tokenNode == null) {
            reading.problem(ErrorCode.TOKEN_NEEDED, bound.at(Keys.ADMIN_LISTEN), "'" + listen
                    + "' can be reached from other machines; set admin.token as well, or listen on 127.0.0.1");
        }
        final Optional<Path> socket = Optional.ofNullable(bound.get(Keys.SOCKET));
        if (socket.isPresent() && socket.get().toString().length() > 100) {
            reading.problem(ErrorCode.OUT_OF_RANGE, bound.at(Keys.SOCKET),
                    "the path of a unix socket can have 100 characters at most");
        }
        return new Config.Admin(Optional.ofNullable(listen), Optional.ofNullable(token), socket);
    }

    private Limits limits() {
        final Bound bound = top.get(Keys.LIMITS);
        if (bound == null || reading.failed()) {
            return null;
        }
        final int message = bound.get(LimitKeys.MESSAGE);
        final int headers = bound.get(LimitKeys.HEADERS);
        boolean fit = noMore(bound, LimitKeys.HEADER, bound.get(LimitKeys.HEADER), "headers", headers);
        fit &= noMore(bound, LimitKeys.HEADERS, headers, "message", message);
        fit &= noMore(bound, LimitKeys.BODY, bound.get(LimitKeys.BODY), "message", message);
        return !fit ? null
                : new Limits(message, headers, bound.get(LimitKeys.HEADER), bound.get(LimitKeys.HEADER_ROWS),
                        bound.get(LimitKeys.BODY), bound.get(LimitKeys.URI), bound.get(LimitKeys.METHOD),
                        bound.get(LimitKeys.TOKEN), bound.get(LimitKeys.VIAS), bound.get(LimitKeys.ROUTE_VALUES));
    }

    private boolean noMore(final Bound bound, final Key<Integer> key, final int value, final String outer,
            final int outerValue) {
        if (value > outerValue) {
            reading.problem(ErrorCode.CONTRADICTION, bound.at(key),
                    "limits." + key.name() + " is larger than limits." + outer + " (" + outerValue + " bytes)");
            return false;
        }
        return true;
    }

    private Streams streams() {
        final Bound bound = top.get(Keys.LIMITS);
        if (bound == null || reading.failed()) {
            return null;
        }
        if (Integer.bitCount(bound.get(LimitKeys.RING_SIZE)) != 1) {
            reading.problem(ErrorCode.BAD_VALUE, bound.at(LimitKeys.RING_SIZE),
                    "limits.ring-size must be a power of two: 1024, 2048, 4096 and so on");
        }
        final int hard = bound.get(LimitKeys.WRITE_QUEUE);
        if (!noMore(bound, LimitKeys.WRITE_HIGH, bound.get(LimitKeys.WRITE_HIGH), "write-queue", hard)) {
            return null;
        }
        return new Streams(bound.get(LimitKeys.CONNECTIONS), bound.get(LimitKeys.PER_ADDRESS),
                millis(bound, LimitKeys.CONNECT), millis(bound, LimitKeys.SLOW_MESSAGE),
                millis(bound, LimitKeys.IDLE_TRUNK), millis(bound, LimitKeys.IDLE), bound.get(LimitKeys.WRITE_HIGH),
                hard, bound.get(LimitKeys.CONNECT_QUEUE));
    }

    private static int millis(final Bound bound, final Key<Long> key) {
        return Math.toIntExact(bound.get(key) / 1_000_000);
    }

    private Timing timing() {
        final Bound bound = top.get(Keys.TIMERS);
        if (bound == null || reading.failed()) {
            return null;
        }
        final long t1 = bound.get(Keys.T1);
        if (bound.get(Keys.T2) < t1) {
            reading.problem(ErrorCode.CONTRADICTION, bound.at(Keys.T2), "timers.t2 is shorter than timers.t1");
        }
        return new Timing(t1, bound.get(Keys.T2), bound.get(Keys.T4), bound.get(Keys.TIMER_C),
                bound.get(Keys.LOST_CALL));
    }
}
