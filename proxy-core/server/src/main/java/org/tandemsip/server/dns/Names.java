package org.tandemsip.server.dns;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Finds the servers of domains (RFC 3263). Any thread may ask; nobody is kept waiting. Its own thread, sockets and
 * cache come into being with the first question, since most configurations hold no names.
 */
public final class Names implements AutoCloseable {
    /** A location takes three rounds of questions at most, aliases aside: NAPTR, SRV, addresses. */
    private static final int MAX_ROUNDS = 3;
    /** How long an entry of the hosts file is believed without looking whether it has changed. */
    private static final long HOSTS_NS = TimeUnit.SECONDS.toNanos(10);

    private final Settings settings;
    private final SystemNames system;
    private final DnsCounters counters = new DnsCounters();
    private EventLoopGroup group;
    private volatile EventLoop loop;
    private boolean closed;

    // Resolver thread only.
    private DnsServers servers;
    private AnswerCache cache;

    /**
     * How to ask.
     *
     * @param servers   DNS servers; empty for those of {@code /etc/resolv.conf}
     * @param timeoutNs how long one question may take
     * @param staleNs   how long answers outlive their time while nobody answers
     */
    public record Settings(List<InetSocketAddress> servers, long timeoutNs, long staleNs) {
        /** The servers of this system, 2 s, 1 h. */
        public static final Settings DEFAULTS =
                new Settings(List.of(), TimeUnit.SECONDS.toNanos(2), TimeUnit.HOURS.toNanos(1));
    }

    /** Asks by {@code settings}; opens nothing yet. */
    public Names(final Settings settings) {
        this(settings, new SystemNames(Path.of("/etc/resolv.conf"), Path.of("/etc/hosts")));
    }

    Names(final Settings settings, final SystemNames system) {
        this.settings = settings;
        this.system = system;
    }

    /** What has been asked so far. */
    public DnsCounters counters() {
        return counters;
    }

    /** How long answers outlive their time while nobody answers, in nanoseconds. */
    public long staleNs() {
        return settings.staleNs();
    }

    /** Now, on the clock of {@link Located#expiresNs}. */
    public long nowNs() {
        return System.nanoTime();
    }

    /**
     * Finds the servers of a domain.
     *
     * @param reach   what this server can send with; decides what is asked
     * @param located called once on the resolver's thread, within a bounded time
     */
    public void locate(final Domain domain, final Reach reach, final Consumer<Located> located) {
        locate(domain, reach, false, located);
    }

    /**
     * Finds the servers of a domain that a message names, as {@link #locate} does; but however many of them there are,
     * there is room left to ask for those of the configuration.
     */
    public void locateStranger(final Domain domain, final Reach reach, final Consumer<Located> located) {
        locate(domain, reach, true, located);
    }

    private void locate(final Domain domain, final Reach reach, final boolean stranger,
            final Consumer<Located> located) {
        final EventLoop resolver = loop();
        if (resolver == null) {
            located.accept(new Located(domain, Answer.Kind.FAILED, List.of(), nowNs(), false, false, List.of()));
            return;
        }
        resolver.execute(() -> new Search(domain, reach, stranger, located).begin());
    }

    /** Runs a task on the resolver's thread after a while; not at all once this is closed. */
    public void later(final Runnable task, final long delayNs) {
        final EventLoop resolver = loop();
        if (resolver != null) {
            resolver.schedule(task, delayNs, TimeUnit.NANOSECONDS);
        }
    }

    private synchronized EventLoop loop() {
        if (closed) {
            return null;
        }
        if (loop == null) {
            group = new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("tandem-dns", true),
                    NioIoHandler.newFactory());
            loop = group.next();
        }
        return loop;
    }

    private List<InetSocketAddress> servers() {
        return settings.servers().isEmpty() ? system.servers() : settings.servers();
    }

    /** Asks for one answer: from the hosts file, from memory, or of a server. */
    private void ask(final Question question, final boolean stranger, final Consumer<Answer> answered) {
        if (question.type() == RecordType.A || question.type() == RecordType.AAAA) {
            if (system.knows(question.name())) {
                final List<Rdata> addresses = system.addresses(question.name(), question.type());
                answered.accept(new Answer(addresses.isEmpty() ? Answer.Kind.NONE : Answer.Kind.FOUND, addresses,
                        nowNs() + HOSTS_NS, false, "hosts file"));
                return;
            }
        }
        if (cache == null) {
            servers = new DnsServers(loop, this::servers, settings.timeoutNs());
            cache = new AnswerCache(servers, System::nanoTime, settings.staleNs(), counters);
        }
        cache.ask(question, stranger, answered);
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (group != null) {
            group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(3, TimeUnit.SECONDS);
        }
    }

    /** One domain being looked for: rounds of questions until the procedure has what it needs. */
    private final class Search {
        private final Domain asked;
        private final Reach reach;
        private final boolean stranger;
        private final Consumer<Located> located;
        private final Map<Question, Answer> answers = new LinkedHashMap<>();
        private final List<Domain> candidates = new ArrayList<>();
        private ScheduledFuture<?> patience;
        private boolean fromHostsFile;
        private boolean plain;
        private boolean done;

        Search(final Domain domain, final Reach reach, final boolean stranger, final Consumer<Located> located) {
            this.asked = domain;
            this.reach = reach;
            this.stranger = stranger;
            this.located = located;
        }

        void begin() {
            system.refresh();
            // One more than there are, or the last one could never fall back on an answer from before.
            patience = loop.schedule(this::giveUp, (MAX_ROUNDS + 1) * settings.timeoutNs(), TimeUnit.NANOSECONDS);
            // Names of one label belong to this machine or its search domains: no service is announced under them.
            final boolean single = asked.host().indexOf('.') < 0;
            fromHostsFile = system.knows(asked.host());
            plain = single || fromHostsFile;
            if (single && !fromHostsFile) {
                system.search().forEach(domain -> candidates.add(new Domain(asked.host() + '.' + domain, asked.port(),
                        asked.transport(), asked.secure())));
            }
            candidates.add(asked);
            advance();
        }

        private void advance() {
            if (done) {
                return;
            }
            final ServerLocation.Outcome outcome =
                    ServerLocation.locate(candidates.getFirst(), plain, reach, answers::get);
            if (outcome.open().isEmpty()) {
                if (outcome.kind() == Answer.Kind.NONE && candidates.size() > 1) {
                    candidates.removeFirst();
                    advance();
                } else {
                    finish(outcome.kind(), outcome.hops());
                }
                return;
            }
            final int[] missing = {outcome.open().size()};
            for (final Question question : outcome.open()) {
                ask(question, stranger, answer -> {
                    answers.put(question, answer);
                    if (--missing[0] == 0) {
                        advance();
                    }
                });
            }
        }

        private void giveUp() {
            if (!done) {
                finish(Answer.Kind.FAILED, List.of());
            }
        }

        private void finish(final Answer.Kind kind, final List<Hop> hops) {
            done = true;
            patience.cancel(false);
            final List<Located.Step> steps = answers.entrySet().stream()
                    .map(entry -> new Located.Step(entry.getKey(), entry.getValue())).toList();
            final long nowNs = nowNs();
            final long leftNs = answers.values().stream().mapToLong(answer -> answer.expiresNs() - nowNs).min()
                    .orElse(0);
            located.accept(new Located(asked, kind, hops, nowNs + Math.max(0, leftNs),
                    answers.values().stream().anyMatch(Answer::stale), fromHostsFile, steps));
        }
    }
}
