package org.tandemsip.perf.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.math.BigInteger;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.server.Tandem;
import org.tandemsip.server.admin.Control;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.config.ConfigException;
import org.tandemsip.server.config.ConfigReader;

/**
 * The configuration is read again while 500 calls a second run through the server, all of them so soon after its start
 * that it refuses none for overload, whatever the machine does meanwhile.
 */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class ReloadIT {
    private static final int RELOADS = 10;
    private static final int RATE = 500;
    private static final long SECOND_NS = 1_000_000_000L;

    private final ConfigReader reader = new ConfigReader(Map.of());
    private final InetSocketAddress any = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);
    /** Of the answerer: over TCP, the caller is known by its address alone. */
    private final InetSocketAddress other = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.2"), 0);
    private InetSocketAddress proxy;
    @TempDir
    private Path folder;

    @BeforeEach
    void pickPort() throws IOException {
        try (DatagramSocket free = new DatagramSocket(any)) {
            proxy = (InetSocketAddress) free.getLocalSocketAddress();
        }
    }

    /** What the file says at one time; each number makes all that can be reloaded different from the one before. */
    private void write(final int number, final LoadRun run, final Transport transport, final Mode mode)
            throws Exception {
        final X509Bundle certificate = new CertificateBuilder().ecp256().subject("CN=Test").addSanDnsName("tandem.test")
                .serial(serial(number)).setIsCertificateAuthority(true).buildSelfSigned();
        Files.writeString(folder.resolve("tandem.pem"), certificate.getCertificatePEM());
        Files.writeString(folder.resolve("tandem.key"), certificate.getPrivateKeyPEM());
        final boolean odd = number % 2 == 1;
        // The prefix that fits becomes longer and shorter, and stands among others.
        Files.writeString(folder.resolve("rates.csv"), "prefix,trunk,cost\n4930,spare,1\n"
                + (odd ? "1555,callee,1\n" : "1,callee,2\n15551,callee,1\n") + "44" + number + ",spare,1\n");
        Files.writeString(folder.resolve("tandem.yaml"),
                """
                listen: ["%s://%s", "tls://127.0.0.1:0"]
                tls: {certificates: [{cert: %s, key: %s}]}
                # All calls go over one connection, and what a generator that stands still does not read waits there.
                limits: {connect-queue: 16MiB, write-high: 16MiB, write-queue: 32MiB}
                mode: %s
                cps: %d/s
                trunks:
                  caller: {peers: ["%s"]}
                  %s
                  callee:
                    peers: ["%s"]
                    transport: %s
                    %s
                    %s: %d
                    headers: {set: {X-Reload: "%d"}}
                routes:
                  %s
                  - {name: calls, from: caller, to: prefixes, prefixes: %s}
                  - {from: callee, to: caller}
                state-dir: %s
                admin: {socket: none}
                """.formatted(transport.name().toLowerCase(Locale.ROOT), LoadRun.hostPort(proxy),
                        folder.resolve("tandem.pem"), folder.resolve("tandem.key"),
                        mode.name().toLowerCase(Locale.ROOT), 20_000 + number, LoadRun.hostPort(run.callerAddress()),
                        odd ? "spare: {peers: [\"127.0.0.1:9\"]}" : "spare: {peers: [\"127.0.0.1:9\"], zone: core}",
                        LoadRun.hostPort(run.answererAddress()), transport.name().toLowerCase(Locale.ROOT),
                        transport == Transport.TLS ? "tls: {verify: none}" : "",
                        mode == Mode.STATELESS ? "cps" : "max-calls", 50_000 + number, number,
                        odd ? "- {name: more, from: spare, to: callee}" : "- {name: other, from: spare, to: caller}",
                        folder.resolve("rates.csv"), folder));
    }

    private static BigInteger serial(final int number) {
        return BigInteger.valueOf(1_000 + number);
    }

    private Config read() throws ConfigException {
        return reader.read(folder.resolve("tandem.yaml"));
    }

    private Tandem start() throws Exception {
        return Tandem.start(read(), Optional.of(new Tandem.Source() {
            @Override
            public Config read() throws ConfigException {
                return ReloadIT.this.read();
            }

            @Override
            public Config read(final String text) throws ConfigException {
                return reader.read("text", text);
            }
        }));
    }

    private CompletableFuture<LoadResult> call(final LoadRun run) {
        final CompletableFuture<LoadResult> calls = new CompletableFuture<>();
        Thread.ofPlatform().start(() -> {
            try {
                calls.complete(run.run(proxy, 0, LoadRun.Progress.NONE));
            } catch (final Exception e) {
                calls.completeExceptionally(e);
            }
        });
        return calls;
    }

    private static long count(final Tandem tandem, final Counter counter) {
        return tandem.network().counters().stream().mapToLong(counters -> counters.get(counter)).sum();
    }

    private static String counted(final Tandem tandem) {
        return Stream.of(Counter.values()).filter(counter -> count(tandem, counter) > 0)
                .map(counter -> counter + " " + count(tandem, counter)).collect(Collectors.joining("\n"));
    }

    /** Serial number of the certificate that a new connection is shown. */
    private static BigInteger serialShown(final Tandem tandem) throws Exception {
        final SSLContext context = SSLContext.getInstance("TLS");
        final AnyCertificate shown = new AnyCertificate();
        context.init(null, new TrustManager[] {shown}, null);
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1",
                tandem.port(Transport.TLS))) {
            socket.setSoTimeout(60_000);
            socket.startHandshake();
            return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSerialNumber();
        }
    }

    /** Believes anybody: only which certificate it is matters. */
    private static final class AnyCertificate extends javax.net.ssl.X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(final X509Certificate[] chain, final String type,
                final java.net.Socket socket) {}

        @Override
        public void checkServerTrusted(final X509Certificate[] chain, final String type,
                final java.net.Socket socket) {}

        @Override
        public void checkClientTrusted(final X509Certificate[] chain, final String type,
                final javax.net.ssl.SSLEngine engine) {}

        @Override
        public void checkServerTrusted(final X509Certificate[] chain, final String type,
                final javax.net.ssl.SSLEngine engine) {}

        @Override
        public void checkClientTrusted(final X509Certificate[] chain, final String type) {}

        @Override
        public void checkServerTrusted(final X509Certificate[] chain, final String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    @ParameterizedTest
    @CsvSource({"UDP, STATEFUL", "UDP, STATELESS", "TCP, STATEFUL", "TLS, STATEFUL", "UDP, B2BUA", "TLS, B2BUA"})
    void shouldLoseNoCallWhenAllThatCanBeIsReloadedAgainAndAgainUnder500CallsPerSecond(final Transport transport,
            final Mode mode) throws Exception {
        // given: calls are held for a second, so that every reload finds established ones and ones being set up
        final LoadPlan plan = new LoadPlan(any, other, null, RATE, 6 * SECOND_NS, SECOND_NS, 0, Scenario.CALL,
                transport, 1, transport == Transport.UDP, false, LoadPlan.PATIENCE_NS, 1,
                TestCertificates.ends(transport));
        try (LoadRun run = new LoadRun(plan)) {
            write(0, run, transport, mode);
            try (Tandem tandem = start()) {
                final CompletableFuture<LoadResult> calls = call(run);
                for (int i = 1; i <= RELOADS; i++) {
                    // when
                    Thread.sleep(500); // spreads the reloads over the run
                    write(i, run, transport, mode);
                    final Control.ReloadResult result = tandem.reload();

                    // then
                    assertEquals(List.of("trunks", "routes", "cps", "tls"), result.changed());
                    assertTrue(result.differences().stream().allMatch(Control.Difference::live));
                    assertEquals(serial(i), serialShown(tandem));
                    assertEquals(mode == Mode.STATELESS ? 0 : 50_000 + i,
                            tandem.policy().trunks().getLast().maxCalls());
                }
                final LoadResult result = calls.get();
                assertEquals(6 * RATE, result.begun());
                assertTrue(result.clean(), () -> result.summary() + counted(tandem));
                assertEquals(0, standing(tandem));
                assertEquals(new Control.ReloadState(true, tandem.lastReload().successEpochMs(), RELOADS, 0),
                        tandem.lastReload());
            }
        }
    }

    /**
     * Calls that the last trunk carries. In mode b2bua a caller's BYE is answered before the callee has its own; the load
     * ends with the former, and what is not answered any more ends with timer F (32 s).
     */
    private static int standing(final Tandem tandem) throws InterruptedException {
        final TrunkState state = tandem.policy().trunks().getLast().state();
        for (int looks = 0; state.calls() != 0 && looks < 4_000; looks++) {
            Thread.sleep(10);
        }
        return state.calls();
    }
}
