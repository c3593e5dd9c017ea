package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Requests of more than 1300 bytes inside a call of mode b2bua, over real sockets (RFC 3261 section 18.1.1). */
@ExtendWith(Folders.class)
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class LargeBridgedRequestIT {
    private static final InetSocketAddress SERVER = new InetSocketAddress("127.0.7.11", 5160);
    private static final String CALLER = "127.0.7.12";
    private static final String CALLEE = "127.0.7.13";
    private static final int CALLEE_PORT = 5080;
    private static final String CONFIG = """
            listen: [udp://127.0.7.11:5160, tcp://127.0.7.11:5160]
            mode: b2bua
            trunks:
              caller: {peers: ["127.0.7.12:5070"]}
              callee: {peers: ["127.0.7.13:5080"]}
            routes: [{from: caller, to: callee}]
            """;

    private int cseq;

    /** A request of the caller. @param to value of To */
    private String request(final String method, final String to, final String body) {
        cseq += method.equals("ACK") ? 0 : 1;
        return method + " sip:b@127.0.7.11:5160 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.7.12:5070;branch=z9hG4bK" + method
                + cseq + "\r\nMax-Forwards: 70\r\nFrom: <sip:a@127.0.7.12>;tag=1\r\nTo: " + to + "\r\nCall-ID: large"
                + "\r\nCSeq: " + cseq + ' ' + method
                + "\r\nContact: <sip:a@127.0.7.12:5070>\r\nContent-Type: text/plain\r\nContent-Length: "
                + body.length() + "\r\n\r\n" + body;
    }

    private static String ok(final String request) {
        final StringBuilder answer = new StringBuilder("SIP/2.0 200 OK\r\n");
        request.lines().filter(line -> line.matches("(?:Via|From|To|Call-ID|CSeq):.*")).forEach(line -> answer
                .append(line).append(line.startsWith("To:") && !line.contains(";tag=") ? ";tag=2\r\n" : "\r\n"));
        return answer.append("Contact: <sip:b@127.0.7.13:5080>\r\nContent-Length: 0\r\n\r\n").toString();
    }

    private static String field(final String message, final String name) {
        return message.lines().filter(line -> line.startsWith(name + ": ")).findFirst().orElseThrow()
                .substring(name.length() + 2);
    }

    /** The first of a kind that has a certain number: agents get some again, who waits for long. */
    private static String receive(final Agent agent, final String start, final String cseq) throws IOException {
        String message = agent.receive(start);
        while (!field(message, "CSeq").equals(cseq)) {
            message = agent.receive(start);
        }
        return message;
    }

    @Test
    void shouldGoOverTcpInsideACallAndOverUdpWhenThatIsRefused() throws IOException, InterruptedException {
        try (ServerProcess _ = ServerProcess.start(SERVER, CALLER, CONFIG);
                Agent caller = Agent.udp(CALLER, 5070, SERVER);
                Agent datagrams = Agent.udp(CALLEE, CALLEE_PORT, SERVER)) {
            // given: a call over UDP
            caller.send(request("INVITE", "<sip:b@127.0.7.11>", ""));
            datagrams.send(ok(datagrams.receive("INVITE")));
            final String to = field(receive(caller, "SIP/2.0 200", "1 INVITE"), "To");
            caller.send(request("ACK", to, ""));
            datagrams.receive("ACK");

            // when: the callee listens to TCP
            try (ServerSocket listener = new ServerSocket(CALLEE_PORT, 8, InetAddress.ofLiteral(CALLEE))) {
                caller.send(request("INFO", to, "x".repeat(1_400)));
                try (Agent stream = Agent.accept(listener)) {
                    final String info = stream.receive("INFO");
                    assertTrue(field(info, "Via").startsWith("SIP/2.0/TCP 127.0.7.11:5160"), info);
                    assertTrue(info.endsWith("\r\n\r\n" + "x".repeat(1_400)), info);
                    stream.send(ok(info));
                    receive(caller, "SIP/2.0 200", "2 INFO");
                }
            }

            // when: nobody listens any more
            for (int i = 3; i < 5; i++) {
                caller.send(request("INFO", to, "y".repeat(20_000)));
                final String info = receive(datagrams, "INFO", i + " INFO");
                assertTrue(field(info, "Via").startsWith("SIP/2.0/UDP 127.0.7.11:5160"), info);
                assertTrue(info.endsWith("\r\n\r\n" + "y".repeat(20_000)), info);
                datagrams.send(ok(info));
                receive(caller, "SIP/2.0 200", i + " INFO");
            }

            // then: that is known, and the end of the call goes over UDP, too
            caller.send(request("BYE", to, "z".repeat(1_400)));
            final String bye = receive(datagrams, "BYE", "5 BYE");
            assertTrue(field(bye, "Via").startsWith("SIP/2.0/UDP"), bye);
            datagrams.send(ok(bye));
            receive(caller, "SIP/2.0 200", "5 BYE");
        }
    }
}
