package org.tandemsip.perf.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tandemsip.codec.Transport;
import org.tandemsip.server.Tandem;
import org.tandemsip.server.config.ConfigReader;

/** The server is drained while 500 calls a second run through it. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class DrainIT {
    private static final int RATE = 500;
    private static final long SECOND_NS = 1_000_000_000L;
    /** In seconds: beyond the end of the test. */
    private static final int DEADLINE = 600;

    /** Of the caller, which is known by its address alone. */
    private final InetAddress callerHost = InetAddress.ofLiteral("127.0.0.1");
    private final InetSocketAddress callee = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.2"), 0);

    @ParameterizedTest
    @CsvSource({"UDP, STATEFUL", "TCP, STATEFUL", "UDP, STATELESS", "TCP, STATELESS", "UDP, B2BUA", "TCP, B2BUA"})
    void shouldLoseNoCallThatStandsWhenDrainedUnder500CallsPerSecond(final Transport transport, final String mode,
            @TempDir final Path folder) throws Exception {
        // given
        final LoadPlan plan = new LoadPlan(new InetSocketAddress(callerHost, 0), callee, null, RATE, 6 * SECOND_NS,
                2 * SECOND_NS, 0, Scenario.CALL, transport, 1, transport == Transport.UDP, false,
                LoadPlan.PATIENCE_NS, 1, null);
        try (LoadRun run = new LoadRun(plan); Tandem tandem = start(run, transport, mode, folder)) {
            final InetSocketAddress proxy = new InetSocketAddress(callerHost, tandem.port(transport));
            assertTrue(ping(proxy, transport).startsWith("SIP/2.0 200 "));
            final CompletableFuture<LoadResult> calls = new CompletableFuture<>();
            Thread.ofPlatform().start(() -> {
                try {
                    calls.complete(run.run(proxy, 0, LoadRun.Progress.NONE));
                } catch (final Exception e) {
                    calls.completeExceptionally(e);
                }
            });
            Thread.sleep(3_000); // calls that stand, and calls that are being set up

            // when
            assertNull(calls.getNow(null));
            tandem.drain(DEADLINE);

            // then: whoever asks is told to go elsewhere
            final String answer = ping(proxy, transport);
            assertTrue(answer.startsWith("SIP/2.0 503 ") && answer.contains("Retry-After: " + DEADLINE), answer);
            // and everything else was answered, and that by the refusal of a server that drains
            final LoadResult result = calls.get();
            assertEquals(result.answered(), result.succeeded(), result::summary);
            assertTrue(result.failuresByCode().get(503) > RATE, result::summary);
            assertTrue(Set.of(0, 503).containsAll(result.failuresByCode().keySet()), result::summary);
            assertTrue(result.succeeded() > 0, result::summary);
        }
    }

    private static Tandem start(final LoadRun run, final Transport transport, final String mode, final Path folder)
            throws Exception {
        final String word = transport.name().toLowerCase(Locale.ROOT);
        return Tandem.start(new ConfigReader(Map.of()).read("test", """
                listen: ["%s://127.0.0.1:0"]
                # All calls go over one connection, and what a generator that stands still does not read waits there.
                limits: {connect-queue: 16MiB, write-high: 16MiB, write-queue: 32MiB}
                mode: %s
                trunks:
                  caller: {peers: ["%s"]}
                  callee: {peers: ["%s"], transport: %s}
                routes:
                  - {from: caller, to: callee}
                  - {from: callee, to: caller}
                state-dir: %s
                admin: {socket: none}
                """.formatted(word, mode.toLowerCase(Locale.ROOT), LoadRun.hostPort(run.callerAddress()),
                LoadRun.hostPort(run.answererAddress()), word, folder)));
    }

    /** What a server answers to OPTIONS; over UDP it is asked again where the answer does not come. */
    private String ping(final InetSocketAddress proxy, final Transport transport) throws IOException {
        if (transport == Transport.TCP) {
            try (Socket socket = new Socket()) {
                socket.bind(new InetSocketAddress(callerHost, 0));
                socket.connect(proxy);
                socket.getOutputStream().write(options(proxy, "TCP", socket.getLocalPort()));
                return head(socket);
            }
        }
        try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress(callerHost, 0))) {
            socket.setSoTimeout(500);
            final DatagramPacket answer = new DatagramPacket(new byte[4_096], 4_096);
            while (true) {
                final byte[] options = options(proxy, "UDP", socket.getLocalPort());
                socket.send(new DatagramPacket(options, options.length, proxy));
                try {
                    socket.receive(answer);
                    return new String(answer.getData(), 0, answer.getLength(), StandardCharsets.US_ASCII);
                } catch (final java.net.SocketTimeoutException lost) {
                    // Once more, until the time of the test is up.
                }
            }
        }
    }

    private static String head(final Socket socket) throws IOException {
        final StringBuilder text = new StringBuilder();
        while (text.indexOf("\r\n\r\n") < 0) {
            final int next = socket.getInputStream().read();
            if (next < 0) {
                throw new IOException("closed after: " + text);
            }
            text.append((char) next);
        }
        return text.toString();
    }

    private byte[] options(final InetSocketAddress proxy, final String transport, final int port) {
        final String host = callerHost.getHostAddress();
        return ("OPTIONS sip:" + LoadRun.hostPort(proxy) + " SIP/2.0\r\nVia: SIP/2.0/" + transport + " " + host + ':'
                + port + ";rport;branch=z9hG4bK-drain\r\nMax-Forwards: 70\r\nFrom: <sip:ping@" + host
                + ">;tag=1\r\nTo: <sip:" + LoadRun.hostPort(proxy) + ">\r\nCall-ID: " + port
                + "\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
    }
}
