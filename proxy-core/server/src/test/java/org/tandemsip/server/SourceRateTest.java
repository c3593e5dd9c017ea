package org.tandemsip.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.metrics.Traffic;
import org.tandemsip.server.config.ConfigReader;

/** Sources of a public trunk, and a peer of it, at a whole server; one rate that a slow machine cannot keep to. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class SourceRateTest {
    private static final int MESSAGES = 300;

    @TempDir
    private Path directory;
    private Tandem tandem;

    @BeforeEach
    void start() throws Exception {
        tandem = Tandem.start(new ConfigReader(Map.of()).read("test", """
                listen: ["udp://127.0.0.1:0", "tcp://127.0.0.1:0"]
                loops: 4
                trunks:
                  phones: {peers: ["127.0.0.2:5060"], allow: ["127.0.0.0/8"], zone: public, source-rate: 1/s}
                  pbx: {peers: ["127.0.0.3:1"], zone: core}
                routes: [{from: phones, to: pbx}]
                admin: {socket: none}
                state-dir: %s
                """.formatted(directory)));
    }

    @AfterEach
    void stop() {
        tandem.close();
    }

    private byte[] options(final Transport transport, final String from, final int number) {
        return """
                OPTIONS sip:127.0.0.1:%4$d SIP/2.0
                Via: SIP/2.0/%1$s %2$s;rport;branch=z9hG4bKr%3$d
                Max-Forwards: 70
                From: <sip:a@127.0.0.1>;tag=a
                To: <sip:127.0.0.1>
                Call-ID: rate-%3$d@test
                CSeq: 1 OPTIONS
                Content-Length: 0

                """.replace("\n", "\r\n").formatted(transport, from, number,
                tandem.port(transport)).getBytes(StandardCharsets.US_ASCII);
    }

    private void flood(final String from) throws IOException {
        try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress(from, 0))) {
            for (int i = 0; i < MESSAGES; i++) {
                final byte[] bytes = options(Transport.UDP, from, i);
                socket.send(new DatagramPacket(bytes, bytes.length,
                        new InetSocketAddress("127.0.0.1", tandem.port(Transport.UDP))));
            }
        }
    }

    private static boolean received(final Traffic loop) {
        return loop.receivedCount(Transport.UDP, Method.OPTIONS.ordinal()) > 0;
    }

    private long count(final Counter counter) {
        return Counters.sum(tandem.network().counters(), counter);
    }

    private void awaitReceived(final long messages) throws InterruptedException {
        while (count(Counter.RECEIVED) < messages || Counters.unaccounted(tandem.network().counters()) != 0) {
            Thread.sleep(10);
        }
    }

    @Test
    void shouldDropWhatASourceSendsTooMuchAndHearItsPeersAndOthersAllTheSame() throws Exception {
        // when
        final long beforeNs = System.nanoTime();
        flood("127.0.0.9");
        awaitReceived(MESSAGES);
        final long seconds = (System.nanoTime() - beforeNs) / 1_000_000_000L;

        // then: whichever of the loops they have come to
        final long answered = count(Counter.ANSWERED);
        assertTrue(answered >= 2 && answered <= 2 + seconds + 1, answered + " answered");
        assertTrue(tandem.network().traffic().stream().filter(SourceRateTest::received).count() > 1);
        assertEquals(MESSAGES - answered, count(Counter.DROPPED_SOURCE_RATE));
        assertEquals(MESSAGES - answered, count(Counter.LIMITED_SOURCE));

        // when: a peer of the same trunk, and another source
        flood("127.0.0.2");
        awaitReceived(2 * MESSAGES);
        assertEquals(answered + MESSAGES, count(Counter.ANSWERED));
        try (DatagramSocket other = new DatagramSocket(new InetSocketAddress("127.0.0.10", 0))) {
            final byte[] bytes = options(Transport.UDP, "127.0.0.10", 1);
            other.send(new DatagramPacket(bytes, bytes.length,
                    new InetSocketAddress("127.0.0.1", tandem.port(Transport.UDP))));
            final DatagramPacket answer = new DatagramPacket(new byte[4_096], 4_096);
            other.receive(answer);
        }
    }

    @Test
    void shouldAnswer503OnAConnectionWhenItsSourceSendsTooMuch() throws Exception {
        try (Socket socket = new Socket(InetAddress.getByName("127.0.0.1"), tandem.port(Transport.TCP),
                InetAddress.getByName("127.0.0.9"), 0); InputStream in = socket.getInputStream()) {
            final StringBuilder text = new StringBuilder();
            for (int i = 0; i < 50; i++) {
                socket.getOutputStream().write(options(Transport.TCP, "127.0.0.9:" + socket.getLocalPort(), i));
            }
            final byte[] bytes = new byte[65_536];
            while (text.toString().split("SIP/2.0 \\d", -1).length - 1 < 50) {
                final int read = in.read(bytes);
                assertTrue(read > 0, text::toString);
                text.append(new String(bytes, 0, read, StandardCharsets.US_ASCII));
            }
            assertTrue(text.toString().contains("SIP/2.0 200"), text::toString);
            assertTrue(text.toString().contains("SIP/2.0 503"), text::toString);
        }
    }
}
