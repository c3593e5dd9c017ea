package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.server.Tandem;
import org.tandemsip.server.cli.Main;
import org.tandemsip.server.config.ConfigReader;
import org.tandemsip.server.dns.Answer;
import org.tandemsip.server.dns.Domain;
import org.tandemsip.server.dns.Located;
import org.tandemsip.server.dns.Names;
import org.tandemsip.server.dns.Reach;
import org.tandemsip.testkit.FreePorts;

/** Names against a real DNS server, and calls to peers that are names. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class DnsIT {
    private static final Reach REACH = new Reach(true, true, false, true, false);

    @TempDir
    private Path directory;
    private DatagramSocket carrier;
    private DatagramSocket pbx;
    private Nsd nsd;
    private int sequence;

    @BeforeAll
    static void requireNsd() {
        Nsd.require();
    }

    @BeforeEach
    void openAgents() throws IOException {
        carrier = agent();
        pbx = agent();
    }

    @AfterEach
    void close() throws Exception {
        carrier.close();
        pbx.close();
        if (nsd != null) {
            nsd.stop();
        }
    }

    @Test
    void shouldFollowNaptrSrvAndAddressesOfARealServer() throws Exception {
        serve("""
                carrier IN NAPTR 10 50 "s" "SIPS+D2T" "" _sips._tcp.carrier
                carrier IN NAPTR 20 50 "s" "SIP+D2T" "" _sip._tcp.carrier
                carrier IN NAPTR 30 50 "s" "SIP+D2U" "" _sip._udp.carrier
                _sip._tcp.carrier IN SRV 10 0 5070 gw1.carrier
                _sip._udp.carrier IN SRV 20 10 5080 gw2.carrier
                _sip._udp.carrier IN SRV 10 60 5080 gw1.carrier
                _sip._udp.carrier IN SRV 10 40 5081 alias.carrier
                gw1.carrier IN A 192.0.2.1
                gw2.carrier IN A 192.0.2.2
                alias.carrier IN CNAME gw3.carrier
                gw3.carrier IN A 192.0.2.3
                """);
        try (Names names = names()) {
            assertEquals(List.of("TCP 192.0.2.1:5070 0/0", "UDP 192.0.2.1:5080 1/60", "UDP 192.0.2.3:5081 1/40",
                    "UDP 192.0.2.2:5080 2/10"), hops(locate(names, "carrier.test", 0, null)));
            assertEquals(List.of("UDP 192.0.2.1:5080 0/60", "UDP 192.0.2.3:5081 0/40", "UDP 192.0.2.2:5080 1/10"),
                    hops(locate(names, "carrier.test", 0, Transport.UDP)));
            assertEquals(List.of("null 192.0.2.3:5066 0/1"), hops(locate(names, "alias.carrier.test", 5066, null)));
            Located nothing = locate(names, "nowhere.test", 0, null);
            assertEquals(Answer.Kind.NONE, nothing.kind());
            assertTrue(nothing.expiresNs() - names.nowNs() <= TimeUnit.SECONDS.toNanos(2), "MINIMUM of the SOA");
        }
    }

    @Test
    void shouldGiveTheAddressesOfBothFamilies() throws Exception {
        serve("""
                _sip._udp.carrier IN SRV 10 0 5080 gw1.carrier
                _sip._udp.carrier IN SRV 20 0 5080 gw2.carrier
                gw1.carrier IN A 192.0.2.1
                gw1.carrier IN AAAA 2001:db8::1
                gw2.carrier IN AAAA 2001:db8::2
                """);
        Reach both = new Reach(true, false, false, true, true);
        Reach six = new Reach(true, false, false, false, true);
        try (Names names = names()) {
            assertEquals(Set.of("UDP 192.0.2.1:5080 0", "UDP 2001:db8::1:5080 0", "UDP 2001:db8::2:5080 1"),
                    tiers(locate(names, "carrier.test", 0, null, both)));
            assertEquals(Set.of("UDP 2001:db8::1:5080 0", "UDP 2001:db8::2:5080 1"),
                    tiers(locate(names, "carrier.test", 0, null, six)));
            assertEquals(Set.of("UDP 192.0.2.1:5080 0"), tiers(locate(names, "carrier.test", 0, Transport.UDP)));
            assertEquals(Set.of("UDP 2001:db8::2:5066 0"),
                    tiers(locate(names, "gw2.carrier.test", 5066, Transport.UDP, both)));
            assertEquals(Answer.Kind.NONE, locate(names, "gw2.carrier.test", 5066, Transport.UDP).kind());
        }
    }

    @Test
    void shouldCallAPeerWhoseNameHasAnIpv6AddressOnly() throws Exception {
        try (DatagramSocket six = new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral("::1"), 0))) {
            six.setSoTimeout(20_000);
            serve("""
                    _sip._udp.carrier IN SRV 10 1 %d gw.carrier
                    gw.carrier IN AAAA ::1
                    """.formatted(six.getLocalPort()));
            String yaml =
                    yaml("allow: [\"::1/128\"]").replace("udp://127.0.0.1:0", "udp://127.0.0.1:0, \"udp://[::1]:0\"");
            try (Tandem tandem = Tandem.start(new ConfigReader(Map.of()).read("test", yaml))) {
                send(pbx, tandem, invite("sip:+1555@127.0.0.1"));

                String invite = receive(six);
                assertTrue(invite.startsWith("INVITE sip:+1555@127.0.0.1"), invite);
                assertTrue(invite.contains("\r\nVia: SIP/2.0/UDP [::1]:"), invite);
            }
        }
    }

    @Test
    void shouldTakeAnswersThatAreTooLargeForADatagram() throws Exception {
        StringBuilder zone = new StringBuilder();
        for (int i = 0; i < 200; i++) {
            zone.append("_sip._udp.many IN SRV %d 1 5060 a-rather-long-name-of-a-gateway-%d.many\n".formatted(i, i));
            zone.append("a-rather-long-name-of-a-gateway-%d.many IN A 192.0.2.%d\n".formatted(i, i + 1));
        }
        serve(zone.toString());
        try (Names names = names()) {
            assertEquals(32, locate(names, "many.test", 0, null).hops().size(), "over TCP, and bounded");
        }
    }

    @Test
    void shouldAskAgainWhenTheTimeIsUpAndGoOnWithTheOldAnswerWhenNobodyAnswers() throws Exception {
        serve("gw 1 IN A 192.0.2.1\n");
        try (Names names = names()) {
            assertEquals(List.of("null 192.0.2.1:5060 0/1"), hops(locate(names, "gw.test", 0, null)));
            nsd.replace("gw 1 IN A 192.0.2.2\n");
            await(() -> hops(locate(names, "gw.test", 0, null)).equals(List.of("null 192.0.2.2:5060 0/1")));

            nsd.stop();
            await(() -> locate(names, "gw.test", 5060, null).stale());

            assertEquals(List.of("null 192.0.2.2:5060 0/1"), hops(locate(names, "gw.test", 5060, null)));
            long startNs = System.nanoTime();
            assertEquals(Answer.Kind.FAILED, locate(names, "new.test", 5060, null).kind());
            assertTrue(System.nanoTime() - startNs < TimeUnit.SECONDS.toNanos(10));
        }
    }

    @Test
    void shouldReachTheSecondTargetWhenTheFirstIsDead() throws Exception {
        serve("""
                _sip._udp.carrier IN SRV 10 1 %d gw.carrier
                _sip._udp.carrier IN SRV 20 1 %d gw.carrier
                gw.carrier IN A 127.0.0.1
                """.formatted(FreePorts.udpAndTcp("127.0.0.1"), carrier.getLocalPort()));
        try (Tandem tandem = tandem("allow: [127.0.0.0/8]")) {
            send(pbx, tandem, invite("sip:+1555@127.0.0.1"));

            assertTrue(receive(carrier).startsWith("INVITE sip:+1555@127.0.0.1"));
        }
    }

    @Test
    void shouldStartWithoutAnAddressAnswer503AndGoOnOnceThereIsOne() throws Exception {
        serve("");
        try (Tandem tandem = tandem("allow: [127.0.0.0/8]")) {
            send(pbx, tandem, invite("sip:+1555@127.0.0.1"));
            assertTrue(receive(pbx).startsWith("SIP/2.0 503"));
            assertEquals(0, tandem.policy().trunks().getFirst().peers().size());

            nsd.replace("""
                    _sip._udp.carrier IN SRV 10 1 %d gw.carrier
                    gw.carrier IN A 127.0.0.1
                    """.formatted(carrier.getLocalPort()));
            await(() -> !tandem.policy().trunks().getFirst().peers().isEmpty());
            send(pbx, tandem, invite("sip:+1555@127.0.0.1"));

            assertTrue(receive(carrier).startsWith("INVITE"));
            String resolved = run(tandem, "dns", "resolve", "sip:carrier.test");
            assertTrue(resolved.contains("_sip._udp.carrier.test"), resolved);
            assertTrue(resolved.contains("127.0.0.1:" + carrier.getLocalPort()), resolved);
            String json = run(tandem, "dns", "resolve", "carrier.test", "-o", "json");
            assertTrue(json.contains("\"result\":\"found\""), json);
            assertTrue(run(tandem, "dns", "resolve", "sip:3402000000").contains("names no host"), "a realm");
        }
    }

    @Test
    void shouldFollowTheNameInARequestUriWhereALineLeadsThere() throws Exception {
        serve("""
                _sip._udp.phones IN SRV 10 1 %d phone
                phone IN A 127.0.0.1
                carrier IN A 127.0.0.1
                """.formatted(carrier.getLocalPort()));
        String relay = yaml("allow: [127.0.0.3]").replace("to: carrier}", "to: request-uri, within: [127.0.0.0/8]}");
        try (Tandem tandem = Tandem.start(new ConfigReader(Map.of()).read("test", relay))) {
            send(pbx, tandem, invite("sip:+1555@phones.test"));
            assertTrue(receive(pbx).startsWith("SIP/2.0 100"));
            assertTrue(receive(carrier).startsWith("INVITE sip:+1555@phones.test"));

            tandem.mode(Mode.STATELESS);
            send(pbx, tandem, invite("sip:+1555@phones.test"));
            assertTrue(receive(carrier).startsWith("INVITE sip:+1555@phones.test"));

            send(pbx, tandem, invite("sip:+1555@nowhere.test"));
            String answer = receive(pbx);
            while (!answer.startsWith("SIP/2.0 404")) {
                assertTrue(answer.startsWith("SIP/2.0 100"), answer);
                answer = receive(pbx);
            }
        }
    }

    @Test
    void shouldNotBeLedToThisMachineByDns() throws Exception {
        serve("carrier IN A 127.0.0.1\n");
        try (Tandem tandem = tandem("")) {
            assertEquals(0, tandem.policy().trunks().getFirst().peers().size());
            assertEquals(1, tandem.names().counters().forbiddenAddresses());
        }
    }

    @Test
    void shouldNotBeLedToAnotherTrunkByDns() throws Exception {
        serve("carrier IN A 192.0.2.1\ncarrier IN A 192.0.2.9\n");
        String file = yaml("").replace("  pbx: {", "  other: {allow: [192.0.2.0/29]}\n  pbx: {");
        try (Tandem tandem = Tandem.start(new ConfigReader(Map.of()).read("test", file))) {
            assertEquals(List.of("192.0.2.9"), tandem.policy().trunks().getFirst().peers().stream()
                    .map(peer -> IpAddress.toString(peer.addressHigh(), peer.addressLow())).toList());
            assertEquals(1, tandem.names().counters().forbiddenAddresses());
            assertTrue(check(file).contains("warning: peer 'carrier.test' must not lead trunk 'carrier' to 192.0.2.1:"
                    + " it is of trunk 'other'"), check(file));
        }
    }

    @Test
    void shouldWarnAndPassWhenAFileWithANameIsChecked() throws Exception {
        serve("");

        String warnings = check(yaml(""));

        assertTrue(warnings.contains("warning: peer 'sip:carrier.test' has no address now (no such name"), warnings);
    }

    @Test
    void shouldStartWithTheShortestUsefulFile() throws Exception {
        serve("");
        int port = FreePorts.udpAndTcp("127.0.0.1");
        String file = """
                listen: [udp://127.0.0.1:%d, tcp://127.0.0.1:%d]
                mode: stateful
                trunks:
                  carrier:
                    peers: [sip.carrier.example]
                    allow: [198.51.100.0/24]
                    max-calls: 200
                  pbx:
                    peers: [10.0.0.11:5060, 10.0.0.12:5060]
                routes:
                  - {from: carrier, to: pbx}
                  - {from: pbx, to: carrier}
                admin: {listen: http://127.0.0.1:0}
                """.formatted(port, port);
        Map<String, String> flags = Map.of("dns.servers", "127.0.0.1:" + nsd.address().getPort(), "admin.socket",
                "none", "state-dir", directory.resolve("state").toString());

        try (Tandem tandem = Tandem.start(new ConfigReader(flags).read("tandem.yaml", file))) {
            assertTrue(tandem.ready());
            assertEquals(List.of(0, 2), tandem.policy().trunks().stream().map(trunk -> trunk.peers().size()).toList());
        }
    }

    private void serve(String records) throws Exception {
        nsd = Nsd.start(Files.createDirectory(directory.resolve("nsd")), FreePorts.udpAndTcp("127.0.0.1"), records);
    }

    private Names names() {
        return new Names(new Names.Settings(List.of(nsd.address()), TimeUnit.SECONDS.toNanos(1),
                TimeUnit.HOURS.toNanos(1)));
    }

    private static Located locate(Names names, String host, int port, Transport transport) {
        return locate(names, host, port, transport, REACH);
    }

    private static Located locate(Names names, String host, int port, Transport transport, Reach reach) {
        CompletableFuture<Located> located = new CompletableFuture<>();
        names.locate(new Domain(host, port, transport, false), reach, located::complete);
        return located.orTimeout(30, TimeUnit.SECONDS).join();
    }

    private static List<String> hops(Located located) {
        return located.hops().stream().map(hop -> hop.transport() + " " + IpAddress.toString(hop.high(), hop.low())
                + ":" + hop.port() + " " + hop.tier() + "/" + hop.weight()).toList();
    }

    private static Set<String> tiers(Located located) {
        return hops(located).stream().map(hop -> hop.substring(0, hop.indexOf('/'))).collect(Collectors.toSet());
    }

    private String yaml(String more) {
        return """
                listen: [udp://127.0.0.1:0]
                loops: 1
                trunks:
                  carrier:
                    peers: [carrier.test]
                    %s
                  pbx: {peers: ["127.0.0.1:%d"]}
                routes:
                  - {from: pbx, to: carrier}
                timers: {t1: 20ms, t2: 80ms}
                dns: {servers: ["127.0.0.1:%d"], timeout: 1s}
                admin: {socket: %s}
                state-dir: %s
                """.formatted(more, pbx.getLocalPort(), nsd.address().getPort(), directory.resolve("admin.sock"),
                directory.resolve("state"));
    }

    private Tandem tandem(String more) throws Exception {
        return Tandem.start(new ConfigReader(Map.of()).read("test", yaml(more)));
    }

    private String run(Tandem tandem, String... words) {
        StringWriter out = new StringWriter();
        String[] all = java.util.Arrays.copyOf(words, words.length + 2);
        all[words.length] = "--socket";
        all[words.length + 1] = tandem.adminSocket().orElseThrow().toString();
        Main.run(all, new PrintWriter(out), new PrintWriter(out));
        return out.toString();
    }

    /** What {@code check} warns of. */
    private String check(String yaml) throws IOException {
        Path file = Files.writeString(directory.resolve("check.yaml"), yaml);
        StringWriter err = new StringWriter();
        PrintWriter out = new PrintWriter(Writer.nullWriter());
        assertEquals(0, Main.run(new String[] {"check", "-c", file.toString()}, out, new PrintWriter(err)),
                err.toString());
        return err.toString();
    }

    private static void await(BooleanSupplier condition) {
        long startNs = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertFalse(System.nanoTime() - startNs > TimeUnit.SECONDS.toNanos(60), "does not happen");
            Thread.onSpinWait();
        }
    }

    private static DatagramSocket agent() throws IOException {
        DatagramSocket socket = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        socket.setSoTimeout(20_000);
        return socket;
    }

    private String invite(String uri) {
        sequence++;
        return "INVITE " + uri + " SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:" + pbx.getLocalPort()
                + ";branch=z9hG4bK-dns-" + sequence + "\r\nMax-Forwards: 70\r\nFrom: <sip:a@127.0.0.1>;tag=1\r\nTo: <"
                + uri + ">\r\nCall-ID: dns-" + sequence + "@127.0.0.1\r\nCSeq: 1 INVITE\r\nContact: <sip:a@127.0.0.1:"
                + pbx.getLocalPort() + ">\r\nContent-Length: 0\r\n\r\n";
    }

    private static void send(DatagramSocket from, Tandem to, String message) throws IOException {
        byte[] bytes = message.getBytes(StandardCharsets.US_ASCII);
        from.send(new DatagramPacket(bytes, bytes.length, InetAddress.getLoopbackAddress(), to.port(Transport.UDP)));
    }

    private static String receive(DatagramSocket socket) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
        socket.receive(packet);
        return new String(packet.getData(), 0, packet.getLength(), StandardCharsets.US_ASCII);
    }
}
