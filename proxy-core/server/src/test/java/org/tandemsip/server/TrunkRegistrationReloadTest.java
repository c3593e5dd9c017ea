package org.tandemsip.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.config.ConfigException;
import org.tandemsip.server.config.ConfigReader;

/** What a registrar hears of a server that starts, is reloaded, drains and stops. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class TrunkRegistrationReloadTest {
    private final ConfigReader reader = new ConfigReader(Map.of());
    private final Set<String> heard = new HashSet<>();
    private DatagramSocket registrar;
    @TempDir
    private Path directory;
    private Path file;
    private String listen = "udp://127.0.0.1:0";
    /** Where the last request came from. */
    private String from;

    @BeforeEach
    void openRegistrar() throws IOException {
        registrar = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        registrar.setSoTimeout(60_000);
        file = directory.resolve("tandem.yaml");
    }

    @AfterEach
    void closeRegistrar() {
        registrar.close();
    }

    private void write(final String register, final String more) throws IOException {
        Files.writeString(file, """
                listen: [%s]
                loops: 2
                trunks:
                  carrier: {peers: ["127.0.0.1:%d"]%s}
                admin: {socket: none}
                state-dir: %s
                %s
                """.formatted(listen, registrar.getLocalPort(), register, directory.resolve("state"), more));
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

    /** The next REGISTER, which is answered; retransmissions of earlier ones are answered again and passed over. */
    private String register() throws IOException {
        while (true) {
            final DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
            registrar.receive(packet);
            from = packet.getAddress().getHostAddress() + ':' + packet.getPort();
            final String request = new String(packet.getData(), 0, packet.getLength(), StandardCharsets.ISO_8859_1);
            assertTrue(request.startsWith("REGISTER "), request);
            final StringBuilder answer = new StringBuilder("SIP/2.0 200 OK\r\n");
            request.lines().filter(line -> line.matches("(Via|From|To|Call-ID|CSeq|Contact|Expires):.*"))
                    .forEach(line -> answer.append(line).append("\r\n"));
            final byte[] bytes = answer.append("Content-Length: 0\r\n\r\n").toString()
                    .getBytes(StandardCharsets.ISO_8859_1);
            registrar.send(new DatagramPacket(bytes, bytes.length, packet.getSocketAddress()));
            if (heard.add(value(request, "Call-ID") + value(request, "CSeq"))) {
                return request;
            }
        }
    }

    private static String value(final String message, final String header) {
        final Matcher matcher = Pattern.compile("\r\n" + header + ": ([^\r\n]*)").matcher(message);
        assertTrue(matcher.find(), message);
        return matcher.group(1);
    }

    /** The Contact is where calls of the carrier will come to. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            of its transport | "tcp://127.0.0.2:0", "udp://127.0.0.3:0"
            of its zone      | "udp://127.0.0.2:0 zone core", "udp://127.0.0.3:0 zone trunk"
            of its subnet    | "udp://127.0.1.2:0", "udp://127.0.0.3:0"
            """)
    void shouldRegisterTheListenPointThatFitsTheTrunk(final String what, final String points) throws Exception {
        listen = points;
        write(", register: {user: a}", "");
        try (Tandem tandem = start()) {
            final String request = register();

            assertEquals("udp://" + from, tandem.addresses().getLast(), what);
            assertTrue(value(request, "Via").startsWith("SIP/2.0/UDP " + from + ";"), request);
            assertTrue(value(request, "Contact").startsWith("<sip:a@" + from + ";trk="), request);
            closeAndAnswer(tandem, request);
        }
    }

    @Test
    void shouldTouchNothingThatAReloadDoesNotChange() throws Exception {
        write(", register: {user: a}", "");
        try (Tandem tandem = start()) {
            final String first = register();
            assertEquals("3600", value(first, "Expires"));

            write(", max-forwards: 30, register: {user: a}", "drain: 1s");
            tandem.reload();
            write(", register: {user: a, expires: 30m}", "");
            tandem.reload();

            // What comes next is of the second reload: the first has changed nothing.
            final String second = register();
            assertEquals("1800", value(second, "Expires"));
            assertNotEquals(value(first, "Call-ID"), value(second, "Call-ID"));
            assertEquals(value(first, "Contact"), value(second, "Contact"), "so it takes the place of the first");
            closeAndAnswer(tandem, second);
        }
    }

    @Test
    void shouldTakeBackWhatAReloadRemoves() throws Exception {
        write(", register: {user: a}", "");
        try (Tandem tandem = start()) {
            final String first = register();

            write(", register: {user: b}", "");
            tandem.reload();
            final String remove = register();
            assertEquals("0", value(remove, "Expires"));
            assertEquals(value(first, "Call-ID"), value(remove, "Call-ID"));
            assertEquals("2 REGISTER", value(remove, "CSeq"));
            final String second = register();
            assertEquals("<sip:b@127.0.0.1>", value(second, "To"));

            write("", "");
            tandem.reload();
            final String last = register();
            assertEquals("0", value(last, "Expires"));
            assertEquals(value(second, "Call-ID"), value(last, "Call-ID"));
        }
    }

    @Test
    void shouldTakeBackAllWhenItDrains() throws Exception {
        write(", register: {user: a}", "");
        try (Tandem tandem = start()) {
            final String first = register();

            tandem.drain(60);

            final String remove = register();
            assertEquals("0", value(remove, "Expires"));
            assertEquals(value(first, "Call-ID"), value(remove, "Call-ID"));
        }
    }

    /** A stop takes back too, and waits for the answer. */
    private void closeAndAnswer(final Tandem tandem, final String registered) throws Exception {
        final Thread closing = Thread.ofVirtual().start(tandem::close);
        final String remove = register();
        assertEquals("0", value(remove, "Expires"));
        assertEquals(value(registered, "Call-ID"), value(remove, "Call-ID"));
        closing.join();
    }
}
