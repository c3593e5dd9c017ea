package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.routing.Account;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.Devices;
import org.tandemsip.engine.routing.Gb28181;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Profile;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkRules;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.routing.Trust;
import org.tandemsip.engine.routing.Zone;
import org.tandemsip.engine.timer.Timing;

/** A proxy between devices of GB/T 28181, 10.0.0.0/24, and their platform, 10.0.1.1; and what both of them write. */
final class GbHarness {
    private static final Charset GBK = Charset.forName("GB18030");
    static final String DEVICE = "34020000001110000001";
    static final String CHANNEL = "34020000001320000007";
    static final String SERVER = "34020000002000000001";
    static final Endpoint CAMERA = new Endpoint(Transport.UDP, "10.0.0.64", 40_960);
    static final Endpoint MOVED = new Endpoint(Transport.UDP, "10.0.0.77", 51_111);
    static final Endpoint OTHER = new Endpoint(Transport.UDP, "10.0.0.99", 5060);
    static final Endpoint PLATFORM = Endpoint.udp("10.0.1.1");

    /** What the proxy knows of the devices. */
    final Gb28181 known = new Gb28181(new Devices(42, 1_024));
    ProxyHarness proxy;
    /** Of how many messages there have been: their branches, tags and Call-IDs follow it. */
    int sequence;

    GbHarness() {
        start(Mode.STATEFUL);
    }

    /** Begins anew in that mode. */
    void start(final Mode mode) {
        final Trunk devices = trunk(0, "devices", List.of(), List.of(Cidr.parse("10.0.0.0/24")), known);
        final Trunk platform = trunk(1, "platform", Endpoint.peers(null, PLATFORM).stream().toList(), List.of(),
                new Gb28181(new Devices(1, 16)));
        proxy = ProxyHarness.of(new RoutingPolicy(mode, List.of(devices, platform),
                List.of(route("in", devices, platform), route("out", platform, devices)), Timing.DEFAULTS, 70, true));
    }

    private static Route route(final String name, final Trunk from, final Trunk to) {
        return new Route(name, from, Route.Match.ANY, List.of(to), List.of(), List.of(), null);
    }

    private static Trunk trunk(final int index, final String name,
            final List<Peer> peers,
            final List<Cidr> allow, final Gb28181 gb) {
        return new Trunk(index, name, peers, allow, new int[] {503}, 0, Balance.CALL_ID, 0, 0, Ping.OFF,
                new TrunkState(), TrunkRules.NONE, new Trust(Zone.CORE, true, 0, null, HeaderRules.NONE), false,
                Account.NONE, Profile.gb28181(0, gb));
    }

    static String latin1(final String text) {
        return new String(text.getBytes(GBK), StandardCharsets.ISO_8859_1);
    }

    /** A message of a device as they write them: a realm for a host, a branch of digits, no names but ids. */
    String fromDevice(final String method, final Endpoint at, final String id, final String rows,
            final String body) {
        sequence++;
        return method + " sip:" + SERVER + "@3402000000 SIP/2.0\r\n"
                + "Via: SIP/2.0/" + at.transport() + " 192.168.1.64:5060;rport;branch=z9hG4bK" + (sequence * 7919)
                + "\r\n"
                + "From: <sip:" + id + "@3402000000>;tag=" + (sequence * 31) + "\r\n"
                + "To: <sip:" + (method.equals("REGISTER") ? id : SERVER) + "@3402000000>\r\n"
                + "Call-ID: " + (sequence * 104_729) + "\r\nCSeq: " + sequence + ' ' + method + "\r\n"
                + "Max-Forwards: 70\r\n" + rows + "Content-Length: " + body.length() + "\r\n\r\n" + body;
    }

    String fromPlatform(final String method, final String user, final String more, final String body) {
        sequence++;
        return method + " sip:" + user + "@10.9.9.9:5060 SIP/2.0\r\n"
                + "Via: SIP/2.0/UDP 10.0.1.1:5060;rport;branch=z9hG4bK" + (sequence * 7919) + "\r\n"
                + "From: <sip:" + SERVER + "@3402000000>;tag=p" + sequence + "\r\n"
                + "To: <sip:" + user + "@3402000000>\r\n"
                + "Call-ID: wvp" + sequence + "\r\nCSeq: " + sequence + ' ' + method + "\r\n"
                + "Max-Forwards: 70\r\n" + more + "Content-Length: " + body.length() + "\r\n\r\n" + body;
    }

    void register(final Endpoint at, final String id, final String... granted) {
        proxy.sent();
        assertEquals(Disposition.FORWARDED, proxy.receive(at, fromDevice("REGISTER", at, id,
                "Contact: <sip:" + id + "@192.168.1.64:5060>\r\nExpires: 3600\r\n", "")));
        final List<SentMessage> all = proxy.sent();
        final SentMessage register = all.getFirst();
        assertEquals(PLATFORM.hostPort(), register.to(), all::toString);
        proxy.receive(PLATFORM, SipText.response(register, 200, "r" + sequence,
                granted.length > 0 ? granted : new String[] {"Expires: 3600"}));
        assertEquals("200 REGISTER", proxy.only("200 REGISTER").summary());
    }

    void keepalive(final Endpoint at, final String id) {
        proxy.sent();
        proxy.receive(at, fromDevice("MESSAGE", at, id, "Content-Type: Application/MANSCDP+xml\r\n",
                "<?xml version=\"1.0\"?>\r\n<Notify>\r\n<CmdType>Keepalive</CmdType>\r\n<SN>" + sequence
                        + "</SN>\r\n<DeviceID>" + id + "</DeviceID>\r\n<Status>OK</Status>\r\n</Notify>\r\n"));
        final SentMessage message = proxy.sentTo(PLATFORM).getFirst();
        proxy.receive(PLATFORM, SipText.response(message, 200, "k" + sequence));
        final SentMessage answer = proxy.only("200 MESSAGE");
        if (at.transport().stream()) {
            assertEquals(at.source(1).connection, answer.connection());
        } else {
            assertEquals(at.hostPort(), answer.to());
        }
    }

    /** Where a MESSAGE of the platform to that id goes; its refusal when it goes nowhere. */
    String reaches(final String id) {
        proxy.sent();
        proxy.receive(PLATFORM, fromPlatform("MESSAGE", id, "", ""));
        final SentMessage sent = proxy.sent().getLast();
        return sent.isRequest() ? sent.to() : sent.summary();
    }

    SentMessage invite(final String user, final Endpoint expected) {
        proxy.sent();
        proxy.receive(PLATFORM, fromPlatform("INVITE", user, "Contact: <sip:" + SERVER + "@10.0.1.1:5060>\r\n", ""));
        return proxy.sentTo(expected).getFirst();
    }

    SentMessage answer(final SentMessage invite, final Endpoint at) {
        proxy.receive(at, SipText.response(invite, 200, "cam", "Contact: <sip:" + CHANNEL + "@192.168.1.64:5060>"));
        return proxy.sentTo(PLATFORM).getLast();
    }

    /** The same request of the other side of the dialog. */
    static String turned(final String request) {
        return request.replace("From: ", "X: ").replace("To: ", "From: ").replace("X: ", "To: ");
    }

    /** Inside the dialog of {@code success} as wvp writes it: no Route, our address, any user. */
    static String withoutRoute(final String method, final String user, final SentMessage success,
            final int cseq) {
        return method + " sip:" + user + "@10.9.9.9:5060 SIP/2.0\r\n"
                + "Via: SIP/2.0/UDP 10.0.1.1:5060;rport;branch=z9hG4bKw" + method + cseq + "\r\n"
                + "From: " + success.header("From") + "\r\nTo: " + success.header("To") + "\r\n"
                + "Call-ID: " + success.header("Call-ID") + "\r\nCSeq: " + cseq + ' ' + method + "\r\n"
                + "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
    }
}
