package org.tandemsip.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.codec.Transport;
import org.tandemsip.server.config.ConfigReader;

/** A phone behind a NAT at a whole server inside the test. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class PhonePingTest {
    @TempDir
    private Path folder;

    private static DatagramSocket phone() throws IOException {
        final DatagramSocket socket = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        socket.setSoTimeout(60_000);
        return socket;
    }

    private static void register(final Tandem tandem, final DatagramSocket phone, final String user,
            final String contact) throws IOException {
        final byte[] bytes = ("""
                REGISTER sip:127.0.0.1:%d SIP/2.0
                Via: SIP/2.0/UDP 192.168.1.64:5060;rport;branch=z9hG4bK%s
                Max-Forwards: 70
                From: <sip:%2$s@127.0.0.1>;tag=%2$s
                To: <sip:%2$s@127.0.0.1>
                Call-ID: %2$s
                CSeq: 1 REGISTER
                Supported: outbound
                Contact: %s
                Content-Length: 0

                """).formatted(tandem.port(Transport.UDP), user, contact).replace("\n", "\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        phone.send(new DatagramPacket(bytes, bytes.length, InetAddress.getLoopbackAddress(),
                tandem.port(Transport.UDP)));
        assertTrue(receive(phone).startsWith("SIP/2.0 200"));
    }

    private static String receive(final DatagramSocket socket) throws IOException {
        final DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
        socket.receive(packet);
        return new String(packet.getData(), 0, packet.getLength(), StandardCharsets.US_ASCII);
    }

    @Test
    void shouldKeepTheWayToAPhoneBehindANatOpen() throws Exception {
        try (Tandem tandem = Tandem.start(new ConfigReader(Map.of()).read("test", """
                listen: ["udp://127.0.0.1:0"]
                registrar: {ping: 1s}
                trunks:
                  phones: {allow: [127.0.0.0/8]}
                routes:
                  - {from: phones, to: registrar}
                admin: {socket: none}
                state-dir: %s
                """.formatted(folder)));
                DatagramSocket behindNat = phone();
                DatagramSocket itself = phone();
                DatagramSocket ownFlow = phone()) {
            // given: one behind a NAT, one where its Contact says, one that keeps its flow itself
            register(tandem, itself, "bob", "<sip:bob@127.0.0.1:" + itself.getLocalPort() + ">");
            register(tandem, ownFlow, "carol",
                    "<sip:carol@192.168.1.65>;+sip.instance=\"<urn:uuid:1>\";reg-id=1");
            register(tandem, behindNat, "alice", "<sip:alice@192.168.1.64:5060>");

            // then
            final String first = receive(behindNat);
            assertTrue(first.startsWith("OPTIONS sip:alice@192.168.1.64:5060 SIP/2.0\r\n"), first);
            assertTrue(receive(behindNat).startsWith("OPTIONS "), "and again");
            for (final DatagramSocket other : new DatagramSocket[] {itself, ownFlow}) {
                other.setSoTimeout(1);
                assertEquals("nothing", receiveOr(other, "nothing"));
            }
        }
    }

    private static String receiveOr(final DatagramSocket socket, final String nothing) throws IOException {
        try {
            return receive(socket);
        } catch (final java.net.SocketTimeoutException none) {
            return nothing;
        }
    }
}
