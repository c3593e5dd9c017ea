package org.tandemsip.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.codec.Transport;
import org.tandemsip.server.Tandem;
import org.tandemsip.server.config.ConfigReader;
import org.tandemsip.testkit.FreePorts;

/** Orders to peers and to the server while it works, by its command line; agents are plain sockets. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class TrunkVerbsTest {
    @TempDir
    private Path directory;
    private DatagramSocket caller;
    private DatagramSocket first;
    private DatagramSocket second;
    private Tandem tandem;
    private int calls;

    private record Outcome(int exitCode, String out, String err) {}

    @BeforeEach
    void start() throws Exception {
        caller = agent();
        first = agent();
        second = agent();
        tandem = Tandem.start(new ConfigReader(Map.of()).read("test", """
                listen: ["udp://127.0.0.1:0"]
                loops: 1
                trunks:
                  callers: {peers: ["127.0.0.1:%d"]}
                  out: {peers: ["127.0.0.1:%d", {peer: "127.0.0.1:%d", priority: 1}], balance: priority}
                  named: {peers: [no-such-host.invalid]}
                routes: [{from: callers, to: out}]
                dns: {servers: ["127.0.0.1:1"], timeout: 100ms}
                admin: {socket: %s}
                state-dir: %s
                """.formatted(caller.getLocalPort(), first.getLocalPort(), second.getLocalPort(),
                directory.resolve("s"), directory)));
    }

    @AfterEach
    void stop() {
        if (tandem != null) {
            tandem.close();
        }
        caller.close();
        first.close();
        second.close();
    }

    private static DatagramSocket agent() throws IOException {
        final DatagramSocket socket = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        socket.setSoTimeout(60_000);
        return socket;
    }

    private Outcome tandem(final String... args) {
        final StringWriter out = new StringWriter();
        final StringWriter err = new StringWriter();
        final String[] all = java.util.Arrays.copyOf(args, args.length + 2);
        all[args.length] = "--socket";
        all[args.length + 1] = directory.resolve("s").toString();
        final int exitCode = Main.run(all, new PrintWriter(out), new PrintWriter(err));
        return new Outcome(exitCode, out.toString(), err.toString());
    }

    private String request(final String method) {
        return """
                %1$s sip:100@127.0.0.1 SIP/2.0
                Via: SIP/2.0/UDP 127.0.0.1:%2$d;branch=z9hG4bKv%3$d
                Max-Forwards: 70
                From: <sip:200@127.0.0.1>;tag=a
                To: <sip:100@127.0.0.1>
                Call-ID: verbs-%3$d@test
                CSeq: 1 %1$s
                Content-Length: 0

                """.replace("\n", "\r\n").formatted(method, caller.getLocalPort(), ++calls);
    }

    private void send(final DatagramSocket from, final String text) throws IOException {
        final byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        from.send(new DatagramPacket(bytes, bytes.length, InetAddress.getLoopbackAddress(),
                tandem.port(Transport.UDP)));
    }

    /** The next message that begins so; all others are passed over. */
    private static String receive(final DatagramSocket at, final String start) throws IOException {
        final DatagramPacket packet = new DatagramPacket(new byte[4_096], 4_096);
        while (true) {
            at.receive(packet);
            final String text = new String(packet.getData(), 0, packet.getLength(), StandardCharsets.US_ASCII);
            if (text.startsWith(start)) {
                return text;
            }
        }
    }

    private static String answer(final String request, final String status) {
        final StringBuilder text = new StringBuilder("SIP/2.0 " + status + "\r\n");
        request.lines().filter(line -> line.matches("(Via|From|To|Call-ID|CSeq|Record-Route): .*"))
                .map(line -> line.startsWith("To:") && !line.contains("tag=") ? line + ";tag=b" : line)
                .forEach(line -> text.append(line).append("\r\n"));
        return text + "Content-Length: 0\r\n\r\n";
    }

    private void assertCallGoesTo(final DatagramSocket peer) throws IOException {
        send(caller, request("INVITE"));
        String invite = receive(peer, "INVITE ");
        while (!invite.contains("Call-ID: verbs-" + calls + "@test")) {
            // A slow machine: one of an earlier call, sent again before its answer was there.
            invite = receive(peer, "INVITE ");
        }
        send(peer, answer(invite, "486 Busy Here"));
        receive(caller, "SIP/2.0 486");
    }

    private String row(final DatagramSocket peer) {
        return tandem("trunks").out().lines().filter(line -> line.contains("127.0.0.1:" + peer.getLocalPort()))
                .findFirst().orElseThrow();
    }

    private String name(final DatagramSocket peer) {
        return "out/127.0.0.1:" + peer.getLocalPort();
    }

    @Test
    void shouldTakePeersOutOfUseAndBackByOrder() throws Exception {
        assertCallGoesTo(first);
        for (final String order : new String[] {"drain", "disable"}) {
            assertEquals(0, tandem("trunks", order, name(first)).exitCode());
            assertTrue(row(first).contains(order.equals("drain") ? "draining" : "disabled"), row(first));
            assertTrue(row(second).contains(" up "), row(second));
            assertCallGoesTo(second);

            assertEquals(0, tandem("trunks", "enable", name(first)).exitCode());
            assertTrue(row(first).contains(" up "), row(first));
            assertCallGoesTo(first);
        }

        // none left
        assertEquals(0, tandem("trunks", "disable", "out").exitCode());
        send(caller, request("INVITE"));
        assertFalse(receive(caller, "SIP/2.0 503").contains("Retry-After"));
        assertEquals(1, tandem("trunks", "drain", "nowhere").exitCode());
        assertEquals(2, tandem("trunks", "drain").exitCode());
    }

    @Test
    void shouldPingPeersAndShowTheirRoundTrip() throws Exception {
        assertTrue(row(first).stripTrailing().endsWith(" -"), row(first));
        assertEquals(0, tandem("trunks", "ping", name(first)).exitCode());
        send(first, answer(receive(first, "OPTIONS "), "200 OK"));
        while (!row(first).contains(" ms")) {
            Thread.sleep(20);
        }
        assertTrue(row(first).contains(" up "), row(first));
        assertTrue(row(second).stripTrailing().endsWith(" -"), row(second));
        final String histogram = tandem("stats", "tandem_trunk_ping_seconds*").out();
        assertTrue(histogram.matches("(?s).*_bucket\\{trunk=\"out\",peer=\"" + name(first).replaceFirst(".*/", "")
                + "\",le=\"\\+Inf\"} +1\n.*"), histogram);
        assertTrue(histogram.matches("(?s).*_count\\{trunk=\"out\",peer=\"" + name(second).replaceFirst(".*/", "")
                + "\"} +0\n.*"), histogram);
    }

    /** Every probe is answered that comes from one of two ports of ours; later those of the other one, too. */
    @Test
    void shouldShowFromWhichPortsAPeerIsReached() throws Exception {
        // given
        tandem.close();
        final int one = FreePorts.udpAndTcp("127.0.0.1");
        int other = one;
        while (other == one) {
            other = FreePorts.udpAndTcp("127.0.0.1");
        }
        tandem = Tandem.start(new ConfigReader(Map.of()).read("test", """
                listen: ["udp://127.0.0.1:%d", "udp://127.0.0.1:%d"]
                loops: 1
                trunks:
                  callers: {peers: ["127.0.0.1:%d"]}
                  out: {peers: ["127.0.0.1:%d"], ping: {every: 1s, timeout: 4s, down-after: 1, up-after: 1}}
                routes: [{from: callers, to: out}]
                admin: {socket: %s}
                state-dir: %s
                """.formatted(one, other, caller.getLocalPort(), first.getLocalPort(), directory.resolve("s"),
                directory)));

        // when
        answerProbesUntil(one, "port " + one + " up", "port " + other + " down");

        // then
        assertTrue(row(first).contains(" up "), row(first));
        assertTrue(tandem("trunks", "-o", "json").out().replace(" ", "")
                .contains("\"udp://127.0.0.1:" + other + "\":\"down\""));
        answerProbesUntil(0, "port " + one + " up", "port " + other + " up");
    }

    /** @param port of ours whose probes are answered; 0 for all */
    private void answerProbesUntil(final int port, final String... wanted) throws IOException {
        while (true) {
            final String shown = tandem("stats", "tandem_trunk_way_up*").out()
                    .replaceAll(".*listen=\"udp://127.0.0.1:(\\d+)\"} +", "port $1 ").replace(" 0\n", " down\n")
                    .replace(" 1\n", " up\n");
            if (java.util.Arrays.stream(wanted).allMatch(shown::contains)) {
                return;
            }
            final String probe = receive(first, "OPTIONS ");
            final int from = Integer.parseInt(probe.replaceFirst("(?s).*Via: SIP/2.0/UDP 127.0.0.1:(\\d+);.*", "$1"));
            if (port == 0 || port == from) {
                final byte[] bytes = answer(probe, "200 OK").getBytes(StandardCharsets.US_ASCII);
                first.send(new DatagramPacket(bytes, bytes.length, InetAddress.getLoopbackAddress(), from));
            }
        }
    }

    @Test
    void shouldShowAPeerWhoseNameHasNoAddress() {
        final String row = tandem("trunks", "show", "named").out().lines().skip(1).findFirst().orElseThrow();
        assertTrue(row.matches("named +no-such-host\\.invalid +- +- +unresolved +0 -"), row);
        assertTrue(tandem("trunks", "-o", "json").out().contains("\"unresolved\""));
    }

    @Test
    void shouldTakeNothingNewWhileDrainingAndStopAtTheDeadline() throws Exception {
        // given: a call that is being set up
        send(caller, request("INVITE"));
        final String invite = receive(first, "INVITE ");
        receive(caller, "SIP/2.0 100");

        // when
        assertEquals(new Outcome(0, "draining, stops in 3s\n", ""), tandem("drain", "--deadline", "3s"));

        // then
        send(caller, request("INVITE"));
        assertTrue(receive(caller, "SIP/2.0 503").contains("\r\nRetry-After: 3\r\n"));
        send(caller, request("OPTIONS"));
        assertTrue(receive(caller, "SIP/2.0 503").contains("CSeq: 1 OPTIONS"));
        send(first, answer(invite, "200 OK"));
        receive(caller, "SIP/2.0 200");
        assertEquals(1, tandem("drain").exitCode());
        assertEquals(2, tandem("drain", "--deadline", "soon").exitCode());
        tandem.awaitStop();
    }

    @Test
    void shouldEndByASignalWhenNothingIsUnderWayAnyMore() throws Exception {
        // given: a request that waits for its answer
        send(caller, request("MESSAGE"));
        final String message = receive(first, "MESSAGE ");

        // when: what TERM does
        tandem.end();

        // then
        send(caller, request("INVITE"));
        assertTrue(receive(caller, "SIP/2.0 503").contains("Retry-After: 5"));
        send(first, answer(message, "200 OK"));
        receive(caller, "SIP/2.0 200");
        tandem.awaitStop();
    }

    @Test
    void shouldEndAtOnceWhenNothingIsUnderWayOrItDrainsAlready() throws Exception {
        assertEquals(0, tandem("drain", "--deadline", "24h").exitCode());
        tandem.end();
        tandem.awaitStop();
        caller.setSoTimeout(1);
        try {
            receive(caller, "SIP/2.0");
        } catch (final SocketTimeoutException none) {
            return;
        }
        throw new AssertionError("nobody has asked for anything");
    }
}
