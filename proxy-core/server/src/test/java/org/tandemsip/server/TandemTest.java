package org.tandemsip.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.server.admin.Control;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.config.ConfigException;
import org.tandemsip.server.config.ConfigReader;

/** A whole server inside the test: a carrier and two PBXs are plain sockets. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class TandemTest {
    private final ConfigReader reader = new ConfigReader(Map.of());
    private DatagramSocket carrier;
    private DatagramSocket pbx;
    private DatagramSocket otherPbx;
    @TempDir
    private Path directory;
    private Path file;
    private int sequence;

    @BeforeEach
    void openAgents() throws IOException {
        carrier = agent();
        pbx = agent();
        otherPbx = agent();
        file = directory.resolve("tandem.yaml");
    }

    @AfterEach
    void closeAgents() {
        carrier.close();
        pbx.close();
        otherPbx.close();
    }

    private static DatagramSocket agent() throws IOException {
        final DatagramSocket socket = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        socket.setSoTimeout(10_000);
        return socket;
    }

    private void write(final DatagramSocket target, final String more) throws IOException {
        Files.writeString(file, """
                listen: [udp://127.0.0.1:0]
                loops: 1
                trunks:
                  carrier: {peers: ["127.0.0.1:%d"]}
                  pbx: {peers: ["127.0.0.1:%d"]}
                routes:
                  - {from: carrier, to: pbx}
                admin: {socket: none}
                state-dir: %s
                %s
                """.formatted(carrier.getLocalPort(), target.getLocalPort(), directory.resolve("state"), more));
    }

    private Tandem start() throws ConfigException, StartException {
        return Tandem.start(reader.read(file), Optional.of(new Tandem.Source() {
            @Override
            public Config read() throws ConfigException {
                return reader.read(file);
            }

            @Override
            public Config read(final String text) throws ConfigException {
                return reader.read("text", text);
            }
        }));
    }

    /** Sends a MESSAGE from the carrier; returns what the target got. */
    private String send(final Tandem tandem, final DatagramSocket target) throws IOException {
        final int port = carrier.getLocalPort();
        sequence++;
        final byte[] bytes = """
                MESSAGE sip:100@127.0.0.1 SIP/2.0
                Via: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK%d-%d
                Max-Forwards: 70
                From: <sip:200@127.0.0.1>;tag=a
                To: <sip:100@127.0.0.1>
                Call-ID: call-%d@test
                CSeq: 1 MESSAGE
                Content-Length: 0

                """.replace("\n", "\r\n").formatted(port, port, sequence, sequence).getBytes(StandardCharsets.US_ASCII);
        carrier.send(new DatagramPacket(bytes, bytes.length, InetAddress.getLoopbackAddress(),
                tandem.port(Transport.UDP)));
        // Nobody answers, so retransmissions of earlier messages may come between.
        String received = receive(target);
        while (!received.contains("Call-ID: call-" + sequence + "@test\r\n")) {
            received = receive(target);
        }
        return received;
    }

    private static String receive(final DatagramSocket socket) throws IOException {
        final DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
        socket.receive(packet);
        return new String(packet.getData(), 0, packet.getLength(), StandardCharsets.ISO_8859_1);
    }

    @Test
    void shouldRelayBetweenTrunksInBothModesWhenSwitchedLive() throws Exception {
        // given
        write(pbx, "mode: stateful");
        try (Tandem tandem = start()) {
            // when
            final String stateful = send(tandem, pbx);
            tandem.mode(Mode.STATELESS);
            final String stateless = send(tandem, pbx);

            // then
            assertTrue(stateful.startsWith("MESSAGE sip:100@127.0.0.1 SIP/2.0\r\n"), stateful);
            assertTrue(stateful.contains("Max-Forwards: 69\r\n"), stateful);
            assertTrue(stateless.contains("Max-Forwards: 69\r\n"), stateless);
            assertEquals(Mode.STATELESS, tandem.mode());
        }
    }

    @Test
    void shouldSwitchOneRouteAndNameTheOthersWhenThereIsNoSuchRoute() throws Exception {
        // given
        write(pbx, "mode: stateful");
        try (Tandem tandem = start()) {
            // when
            tandem.mode(Mode.STATELESS, "carrier-to-pbx");

            // then
            assertEquals(Mode.STATEFUL, tandem.mode());
            assertEquals(Mode.STATELESS, tandem.policy().modeOf(tandem.policy().routes().getFirst()));
            assertEquals("there is no route 'x'; there are: carrier-to-pbx",
                    assertThrows(Control.Refused.class, () -> tandem.mode(Mode.STATELESS, "x")).getMessage());
            assertThrows(Control.Refused.class, () -> tandem.mode(Mode.B2BUA));
        }
    }

    @Test
    void shouldRouteByTheNewFileAfterAReload() throws Exception {
        // given
        write(pbx, "mode: stateful");
        try (Tandem tandem = start()) {
            send(tandem, pbx);

            // when
            write(otherPbx, "mode: stateless");
            final Control.ReloadResult result = tandem.reload();

            // then
            assertEquals(List.of("mode", "trunks"), result.changed());
            send(tandem, otherPbx);
            assertEquals(new Control.ReloadState(true, tandem.lastReload().successEpochMs(), 1, 0),
                    tandem.lastReload());
        }
    }

    @Test
    void shouldChangeNothingWhenTheNewFileHoldsAMistake() throws Exception {
        // given
        write(pbx, "mode: stateful");
        try (Tandem tandem = start()) {
            final Config before = tandem.config();

            // when
            write(otherPbx, "mode: statefull");
            final ConfigException e = assertThrows(ConfigException.class, tandem::reload);

            // then
            assertTrue(e.report().endsWith("1 error. Nothing was changed.\n"), e.report());
            assertEquals(before, tandem.config());
            send(tandem, pbx);
            assertFalse(tandem.lastReload().successful());
        }
    }

    @Test
    void shouldKeepTheRatesOfCallsWhenTheNewFileIsRefused() throws Exception {
        // given
        write(pbx, "cps: 1000/s");
        try (Tandem tandem = start()) {
            // when: the file of the log cannot be made
            write(pbx, "cps: 1/s\nlog: {file: " + file + "/log}");
            assertThrows(Control.Refused.class, tandem::reload);

            // then
            assertTrue(tandem.policy().total().state().tryBegin(1) && tandem.policy().total().state().tryBegin(1));
            write(pbx, "cps: 1/s");
            tandem.reload();
            assertTrue(tandem.policy().total().state().tryBegin(1));
            assertFalse(tandem.policy().total().state().tryBegin(1));
        }
    }

    @Test
    void shouldUsePeersThatAreDownWhenTheyAreNotPingedAnyMore() throws Exception {
        // given
        write(pbx, "");
        final String pinged = Files.readString(file).replace("pbx: {", "pbx: {ping: {every: 1h, down-after: 1}, ");
        Files.writeString(file, pinged);
        try (Tandem tandem = start()) {
            final Trunk before = tandem.policy().trunks().getLast();
            before.peers().getFirst().state().on(PeerState.Event.FAILURE, 0, before.ping());
            assertEquals(PeerState.State.DOWN, before.peers().getFirst().state().state());

            // when
            write(pbx, "");
            tandem.reload();

            // then
            while (!tandem.policy().trunks().getLast().peers().getFirst().state().usable()) {
                Thread.sleep(10);
            }
            send(tandem, pbx);
        }
    }

    @Test
    void shouldChangeNothingWhenAKeyNeedsARestart() throws Exception {
        // given
        write(pbx, "mode: stateful");
        try (Tandem tandem = start()) {
            // when: one key that can change and two that cannot
            write(otherPbx, "mode: stateless\nlimits: {body: 1KiB}\nthreading: dedicated");
            final Control.ReloadResult result = tandem.reload();

            // then
            assertFalse(result.applied());
            assertEquals(List.of("threading", "limits"), result.needsRestart());
            assertEquals(Mode.STATEFUL, tandem.mode());
            send(tandem, pbx);
        }
    }

    @Test
    void shouldLoseNothingWhenModesAndFilesChangeUnderTraffic() throws Exception {
        // given
        write(pbx, "mode: stateful");
        try (Tandem tandem = start()) {
            for (int i = 0; i < 40; i++) {
                // when
                if (i % 4 == 0) {
                    tandem.mode(i % 8 == 0 ? Mode.STATELESS : Mode.STATEFUL);
                } else if (i % 4 == 2) {
                    write(pbx, i % 8 == 2 ? "max-forwards: 20" : "nonsense: true");
                    try {
                        tandem.reload();
                    } catch (final ConfigException e) {
                        assertEquals(1, e.problems().size());
                    }
                }

                // then
                assertTrue(send(tandem, pbx).startsWith("MESSAGE "));
            }
        }
    }

    @Test
    void shouldIgnoreSourcesThatNoTrunkClaims() throws Exception {
        // given
        write(pbx, "mode: stateful");
        try (Tandem tandem = start();
                DatagramSocket stranger = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.9"))) {
            final byte[] bytes = ("OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.9:9;branch=z9hG4bKx\r\n"
                    + "Max-Forwards: 70\r\nFrom: <sip:a@b>;tag=a\r\nTo: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII);

            // when
            stranger.send(new DatagramPacket(bytes, bytes.length, InetAddress.getLoopbackAddress(),
                    tandem.port(Transport.UDP)));
            // The next message of a known source shows that the stranger's was seen before it.
            send(tandem, pbx);

            // then
            stranger.setSoTimeout(200);
            assertThrows(SocketTimeoutException.class, () -> receive(stranger));
        }
    }

    @Test
    void shouldKeepTheTokenKeyForItsOwnerOnly() throws Exception {
        // given
        write(pbx, "");
        final Path key = directory.resolve("state/token.key");

        // when
        start().close();
        final String first = Files.readString(key);
        start().close();

        // then
        assertEquals(first, Files.readString(key));
        assertTrue(first.matches("[0-9a-f]{32}\n"), first);
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(key)));
    }

    @Test
    void shouldRefuseToStartWhenTheTokenKeyIsNone() throws Exception {
        // given
        write(pbx, "");
        Files.createDirectories(directory.resolve("state"));
        Files.writeString(directory.resolve("state/token.key"), "secret\n");

        // when
        final StartException e = assertThrows(StartException.class, this::start);

        // then
        assertEquals(StartException.Reason.NOT_PERMITTED, e.reason());
        assertFalse(e.getMessage().contains("secret"));
    }

    @Test
    void shouldNameTheAddressWhenItCannotBeBound() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            // given
            write(pbx, "");
            final String text = Files.readString(file).replace("udp://127.0.0.1:0",
                    "tcp://127.0.0.1:" + taken.getLocalPort());
            final Config config = reader.read("t.yaml", text);

            // when
            final StartException e = assertThrows(StartException.class, () -> Tandem.start(config));

            // then
            assertEquals(StartException.Reason.CANNOT_BIND, e.reason());
            assertTrue(e.getMessage().contains("127.0.0.1:" + taken.getLocalPort()), e.getMessage());
        }
    }
}
