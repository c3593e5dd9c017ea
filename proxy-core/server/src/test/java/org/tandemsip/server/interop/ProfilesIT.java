package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * SIPp through a running server that hides what lies behind it, through one that routes by header fields and honours
 * Privacy, and through one that relays GB/T 28181.
 */
@ExtendWith(Sipp.class)
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class ProfilesIT {
    private static final String PROXY = "127.0.26.1";
    private static final int PORT = 5160;
    private static final InetSocketAddress ADDRESS = new InetSocketAddress(PROXY, PORT);
    private static final String INSIDE = "127.0.26.20";
    private static final String OUTSIDE = "127.0.26.30";
    private static final String BRANCH = "127.0.26.40";
    private static final String DEVICE = "34020000001320000001";
    private static final String PLATFORM = "34020000002000000001";

    /** Which tenant calls decides about the way, and the way about who is told what the caller wants kept. */
    @Test
    void shouldRouteByAHeaderAndKeepWhatPrivacyAsksFor() throws Exception {
        try (ServerProcess server = ServerProcess.start(ADDRESS, INSIDE, """
                listen: [udp://%1$s:%2$d]
                trunks:
                  inside: {peers: ["%3$s:5070"], zone: core}
                  branch: {peers: ["%4$s:5080"], zone: core}
                  carrier: {peers: ["%5$s:5080"]}
                routes:
                  - {from: inside, to: branch, match: {header: {X-Tenant: acme}}}
                  - {from: inside, to: carrier}
                """.formatted(PROXY, PORT, INSIDE, BRANCH, OUTSIDE))) {
            final String wishes = " h:Privacy:id;header h:P-Asserted-Identity:<sip:+4930123@example.org>";
            // The house is told; it sees two Vias.
            final String told = seen(server, BRANCH, 1, wishes + " h:X-Tenant:acme");
            assertTrue(told.contains("\nP-Asserted-Identity: <sip:+4930123@example.org>"), told);
            assertTrue(told.lines().anyMatch(line -> line.startsWith("Via:") && line.contains(INSIDE)), told);
            // The carrier is not; it sees one Via.
            for (final String tenant : List.of("", " h:X-Tenant:other")) {
                final String kept = seen(server, OUTSIDE, 0, wishes + tenant);
                assertFalse(kept.contains("P-Asserted-Identity"), kept);
                kept.lines().filter(line -> line.matches("(Via|Record-Route|Contact|Route|[A-Z]+ sips?):?.*"))
                        .forEach(line -> assertFalse(line.contains(INSIDE), line));
            }
        }
    }

    /**
     * What the callee has seen of a call with {@code rows} in its INVITE, which it has ended itself. Privacy is asked
     * for message by message (RFC 3323).
     */
    private static String seen(final ServerProcess server, final String at, final int proxies, final String rows)
            throws Exception {
        final CallFlows flow = new CallFlows("private", "> INVITE sdp" + rows
                + "\n< 100 ?\n< 180\n< 200 keep\n> ACK h:Privacy:header\n< BYE\n> 200 h:Privacy:header\n",
                "< INVITE keep has:Privacy\n> 180\n> 200 sdp\n< ACK\n> BYE\n< 200\n");
        final Sipp.Agent callee = Sipp.start("private-callee",
                SippScript.render(false, flow.name(), flow.callee(), proxies), at, 5080, false, 1).awaitBound(at, 5080);
        final Sipp.Agent caller = Sipp.start("private-caller", SippScript.render(true, flow.name(), flow.caller()),
                INSIDE, 5070, false, 1, "-s", "callee", PROXY + ':' + PORT);
        assertEquals(0, caller.await(60), () -> complaint(flow, caller, server));
        assertEquals(0, callee.await(30), () -> complaint(flow, callee, server));
        return new String(callee.messages(), StandardCharsets.ISO_8859_1).replace("\r", "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"stateless", "stateful"})
    void shouldShowACarrierNothingOfWhatLiesBehind(final String mode) throws Exception {
        final List<CallFlows> flows = CallFlows.ALL.stream().filter(flow -> flow.name().startsWith("answered")
                || flow.name().equals("busy") || flow.name().contains("cancel")).toList();
        assertTrue(flows.size() >= 3, flows::toString);
        try (ServerProcess server = ServerProcess.start(ADDRESS, INSIDE, """
                listen: [udp://%1$s:%2$d]
                mode: %3$s
                trunks:
                  inside: {peers: ["%4$s:5070"]}
                  carrier: {peers: ["%5$s:5080"], hide-topology: true}
                routes:
                  - {from: inside, to: carrier}
                  - {from: carrier, to: inside}
                """.formatted(PROXY, PORT, mode, INSIDE, OUTSIDE))) {
            for (final CallFlows flow : flows) {
                // It sees one Via: that of the caller stands inside of ours.
                final Sipp.Agent callee = Sipp.start(flow.name() + "-callee",
                        SippScript.render(false, flow.name(), flow.callee(), 0), OUTSIDE, 5080, false, 1)
                        .awaitBound(OUTSIDE, 5080);
                final Sipp.Agent caller = Sipp.start(flow.name() + "-caller",
                        SippScript.render(true, flow.name(), flow.caller()), INSIDE, 5070, false, 1, "-s", "callee",
                        PROXY + ':' + PORT);
                assertEquals(0, caller.await(60), () -> complaint(flow, caller, server));
                assertEquals(0, callee.await(30), () -> complaint(flow, callee, server));
                new String(callee.messages(), StandardCharsets.ISO_8859_1).lines()
                        .filter(line -> line.matches("(Via|Record-Route|Contact|Route|[A-Z]+ sips?):?.*"))
                        .forEach(line -> assertFalse(line.contains(INSIDE), line));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"stateless", "stateful"})
    void shouldCallACameraByItsIdAndEndTheCallWithoutARoute(final String mode) throws Exception {
        try (ServerProcess server = ServerProcess.start(ADDRESS, INSIDE, """
                listen: [udp://%1$s:%2$d]
                mode: %3$s
                record-route: false
                trunks:
                  cameras: {allow: [%4$s/32], profile: gb28181}
                  platform: {peers: ["%5$s:5080"], profile: gb28181}
                routes:
                  - {from: cameras, to: platform}
                  - {from: platform, to: cameras}
                """.formatted(PROXY, PORT, mode, INSIDE, OUTSIDE))) {
            // given: the camera has registered with the platform
            try (Agent camera = Agent.udp(INSIDE, 5070, ADDRESS); Agent platform = Agent.udp(OUTSIDE, 5080, ADDRESS)) {
                camera.send(("REGISTER sip:" + PLATFORM + "@3402000000 SIP/2.0\nVia: SIP/2.0/UDP " + INSIDE
                        + ":5070;rport;branch=z9hG4bKr\nMax-Forwards: 70\nFrom: <sip:" + DEVICE
                        + "@3402000000>;tag=r\nTo: <sip:" + DEVICE + "@3402000000>\nCall-ID: r\nCSeq: 1 REGISTER\n"
                        + "Contact: <sip:" + DEVICE + "@" + INSIDE + ":5070>\nExpires: 3600\nContent-Length: 0\n\n")
                        .replace("\n", "\r\n"));
                final StringBuilder granted = new StringBuilder("SIP/2.0 200 OK\r\n");
                platform.receive("REGISTER ").lines()
                        .filter(line -> line.matches("(Via|From|To|Call-ID|CSeq|Expires):.*"))
                        .forEach(line -> granted.append(line).append("\r\n"));
                platform.send(granted + "Content-Length: 0\r\n\r\n");
                camera.receive("SIP/2.0 200");
            }

            // when
            final Sipp.Agent camera = Sipp.start("camera",
                    SippScript.render(false, "camera", "< INVITE keep\n> 200 sdp\n< ACK\n< BYE\n> 200\n"), INSIDE, 5070,
                    false, 1).awaitBound(INSIDE, 5070);
            final Sipp.Agent platform = Sipp.start("platform",
                    SippScript.render(true, "platform",
                            "> INVITE sdp\n< 100 ?\n< 200 keep\n> ACK\nwait 200\n> BYE\n< 200\n"),
                    OUTSIDE, 5080, false, 1, "-s", DEVICE, PROXY + ':' + PORT);

            // then
            assertEquals(0, platform.await(60), () -> complaint(null, platform, server));
            assertEquals(0, camera.await(30), () -> complaint(null, camera, server));
            final String seen = new String(camera.messages(), StandardCharsets.ISO_8859_1);
            assertTrue(seen.contains("INVITE sip:" + DEVICE + '@') && !seen.contains("Record-Route"), seen);
        }
    }

    private static String complaint(final CallFlows flow, final Sipp.Agent agent, final ServerProcess server) {
        try {
            return (flow == null ? "" : flow.name() + ' ') + agent.name() + '\n' + agent.complaint() + server.log();
        } catch (final IOException e) {
            return e.toString();
        }
    }
}
