package org.tandemsip.perf.compare;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.tandemsip.perf.load.Probe;
import org.tandemsip.server.admin.Json;
import org.tandemsip.server.cli.ExitCode;

/**
 * The bench that servers are put on: a folder, ports of 127.0.0.1, and a core for each side. Servers that run one after
 * the other share a place; {@link #nextPlace} makes room for one that runs beside those before.
 */
final class Lab implements AutoCloseable {
    /** What is said at the end of a comparison that had to do without it. */
    static final String NO_KAMAILIO = "tandem: there was nothing to compare with: Kamailio is not installed (Debian"
            + " package kamailio)";

    private static final List<String> OPENSIPS_MODULES = List.of("lib64/opensips/modules",
            "lib/x86_64-linux-gnu/opensips/modules", "lib/aarch64-linux-gnu/opensips/modules", "lib/opensips/modules");

    private static final int CALLER_PORT = 5_461;
    private static final int ANSWERER_PORT = 5_462;

    private static final int FIRST_TARGET_PORT = 5_460;

    private static final int PORTS_PER_PLACE = 10;
    private static final long START_TIMEOUT_NS = 60_000_000_000L;
    private static final long BENCH_MARGIN_SECONDS = 120;
    private static final long SETTLE_MS = 300;
    /** First part of a measured run whose latencies are left out. */
    private static final int GENERATOR_SECONDS = 3;

    private final Path directory;
    private final boolean pinned;
    private int place;

    Lab() throws IOException {
        directory = Files.createTempDirectory("tandem-compare");
        pinned = Runtime.getRuntime().availableProcessors() > 1 && found("taskset");
    }

    /** Makes room for a server that runs beside those started so far. */
    void nextPlace() {
        place++;
    }

    /** Where the server of this place listens, UDP. */
    InetSocketAddress target() {
        return new InetSocketAddress("127.0.0.1", FIRST_TARGET_PORT + PORTS_PER_PLACE * place);
    }

    private Path folder() throws IOException {
        return Files.createDirectories(directory.resolve("place-" + place));
    }

    /** Whether each side has a core of its own. */
    boolean pinned() {
        return pinned;
    }

    /** Whether a program is on the path. */
    static boolean found(final String program) {
        return find(program).isPresent();
    }

    private static Optional<Path> find(final String program) {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(":")).map(each -> Path.of(each, program))
                .filter(Files::isExecutable).findFirst();
    }

    /** What a program says its version is, in its first line. */
    String versionOf(final String program, final String option) throws IOException, InterruptedException {
        try (Child child = new Child(List.of(program, option), -1, log("version"))) {
            child.await(START_TIMEOUT_NS / 1_000_000_000L);
            return child.output().lines().findFirst().orElse("").replaceFirst("^version: ", "").strip();
        }
    }

    /** Starts Tandem in a mode and waits until it answers. */
    Server tandem(final String mode, final Predicate<String> keepFlag, final List<String> flags) throws IOException {
        return tandem(config(mode), keepFlag, flags);
    }

    /** As above, where the calls of {@link #benchTogether} come from a trunk each. */
    Server tandemOfTrunks(final String mode) throws IOException {
        final Path config = config(mode);
        return tandem(Files.writeString(config, Files.readString(config)
                .replaceFirst("trunks: .*", "trunks: {one: {allow: [127.0.0.2]}, other: {allow: [127.0.0.3]},"
                        + " agents: {allow: [127.0.0.1], zone: core}}")
                .replaceFirst("routes: \\[(.*)agents(.*)]", "routes: [$1one$2, $1other$2, $1agents$2]")),
                _ -> true, List.of());
    }

    private Server tandem(final Path config, final Predicate<String> keepFlag, final List<String> flags)
            throws IOException {
        return started(new Child(Child.tandem(keepFlag, flags, List.of("run", "-c", config.toString())), core(0),
                log("server-" + place)));
    }

    /**
     * Configuration of Tandem that relays by Request-URI and leaves identities alone, as the peers' do, and stops at
     * once; everything else is the default.
     */
    Path config(final String mode) throws IOException {
        return Files.writeString(folder().resolve("tandem.yaml"), """
                listen: [udp://127.0.0.1:%1$d, tcp://127.0.0.1:%1$d]
                mode: %2$s
                state-dir: %3$s
                trunks: {agents: {allow: [127.0.0.0/8], zone: core}}
                drain: 0s
                routes: [{from: agents, to: request-uri, within: [127.0.0.0/8]}]
                admin: {socket: %4$s}
                """.formatted(target().getPort(), mode, folder(), adminSocket()));
    }

    Path adminSocket() throws IOException {
        return folder().resolve("admin.sock");
    }

    /** Starts Kamailio with one of our configurations. */
    Server kamailio(final String mode, final int children) throws IOException {
        final Path config = folder().resolve("kamailio.cfg");
        Files.writeString(config, resource("kamailio-" + mode + ".cfg").replaceFirst("children=\\d+",
                "children=" + children));
        return started(
                new Child(List.of("kamailio", "-f", config.toString(), "-x", "fm", "-X", "fm", "-m", "1024", "-M",
                        "16", "-l", "udp:127.0.0.1:" + target().getPort(), "-DD", "-E"), core(0),
                        log("server-" + place)));
    }

    /** Starts OpenSIPS as a B2BUA, with the allocator that is its fastest for one worker. */
    Server opensips() throws IOException {
        final Path config = folder().resolve("opensips.cfg");
        final Path installed = find("opensips").orElseThrow().toRealPath().resolve("../..").normalize();
        // Its own search for modules wants a folder, which depends on who has built it.
        final Path modules = OPENSIPS_MODULES.stream().map(installed::resolve).filter(Files::isDirectory).findFirst()
                .orElseThrow(
                        () -> new IOException("no modules of OpenSIPS in " + OPENSIPS_MODULES + " of " + installed));
        Files.writeString(config, resource("opensips-b2bua.cfg")
                .replaceFirst("socket=udp:.*", "socket=udp:127.0.0.1:" + target().getPort())
                .replaceFirst("mpath=.*", "mpath=\"" + modules + "/\""));
        return started(
                new Child(List.of("opensips", "-F", "-f", config.toString(), "-m", "2048", "-M", "64", "-a",
                        "F_MALLOC"), core(0), log("server-" + place)));
    }

    /** Compiles and starts the forwarder that does nothing else. */
    Server nullForwarder(final int batch) throws IOException, InterruptedException {
        final Path program = directory.resolve("null");
        if (!Files.exists(program)) {
            final Path source = Files.writeString(directory.resolve("null.c"), resource("null.c"));
            try (Child compiler = new Child(List.of("cc", "-O2", "-o", program.toString(), source.toString()), -1,
                    log("cc"))) {
                if (compiler.await(BENCH_MARGIN_SECONDS) != 0) {
                    throw new IOException("cannot compile null.c: " + compiler.output());
                }
            }
        }
        final Child child = new Child(List.of(program.toString(), Integer.toString(target().getPort()),
                Integer.toString(CALLER_PORT), Integer.toString(ANSWERER_PORT), Integer.toString(batch)), core(0),
                log("server-" + place));
        Thread.sleep(SETTLE_MS);
        if (!child.isAlive()) {
            throw new IOException("the null forwarder ended: " + child.output());
        }
        return new Server(target(), child.pid(), child);
    }

    private Server started(final Child child) throws IOException {
        boolean answers = false;
        try {
            firstAnswerNs(child, System.nanoTime());
            answers = true;
            return new Server(target(), child.pid(), child);
        } finally {
            if (!answers) {
                child.close();
            }
        }
    }

    /**
     * Nanoseconds from {@code fromNs} to the first answer of the server at this place.
     *
     * @throws IOException no answer came, or the server ended
     */
    long firstAnswerNs(final Child server, final long fromNs) throws IOException {
        final long tookNs = Probe.firstAnswerNs(target(), target().getAddress(), fromNs, START_TIMEOUT_NS,
                server::isAlive);
        if (tookNs < 0) {
            throw new IOException("no answer to OPTIONS from " + target() + "; it said:\n" + server.output());
        }
        return tookNs;
    }

    /** Offers load that is not measured: code gets compiled, tables and pools grow. */
    void warmUp(final Server server, final int rate, final int seconds) throws IOException, InterruptedException {
        if (seconds > 0) {
            bench(server, seconds, "--rate", Integer.toString(rate), "--for", seconds + "s", "--no-rehearsal", "--late",
                    "60s");
        }
    }

    /**
     * Measures a server.
     *
     * @param late how late the generator may be with one call in a hundred
     * @throws IOException the generator did not get to the end or does not stand for its numbers; says why
     */
    Sample measure(final Server server, final int rate, final int seconds, final String late)
            throws IOException, InterruptedException {
        final Server.Usage before = server.usage();
        final Map<String, Object> report = bench(server, seconds, "--rate", Integer.toString(rate), "--for",
                seconds + GENERATOR_SECONDS + "s", "--warm-up", GENERATOR_SECONDS + "s", "--late", late, "--pid",
                Long.toString(server.pid()));
        return Sample.of(report, before, server.usage());
    }

    /**
     * Runs {@code bench} on a server and returns its report.
     *
     * @param seconds how long it is expected to take at most
     * @throws IOException the generator did not get to the end or does not stand for its numbers; says why
     */
    Map<String, Object> bench(final Server server, final long seconds, final String... options)
            throws IOException, InterruptedException {
        try (Child bench = generator(server.target(), 0, options)) {
            return report(bench, 0, seconds);
        }
    }

    /** As above, twice at the same time: callers of one trunk and of another one, each at an address of its own. */
    List<Map<String, Object>> benchTogether(final Server server, final long seconds, final List<String> one,
            final List<String> other) throws IOException, InterruptedException {
        try (Child first = generator(server.target(), 1, one.toArray(String[]::new));
                Child second = generator(server.target(), 2, other.toArray(String[]::new))) {
            return List.of(report(first, 1, seconds), report(second, 2, seconds));
        }
    }

    /** As above, on a server that is started when the generator has warmed up, from its first answer on. */
    Map<String, Object> benchFromStart(final RoundOptions.Starter starter, final long seconds, final String... options)
            throws IOException, InterruptedException {
        final List<String> all = new ArrayList<>(List.of(options));
        all.addAll(List.of("--await", START_TIMEOUT_NS / 1_000_000_000L + "s"));
        try (Child bench = generator(target(), 0, all.toArray(String[]::new))) {
            while (bench.isAlive() && !bench.output().contains("generator ")) {
                Thread.sleep(SETTLE_MS / 10);
            }
            try (Server _ = starter.start()) {
                return report(bench, 0, seconds);
            }
        }
    }

    private Child generator(final InetSocketAddress target, final int trunk, final String... options)
            throws IOException {
        Files.deleteIfExists(reportFile(trunk));
        final List<String> arguments = new ArrayList<>(List.of("bench"));
        arguments.addAll(List.of(options));
        arguments.addAll(List.of("--target", target.getAddress().getHostAddress() + ':' + target.getPort(), "--json",
                reportFile(trunk).toString(), "--caller", "127.0.0." + (1 + trunk) + ':' + CALLER_PORT, "--answerer",
                "127.0.0.1:" + (ANSWERER_PORT + trunk), "--threshold", "failed<100%"));
        return new Child(Child.tandem(_ -> true, List.of(), arguments), core(1), log("bench-" + trunk));
    }

    @SuppressWarnings("unchecked")
    private Map<String, Object> report(final Child bench, final int trunk, final long seconds)
            throws IOException, InterruptedException {
        final int exit = bench.await(seconds + BENCH_MARGIN_SECONDS);
        if (!Files.exists(reportFile(trunk)) || exit != ExitCode.OK && exit != ExitCode.THRESHOLD_MISSED) {
            throw new IOException("bench ended with " + exit + ":\n" + bench.output());
        }
        return (Map<String, Object>) Json.parse(Files.readString(reportFile(trunk)));
    }

    private Path reportFile(final int trunk) {
        return directory.resolve("report-" + trunk + ".json");
    }

    /** Keeps the last report under a name, for {@link #comparePage}. */
    void keepReport(final String name) throws IOException {
        Files.copy(reportFile(0), kept(name), StandardCopyOption.REPLACE_EXISTING);
    }

    private Path kept(final String name) {
        return directory.resolve(name.replace('/', ' ') + ".json");
    }

    /** Draws kept reports, two or more, on one page. */
    void comparePage(final Collection<String> names, final Path page) throws IOException, InterruptedException {
        final List<String> arguments = new ArrayList<>(List.of("bench", "compare"));
        names.forEach(name -> arguments.add(kept(name).toString()));
        arguments.addAll(List.of("--html", page.toAbsolutePath().toString()));
        try (Child child = new Child(Child.tandem(_ -> true, List.of(), arguments), -1, log("page"))) {
            final int exit = child.await(BENCH_MARGIN_SECONDS);
            if (exit != ExitCode.OK && exit != ExitCode.THRESHOLD_MISSED) {
                throw new IOException("bench compare ended with " + exit + ":\n" + child.output());
            }
        }
    }

    private int core(final int side) {
        return pinned ? side : -1;
    }

    /** Where the output of a process goes. */
    Path log(final String name) {
        return directory.resolve(name + ".log");
    }

    private static String resource(final String name) throws IOException {
        try (InputStream in = Lab.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Override
    public void close() throws IOException {
        final List<Path> files;
        try (Stream<Path> walk = Files.walk(directory)) {
            files = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (final Path file : files) {
            Files.deleteIfExists(file);
        }
    }
}
