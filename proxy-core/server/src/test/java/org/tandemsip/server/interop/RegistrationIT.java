package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Phones register with a running server, which is killed and comes back, and are called. */
@ExtendWith(Folders.class)
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class RegistrationIT {
    private static final String PROXY = "127.0.6.1";
    private static final String PHONES = "127.0.6.2";
    private static final String CARRIER = "127.0.6.3";
    private static final int PORT = 5160;
    private static final InetSocketAddress ADDRESS = new InetSocketAddress(PROXY, PORT);
    private static final String CONFIG = """
            listen: [udp://%1$s:%2$d, tcp://%1$s:%2$d]
            registrar: {min-expires: 1s}
            trunks:
              phones: {allow: [%3$s/32], zone: core}
              carrier: {peers: ["%4$s:5060"]}
            routes:
              - {from: phones, to: registrar}
              - {from: any, to: location}
            """.formatted(PROXY, PORT, PHONES, CARRIER);

    private static ServerProcess start() throws IOException, InterruptedException {
        return ServerProcess.start(ADDRESS, PHONES, CONFIG);
    }

    private static String request(final String method, final String uri, final String via, final String user,
            final String callId, final int cseq, final String rows) {
        return (method + ' ' + uri + " SIP/2.0\nVia: SIP/2.0/" + via + ";rport;branch=z9hG4bK" + callId + cseq + method
                + "\nFrom: <sip:" + user + '@' + PROXY + ">;tag=f\nTo: <sip:" + user + '@' + PROXY + ">\nCall-ID: "
                + callId
                + "\nCSeq: " + cseq + ' ' + method + "\nMax-Forwards: 70\n" + rows + "Content-Length: 0\n\n")
                .replace("\n", "\r\n");
    }

    private static void register(final Agent phone, final String transport, final String user, final int cseq,
            final String contact) throws IOException {
        phone.send(request("REGISTER", "sip:" + PROXY, transport + ' ' + PHONES + ':' + phone.port(), user,
                "reg-" + user, cseq, "Contact: " + contact + "\n"));
        final String answer = phone.receive("SIP/2.0 ");
        assertTrue(answer.startsWith("SIP/2.0 200 "), answer);
    }

    private static String call(final Agent carrier, final String user, final String callId) throws IOException {
        final String invite = request("INVITE", "sip:" + user + '@' + PROXY + ':' + PORT,
                "UDP " + CARRIER + ':' + carrier.port(), user, callId, 1,
                "Contact: <sip:carrier@" + CARRIER + ":5060>\n");
        carrier.send(invite);
        return invite;
    }

    private static String answer(final String request, final int status) {
        final StringBuilder answer = new StringBuilder("SIP/2.0 " + status + " Whatever\r\n");
        request.lines().takeWhile(line -> !line.isEmpty())
                .filter(line -> line.matches("(Via|From|To|Call-ID|CSeq|Record-Route): .*"))
                .map(line -> line.startsWith("To: ") && !line.contains(";tag=") ? line + ";tag=phone" : line)
                .forEach(line -> answer.append(line).append("\r\n"));
        return answer + "Contact: <sip:phone@10.99.99.99>\r\nContent-Length: 0\r\n\r\n";
    }

    @Test
    void shouldReachEveryPhoneAfterItWasKilled() throws Exception {
        final List<Agent> phones = new ArrayList<>();
        try (ServerProcess server = start(); Agent carrier = Agent.udp(CARRIER, 5060, ADDRESS)) {
            // given
            for (int i = 0; i < 50; i++) {
                final Agent phone = Agent.udp(PHONES, 0, ADDRESS);
                phones.add(phone);
                register(phone, "UDP", "user" + i, 1, "<sip:user" + i + "@10.0.0.1:5060>");
            }
            register(phones.getLast(), "UDP", "user7", 2, "*\nExpires: 0");

            // when: the moment the last answer is here
            server.kill();
            server.restart(PHONES);

            // then
            assertTrue(server.verb("registrations").startsWith("49 users, 49 contacts"), server::toString);
            for (int i = 0; i < 50; i++) {
                call(carrier, "user" + i, "call" + i);
                if (i == 7) {
                    assertTrue(carrier.receive("SIP/2.0 4").startsWith("SIP/2.0 404 "));
                } else {
                    final String invite = phones.get(i).receive("INVITE ");
                    assertTrue(invite.startsWith("INVITE sip:user" + i + "@10.0.0.1:5060 "), invite);
                    phones.get(i).send(answer(invite, 486));
                    assertTrue(carrier.receive("SIP/2.0 4").startsWith("SIP/2.0 486 "));
                }
            }
            register(phones.getFirst(), "UDP", "user0", 2, "<sip:user0@10.0.0.1:5060>;expires=100");
            final String shown = server.verb("registrations", "user0");
            assertTrue(shown.contains("user0@") && shown.contains(PHONES + ':' + phones.getFirst().port()), shown);
        } finally {
            for (final Agent phone : phones) {
                phone.close();
            }
        }
    }

    @Test
    void shouldForgetAPhoneWhoseTimeIsOver() throws Exception {
        try (ServerProcess server = start(); Agent carrier = Agent.udp(CARRIER, 5060, ADDRESS);
                Agent phone = Agent.udp(PHONES, 0, ADDRESS)) {
            register(phone, "UDP", "short", 1, "<sip:short@10.0.0.1>;expires=1");
            int calls = 0;
            while (server.verb("registrations").startsWith("1 users")) {
                Thread.sleep(200);
            }
            call(carrier, "short", "gone" + calls);
            assertTrue(carrier.receive("SIP/2.0 4").startsWith("SIP/2.0 404 "));
        }
    }

    @Test
    void shouldSendACallOverTheConnectionOfThePhone() throws Exception {
        try (ServerProcess server = start(); Agent carrier = Agent.udp(CARRIER, 5060, ADDRESS);
                Agent.Stream phone = Agent.tcp(PHONES, ADDRESS)) {
            register(phone, "TCP", "tcp", 1, "<sip:tcp@unknown.invalid;transport=tcp>");

            call(carrier, "tcp", "over-tcp");

            final String invite = phone.receive("INVITE ");
            assertTrue(invite.startsWith("INVITE sip:tcp@unknown.invalid;transport=tcp "), invite);
            phone.send("\r\n\r\n" + answer(invite, 486));
            assertTrue(carrier.receive("SIP/2.0 4").startsWith("SIP/2.0 486 "));
            assertEquals(0, server.log().lines().filter(line -> line.contains("error")).count(), server::toString);
        }
    }
}
