package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslProvider;
import io.netty.pkitesting.X509Bundle;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.server.tls.CertificateNames;
import org.tandemsip.server.tls.TestCa;
import org.tandemsip.server.tls.TlsSettings;

/** TLS against that of the JDK on the other side, with both libraries on ours. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class TlsTest {
    private static final InetAddress IPV4 = InetAddress.ofLiteral("127.0.0.1");
    private static final String VIA = "SIP/2.0/TLS 127.0.0.1:9;rport;branch=z9hG4bKtls";
    private static final SslProvider BEST = SslProvider.OPENSSL;

    private static TestCa ca;
    private static TestCa strangers;
    private final Queue<String> reports = new ConcurrentLinkedQueue<>();

    @BeforeAll
    static void makeAuthorities() throws Exception {
        ca = new TestCa("Good");
        strangers = new TestCa("Strangers");
    }

    @AfterAll
    static void shouldHaveLeakedNothing() throws InterruptedException {
        TestNet.assertNoLeaks();
    }

    @Test
    void shouldHaveBoringSsl() {
        assertTrue(OpenSsl.isAvailable(), () -> String.valueOf(OpenSsl.unavailabilityCause()));
    }

    @ParameterizedTest
    @CsvSource({"OPENSSL,TLSv1.2", "OPENSSL,TLSv1.3", "JDK,TLSv1.2", "JDK,TLSv1.3"})
    void shouldAnswerOverTls(final SslProvider provider, final String version) throws Exception {
        try (Tls tls = tls(provider, settings()); TestNet net = net(tls); Client client = new Client(net, null)) {
            client.socket.setEnabledProtocols(new String[] {version});

            // when
            client.send(options("one", ""));
            client.send(options("two", "x".repeat(40_000)));

            // then
            assertTrue(client.message().startsWith("SIP/2.0 200 OK\r\nVia: SIP/2.0/TLS "));
            assertTrue(client.message().contains("Call-ID: two\r\n"));
            assertEquals(version, client.socket.getSession().getProtocol());
            assertEquals(1, net.count(Counter.TLS_GOOD));
            assertEquals(0, tls.handshakes());
            net.assertIdentity();
        }
    }

    @ParameterizedTest
    @EnumSource(value = SslProvider.class, names = {"OPENSSL", "JDK"})
    void shouldFindMessagesHoweverTheyAreCutIntoRecords(final SslProvider provider) throws Exception {
        try (Tls tls = tls(provider, settings()); TestNet net = net(tls); Client client = new Client(net, null)) {
            final String message = options("cut", "body\r\n");
            for (int cut = 1; cut < message.length(); cut += 7) {
                client.send(message.substring(0, cut));
                client.send(message.substring(cut) + message);
                assertTrue(client.message().contains("Call-ID: cut\r\n"), "cut at " + cut);
                assertTrue(client.message().contains("Call-ID: cut\r\n"), "cut at " + cut);
            }
            client.send("\r\n\r\n");
            client.read(2);
            net.assertIdentity();
        }
    }

    @ParameterizedTest
    @CsvSource({"OPENSSL,one.example", "OPENSSL,two.example", "JDK,two.example"})
    void shouldShowTheCertificateForTheNameAskedFor(final SslProvider provider, final String name) throws Exception {
        // given
        final TlsSettings settings = new TlsSettings(List.of(TestCa.credentials(ca.issue("one.example")),
                TestCa.credentials(ca.issue("two.example", "three.example"))), ca.anchors(), Map.of());
        try (Tls tls = tls(provider, settings); TestNet net = net(tls); Client client = new Client(net, null)) {
            // when
            final SSLParameters parameters = client.socket.getSSLParameters();
            parameters.setServerNames(List.of(new SNIHostName(name)));
            client.socket.setSSLParameters(parameters);
            client.socket.startHandshake();

            // then
            assertTrue(CertificateNames
                    .match((X509Certificate) client.socket.getSession().getPeerCertificates()[0], name));
        }
    }

    @ParameterizedTest
    @EnumSource(value = SslProvider.class, names = {"OPENSSL", "JDK"})
    void shouldTakeOnlyTheRightCertificateFromATrunkThatMustShowOne(final SslProvider provider) throws Exception {
        try (Tls tls = tls(provider, settings("carrier", trunk(List.of("sip.carrier.example"), true)));
                TestNet net = net(tls)) {
            net.trunk = "carrier";
            // a server's certificate will do (RFC 5922 knows no other), by name or by URI
            assertServed(net, ca.issue(builder -> builder.addSanDnsName("SIP.carrier.example")
                    .addExtendedKeyUsageServerAuth()));
            assertServed(net, ca.issue(builder -> uri(builder, "sip:sip.carrier.example")));
            // and nothing else
            assertRefused(net, null, Counter.TLS_NO_CERTIFICATE);
            assertRefused(net, ca.issue("sip.other.example"), Counter.TLS_NAME);
            assertRefused(net, strangers.issue("sip.carrier.example"), Counter.TLS_UNTRUSTED);
            assertRefused(net, ca.issueExpired("sip.carrier.example"), Counter.TLS_EXPIRED);
            assertRefused(net, ca.issue(builder -> builder.addSanDnsName("sip.carrier.example")
                    .addExtendedKeyUsageCodeSigning()), Counter.TLS_UNTRUSTED);
            // whoever belongs to no such trunk need not show anything
            net.trunk = "pbx";
            assertServed(net, null);
            assertEquals(0, tls.handshakes());
            assertTrue(String.join("\n", reports).contains("NAME the certificate is for another name than"
                    + " sip.carrier.example"), reports::toString);
        }
    }

    private static void assertServed(final TestNet net, final X509Bundle shown) throws Exception {
        try (Client client = new Client(net, shown)) {
            client.send(options("served", ""));
            assertTrue(client.message().startsWith("SIP/2.0 200 OK\r\n"));
        }
    }

    private static void assertRefused(final TestNet net, final X509Bundle shown, final Counter counter)
            throws Exception {
        final long before = net.count(counter);
        try (Client client = new Client(net, shown)) {
            assertThrows(IOException.class, () -> {
                client.send(options("refused", ""));
                client.message();
            });
        }
        net.awaitCount(counter, before + 1);
        assertEquals(0, net.absorbed.size());
    }

    @ParameterizedTest
    @EnumSource(value = SslProvider.class, names = {"OPENSSL", "JDK"})
    void shouldSendOnlyToWhoShowsTheNameThatWasMeant(final SslProvider provider) throws Exception {
        final TlsSettings settings = settings("carrier", trunk(List.of(), false));
        try (Tls tls = tls(provider, settings); TestNet net = net(tls)) {
            net.forwardOver = Transport.TLS;
            net.forwardIdentity = tls.identity("carrier", "sip.carrier.example");
            assertReached(net, ca.issue("sip.carrier.example"));
            assertReached(net, ca.issue(builder -> builder.subject("CN=sip.carrier.example")));
            assertReached(net, ca.issue(builder -> uri(builder, "sip:sip.carrier.example").addSanDnsName("x.example")));

            assertNotReached(net, ca.issue("sip.other.example"), Counter.TLS_NAME);
            assertNotReached(net, ca.issue(builder -> builder.subject("CN=sip.carrier.example")
                    .addSanDnsName("x.example")), Counter.TLS_NAME);
            assertNotReached(net, ca.issue(builder -> uri(builder, "sip:x.example")
                    .addSanDnsName("sip.carrier.example")), Counter.TLS_NAME);
            assertNotReached(net, ca.issue(builder -> uri(builder, "sip:bob@sip.carrier.example")), Counter.TLS_NAME);
            assertNotReached(net, strangers.issue("sip.carrier.example"), Counter.TLS_UNTRUSTED);
            assertNotReached(net, ca.issueExpired("sip.carrier.example"), Counter.TLS_EXPIRED);
            assertEquals(0, tls.handshakes());
        }
    }

    @Test
    void shouldSendToAnybodyWhereNothingIsVerified() throws Exception {
        final TlsSettings settings = settings("carrier", new TlsSettings.OfTrunk(Optional.empty(), Optional.empty(),
                List.of(), List.of(), false, false));
        try (Tls tls = tls(BEST, settings); TestNet net = net(tls)) {
            net.forwardOver = Transport.TLS;
            net.forwardIdentity = tls.identity("carrier", "192.0.2.1");
            assertReached(net, strangers.issueExpired("x.example"));
        }
    }

    @Test
    void shouldFindWhoIsMeantByTheAddressWhereNothingElseSays() throws Exception {
        final TlsSettings settings = settings("carrier", trunk(List.of("sip.carrier.example"), false));
        try (Tls tls = tls(BEST, settings); TestNet net = net(tls)) {
            net.forwardOver = Transport.TLS;
            net.trunk = "carrier";
            assertReached(net, ca.issue("sip.carrier.example"));
            assertNotReached(net, ca.issue("sip.other.example"), Counter.TLS_NAME);
            net.known = false;
            assertNotReached(net, ca.issue("sip.carrier.example"), Counter.TLS_NAME);
        }
    }

    @Test
    void shouldNotSendToOneNameOverTheConnectionOfAnother() throws Exception {
        try (Tls tls = tls(BEST, settings()); TestNet net = net(tls);
                Server server = new Server(ca.issue("one.example", "two.example")); Udp client = new Udp(net)) {
            net.forwardOver = Transport.TLS;
            net.forwardTo = server.address();
            for (final String name : List.of("one.example", "two.example", "one.example")) {
                net.forwardIdentity = tls.identity("", name);
                client.send(TestNet.request("MESSAGE", name, ""));
                server.message();
            }
            assertEquals(2, server.connections.size());
        }
    }

    private static void assertReached(final TestNet net, final X509Bundle shown) throws Exception {
        try (Server server = new Server(shown); Udp client = new Udp(net)) {
            net.forwardTo = server.address();
            client.send(TestNet.request("MESSAGE", "out", ""));
            client.send(TestNet.request("MESSAGE", "out2", ""));
            assertTrue(server.message().startsWith("MESSAGE "));
            assertTrue(server.message().startsWith("MESSAGE "));
            assertEquals(1, server.connections.size());
        }
    }

    private static void assertNotReached(final TestNet net, final X509Bundle shown, final Counter counter)
            throws Exception {
        final long before = net.count(counter);
        net.failed.clear();
        try (Server server = new Server(shown); Udp client = new Udp(net)) {
            net.forwardTo = server.address();
            client.send(TestNet.request("MESSAGE", "out", ""));
            TestNet.await("the failure to be reported", () -> !net.failed.isEmpty());
            net.awaitCount(counter, before + 1);
            assertEquals(0, server.received.size());
        }
    }

    @ParameterizedTest
    @EnumSource(value = SslProvider.class, names = {"OPENSSL", "JDK"})
    void shouldCloseWhoSpeaksSomethingElse(final SslProvider provider) throws Exception {
        try (Tls tls = tls(provider, settings()); TestNet net = net(tls); Socket plain = new Socket()) {
            plain.connect(net.address(1));
            plain.getOutputStream().write(TestNet.ascii(options("plain", "")));
            net.awaitCount(Counter.TLS_NOT_TLS, 1);
            net.awaitCount(Counter.CLOSED_TLS, 1);
            assertEquals(0, tls.handshakes());
        }
    }

    @Test
    void shouldCloseWhoSaysNothingOrTooLittle() throws Exception {
        try (Tls tls = new Tls(settings(), new Tls.Limits(100, 300), report(), BEST); TestNet net = net(tls);
                Socket silent = new Socket(); Socket slow = new Socket()) {
            silent.connect(net.address(1));
            slow.connect(net.address(1));
            slow.getOutputStream().write(new byte[] {0x16, 0x03, 0x01, 0x02, 0x00, 0x01});
            net.awaitCount(Counter.TLS_TIMEOUT, 2);
            assertEquals(-1, silent.getInputStream().read());
            TestNet.await("both handshakes to be given up", () -> tls.handshakes() == 0);
        }
    }

    @Test
    void shouldBoundHandshakesAndLeaveRoomForTrunks() throws Exception {
        try (Tls tls = new Tls(settings(), new Tls.Limits(4, 60_000), report(), BEST); TestNet net = net(tls)) {
            net.known = false;
            final List<Socket> idle = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                final Socket socket = new Socket();
                socket.connect(net.address(1));
                idle.add(socket);
            }
            net.awaitCount(Counter.TLS_TOO_MANY, 2);
            net.known = true;
            assertServed(net, null);
            for (final Socket socket : idle) {
                socket.close();
            }
            net.awaitCount(Counter.TLS_CLOSED, 3);
            TestNet.await("room", () -> tls.handshakes() == 0);
        }
    }

    @Test
    void shouldShowANewCertificateToWhoComesNowAndLeaveTheOthersAlone() throws Exception {
        try (Tls tls = tls(BEST, settings()); TestNet net = net(tls); Client old = new Client(net, null)) {
            old.send(options("old", ""));
            old.message();

            // when
            final X509Bundle renewed = ca.issue("renewed.example");
            tls.configure(new TlsSettings(List.of(TestCa.credentials(renewed)), ca.anchors(), Map.of()));

            // then
            try (Client client = new Client(net, null)) {
                client.socket.startHandshake();
                assertEquals(renewed.getCertificate(), client.socket.getSession().getPeerCertificates()[0]);
            }
            old.send(options("still", ""));
            assertTrue(old.message().contains("Call-ID: still\r\n"));
        }
    }

    @Test
    void shouldTellOnceOfManyFailures() throws Exception {
        try (Tls tls = tls(BEST, settings())) {
            for (int i = 0; i < 1_000; i++) {
                tls.failed("127.0.0.1:1", true, TlsFailure.NOT_TLS, "x");
            }
            assertEquals(1, reports.size());
        }
    }

    private TestNet net(final Tls tls) throws Exception {
        return new TestNet(shape -> shape.listen(TestNet.udp(IPV4), TestNet.tls(IPV4)).tls(tls));
    }

    private Tls tls(final SslProvider provider, final TlsSettings settings) throws Exception {
        return new Tls(settings, Tls.Limits.DEFAULTS, report(), provider);
    }

    private TlsReports report() {
        return (_, _, failure, reason, _) -> reports.add(failure + " " + reason);
    }

    private static TlsSettings settings() throws Exception {
        return settings("none", TlsSettings.USUAL);
    }

    private static TlsSettings settings(final String trunk, final TlsSettings.OfTrunk of) throws Exception {
        return new TlsSettings(List.of(TestCa.credentials(ca.issue("tandem.example"))), ca.anchors(),
                Map.of(trunk, of));
    }

    private static TlsSettings.OfTrunk trunk(final List<String> hosts, final boolean certified) {
        return new TlsSettings.OfTrunk(Optional.empty(), Optional.empty(), List.of(), hosts, true, certified);
    }

    private static io.netty.pkitesting.CertificateBuilder uri(final io.netty.pkitesting.CertificateBuilder builder,
            final String uri) {
        return builder.addSanUriName(java.net.URI.create(uri));
    }

    private static String options(final String callId, final String body) {
        return TestNet.request("OPTIONS", callId, VIA, body);
    }

    /** Reads whole messages. */
    private static String readMessage(final InputStream in) throws IOException {
        final ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
            final int b = in.read();
            if (b < 0) {
                throw new IOException("closed");
            }
            head.write(b);
        }
        final String text = head.toString(StandardCharsets.US_ASCII);
        final int at = text.indexOf("Content-Length: ") + 16;
        return text + new String(in.readNBytes(Integer.parseInt(text.substring(at, text.indexOf('\r', at)))),
                StandardCharsets.US_ASCII);
    }

    private static final class Client implements AutoCloseable {
        private final SSLSocket socket;

        Client(final TestNet net, final X509Bundle shown) throws Exception {
            socket = (SSLSocket) ca.context(shown).getSocketFactory().createSocket();
            socket.connect(net.address(1));
            socket.setSoTimeout(20_000);
        }

        void send(final String text) throws IOException {
            socket.getOutputStream().write(TestNet.ascii(text));
        }

        String message() throws IOException {
            return readMessage(socket.getInputStream());
        }

        void read(final int bytes) throws IOException {
            assertEquals(bytes, socket.getInputStream().readNBytes(bytes).length);
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    /** Accepts connections and keeps what comes. */
    private static final class Server implements AutoCloseable {
        private final SSLServerSocket listener;
        private final List<Socket> connections = new java.util.concurrent.CopyOnWriteArrayList<>();
        private final java.util.concurrent.BlockingQueue<String> received =
                new java.util.concurrent.LinkedBlockingQueue<>();

        Server(final X509Bundle shown) throws Exception {
            listener = (SSLServerSocket) ca.context(shown).getServerSocketFactory().createServerSocket();
            listener.bind(new InetSocketAddress(IPV4, 0));
            Thread.ofVirtual().start(() -> {
                try {
                    while (true) {
                        final Socket connection = listener.accept();
                        connections.add(connection);
                        Thread.ofVirtual().start(() -> read(connection));
                    }
                } catch (final IOException closed) {
                    // The test is over.
                }
            });
        }

        private void read(final Socket connection) {
            try {
                while (true) {
                    received.add(readMessage(connection.getInputStream()));
                }
            } catch (final IOException closed) {
                // By one side or the other.
            }
        }

        InetSocketAddress address() {
            return (InetSocketAddress) listener.getLocalSocketAddress();
        }

        String message() throws InterruptedException {
            final String message = received.poll(20, TimeUnit.SECONDS);
            assertTrue(message != null, "nothing came");
            return message;
        }

        @Override
        public void close() throws IOException {
            listener.close();
            for (final Socket connection : connections) {
                connection.close();
            }
        }
    }

    /** Sends datagrams. */
    private static final class Udp implements AutoCloseable {
        private final java.net.DatagramSocket socket = new java.net.DatagramSocket();
        private final InetSocketAddress to;

        Udp(final TestNet net) throws IOException {
            to = net.udpAddress();
        }

        void send(final String text) throws IOException {
            final byte[] bytes = TestNet.ascii(text);
            socket.send(new java.net.DatagramPacket(bytes, bytes.length, to));
        }

        @Override
        public void close() {
            socket.close();
        }
    }
}
