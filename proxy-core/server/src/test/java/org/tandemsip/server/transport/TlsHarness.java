package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.handler.ssl.SslProvider;
import io.netty.pkitesting.X509Bundle;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import javax.net.ssl.SSLSocket;
import org.tandemsip.server.tls.TestCa;
import org.tandemsip.server.tls.TlsSettings;

/** Networks that speak TLS, and those on the other side, who do it by the JDK: all of them believe {@link #ca}. */
final class TlsHarness {
    static final InetAddress IPV4 = InetAddress.ofLiteral("127.0.0.1");
    static final SslProvider BEST = SslProvider.OPENSSL;

    final TestCa ca = new TestCa("Good");
    /** Whom nobody believes. */
    final TestCa strangers = new TestCa("Strangers");
    /** What was told of failures. */
    final Queue<String> reports = new ConcurrentLinkedQueue<>();

    TlsHarness() throws Exception {}

    /** A network that listens on UDP and on TLS. */
    static TestNet net(final Tls tls) throws Exception {
        return new TestNet(shape -> shape.listen(TestNet.udp(IPV4), TestNet.tls(IPV4)).tls(tls));
    }

    Tls tls(final SslProvider provider, final TlsSettings settings) throws Exception {
        return tls(provider, settings, Tls.Limits.DEFAULTS);
    }

    Tls tls(final SslProvider provider, final TlsSettings settings, final Tls.Limits limits) throws Exception {
        return new Tls(settings, limits, (_, _, failure, reason, _) -> reports.add(failure + " " + reason), provider);
    }

    TlsSettings settings() throws Exception {
        return settings("none", TlsSettings.USUAL);
    }

    TlsSettings settings(final String trunk, final TlsSettings.OfTrunk of) throws Exception {
        return new TlsSettings(List.of(TestCa.credentials(ca.issue("tandem.example"))), ca.anchors(),
                Map.of(trunk, of));
    }

    /** A trunk that is verified by these names. @param certified whether it must show a certificate as a client */
    static TlsSettings.OfTrunk trunk(final List<String> hosts, final boolean certified) {
        return new TlsSettings.OfTrunk(Optional.empty(), Optional.empty(), List.of(), hosts, true, certified);
    }

    /** A connection to the network. @param shown the certificate of the client; {@code null} for none */
    StreamClient client(final TestNet net, final X509Bundle shown) throws Exception {
        return new StreamClient(socket(net, shown));
    }

    /** The same before its handshake, to be given to a {@link StreamClient}. */
    SSLSocket socket(final TestNet net, final X509Bundle shown) throws Exception {
        final SSLSocket socket = (SSLSocket) ca.context(shown).getSocketFactory().createSocket();
        socket.connect(net.address(1));
        return socket;
    }

    TlsServer server(final X509Bundle shown) throws Exception {
        return server(shown, new InetSocketAddress(IPV4, 0));
    }

    TlsServer server(final X509Bundle shown, final InetSocketAddress at) throws Exception {
        return new TlsServer(ca.context(shown), at, false);
    }

    /** One that wants to see a certificate, too. */
    TlsServer certifyingServer(final X509Bundle shown) throws Exception {
        return new TlsServer(ca.context(shown), new InetSocketAddress(IPV4, 0), true);
    }

    void assertServed(final TestNet net, final X509Bundle shown) throws Exception {
        try (StreamClient client = client(net, shown)) {
            client.send(options("served", ""));
            assertTrue(client.message().startsWith("SIP/2.0 200 OK\r\n"));
        }
    }

    static String options(final String callId, final String body) {
        return TestNet.request("OPTIONS", callId, "SIP/2.0/TLS 127.0.0.1:9;rport;branch=z9hG4bKtls", body);
    }
}
