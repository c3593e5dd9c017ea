package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.server.transport.TlsHarness.BEST;
import static org.tandemsip.server.transport.TlsHarness.net;
import static org.tandemsip.server.transport.TlsHarness.options;

import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslProvider;
import io.netty.pkitesting.X509Bundle;
import java.net.Socket;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.server.tls.CertificateNames;
import org.tandemsip.server.tls.TestCa;
import org.tandemsip.server.tls.TlsSettings;

/** TLS against that of the JDK on the other side, with both libraries on ours. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@ExtendWith(NoLeaks.class)
class TlsTest {
    private TlsHarness harness;

    @BeforeEach
    void makeAuthorities() throws Exception {
        harness = new TlsHarness();
    }

    @Test
    void shouldHaveBoringSsl() {
        assertTrue(OpenSsl.isAvailable(), () -> String.valueOf(OpenSsl.unavailabilityCause()));
    }

    @ParameterizedTest
    @CsvSource({"OPENSSL,TLSv1.2", "OPENSSL,TLSv1.3", "JDK,TLSv1.2", "JDK,TLSv1.3"})
    void shouldAnswerOverTls(final SslProvider provider, final String version) throws Exception {
        try (Tls tls = harness.tls(provider, harness.settings()); TestNet net = net(tls);
                SSLSocket socket = harness.socket(net, null); StreamClient client = new StreamClient(socket)) {
            socket.setEnabledProtocols(new String[] {version});

            // when
            client.send(options("one", ""));
            client.send(options("two", "x".repeat(40_000)));

            // then
            assertTrue(client.message().startsWith("SIP/2.0 200 OK\r\nVia: SIP/2.0/TLS "));
            assertTrue(client.message().contains("Call-ID: two\r\n"));
            assertEquals(version, socket.getSession().getProtocol());
            assertEquals(1, net.count(Counter.TLS_GOOD));
            assertEquals(0, tls.handshakes());
            net.assertIdentity();
        }
    }

    @ParameterizedTest
    @EnumSource(value = SslProvider.class, names = {"OPENSSL", "JDK"})
    void shouldFindMessagesHoweverTheyAreCutIntoRecords(final SslProvider provider) throws Exception {
        try (Tls tls = harness.tls(provider, harness.settings()); TestNet net = net(tls);
                StreamClient client = harness.client(net, null)) {
            final String message = options("cut", "body\r\n");
            for (int cut = 1; cut < message.length(); cut += 7) {
                client.send(message.substring(0, cut));
                client.send(message.substring(cut) + message);
                assertTrue(client.message().contains("Call-ID: cut\r\n"), "cut at " + cut);
                assertTrue(client.message().contains("Call-ID: cut\r\n"), "cut at " + cut);
            }
            client.send("\r\n\r\n");
            assertEquals("\r\n", client.read(2));
            net.assertIdentity();
        }
    }

    @ParameterizedTest
    @CsvSource({"OPENSSL,one.example", "OPENSSL,two.example", "JDK,two.example"})
    void shouldShowTheCertificateForTheNameAskedFor(final SslProvider provider, final String name) throws Exception {
        // given
        final TlsSettings settings = new TlsSettings(List.of(TestCa.credentials(harness.ca.issue("one.example")),
                TestCa.credentials(harness.ca.issue("two.example", "three.example"))), harness.ca.anchors(), Map.of());
        try (Tls tls = harness.tls(provider, settings); TestNet net = net(tls);
                SSLSocket socket = harness.socket(net, null)) {
            // when
            final SSLParameters parameters = socket.getSSLParameters();
            parameters.setServerNames(List.of(new SNIHostName(name)));
            socket.setSSLParameters(parameters);
            socket.startHandshake();

            // then
            assertTrue(CertificateNames
                    .match((X509Certificate) socket.getSession().getPeerCertificates()[0], name));
        }
    }

    @Test
    void shouldShowANewCertificateToWhoComesNowAndLeaveTheOthersAlone() throws Exception {
        try (Tls tls = harness.tls(BEST, harness.settings()); TestNet net = net(tls);
                StreamClient old = harness.client(net, null)) {
            old.send(options("old", ""));
            old.message();

            // when
            final X509Bundle renewed = harness.ca.issue("renewed.example");
            tls.configure(new TlsSettings(List.of(TestCa.credentials(renewed)), harness.ca.anchors(), Map.of()));

            // then
            try (SSLSocket socket = harness.socket(net, null)) {
                socket.startHandshake();
                assertEquals(renewed.getCertificate(), socket.getSession().getPeerCertificates()[0]);
            }
            old.send(options("still", ""));
            assertTrue(old.message().contains("Call-ID: still\r\n"));
        }
    }

    @ParameterizedTest
    @EnumSource(value = SslProvider.class, names = {"OPENSSL", "JDK"})
    void shouldCloseWhoSpeaksSomethingElse(final SslProvider provider) throws Exception {
        try (Tls tls = harness.tls(provider, harness.settings()); TestNet net = net(tls); Socket plain = new Socket()) {
            plain.connect(net.address(1));
            plain.getOutputStream().write(TestNet.ascii(options("plain", "")));
            net.awaitCount(Counter.TLS_NOT_TLS, 1);
            net.awaitCount(Counter.CLOSED_TLS, 1);
            assertEquals(0, tls.handshakes());
        }
    }

    @Test
    void shouldCloseWhoSaysNothingOrTooLittle() throws Exception {
        try (Tls tls = harness.tls(BEST, harness.settings(), new Tls.Limits(100, 300)); TestNet net = net(tls);
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
        try (Tls tls = harness.tls(BEST, harness.settings(), new Tls.Limits(4, 60_000)); TestNet net = net(tls)) {
            net.known = false;
            final List<Socket> idle = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                final Socket socket = new Socket();
                socket.connect(net.address(1));
                idle.add(socket);
            }
            net.awaitCount(Counter.TLS_TOO_MANY, 2);
            net.known = true;
            harness.assertServed(net, null);
            for (final Socket socket : idle) {
                socket.close();
            }
            net.awaitCount(Counter.TLS_CLOSED, 3);
            TestNet.await("room", () -> tls.handshakes() == 0);
        }
    }

    @Test
    void shouldTellOnceOfManyFailures() throws Exception {
        try (Tls tls = harness.tls(BEST, harness.settings())) {
            for (int i = 0; i < 1_000; i++) {
                tls.failed("127.0.0.1:1", true, TlsFailure.NOT_TLS, "x");
            }
            assertEquals(1, harness.reports.size());
        }
    }
}
