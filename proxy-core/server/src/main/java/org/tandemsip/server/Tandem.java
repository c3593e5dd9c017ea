package org.tandemsip.server;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLException;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.server.admin.AdminServer;
import org.tandemsip.server.admin.Control;
import org.tandemsip.server.admin.LiveCalls;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.config.ConfigException;
import org.tandemsip.server.config.Modes;
import org.tandemsip.server.dns.Names;
import org.tandemsip.server.dns.Reach;
import org.tandemsip.server.records.CallHistory;
import org.tandemsip.server.records.CallStore;
import org.tandemsip.server.transport.Network;
import org.tandemsip.server.transport.SourceFilter;
import org.tandemsip.server.transport.Tls;

/**
 * A running server: configuration, routing policy, network and admin API, started and stopped as one. The {@code run}
 * verb wraps it in a process; tests and the demo start it inside their own.
 *
 * <pre>
 *   Config ──► Policies ──► RoutingPolicy ──► Network ──► shards (ShardCommand.Configure)
 *     ▲                          ▲
 *     │ reload                   │ mode
 *   AdminServer ─────────────────┘
 * </pre>
 */
public final class Tandem implements Control, AutoCloseable {
    /** How often it is looked whether anything is still under way. */
    private static final long IDLE_LOOK_NS = TimeUnit.MILLISECONDS.toNanos(20);

    /** Where a reload gets the configuration from. */
    public interface Source {
        /** Reads the configuration again. */
        Config read() throws ConfigException;

        /** Reads a text as if it were the file. */
        Config read(String text) throws ConfigException;
    }

    private final ShardContext.Keys keys;
    private final States states;
    private final Optional<Source> source;
    private final long startedEpochMs = System.currentTimeMillis();
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final Names names;
    private final Tls tls;
    private final Reach reach;
    private final PeerNames peerNames;
    private final WireNames wireNames;
    private final ShardMail mail;
    private final KeptCalls keptCalls;
    private final ProxyFactory proxies;
    private Network network;
    private LiveCalls calls;
    private AdminServer admin;
    private PeerMonitor peers;
    private volatile Config config;
    /** What {@link #config} is with the addresses that its names have now. */
    private volatile Config resolved;
    private volatile RoutingPolicy policy;
    private volatile ReloadState reloads = new ReloadState(true, startedEpochMs, 0, 0);
    private volatile boolean ready;
    private boolean closed;

    private Tandem(final Config config, final Optional<Source> source) throws StartException {
        this.config = config;
        this.source = source;
        try {
            keys = TokenKey.load(config, System::getenv);
        } catch (final IOException e) {
            throw new StartException(StartException.Reason.NOT_PERMITTED, "state-dir: " + e.getMessage(), e);
        }
        states = new States(keys);
        names = new Names(config.dns());
        mail = new ShardMail(names);
        try {
            keptCalls = new KeptCalls(config);
            proxies = new ProxyFactory(config, keptCalls, mail);
        } catch (final IOException e) {
            names.close();
            throw new StartException(StartException.Reason.NOT_PERMITTED, "cdr.file: " + e.getMessage(), e);
        }
        reach = PeerNames.reach(config);
        peerNames = new PeerNames(names, reach, () -> Thread.ofVirtual().name("tandem-names").start(this::readdress));
        wireNames = new WireNames(names, reach, () -> policy, host -> tls().identity("", host), mail);
        peerNames.watch(config, config.dns().timeoutNs());
        resolved = peerNames.resolve(config);
        try {
            tls = new Tls(config.tls(), config.tlsLimits(), new LogTlsReports());
        } catch (final SSLException e) {
            names.close();
            throw new StartException(StartException.Reason.NOT_PERMITTED, "tls: " + e.getMessage(), e);
        }
        policy = Policies.of(resolved, keys, states, tls);
        Policies.limitRates(resolved, states);
        states.keepUsers(config);
    }

    /**
     * Starts a server that cannot be reloaded.
     *
     * @throws StartException an address cannot be bound, or the state folder not be used
     */
    public static Tandem start(final Config config) throws StartException {
        return start(config, Optional.empty());
    }

    /**
     * Starts a server.
     *
     * @param source where reloads get the configuration from
     * @throws StartException an address cannot be bound, or the state folder not be used
     */
    public static Tandem start(final Config config, final Optional<Source> source) throws StartException {
        final Tandem tandem = new Tandem(config, source);
        try {
            tandem.network = Network.start(Networks.of(config, tandem.keys), tandem.proxies, tandem.policy,
                    filter(tandem.policy, config), new LogReports(), tandem.wireNames, tandem.tls);
            tandem.mail.to(tandem.network);
            tandem.wireNames.answer(tandem.network);
            tandem.keptCalls.started();
            tandem.calls = tandem.proxies.calls(tandem.network);
            tandem.peers = new PeerMonitor(tandem::policy, tandem.network, tandem.keys, tandem.states.clock());
            tandem.admin = AdminServer.start(config.admin(), tandem);
        } catch (final BindException e) {
            tandem.names.close();
            tandem.states.close();
            throw StartException.bind(e);
        } catch (final IOException e) {
            if (tandem.peers != null) {
                tandem.peers.close();
            }
            tandem.network.close();
            tandem.names.close();
            tandem.states.close();
            throw StartException.bind(e);
        }
        tandem.ready = true;
        tandem.readdress();
        StartLog.write(config, tandem.tls, tandem.policy, tandem.network, tandem.addresses(), tandem.adminSocket());
        tandem.warn();
        return tandem;
    }

    private Tls tls() {
        return tls;
    }

    private void warn() {
        config.warnings(Instant.now()).forEach(warning -> EventLog.warn("config", "msg", warning));
    }

    private static SourceFilter filter(final RoutingPolicy policy, final Config config) {
        return new PolicyFilter(policy, config.balancers());
    }

    /** Local addresses for SIP as {@code udp://127.0.0.1:5060}, with the ports that were really bound. */
    public List<String> addresses() {
        return network.listenPoints().stream()
                .map(point -> new Config.Listen(point.transport(), point.addressHigh(), point.addressLow(),
                        point.port(), null, null).toString())
                .toList();
    }

    /** Port of the first listen point of a transport, or -1. */
    public int port(final Transport transport) {
        return network.listenPoints().stream().filter(point -> point.transport() == transport)
                .mapToInt(ListenPoint::port).findFirst().orElse(-1);
    }

    /** Address of the admin API over HTTP, if it has one. */
    public Optional<InetSocketAddress> adminAddress() {
        return admin.address();
    }

    /** Unix socket of the admin API, if it has one. */
    public Optional<Path> adminSocket() {
        return admin.socket();
    }

    /** Mode of new requests. */
    public Mode mode() {
        return policy.mode();
    }

    /** Switches the mode of new requests. */
    public void mode(final Mode mode) throws Refused {
        mode(mode, null);
    }

    @Override
    public synchronized void mode(final Mode mode, final String route) throws Refused {
        if (!Modes.available(mode)) {
            throw new Refused("this build has no mode '" + word(mode) + "'; it has stateless and stateful");
        }
        final RoutingPolicy next = route == null ? policy.withMode(mode) : Policies.withMode(policy, route, mode);
        if (next == null) {
            throw new Refused("there is no route '" + route + "'; there are: "
                    + String.join(", ", policy.routes().stream().map(each -> each.name()).toList()));
        }
        final String conflict = next.statelessConflict();
        if (conflict != null) {
            throw new Refused(conflict);
        }
        final Mode before = policy.mode();
        configure(next, config);
        EventLog.info("mode", "from", word(before), "to", word(mode), "route", route == null ? "all" : route);
    }

    /** Routes by the addresses that the names of peers have now. What is under way keeps the ones it has. */
    private synchronized void readdress() {
        final Config next = peerNames.resolve(config);
        if (!ready || closed || next.trunks().equals(resolved.trunks())) {
            return;
        }
        try {
            configure(Policies.withModesOf(policy, Policies.of(next, keys, states, tls)), config);
            resolved = next;
        } catch (final Refused e) {
            EventLog.warn("dns", "msg", "new addresses are not in force: " + e.getMessage());
            names.later(() -> Thread.ofVirtual().start(this::readdress), ShardOrders.TIMEOUT_NS);
        }
    }

    private void configure(final RoutingPolicy next, final Config from) throws Refused {
        keptCalls.prepare(next, network, proxies.modes());
        ShardOrders.configure(network, next, filter(next, from), policy, filter(policy, config));
        // Only now: who sees it may count on every shard routing by it.
        policy = next;
    }

    @Override
    public synchronized ReloadResult reload() throws ConfigException, Refused {
        try {
            final ReloadResult result = takeOver(read());
            count(result.applied());
            EventLog.info("reload", "result", result.applied() ? "applied" : "refused", "changed",
                    String.join(",", result.changed()), "needs_restart", String.join(",", result.needsRestart()));
            return result;
        } catch (final ConfigException e) {
            count(false);
            EventLog.error("reload", "result", "refused", "errors", e.problems().size(), "first",
                    e.problems().getFirst().render().lines().findFirst().orElse(""));
            throw e;
        } catch (final Refused e) {
            count(false);
            EventLog.error("reload", "result", "refused", "reason", e.getMessage());
            throw e;
        }
    }

    private Config read() throws ConfigException, Refused {
        if (source.isEmpty()) {
            throw new Refused("this server was started without a configuration file");
        }
        return source.get().read();
    }

    @Override
    public synchronized ReloadResult compare() throws ConfigException, Refused {
        return Changes.between(config, read(), policy.mode());
    }

    private ReloadResult takeOver(final Config next) throws Refused {
        final ReloadResult result = Changes.between(config, next, policy.mode());
        if (!result.applied()) {
            return result;
        }
        peerNames.watch(next, next.dns().timeoutNs());
        final Config nextResolved = peerNames.resolve(next);
        final RoutingPolicy nextPolicy = Policies.of(nextResolved, keys, states, tls)
                .withDrain(policy.drainSeconds());
        if (!config.log().equals(next.log())) {
            try {
                LogSetup.apply(next.log());
            } catch (final IOException e) {
                throw new Refused("log.file: " + e.getMessage());
            }
        }
        try {
            states.keepUsers(next);
            tls.configure(next.tls());
        } catch (final StartException e) {
            throw new Refused(e.getMessage());
        } catch (final SSLException e) {
            throw new Refused("tls: " + e.getMessage());
        }
        try {
            configure(nextPolicy, next);
        } catch (final Refused e) {
            restore();
            throw e;
        }
        Policies.limitRates(next, states);
        config = next;
        warn();
        resolved = nextResolved;
        peerNames.retain(next);
        return result;
    }

    /** Gives certificates and log back what they had: a reload is taken over whole or not at all. */
    private void restore() {
        try {
            tls.configure(config.tls());
            LogSetup.apply(config.log());
        } catch (final IOException e) {
            EventLog.error("reload", "msg", "what was in force cannot be put back", "cause", e.getMessage());
        }
    }

    private void count(final boolean applied) {
        final ReloadState before = reloads;
        reloads = applied
                ? new ReloadState(true, System.currentTimeMillis(), before.succeeded() + 1, before.failed())
                : new ReloadState(false, before.successEpochMs(), before.succeeded(), before.failed() + 1);
    }

    @Override
    public void drain(final int seconds) throws Refused {
        drainUntil(seconds, System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds), false);
    }

    private synchronized void drainUntil(final int seconds, final long deadlineNs, final boolean whenIdle)
            throws Refused {
        if (closed || !ready) {
            throw new Refused("the server is draining or stopping already");
        }
        configure(policy.withDrain(seconds), config);
        ready = false;
        peers.leave();
        EventLog.info("drain", "deadline_seconds", seconds);
        final Thread end = new Thread(() -> {
            while (deadlineNs - System.nanoTime() > 0 && !(whenIdle && network.live() == 0)) {
                LockSupport.parkNanos(Math.min(IDLE_LOOK_NS, Math.max(1, deadlineNs - System.nanoTime())));
            }
            stop();
        }, "drain");
        end.setDaemon(true);
        end.start();
    }

    /**
     * Ends as a signal asks for: takes nothing new, and stops when nothing is under way any more or the time for that
     * is over. Stops now when it drains or stops already. Returns at once.
     */
    public void end() {
        final long deadlineNs = System.nanoTime() + config.drainNs();
        try {
            // A Retry-After in whole seconds, and nothing new from the time on when this process is gone.
            drainUntil(Math.max(1, (int) TimeUnit.NANOSECONDS.toSeconds(config.drainNs())), deadlineNs, true);
        } catch (final Refused e) {
            stop();
        }
    }

    @Override
    public void peers(final String trunkName, final String peerName, final PeerState.Order order) throws Refused {
        if (!peers.order(trunkName, peerName, order)) {
            throw new Refused("there is no trunk '" + trunkName + "'"
                    + (peerName == null ? " with peers" : " with a peer '" + peerName + "'"));
        }
        if (order != null) {
            EventLog.info("peers", "trunk", trunkName, "peer", peerName == null ? "all" : peerName, "order", order);
        }
    }

    @Override
    public void validate(final String text) throws ConfigException {
        if (source.isPresent()) {
            source.get().read(text);
        }
    }

    @Override
    public void stop() {
        ready = false;
        stopping.countDown();
    }

    /** Waits until somebody asks for the stop. */
    public void awaitStop() throws InterruptedException {
        stopping.await();
    }

    /** Stops: sends what is queued, closes all sockets, ends all threads. Calling it again does nothing. */
    @Override
    public synchronized void close() {
        stop();
        if (closed) {
            return;
        }
        closed = true;
        admin.close();
        peers.close();
        calls.close();
        network.close();
        states.close();
        proxies.close();
        keptCalls.close();
        names.close();
        tls.close();
        EventLog.info("stop", "uptime_seconds", (System.currentTimeMillis() - startedEpochMs) / 1_000);
    }

    @Override
    public Config config() {
        return config;
    }

    @Override
    public RoutingPolicy policy() {
        return policy;
    }

    @Override
    public Network network() {
        return network;
    }

    @Override
    public ShardContext trial() {
        return Trials.context(network, config.limits(), keys, policy);
    }

    @Override
    public CallStore records() {
        return keptCalls.store();
    }

    @Override
    public CallHistory history() {
        return keptCalls.history();
    }

    @Override
    public LiveCalls calls() {
        return calls;
    }

    @Override
    public Names names() {
        return names;
    }

    @Override
    public Reach reach() {
        return reach;
    }

    @Override
    public long startedEpochMs() {
        return startedEpochMs;
    }

    @Override
    public boolean ready() {
        return ready;
    }

    @Override
    public ReloadState lastReload() {
        return reloads;
    }

    private static String word(final Mode mode) {
        return mode.name().toLowerCase(Locale.ROOT);
    }
}
