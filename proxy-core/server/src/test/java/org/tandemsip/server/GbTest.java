package org.tandemsip.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tandemsip.codec.Transport;
import org.tandemsip.server.config.ConfigReader;

/** A camera and a platform of GB/T 28181 at a whole server inside the test. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class GbTest {
    private static final String DEVICE = "34020000001320000001";
    private static final String SERVER = "34020000002000000001";
    private static final String KEEPALIVE = "<?xml version=\"1.0\"?>\r\n<Notify>\r\n<CmdType>Keepalive</CmdType>\r\n"
            + "<SN>43</SN>\r\n<DeviceID>" + DEVICE + "</DeviceID>\r\n<Info>\u00c9\u00e3\u00cf\u00f1\u00bb\\</Info>\r\n"
            + "</Notify>\r\n";

    private DatagramSocket camera;
    private DatagramSocket platform;
    @TempDir
    private Path folder;
    private int sequence;

    @BeforeEach
    void open() throws IOException {
        camera = socket("127.0.0.2");
        platform = socket("127.0.0.3");
    }

    @AfterEach
    void close() {
        camera.close();
        platform.close();
    }

    private static DatagramSocket socket(final String address) throws IOException {
        final DatagramSocket socket = new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral(address), 0));
        socket.setSoTimeout(60_000);
        return socket;
    }

    private Tandem start(final String mode, final String profile) throws Exception {
        return Tandem.start(new ConfigReader(Map.of()).read("test", """
                listen: ["udp://127.0.0.1:0"]
                mode: %s
                trunks:
                  devices: {allow: [127.0.0.2/32]%s}
                  platform: {peers: ["127.0.0.3:%d"], profile: gb28181}
                routes:
                  - {from: devices, to: platform}
                  %s
                admin: {socket: none, listen: "http://127.0.0.1:0"}
                state-dir: %s
                """.formatted(mode, profile, platform.getLocalPort(),
                profile.isEmpty() ? "" : "- {from: platform, to: devices}", folder)));
    }

    private void send(final Tandem tandem, final DatagramSocket from, final String text) throws IOException {
        final byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        from.send(new DatagramPacket(bytes, bytes.length, InetAddress.getLoopbackAddress(),
                tandem.port(Transport.UDP)));
    }

    /** The next message that begins so; retransmissions of others may come between. */
    private static String receive(final DatagramSocket socket, final String beginning) throws IOException {
        while (true) {
            final DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
            socket.receive(packet);
            final String text =
                    new String(packet.getData(), 0, packet.getLength(), StandardCharsets.ISO_8859_1);
            if (text.startsWith(beginning)) {
                return text;
            }
        }
    }

    private String request(final String method, final String to, final String contentLength, final String body) {
        sequence++;
        return method + " sip:" + to + "@3402000000 SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.1.64:5060;rport;branch=z9hG4bK"
                + sequence + "\r\nMax-Forwards: 70\r\nFrom: <sip:" + (to.equals(SERVER) ? DEVICE : SERVER)
                + "@3402000000>;tag=" + sequence + "\r\nTo: <sip:" + (method.equals("REGISTER") ? DEVICE : to)
                + "@3402000000>\r\nCall-ID: " + sequence + "\r\nCSeq: 20 " + method + "\r\nExpires: 3600\r\n"
                + "Content-Length: " + contentLength + "\r\n\r\n" + body;
    }

    private static String ok(final String request) {
        final StringBuilder rows = new StringBuilder("SIP/2.0 200 OK\r\n");
        for (final String row : request.substring(0, request.indexOf("\r\n\r\n")).split("\r\n")) {
            if (row.matches("(Via|From|Call-ID|CSeq|Expires|Record-Route):.*")) {
                rows.append(row).append("\r\n");
            } else if (row.startsWith("To:")) {
                rows.append(row).append(";tag=p\r\n");
            }
        }
        return rows + "Content-Length: 0\r\n\r\n";
    }

    @ParameterizedTest
    @CsvSource({"stateful, 0", "stateless, 0", "stateful, 20", "stateless, 4000", "stateful, 4000"})
    void shouldPassTheWholeDatagramOnWhenContentLengthIsWrong(final String mode, final String contentLength)
            throws Exception {
        try (Tandem tandem = start(mode, ", profile: gb28181")) {
            // when
            final String sent = request("MESSAGE", SERVER, contentLength, KEEPALIVE);
            send(tandem, camera, sent);

            // then
            final String arrived = receive(platform, "MESSAGE ");
            assertTrue(arrived.endsWith("Content-Length: " + contentLength + "\r\n\r\n" + KEEPALIVE), arrived);
        }
    }

    @Test
    void shouldCutTheDatagramAsRfc3261SaysWhenTheTrunkHasNoProfile() throws Exception {
        try (Tandem tandem = start("stateful", "")) {
            send(tandem, camera, request("MESSAGE", SERVER, "5", KEEPALIVE));
            assertTrue(receive(platform, "MESSAGE ").endsWith("Content-Length: 5\r\n\r\n" + KEEPALIVE.substring(0, 5)));
        }
    }

    @ParameterizedTest
    @CsvSource({"stateful", "stateless"})
    void shouldFindACameraByItsIdAndCountWhatItSays(final String mode) throws Exception {
        try (Tandem tandem = start(mode, ", profile: gb28181")) {
            // given
            send(tandem, camera, request("REGISTER", SERVER, "0", ""));
            send(tandem, platform, ok(receive(platform, "REGISTER ")));
            receive(camera, "SIP/2.0 200");
            send(tandem, camera, request("MESSAGE", SERVER, "0", KEEPALIVE));
            send(tandem, platform, ok(receive(platform, "MESSAGE ")));
            receive(camera, "SIP/2.0 200");

            // when
            final String query = KEEPALIVE.replace("Notify", "Query").replace("Keepalive", "DeviceInfo");
            send(tandem, platform, request("MESSAGE", DEVICE, "0", query));

            // then
            assertTrue(receive(camera, "MESSAGE sip:" + DEVICE + "@3402000000 SIP/2.0\r\n").endsWith(query));
            final String metrics = get(tandem, "/metrics");
            assertTrue(metrics.contains("tandem_gb28181_devices{trunk=\"devices\"} 1\n"), metrics);
            assertTrue(metrics.contains("tandem_gb28181_queries_waiting{trunk=\"devices\"} 1\n"), metrics);
            assertTrue(metrics.contains("tandem_gb28181_messages_total{trunk=\"devices\",cmd_type=\"Keepalive\"} 1\n"),
                    metrics);
            assertTrue(metrics.contains("tandem_gb28181_registrations_total{trunk=\"devices\",kind=\"new\"} 1\n"),
                    metrics);
            for (final String full : new String[] {"tandem_gb28181_devices_refused_total{trunk=\"devices\"}",
                "tandem_gb28181_queries_displaced_total{trunk=\"devices\"}",
                "tandem_limited_total{limit=\"gb28181_dialogs\"}"}) {
                assertTrue(metrics.contains("\n" + full + " 0\n"), full);
            }
            assertTrue(get(tandem, "/api/v1/trunks/devices").contains("\"gb28181\":{\"devices\":1"));
            final String asked = "\"cmd_type\":\"DeviceInfo\",\"sn\":43,\"device_id\":\"" + DEVICE + "\",\"state\":";
            assertTrue(get(tandem, "/api/v1/calls").contains(asked + "\"waiting\""));

            // and: its response, a MESSAGE of its own
            send(tandem, camera, request("MESSAGE", SERVER, "0", query.replace("Query", "Response")));
            receive(platform, "MESSAGE ");
            final String calls = get(tandem, "/api/v1/calls");
            assertTrue(calls.contains(asked + "\"answered\"") && calls.contains("answered_ms"), calls);
        }
    }

    private static String get(final Tandem tandem, final String path) throws Exception {
        final InetSocketAddress admin = tandem.adminAddress().orElseThrow();
        try (HttpClient client = HttpClient.newHttpClient()) {
            final HttpResponse<String> answer = client.send(HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + admin.getPort() + path)).build(),
                    HttpResponse.BodyHandlers.ofString());
            assertEquals(200, answer.statusCode());
            return answer.body();
        }
    }
}
