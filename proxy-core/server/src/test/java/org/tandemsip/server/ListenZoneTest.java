package org.tandemsip.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.server.config.ConfigReader;

/** Who is heard where, at a whole server that listens for the carrier, for the house and for the Internet. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class ListenZoneTest {
    private static final String CARRIER = "127.0.0.21";
    private static final String PBX = "127.0.0.22";
    private static final String STRANGER = "127.0.0.99";
    private static final int TRUNK_ZONE = 0;
    private static final int CORE_ZONE = 1;
    private static final int PUBLIC_ZONE = 2;

    @TempDir
    private Path directory;
    private Tandem tandem;

    @BeforeEach
    void start() throws Exception {
        tandem = Tandem.start(new ConfigReader(Map.of()).read("test", """
                listen: ["udp://127.0.0.1:0 zone trunk", "udp://127.0.0.2:0 zone core", "udp://127.0.0.3:0 zone public"]
                loops: 1
                trunks:
                  carrier: {peers: ["%s:5060"]}
                  pbx: {peers: ["%s:5060"], zone: core}
                  phones: {allow: ["127.0.0.0/8"], zone: public}
                routes: [{from: carrier, to: pbx}, {from: pbx, to: carrier}]
                admin: {socket: none}
                state-dir: %s
                """.formatted(CARRIER, PBX, directory)));
    }

    @AfterEach
    void stop() {
        tandem.close();
    }

    private InetSocketAddress address(final int listenPoint) {
        final URI uri = URI.create(tandem.addresses().get(listenPoint));
        return new InetSocketAddress(uri.getHost(), uri.getPort());
    }

    private long dropped() {
        return Counters.sum(tandem.network().counters(), Counter.DROPPED_UNKNOWN_SOURCE);
    }

    /** Sends an OPTIONS that may not go on, again until it is answered or dropped. */
    private String answer(final String from, final int listenPoint) throws IOException {
        final long before = dropped();
        try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress(from, 0))) {
            final InetSocketAddress to = address(listenPoint);
            final byte[] bytes = """
                    OPTIONS sip:nobody@%1$s SIP/2.0
                    Via: SIP/2.0/UDP %2$s:%3$d;rport;branch=z9hG4bK%3$d
                    Max-Forwards: 0
                    From: <sip:a@%2$s>;tag=a
                    To: <sip:nobody@%1$s>
                    Call-ID: %3$d@%2$s
                    CSeq: 1 OPTIONS
                    Content-Length: 0

                    """.replace("\n", "\r\n").formatted(to.getAddress().getHostAddress(), from, socket.getLocalPort())
                    .getBytes(StandardCharsets.US_ASCII);
            socket.setSoTimeout(500);
            final DatagramPacket answer = new DatagramPacket(new byte[4_096], 4_096);
            while (true) {
                socket.send(new DatagramPacket(bytes, bytes.length, to));
                try {
                    socket.receive(answer);
                    return new String(answer.getData(), 8, 3, StandardCharsets.US_ASCII);
                } catch (final SocketTimeoutException nothingYet) {
                    if (dropped() > before) {
                        socket.setSoTimeout(1);
                        assertThrows(SocketTimeoutException.class, () -> socket.receive(answer));
                        return "silence";
                    }
                }
            }
        }
    }

    @Test
    void shouldHearTrunksWhereTheirZoneListensAndNobodyElse() throws Exception {
        assertEquals("483", answer(CARRIER, TRUNK_ZONE));
        assertEquals("483", answer(PBX, CORE_ZONE));

        // whoever writes the address of the PBX and comes by another way is not the PBX
        assertEquals("silence", answer(PBX, TRUNK_ZONE));
        assertEquals("silence", answer(CARRIER, CORE_ZONE));
        assertEquals("silence", answer(STRANGER, TRUNK_ZONE));
        assertEquals("silence", answer(STRANGER, CORE_ZONE));

        // and to the Internet everybody is a phone
        assertEquals("483", answer(STRANGER, PUBLIC_ZONE));
        assertEquals("483", answer(PBX, PUBLIC_ZONE));
        assertTrue(dropped() >= 4);
    }
}
