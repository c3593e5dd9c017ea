package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whole calls through a running server over IPv6, and from IPv4 to IPv6 and back: there each side sees an address of
 * its own family in Via and Record-Route (RFC 3261 section 16.6 step 4, RFC 5658), and either may hang up.
 */
@ExtendWith(Folders.class)
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class AddressFamilyIT {
    private static final int PORT = 5160;
    private static final String IPV4 = "127.0.8.1";
    private static final String IPV6 = "::1";
    private static final String CONFIG = """
            listen: ["udp://127.0.8.1:5160", "tcp://127.0.8.1:5160", "udp://[::1]:5160", "tcp://[::1]:5160"]
            mode: %s
            trunks: {agents: {allow: ["127.0.8.0/24", "::1/128"]}}
            routes: [{from: agents, to: request-uri, within: ["127.0.8.0/24", "::1/128"]}]
            """;
    private static final Pattern URI = Pattern.compile("<([^>]+)>");
    private static int calls;

    /** An agent, and what its messages say of where it is. */
    private record Side(Agent agent, String transport, String hostPort) {
        static Side udp(final String host) throws IOException {
            final Agent agent = Agent.udp(host, 0, server(host));
            return new Side(agent, "UDP", bracketed(host) + ':' + agent.port());
        }

        String contact() {
            return "sip:agent@" + hostPort + ";transport=" + transport.toLowerCase(java.util.Locale.ROOT);
        }

        boolean ipv6() {
            return hostPort.startsWith("[");
        }
    }

    private static InetSocketAddress server(final String host) {
        return new InetSocketAddress(host.contains(":") ? IPV6 : IPV4, PORT);
    }

    private static String bracketed(final String host) {
        return host.contains(":") ? '[' + host + ']' : host;
    }

    @ParameterizedTest
    @ValueSource(strings = {"stateless", "stateful"})
    void shouldCarryCallsOverIpv6AndBetweenTheFamilies(final String mode) throws IOException, InterruptedException {
        try (ServerProcess _ = ServerProcess.start(new InetSocketAddress(IPV4, PORT), "127.0.8.2",
                CONFIG.formatted(mode))) {
            for (final boolean callerHangsUp : new boolean[] {true, false}) {
                overUdp(IPV6, IPV6, callerHangsUp);
                overUdp("127.0.8.2", IPV6, callerHangsUp);
                overUdp(IPV6, "127.0.8.2", callerHangsUp);
                overTcp(callerHangsUp);
            }
        }
    }

    private static void overUdp(final String from, final String to, final boolean callerHangsUp) throws IOException {
        final Side caller = Side.udp(from);
        final Side callee = Side.udp(to);
        try (Agent _ = caller.agent; Agent _ = callee.agent) {
            final String invite = invite(caller, callee.contact());
            call(caller, callee, invite, callee.agent.receive("INVITE"), callerHangsUp);
        }
    }

    private static void overTcp(final boolean callerHangsUp) throws IOException {
        try (ServerSocket listener = new ServerSocket(0, 8, InetAddress.ofLiteral(IPV6));
                Agent.Stream calling = Agent.tcp(IPV6, server(IPV6))) {
            final Side caller = new Side(calling, "TCP", "[::1]:" + calling.port());
            final String hostPort = "[::1]:" + listener.getLocalPort();
            final String invite = invite(caller, "sip:agent@" + hostPort + ";transport=tcp");
            try (Agent.Stream called = Agent.accept(listener)) {
                call(caller, new Side(called, "TCP", hostPort), invite, called.receive("INVITE"), callerHangsUp);
            }
        }
    }

    private static String invite(final Side caller, final String target) throws IOException {
        final String invite = request("INVITE", target, caller, "Call-ID: call-" + ++calls + "\r\nFrom: <"
                + caller.contact() + ">;tag=a\r\nTo: <" + target + ">\r\n", List.of());
        caller.agent.send(invite);
        return invite;
    }

    private static void call(final Side caller, final Side callee, final String invite, final String got,
            final boolean callerHangsUp) throws IOException {
        // the INVITE: an address of the callee's family in front, one of each family in the Record-Route
        final boolean crossing = caller.ipv6() != callee.ipv6();
        assertTrue(rows(got, "Via").getFirst().startsWith("Via: SIP/2.0/" + callee.transport + ' '
                + (callee.ipv6() ? "[::1]:5160;" : "127.0.8.1:5160;")), got);
        final List<String> recordRoute = uris(rows(got, "Record-Route"));
        assertEquals(crossing ? 2 : 1, recordRoute.size(), got);
        assertTrue(recordRoute.getFirst().contains(callee.ipv6() ? "[::1]" : IPV4), got);
        assertTrue(recordRoute.getLast().contains(caller.ipv6() ? "[::1]" : IPV4), got);

        // 180, 200, ACK
        callee.agent.send(response("180 Ringing", got, callee, true));
        assertTrue(caller.agent.receive("SIP/2.0 180").contains(";tag=b"));
        callee.agent.send(response("200 OK", got, callee, true));
        final String answer = caller.agent.receive("SIP/2.0 200");
        assertEquals(rows(invite, "Via").size(), rows(answer, "Via").size());
        final String callId = rows(invite, "Call-ID").getFirst() + "\r\n";
        final String fromCaller = callId + rows(answer, "From").getFirst() + "\r\n" + rows(answer, "To").getFirst()
                + "\r\n";
        final List<String> callersRoute = uris(rows(answer, "Record-Route")).reversed();
        final String calleeUri = uris(rows(answer, "Contact")).getFirst();
        caller.agent.send(request("ACK", calleeUri, caller, fromCaller, callersRoute));
        assertFalse(callee.agent.receive("ACK").contains("\r\nRoute:"));

        // BYE
        if (callerHangsUp) {
            caller.agent.send(request("BYE", calleeUri, caller, fromCaller, callersRoute));
            hungUp(callee, caller);
        } else {
            final String fromCallee = callId + rows(answer, "To").getFirst().replaceFirst("To", "From") + "\r\n"
                    + rows(answer, "From").getFirst().replaceFirst("From", "To") + "\r\n";
            callee.agent.send(request("BYE", uris(rows(got, "Contact")).getFirst(), callee, fromCallee, recordRoute));
            hungUp(caller, callee);
        }
    }

    /** The one gets the BYE, the other its answer. */
    private static void hungUp(final Side one, final Side other) throws IOException {
        final String bye = one.agent.receive("BYE");
        assertFalse(bye.contains("\r\nRoute:"), bye);
        assertTrue(bye.startsWith("BYE " + one.contact() + " SIP/2.0\r\n"), bye);
        one.agent.send(response("200 OK", bye, one, false));
        assertTrue(other.agent.receive("SIP/2.0 200").contains("CSeq: 2 BYE\r\n"));
    }

    private static String request(final String method, final String target, final Side from, final String dialog,
            final List<String> route) {
        return method + ' ' + target + " SIP/2.0\r\nVia: SIP/2.0/" + from.transport + ' ' + from.hostPort
                + ";branch=z9hG4bK" + method + calls + "\r\n"
                + route.stream().map(uri -> "Route: <" + uri + ">\r\n").collect(Collectors.joining())
                + "Max-Forwards: 70\r\n" + dialog + "CSeq: " + (method.equals("BYE") ? 2 : 1) + ' ' + method
                + "\r\nContact: <" + from.contact() + ">\r\nContent-Length: 0\r\n\r\n";
    }

    private static String response(final String status, final String request, final Side from, final boolean dialog) {
        final List<String> rows = new ArrayList<>();
        for (final String name : List.of("Via", "Record-Route", "From", "To", "Call-ID", "CSeq")) {
            rows.addAll(rows(request, name));
        }
        return "SIP/2.0 " + status + "\r\n"
                + rows.stream().map(row -> row + (dialog && row.startsWith("To:") ? ";tag=b\r\n" : "\r\n"))
                        .collect(Collectors.joining())
                + "Contact: <" + from.contact() + ">\r\nContent-Length: 0\r\n\r\n";
    }

    private static List<String> rows(final String message, final String name) {
        return message.lines().filter(line -> line.startsWith(name + ':')).toList();
    }

    private static List<String> uris(final List<String> rows) {
        final List<String> uris = new ArrayList<>();
        for (final Matcher uri = URI.matcher(String.join(",", rows)); uri.find();) {
            uris.add(uri.group(1));
        }
        return uris;
    }
}
