package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.server.transport.TlsHarness.BEST;
import static org.tandemsip.server.transport.TlsHarness.net;
import static org.tandemsip.server.transport.TlsHarness.options;
import static org.tandemsip.server.transport.TlsHarness.trunk;

import io.netty.handler.ssl.SslProvider;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.server.tls.TestCa;
import org.tandemsip.server.tls.TlsSettings;

/** Who may be on the other side of a connection: by the name in its certificate (RFC 5922) and by whom we believe. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@ExtendWith(NoLeaks.class)
class TlsPeerTest {
    private TlsHarness harness;

    @BeforeEach
    void makeAuthorities() throws Exception {
        harness = new TlsHarness();
    }

    @ParameterizedTest
    @EnumSource(value = SslProvider.class, names = {"OPENSSL", "JDK"})
    void shouldTakeOnlyTheRightCertificateFromATrunkThatMustShowOne(final SslProvider provider) throws Exception {
        try (Tls tls = harness.tls(provider, harness.settings("carrier", trunk(List.of("sip.carrier.example"), true)));
                TestNet net = net(tls)) {
            net.trunk = "carrier";
            // a server's certificate will do (RFC 5922 knows no other), by name or by URI
            harness.assertServed(net, harness.ca.issue(builder -> builder.addSanDnsName("SIP.carrier.example")
                    .addExtendedKeyUsageServerAuth()));
            harness.assertServed(net, harness.ca.issue(builder -> uri(builder, "sip:sip.carrier.example")));
            // and nothing else
            assertRefused(net, null, Counter.TLS_NO_CERTIFICATE);
            assertRefused(net, harness.ca.issue("sip.other.example"), Counter.TLS_NAME);
            assertRefused(net, harness.strangers.issue("sip.carrier.example"), Counter.TLS_UNTRUSTED);
            assertRefused(net, harness.ca.issueExpired("sip.carrier.example"), Counter.TLS_EXPIRED);
            assertRefused(net, harness.ca.issue(builder -> builder.addSanDnsName("sip.carrier.example")
                    .addExtendedKeyUsageCodeSigning()), Counter.TLS_UNTRUSTED);
            // whoever belongs to no such trunk need not show anything
            net.trunk = "pbx";
            harness.assertServed(net, null);
            assertEquals(0, tls.handshakes());
            assertTrue(String.join("\n", harness.reports).contains("NAME the certificate is for another name than"
                    + " sip.carrier.example"), harness.reports::toString);
        }
    }

    private void assertRefused(final TestNet net, final X509Bundle shown, final Counter counter)
            throws Exception {
        final long before = net.count(counter);
        try (StreamClient client = harness.client(net, shown)) {
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
        final TlsSettings settings = harness.settings("carrier", trunk(List.of(), false));
        try (Tls tls = harness.tls(provider, settings); TestNet net = net(tls)) {
            net.forwardOver = Transport.TLS;
            net.forwardIdentity = tls.identity("carrier", "sip.carrier.example");
            assertReached(net, harness.ca.issue("sip.carrier.example"));
            assertReached(net, harness.ca.issue(builder -> builder.subject("CN=sip.carrier.example")));
            assertReached(net,
                    harness.ca.issue(builder -> uri(builder, "sip:sip.carrier.example").addSanDnsName("x.example")));

            assertNotReached(net, harness.ca.issue("sip.other.example"), Counter.TLS_NAME);
            assertNotReached(net, harness.ca.issue(builder -> builder.subject("CN=sip.carrier.example")
                    .addSanDnsName("x.example")), Counter.TLS_NAME);
            assertNotReached(net, harness.ca.issue(builder -> uri(builder, "sip:x.example")
                    .addSanDnsName("sip.carrier.example")), Counter.TLS_NAME);
            assertNotReached(net, harness.ca.issue(builder -> uri(builder, "sip:bob@sip.carrier.example")),
                    Counter.TLS_NAME);
            assertNotReached(net, harness.strangers.issue("sip.carrier.example"), Counter.TLS_UNTRUSTED);
            assertNotReached(net, harness.ca.issueExpired("sip.carrier.example"), Counter.TLS_EXPIRED);
            assertEquals(0, tls.handshakes());
        }
    }

    @Test
    void shouldSendToAnybodyWhereNothingIsVerified() throws Exception {
        final TlsSettings settings =
                harness.settings("carrier", new TlsSettings.OfTrunk(Optional.empty(), Optional.empty(),
                        List.of(), List.of(), false, false));
        try (Tls tls = harness.tls(BEST, settings); TestNet net = net(tls)) {
            net.forwardOver = Transport.TLS;
            net.forwardIdentity = tls.identity("carrier", "192.0.2.1");
            assertReached(net, harness.strangers.issueExpired("x.example"));
        }
    }

    @Test
    void shouldFindWhoIsMeantByTheAddressWhereNothingElseSays() throws Exception {
        final TlsSettings settings = harness.settings("carrier", trunk(List.of("sip.carrier.example"), false));
        try (Tls tls = harness.tls(BEST, settings); TestNet net = net(tls)) {
            net.forwardOver = Transport.TLS;
            net.trunk = "carrier";
            assertReached(net, harness.ca.issue("sip.carrier.example"));
            assertNotReached(net, harness.ca.issue("sip.other.example"), Counter.TLS_NAME);
            net.known = false;
            assertNotReached(net, harness.ca.issue("sip.carrier.example"), Counter.TLS_NAME);
        }
    }

    @Test
    void shouldNotSendToOneNameOverTheConnectionOfAnother() throws Exception {
        try (Tls tls = harness.tls(BEST, harness.settings()); TestNet net = net(tls);
                TlsServer server = harness.server(harness.ca.issue("one.example", "two.example"));
                UdpClient client = new UdpClient(net)) {
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

    /** Where a trunk has a certificate of its own, and peers by two names and by an address. */
    @ParameterizedTest
    @EnumSource(value = SslProvider.class, names = {"OPENSSL", "JDK"})
    void shouldNameTheHostItWantsAndShowTheCertificateForItsTrunk(final SslProvider provider) throws Exception {
        final X509Bundle forCarrier = harness.ca.issue("customer.example");
        final TlsSettings settings = harness.settings("carrier", new TlsSettings.OfTrunk(
                Optional.of(TestCa.credentials(forCarrier)), Optional.empty(), List.of(), List.of("a.carrier.example"),
                true, false));
        try (Tls tls = harness.tls(provider, settings); TestNet net = net(tls);
                TlsServer server = harness.certifyingServer(harness.ca.issue("a.carrier.example", "b.carrier.example",
                        "sip.other.example"));
                UdpClient client = new UdpClient(net)) {
            net.forwardOver = Transport.TLS;
            net.forwardTo = server.address();

            assertGreeted(net, client, server, tls.identity("carrier", "a.carrier.example"),
                    List.of(new SNIHostName("a.carrier.example")), forCarrier.getCertificate());
            assertGreeted(net, client, server, tls.identity("carrier", "B.Carrier.Example."),
                    List.of(new SNIHostName("b.carrier.example")), forCarrier.getCertificate());
            // an address is no name for SNI (RFC 6066 section 3)
            assertGreeted(net, client, server, tls.identity("carrier", "127.0.0.1"), List.of(),
                    forCarrier.getCertificate());
            assertGreeted(net, client, server, tls.identity("other", "sip.other.example"),
                    List.of(new SNIHostName("sip.other.example")),
                    settings.certificates().getFirst().certificate());
        }
    }

    private static void assertGreeted(final TestNet net, final UdpClient client, final TlsServer server,
            final int identity, final List<SNIServerName> names, final X509Certificate shown) throws Exception {
        final int before = server.connections.size();
        net.forwardIdentity = identity;
        client.send(TestNet.request("MESSAGE", "greeted" + before, ""));
        assertTrue(server.message().startsWith("MESSAGE "));
        assertEquals(before + 1, server.connections.size());
        final ExtendedSSLSession session = server.session(before);
        assertEquals(names, session.getRequestedServerNames());
        assertEquals(shown, session.getPeerCertificates()[0]);
    }

    private void assertReached(final TestNet net, final X509Bundle shown) throws Exception {
        try (TlsServer server = harness.server(shown); UdpClient client = new UdpClient(net)) {
            net.forwardTo = server.address();
            client.send(TestNet.request("MESSAGE", "out", ""));
            client.send(TestNet.request("MESSAGE", "out2", ""));
            assertTrue(server.message().startsWith("MESSAGE "));
            assertTrue(server.message().startsWith("MESSAGE "));
            assertEquals(1, server.connections.size());
        }
    }

    private void assertNotReached(final TestNet net, final X509Bundle shown, final Counter counter)
            throws Exception {
        final long before = net.count(counter);
        net.failed.clear();
        try (TlsServer server = harness.server(shown); UdpClient client = new UdpClient(net)) {
            net.forwardTo = server.address();
            client.send(TestNet.request("MESSAGE", "out", ""));
            TestNet.await("the failure to be reported", () -> !net.failed.isEmpty());
            net.awaitCount(counter, before + 1);
            assertEquals(0, server.received.size());
        }
    }

    private static CertificateBuilder uri(final CertificateBuilder builder,
            final String uri) {
        return builder.addSanUriName(URI.create(uri));
    }
}
