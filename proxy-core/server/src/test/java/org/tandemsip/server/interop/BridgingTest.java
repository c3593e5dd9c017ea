package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.codec.Transport;
import org.tandemsip.server.Tandem;
import org.tandemsip.server.config.ConfigReader;
import org.tandemsip.server.tls.TestCa;

/**
 * Any transport to any other: five phones, each registered over its own, call each other, and whoever was called hangs
 * up. Nobody can be reached but over the connection that he has opened; requests inside the dialog follow the
 * Record-Routes, of which there are two where the transports differ (RFC 5658).
 */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class BridgingTest {
    private static final String HOST = "127.0.0.1";

    @TempDir
    private Path folder;

    /** A phone, and its user's name. */
    private record Phone(Transport transport, Agent agent) {
        String user() {
            return transport.name().toLowerCase(Locale.ROOT);
        }

        String via(final String branch) {
            return "SIP/2.0/" + transport + ' ' + where() + ";rport;branch=z9hG4bK" + branch;
        }

        String contact() {
            return "<sip:" + user() + '@' + where() + ";transport=" + user() + '>';
        }

        private String where() {
            return agent.port() == 0 ? user() + ".invalid" : HOST + ':' + agent.port();
        }
    }

    @Test
    void shouldCarryCallsFromEveryTransportToEveryOther() throws Exception {
        final TestCa ca = new TestCa("Bridging");
        TestCa.write(folder, "tandem", ca.issue(builder -> builder.addSanIpAddress(HOST)));
        final List<Phone> phones = new ArrayList<>();
        try (Tandem tandem = Tandem.start(new ConfigReader(Map.of()).read("test", """
                listen: ["udp://%1$s:0", "tcp://%1$s:0", "tls://%1$s:0", "ws://%1$s:0", "wss://%1$s:0"]
                tls: {certificates: {cert: %2$s/tandem.pem, key: %2$s/tandem.key}}
                trunks:
                  phones: {allow: [127.0.0.0/8]}
                routes:
                  - {from: phones, to: registrar}
                  - {from: phones, to: location}
                admin: {socket: none}
                state-dir: %2$s
                """.formatted(HOST, folder)));
                HttpClient http = HttpClient.newBuilder().sslContext(ca.context(null)).build()) {
            try {
                for (final Transport transport : List.of(Transport.UDP, Transport.TCP, Transport.TLS, Transport.WS,
                        Transport.WSS)) {
                    final Phone phone = new Phone(transport, agent(transport, tandem, ca.context(null), http));
                    phones.add(phone);
                    register(phone);
                }
                for (final Phone caller : phones) {
                    for (final Phone callee : phones) {
                        if (caller != callee) {
                            call(caller, callee);
                        }
                    }
                }
            } finally {
                for (final Phone phone : phones) {
                    phone.agent().close(); // the client of the WebSockets waits for their end
                }
            }
        }
    }

    private static Agent agent(final Transport transport, final Tandem tandem, final SSLContext context,
            final HttpClient http) throws IOException {
        final InetSocketAddress remote =
                new InetSocketAddress(InetAddress.ofLiteral(HOST), tandem.port(transport));
        return switch (transport) {
            case UDP -> Agent.udp(HOST, 0, remote);
            case TCP -> Agent.tcp(HOST, remote);
            case TLS -> Agent.tls(context, HOST, remote);
            case WS, WSS -> Agent.webSocket(http, URI.create(transport.name().toLowerCase(Locale.ROOT) + "://" + HOST
                    + ':' + remote.getPort() + "/ws"));
            default -> throw new IllegalArgumentException(transport.name());
        };
    }

    private static void register(final Phone phone) throws IOException {
        phone.agent().send(message("REGISTER sip:" + HOST + " SIP/2.0", List.of("Via: " + phone.via("register"),
                "Max-Forwards: 70", "From: <sip:" + phone.user() + '@' + HOST + ">;tag=1",
                "To: <sip:" + phone.user() + '@' + HOST + '>', "Call-ID: register-" + phone.user(),
                "CSeq: 1 REGISTER", "Contact: " + phone.contact())));
        assertStarts("SIP/2.0 200", phone.agent().receive());
    }

    private static void call(final Phone caller, final Phone callee) throws IOException {
        final String name = caller.user() + "-to-" + callee.user();
        final String from = "<sip:" + caller.user() + '@' + HOST + ">;tag=caller";
        final String to = "<sip:" + callee.user() + '@' + HOST + '>';
        caller.agent().send(message("INVITE sip:" + callee.user() + '@' + HOST + " SIP/2.0",
                List.of("Via: " + caller.via(name), "Max-Forwards: 70", "From: " + from, "To: " + to,
                        "Call-ID: " + name, "CSeq: 1 INVITE", "Contact: " + caller.contact())));

        final String invite = callee.agent().receive("INVITE ");
        assertStarts("SIP/2.0/" + callee.transport() + ' ', values(invite, "Via").getFirst());
        callee.agent().send(answer(invite, ";tag=callee", "Contact: " + callee.contact()));

        final String ok = caller.agent().receive("SIP/2.0 200");
        caller.agent().send(message("ACK " + uri(values(ok, "Contact").getFirst()) + " SIP/2.0",
                Stream.concat(values(ok, "Record-Route").reversed().stream().map(route -> "Route: " + route),
                        Stream.of("Via: " + caller.via(name + "-ack"), "Max-Forwards: 70", "From: " + from,
                                "To: " + to + ";tag=callee", "Call-ID: " + name, "CSeq: 1 ACK"))
                        .toList()));

        final String ack = callee.agent().receive("ACK ");
        assertTrue(ack.contains("Call-ID: " + name), ack);
        callee.agent().send(message("BYE " + uri(values(invite, "Contact").getFirst()) + " SIP/2.0",
                Stream.concat(values(invite, "Record-Route").stream().map(route -> "Route: " + route),
                        Stream.of("Via: " + callee.via(name + "-bye"), "Max-Forwards: 70",
                                "From: " + to + ";tag=callee", "To: " + from, "Call-ID: " + name, "CSeq: 1 BYE"))
                        .toList()));

        final String bye = caller.agent().receive("BYE ");
        assertStarts("SIP/2.0/" + caller.transport() + ' ', values(bye, "Via").getFirst());
        caller.agent().send(answer(bye, ""));
        final String ended = callee.agent().receive("SIP/2.0 ");
        assertStarts("SIP/2.0 200", ended);
        assertTrue(ended.contains("Call-ID: " + name), ended);
    }

    private static String answer(final String request, final String tag, final String... more) {
        final List<String> rows = new ArrayList<>();
        for (final String field : List.of("Via", "Record-Route", "From", "Call-ID", "CSeq")) {
            values(request, field).forEach(value -> rows.add(field + ": " + value));
        }
        rows.add("To: " + values(request, "To").getFirst() + tag);
        rows.addAll(List.of(more));
        return message("SIP/2.0 200 OK", rows);
    }

    private static String message(final String startLine, final List<String> rows) {
        return startLine + "\r\n" + String.join("\r\n", rows) + "\r\nContent-Length: 0\r\n\r\n";
    }

    /** The values of a header field, in order; here none has a comma of its own. */
    private static List<String> values(final String message, final String field) {
        return message.lines().filter(line -> line.startsWith(field + ": "))
                .flatMap(line -> Stream.of(line.substring(field.length() + 2).split(", *")))
                .collect(Collectors.toList());
    }

    private static String uri(final String nameAddr) {
        return nameAddr.substring(nameAddr.indexOf('<') + 1, nameAddr.indexOf('>'));
    }

    private static void assertStarts(final String start, final String message) {
        assertTrue(message.startsWith(start), message);
    }
}
