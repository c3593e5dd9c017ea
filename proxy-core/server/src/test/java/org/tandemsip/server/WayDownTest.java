package org.tandemsip.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.server.config.ConfigReader;

/** A peer that is reached from two listen points, of which one gets no answer any more. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class WayDownTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    @Test
    void shouldMoveTheCallsThatRingByAWayThatGoesDownWhileThePeerIsUp(@TempDir final Path directory)
            throws Exception {
        try (Agent first = new Agent(); Agent second = new Agent(); DatagramSocket caller = socket();
                Tandem tandem = Tandem.start(new ConfigReader(Map.of()).read("test", """
                        listen: ["udp://127.0.0.1:0", "udp://127.0.0.1:0"]
                        loops: 1
                        trunks:
                          callers: {peers: ["127.0.0.1:%d"]}
                          carrier:
                            peers: [{peer: "127.0.0.1:%d"}, {peer: "127.0.0.1:%d", priority: 1}]
                            balance: priority
                            ping: {every: 1s, timeout: 2s, down-after: 2, up-after: 1}
                        routes: [{from: callers, to: carrier}]
                        admin: {socket: none}
                        state-dir: %s
                        """.formatted(caller.getLocalPort(), first.port(), second.port(), directory)))) {
            // given: a call that came by the second listen point, and rings from there
            final int way = URI.create(tandem.addresses().getLast()).getPort();
            send(caller, way, """
                    INVITE sip:b@127.0.0.1:%1$d SIP/2.0
                    Via: SIP/2.0/UDP 127.0.0.1:%2$d;branch=z9hG4bK-way
                    Max-Forwards: 70
                    From: <sip:a@127.0.0.1>;tag=1
                    To: <sip:b@127.0.0.1>
                    Call-ID: way@127.0.0.1
                    CSeq: 1 INVITE
                    Contact: <sip:a@127.0.0.1:%2$d>
                    Content-Length: 0

                    """.formatted(way, caller.getLocalPort()));
            assertEquals(way, first.invited.get());

            // when
            first.deafTo = way;

            // then
            first.cancelled.get();
            assertEquals(way, second.invited.get());
            final PeerState peer = tandem.policy().trunks().getLast().peers().getFirst().state();
            assertTrue(peer.usable(), "by the other way");
            assertEquals(2, peer.down(), "the second listen point");
        }
    }

    private static DatagramSocket socket() throws IOException {
        return new DatagramSocket(new InetSocketAddress(LOOPBACK, 0));
    }

    private static void send(final DatagramSocket from, final int port, final String text) throws IOException {
        final byte[] bytes = text.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII);
        from.send(new DatagramPacket(bytes, bytes.length, LOOPBACK, port));
    }

    /** Rings for ever, and answers OPTIONS unless they come from the port that it is deaf to. */
    private static final class Agent implements AutoCloseable {
        private final DatagramSocket socket = socket();
        /** Port that the INVITE came from. */
        private final CompletableFuture<Integer> invited = new CompletableFuture<>();
        private final CompletableFuture<Integer> cancelled = new CompletableFuture<>();
        private volatile int deafTo;

        Agent() throws IOException {
            Thread.ofVirtual().start(this::run);
        }

        int port() {
            return socket.getLocalPort();
        }

        private void run() {
            final DatagramPacket packet = new DatagramPacket(new byte[4_096], 4_096);
            try {
                while (true) {
                    socket.receive(packet);
                    final String text =
                            new String(packet.getData(), 0, packet.getLength(), StandardCharsets.US_ASCII);
                    final String method = text.substring(0, text.indexOf(' '));
                    final String status = switch (method) {
                        case "INVITE" -> "180 Ringing";
                        case "OPTIONS", "CANCEL" -> "200 OK";
                        default -> null;
                    };
                    if (status != null && !(method.equals("OPTIONS") && packet.getPort() == deafTo)) {
                        final String head = text.substring(text.indexOf('\n') + 1, text.indexOf("\r\n\r\n"));
                        send(socket, packet.getPort(), "SIP/2.0 " + status + "\n"
                                + head.replace("\r", "").replaceFirst("(?m)^(To: [^;\n]*)$", "$1;tag=b")
                                        .replaceAll("(?m)^(Max-Forwards|Accept|Content-Length|Contact):.*\n?", "")
                                        .stripTrailing()
                                + "\nContact: <sip:b@127.0.0.1:" + port() + ">\nContent-Length: 0\n\n");
                    }
                    (method.equals("CANCEL") ? cancelled : method.equals("INVITE") ? invited
                            : new CompletableFuture<Integer>()).complete(packet.getPort());
                }
            } catch (final IOException closed) {
                // The test is over.
            }
        }

        @Override
        public void close() {
            socket.close();
        }
    }
}
