package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.server.transport.TlsHarness.BEST;
import static org.tandemsip.server.transport.TlsHarness.IPV4;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.metrics.Counter;

/** Requests to a peer over the TLS connection that it has opened (RFC 5923): asked for, and known by a certificate. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@ExtendWith(NoLeaks.class)
class AliasTest {
    private static final String HOST = "sip.carrier.example";

    private TlsHarness harness;
    /** Where the peer listens, and nobody does. */
    private InetSocketAddress advertised;

    @BeforeEach
    void makeAuthoritiesAndFindPort() throws Exception {
        harness = new TlsHarness();
        try (ServerSocket socket = new ServerSocket(0, 1, IPV4)) {
            advertised = (InetSocketAddress) socket.getLocalSocketAddress();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void shouldSendOverTheConnectionThatThePeerOffers(final int loops) throws Exception {
        try (Tls tls = tls(true); TestNet net = net(tls, loops); Peer peer = new Peer(net)) {
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
        try (Tls tls = tls(true); TestNet net = net(tls, 1); Peer peer = new Peer(net)) {
            peer.ask("");
            forward(net, tls, "carrier", HOST);
            TestNet.await("the failure to be reported", () -> !net.failed.isEmpty());
        }
    }

    @Test
    void shouldOpenAConnectionOfItsOwnWhenThePeerNeedNotShowWhoItIs() throws Exception {
        try (Tls tls = tls(false); TestNet net = net(tls, 1); Peer peer = new Peer(net)) {
            peer.ask(";alias");
            forward(net, tls, "carrier", HOST);
            TestNet.await("the failure to be reported", () -> !net.failed.isEmpty());
        }
    }

    @Test
    void shouldNotSendWhatIsForSomebodyElse() throws Exception {
        try (Tls tls = tls(true); TestNet net = net(tls, 1); Peer peer = new Peer(net)) {
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
            try (Peer peer = new Peer(net)) {
                peer.ask(";alias");
            }
            TestNet.await("the connection to be closed", () -> net.network.connections() == 0);
            try (TlsServer server = harness.server(harness.ca.issue(HOST), advertised)) {
                forward(net, tls, "carrier", HOST);
                assertTrue(server.message().startsWith("MESSAGE "));
            }
        }
    }

    @Test
    void shouldUseTheNewestOfTwoConnections() throws Exception {
        try (Tls tls = tls(true); TestNet net = net(tls, 1); Peer old = new Peer(net)) {
            old.ask(";alias");
            try (Peer newer = new Peer(net)) {
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
        try (UdpClient client = new UdpClient(net)) {
            client.send(TestNet.request("MESSAGE", "back" + client.port(), ""));
        }
    }

    private Tls tls(final boolean certified) throws Exception {
        return harness.tls(BEST, harness.settings("carrier", TlsHarness.trunk(List.of(HOST), certified)));
    }

    private static TestNet net(final Tls tls, final int loops) throws Exception {
        final TestNet net = new TestNet(
                shape -> shape.loops(loops).tls(tls).listen(TestNet.udp(IPV4), TestNet.tls(IPV4)));
        net.trunk = "carrier";
        return net;
    }

    private final class Peer implements AutoCloseable {
        private final StreamClient connection;

        Peer(final TestNet net) throws Exception {
            connection = harness.client(net, harness.ca.issue(HOST));
        }

        /** Sends a request, and has the answer. */
        void ask(final String parameter) throws IOException {
            connection.send(TestNet.request("OPTIONS", "ask", "SIP/2.0/TLS 127.0.0.1:" + advertised.getPort()
                    + ";branch=z9hG4bKalias" + parameter, ""));
            assertTrue(message().startsWith("SIP/2.0 200 OK\r\n"));
        }

        String message() throws IOException {
            return connection.message();
        }

        @Override
        public void close() throws IOException {
            connection.close();
        }
    }
}
