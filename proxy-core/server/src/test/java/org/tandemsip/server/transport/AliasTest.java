package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.pkitesting.X509Bundle;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.server.tls.TestCa;
import org.tandemsip.server.tls.TlsSettings;

/** Requests to a peer over the TLS connection that it has opened (RFC 5923): asked for, and known by a certificate. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class AliasTest {
    private static final InetAddress IPV4 = InetAddress.ofLiteral("127.0.0.1");
    private static final String HOST = "sip.carrier.example";

    private static TestCa ca;
    /** Where the peer listens, and nobody does. */
    private InetSocketAddress advertised;

    @BeforeAll
    static void makeAuthority() throws Exception {
        ca = new TestCa("Alias");
    }

    @AfterAll
    static void shouldHaveLeakedNothing() throws InterruptedException {
        TestNet.assertNoLeaks();
    }

    @BeforeEach
    void findPort() throws IOException {
        try (java.net.ServerSocket socket = new java.net.ServerSocket(0, 1, IPV4)) {
            advertised = (InetSocketAddress) socket.getLocalSocketAddress();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void shouldSendOverTheConnectionThatThePeerOffers(final int loops) throws Exception {
        try (Tls tls = tls(true); TestNet net = net(tls, loops); Peer peer = new Peer(net, ca.issue(HOST))) {
            peer.ask(";alias");
            for (int i = 0; i < 8; i++) {
                forward(net, tls, "carrier", HOST);
                assertTrue(peer.message().startsWith("MESSAGE "));
            }
            assertEquals(0, net.count(Counter.CONNECTIONS_OPENED));
            assertEquals(1, net.network.connections());
        }
    }

    @Test
    void shouldOpenAConnectionOfItsOwnWhenThePeerDoesNotAsk() throws Exception {
        try (Tls tls = tls(true); TestNet net = net(tls, 1); Peer peer = new Peer(net, ca.issue(HOST))) {
            peer.ask("");
            forward(net, tls, "carrier", HOST);
            TestNet.await("the failure to be reported", () -> !net.failed.isEmpty());
        }
    }

    @Test
    void shouldOpenAConnectionOfItsOwnWhenThePeerNeedNotShowWhoItIs() throws Exception {
        try (Tls tls = tls(false); TestNet net = net(tls, 1); Peer peer = new Peer(net, ca.issue(HOST))) {
            peer.ask(";alias");
            forward(net, tls, "carrier", HOST);
            TestNet.await("the failure to be reported", () -> !net.failed.isEmpty());
        }
    }

    @Test
    void shouldNotSendWhatIsForSomebodyElse() throws Exception {
        try (Tls tls = tls(true); TestNet net = net(tls, 1); Peer peer = new Peer(net, ca.issue(HOST))) {
            peer.ask(";alias");
            int failures = 0;
            // another name at that address, the same of another trunk, and the same that belongs to no trunk
            for (final String[] other : List.of(new String[] {"carrier", "other.example"},
                    new String[] {"pbx", HOST}, new String[] {"", HOST})) {
                forward(net, tls, other[0], other[1]);
                final int failed = ++failures;
                TestNet.await("the failure to be reported", () -> net.failed.size() == failed);
            }
            // nor what names nobody
            net.known = false;
            net.forwardIdentity = 0;
            send(net);
            TestNet.await("the failure to be reported", () -> net.failed.size() == 4);
            net.known = true;
            forward(net, tls, "carrier", HOST);
            assertTrue(peer.message().startsWith("MESSAGE "));
        }
    }

    @Test
    void shouldConnectAgainOnceTheConnectionIsGone() throws Exception {
        try (Tls tls = tls(true); TestNet net = net(tls, 1)) {
            try (Peer peer = new Peer(net, ca.issue(HOST))) {
                peer.ask(";alias");
            }
            TestNet.await("the connection to be closed", () -> net.network.connections() == 0);
            try (SSLServerSocket listener = (SSLServerSocket) ca.context(ca.issue(HOST)).getServerSocketFactory()
                    .createServerSocket()) {
                listener.setReuseAddress(true);
                listener.bind(advertised);
                forward(net, tls, "carrier", HOST);
                try (SSLSocket socket = (SSLSocket) listener.accept()) {
                    socket.setSoTimeout(30_000);
                    assertTrue(read(socket).startsWith("MESSAGE "));
                }
            }
        }
    }

    @Test
    void shouldUseTheNewestOfTwoConnections() throws Exception {
        try (Tls tls = tls(true); TestNet net = net(tls, 1); Peer old = new Peer(net, ca.issue(HOST))) {
            old.ask(";alias");
            try (Peer newer = new Peer(net, ca.issue(HOST))) {
                newer.ask(";alias");
                forward(net, tls, "carrier", HOST);
                assertTrue(newer.message().startsWith("MESSAGE "));
            }
        }
    }

    private void forward(final TestNet net, final Tls tls, final String trunk, final String host) throws IOException {
        net.forwardIdentity = tls.identity(trunk, host);
        send(net);
    }

    private void send(final TestNet net) throws IOException {
        net.forwardOver = Transport.TLS;
        net.forwardTo = advertised;
        try (DatagramSocket socket = new DatagramSocket()) {
            final byte[] bytes = TestNet.ascii(TestNet.request("MESSAGE", "back" + socket.getLocalPort(), ""));
            socket.send(new DatagramPacket(bytes, bytes.length, net.udpAddress()));
        }
    }

    private static Tls tls(final boolean certified) throws Exception {
        final TlsSettings.OfTrunk carrier = new TlsSettings.OfTrunk(Optional.empty(), Optional.empty(), List.of(),
                List.of(HOST), true, certified);
        return new Tls(new TlsSettings(List.of(TestCa.credentials(ca.issue("tandem.example"))), ca.anchors(),
                Map.of("carrier", carrier)), Tls.Limits.DEFAULTS, TlsReports.NONE);
    }

    private static TestNet net(final Tls tls, final int loops) throws Exception {
        final TestNet net = new TestNet(
                shape -> shape.loops(loops).tls(tls).listen(TestNet.udp(IPV4), TestNet.tls(IPV4)));
        net.trunk = "carrier";
        return net;
    }

    private static String read(final SSLSocket socket) throws IOException {
        final ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
            final int next = socket.getInputStream().read();
            assertTrue(next >= 0, () -> "closed after: " + head);
            head.write(next);
        }
        return head.toString(StandardCharsets.US_ASCII);
    }

    private final class Peer implements AutoCloseable {
        private final SSLSocket socket;

        Peer(final TestNet net, final X509Bundle shown) throws Exception {
            socket = (SSLSocket) ca.context(shown).getSocketFactory().createSocket();
            socket.connect(net.address(1));
            socket.setSoTimeout(30_000);
        }

        /** Sends a request, and has the answer. */
        void ask(final String parameter) throws IOException {
            socket.getOutputStream().write(TestNet.ascii(TestNet.request("OPTIONS", "ask", "SIP/2.0/TLS 127.0.0.1:"
                    + advertised.getPort() + ";branch=z9hG4bKalias" + parameter, "")));
            assertTrue(message().startsWith("SIP/2.0 200 OK\r\n"));
        }

        String message() throws IOException {
            return read(socket);
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
