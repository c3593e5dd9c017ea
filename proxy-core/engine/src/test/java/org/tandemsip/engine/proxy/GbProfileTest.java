package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.routing.Account;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.Devices;
import org.tandemsip.engine.routing.Gb28181;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.Mode;
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

/** What cameras and platforms of GB/T 28181 do that a proxy must not break: devices 10.0.0.0/24, a platform 10.0.1.1. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class GbProfileTest {
    private static final Charset GBK = Charset.forName("GB18030");
    private static final String DEVICE = "34020000001110000001";
    private static final String CHANNEL = "34020000001320000007";
    private static final String SERVER = "34020000002000000001";
    private static final Endpoint CAMERA = new Endpoint(Transport.UDP, "10.0.0.64", 40_960);
    private static final Endpoint MOVED = new Endpoint(Transport.UDP, "10.0.0.77", 51_111);
    private static final Endpoint OTHER = new Endpoint(Transport.UDP, "10.0.0.99", 5060);
    private static final Endpoint PLATFORM = Endpoint.udp("10.0.1.1");

    private final Gb28181 gb = new Gb28181(new Devices(42, 1_024));
    private ProxyHarness proxy;
    private int sequence;

    @BeforeEach
    void start() {
        start(Mode.STATEFUL);
    }

    private void start(final Mode mode) {
        final Trunk devices = trunk(0, "devices", List.of(), List.of(Cidr.parse("10.0.0.0/24")), gb);
        final Trunk platform = trunk(1, "platform", Endpoint.peers(null, PLATFORM).stream().toList(), List.of(),
                new Gb28181(new Devices(1, 16)));
        proxy = ProxyHarness.of(new RoutingPolicy(mode, List.of(devices, platform),
                List.of(route("in", devices, platform), route("out", platform, devices)), Timing.DEFAULTS, 70, true));
    }

    private static Route route(final String name, final Trunk from, final Trunk to) {
        return new Route(name, from, Route.Match.ANY, List.of(to), List.of(), List.of(), null);
    }

    private static Trunk trunk(final int index, final String name,
            final List<org.tandemsip.engine.routing.Peer> peers,
            final List<Cidr> allow, final Gb28181 known) {
        return new Trunk(index, name, peers, allow, new int[] {503}, 0, Balance.CALL_ID, 0, 0, Ping.OFF,
                new TrunkState(), TrunkRules.NONE, new Trust(Zone.CORE, true, 0, null, HeaderRules.NONE), false,
                Account.NONE, Profile.gb28181(0, known));
    }

    private static String latin1(final String text) {
        return new String(text.getBytes(GBK), StandardCharsets.ISO_8859_1);
    }

    /** A message of a device as they write them: a realm for a host, a branch of digits, no names but ids. */
    private String fromDevice(final String method, final Endpoint at, final String id, final String rows,
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

    private String fromPlatform(final String method, final String user, final String more, final String body) {
        sequence++;
        return method + " sip:" + user + "@10.9.9.9:5060 SIP/2.0\r\n"
                + "Via: SIP/2.0/UDP 10.0.1.1:5060;rport;branch=z9hG4bK" + (sequence * 7919) + "\r\n"
                + "From: <sip:" + SERVER + "@3402000000>;tag=p" + sequence + "\r\n"
                + "To: <sip:" + user + "@3402000000>\r\n"
                + "Call-ID: wvp" + sequence + "\r\nCSeq: " + sequence + ' ' + method + "\r\n"
                + "Max-Forwards: 70\r\n" + more + "Content-Length: " + body.length() + "\r\n\r\n" + body;
    }

    private void register(final Endpoint at, final String id, final String... granted) {
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

    private void keepalive(final Endpoint at, final String id) {
        proxy.sent();
        proxy.receive(at, fromDevice("MESSAGE", at, id, "Content-Type: Application/MANSCDP+xml\r\n",
                "<?xml version=\"1.0\"?>\r\n<Notify>\r\n<CmdType>Keepalive</CmdType>\r\n<SN>" + sequence
                        + "</SN>\r\n<DeviceID>" + id + "</DeviceID>\r\n<Status>OK</Status>\r\n</Notify>\r\n"));
        final SentMessage message = proxy.sentTo(PLATFORM).getFirst();
        proxy.receive(PLATFORM, SipText.response(message, 200, "k" + sequence));
        assertEquals(List.of("200 MESSAGE"), SentMessage.summaries(proxy.sentTo(at)));
    }

    /** Where a MESSAGE of the platform to that id goes; its refusal when it goes nowhere. */
    private String reaches(final String id) {
        proxy.sent();
        proxy.receive(PLATFORM, fromPlatform("MESSAGE", id, "", ""));
        final SentMessage sent = proxy.sent().getLast();
        return sent.isRequest() ? sent.to() : sent.summary();
    }

    private SentMessage invite(final String user, final Endpoint expected) {
        proxy.sent();
        proxy.receive(PLATFORM, fromPlatform("INVITE", user, "Contact: <sip:" + SERVER + "@10.0.1.1:5060>\r\n", ""));
        return proxy.sentTo(expected).getFirst();
    }

    private SentMessage answer(final SentMessage invite, final Endpoint at) {
        proxy.receive(at, SipText.response(invite, 200, "cam", "Contact: <sip:" + CHANNEL + "@192.168.1.64:5060>"));
        return proxy.sentTo(PLATFORM).getLast();
    }

    /** Inside the dialog of {@code success} as wvp writes it: no Route, our address, any user. */
    private static String withoutRoute(final String method, final String user, final SentMessage success,
            final int cseq) {
        return method + " sip:" + user + "@10.9.9.9:5060 SIP/2.0\r\n"
                + "Via: SIP/2.0/UDP 10.0.1.1:5060;rport;branch=z9hG4bKw" + method + cseq + "\r\n"
                + "From: " + success.header("From") + "\r\nTo: " + success.header("To") + "\r\n"
                + "Call-ID: " + success.header("Call-ID") + "\r\nCSeq: " + cseq + ' ' + method + "\r\n"
                + "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldFindADeviceWhereItHasRegisteredFromAndWhereItWasHeardLast(final Mode mode) {
        // given
        start(mode);
        assertEquals("480 MESSAGE", reaches(DEVICE));

        // when
        register(CAMERA, DEVICE);

        // then
        assertEquals(CAMERA.hostPort(), reaches(DEVICE));
        keepalive(MOVED, DEVICE);
        assertEquals(MOVED.hostPort(), reaches(DEVICE));
        assertEquals(1, gb.registered());
        assertEquals(1, gb.messages(Gb28181.Command.KEEPALIVE));
    }

    @Test
    void shouldForgetADeviceThatIsSilentAndFindItAgainWithItsNextKeepalive() {
        register(CAMERA, DEVICE);
        proxy.advanceMs(179_000);
        assertEquals(CAMERA.hostPort(), reaches(DEVICE));
        proxy.advanceMs(2_000);
        assertEquals("480 MESSAGE", reaches(DEVICE));
        keepalive(CAMERA, DEVICE);
        assertEquals(CAMERA.hostPort(), reaches(DEVICE));
    }

    @Test
    void shouldForgetADeviceWhenItsRegistrationEnds() {
        register(CAMERA, DEVICE, "Expires: 100");
        proxy.advanceMs(90_000);
        keepalive(CAMERA, DEVICE);
        proxy.advanceMs(20_000);
        assertEquals("480 MESSAGE", reaches(DEVICE));
        keepalive(CAMERA, DEVICE);
        assertEquals("480 MESSAGE", reaches(DEVICE));
    }

    @Test
    void shouldForgetADeviceThatLeaves() {
        register(CAMERA, DEVICE);
        register(CAMERA, DEVICE, "Contact: <sip:" + DEVICE + "@192.168.1.64:5060>;expires=0");
        assertEquals("480 MESSAGE", reaches(DEVICE));
        assertEquals(1, gb.left());
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 403, 404})
    void shouldLearnNothingFromARefusedRegistrationAndPassTheRefusalOnAsItIs(final int status) {
        for (final Mode mode : new Mode[] {Mode.STATEFUL, Mode.STATELESS}) {
            start(mode);
            proxy.receive(CAMERA, fromDevice("REGISTER", CAMERA, DEVICE, "Expires: 3600\r\n", ""));
            final SentMessage register = proxy.sentTo(PLATFORM).getFirst();
            final String[] challenge = {"WWW-Authenticate: Digest realm=\"3402000000\",qop=\"auth\",nonce=\"1\"",
                "Date: 2024-01-02T03:04:05.678"};
            proxy.receive(PLATFORM, SipText.response(register, status, "r", challenge));
            final SentMessage answer = proxy.sentTo(CAMERA).getFirst();
            assertEquals(status, answer.status());
            assertTrue(answer.text().contains(challenge[0] + "\r\n" + challenge[1] + "\r\n"), answer.text());
            assertEquals("480 MESSAGE", reaches(DEVICE));
        }
    }

    @Test
    void shouldNotMoveADeviceBecauseOfSomebodyElsesKeepalive() {
        register(CAMERA, DEVICE);
        proxy.receive(OTHER, fromDevice("MESSAGE", OTHER, CHANNEL, "",
                "<Notify><CmdType>Keepalive</CmdType><SN>1</SN><DeviceID>" + DEVICE + "</DeviceID></Notify>"));
        assertEquals(CAMERA.hostPort(), reaches(DEVICE));
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldFindTheOtherSideByCallIdAndTagsWhenThereIsNoRoute(final Mode mode) {
        // given
        start(mode);
        register(CAMERA, DEVICE);
        final SentMessage success = answer(invite(DEVICE, CAMERA), CAMERA);

        // when, then: the user of an ACK is what stood in o= of the SDP
        proxy.receive(PLATFORM, withoutRoute("ACK", "0", success, sequence));
        assertEquals(List.of("ACK"), SentMessage.summaries(proxy.sentTo(CAMERA)));
        proxy.receive(PLATFORM, withoutRoute("INFO", "-", success, sequence + 1));
        assertEquals(List.of("INFO"), SentMessage.summaries(proxy.sentTo(CAMERA)));
        proxy.receive(CAMERA, withoutRoute("BYE", SERVER, success, 900)
                .replace("From: ", "X: ").replace("To: ", "From: ").replace("X: ", "To: ")
                .replace("10.0.1.1:5060;rport", "192.168.1.64:5060;rport"));
        assertEquals(List.of("BYE"), SentMessage.summaries(proxy.sentTo(PLATFORM)));
        proxy.receive(PLATFORM, withoutRoute("BYE", CHANNEL, success, sequence + 2));
        assertEquals(List.of("BYE"), SentMessage.summaries(proxy.sentTo(CAMERA)));
    }

    @Test
    void shouldFollowADeviceThatMovesDuringACall() {
        register(CAMERA, DEVICE);
        final SentMessage success = answer(invite(DEVICE, CAMERA), CAMERA);
        keepalive(MOVED, DEVICE);
        proxy.receive(PLATFORM, withoutRoute("BYE", "0", success, 800));
        assertEquals(List.of("BYE"), SentMessage.summaries(proxy.sentTo(MOVED)));
    }

    @Test
    void shouldGoByTheIdWhenTheDialogIsNotKnown() {
        // given: as after a restart
        register(CAMERA, DEVICE);
        final String bye = fromPlatform("BYE", DEVICE, "", "").replace("To: <sip:" + DEVICE + "@3402000000>",
                "To: <sip:" + DEVICE + "@3402000000>;tag=gone");

        // when
        proxy.sent();
        proxy.receive(PLATFORM, bye);

        // then
        assertEquals(List.of("BYE"), SentMessage.summaries(proxy.sentTo(CAMERA)));
    }

    @Test
    void shouldLetNobodyElseIntoADialog() {
        register(CAMERA, DEVICE);
        final SentMessage success = answer(invite(DEVICE, CAMERA), CAMERA);
        proxy.sent();
        proxy.receive(OTHER, withoutRoute("BYE", "0", success, 800));
        // A device as any other: to the platform, which knows its dialogs.
        assertEquals(List.of(), proxy.sentTo(CAMERA));
    }

    @Test
    void shouldReachTheChannelsOfADeviceThatItsCatalogNames() {
        // given
        register(CAMERA, DEVICE);
        register(OTHER, "34020000001110000099");
        assertEquals("480 MESSAGE", reaches(CHANNEL));

        // when: it also names a device that is somewhere else
        proxy.receive(CAMERA, fromDevice("MESSAGE", CAMERA, DEVICE, "Content-Type: application/MANSCDP+XML\r\n",
                latin1("<?xml version=\"1.0\" encoding=\"GB2312\"?>\n<Response>\n<CmdType>Catalog</CmdType>\n<SN>248</SN>\n"
                        + "<DeviceID>" + DEVICE + "</DeviceID>\n<SumNum>2</SumNum>\n<DeviceList Num=\"2\">\n<Item>\n"
                        + "<DeviceID>" + CHANNEL + "</DeviceID>\n<Name>\u5927\u95e8\u6444\u50cf\u673a</Name>\n</Item>\n"
                        + "<Item><DeviceID>34020000001110000099</DeviceID></Item>\n</DeviceList>\n</Response>\n")));

        // then
        assertEquals(CAMERA.hostPort(), reaches(CHANNEL));
        assertEquals(OTHER.hostPort(), reaches("34020000001110000099"));
        keepalive(MOVED, DEVICE);
        assertEquals(MOVED.hostPort(), reaches(CHANNEL));
        proxy.advanceMs(200_000);
        assertEquals("480 MESSAGE", reaches(CHANNEL));
    }

    @Test
    void shouldSendOverTheConnectionOfTheDeviceWhenItRegisteredOverTcp() {
        final Endpoint tcp = new Endpoint(Transport.TCP, "10.0.0.64", 33_333);
        register(tcp, DEVICE);
        proxy.sent();
        proxy.receive(PLATFORM, fromPlatform("MESSAGE", DEVICE, "", ""));
        final SentMessage sent = proxy.sent().getLast();
        assertEquals(Transport.TCP, sent.transport());
        assertEquals(tcp.hostPort(), sent.to());
    }

    @Test
    void shouldTellQueriesAndResponsesTogetherByCmdTypeSnAndDeviceAndAnswerNeither() {
        // given
        register(CAMERA, DEVICE);
        final String query = "<?xml version=\"1.0\"?>\r\n<Query>\r\n<CmdType>DeviceInfo</CmdType>\r\n<SN>248</SN>\r\n"
                + "<DeviceID>" + DEVICE + "</DeviceID>\r\n</Query>\r\n";
        proxy.sent();

        // when
        proxy.receive(PLATFORM, fromPlatform("MESSAGE", DEVICE, "", query));

        // then
        final SentMessage asked = proxy.sent().getFirst();
        assertEquals(query, asked.body());
        assertEquals(1, gb.queries().waiting(proxy.nowNs));
        proxy.receive(CAMERA, SipText.response(asked, 200, "m"));
        assertEquals(1, gb.queries().waiting(proxy.nowNs), "a 200 is not the response");
        for (final String sn : new String[] {"249", "248", "248"}) {
            final String response = query.replace("Query>", "Response>").replace("248", sn);
            proxy.sent();
            proxy.receive(CAMERA, fromDevice("MESSAGE", CAMERA, DEVICE, "", response));
            assertEquals(response, proxy.sentTo(PLATFORM).getFirst().body());
        }
        assertEquals(0, gb.queries().waiting(proxy.nowNs));
        assertEquals(1, gb.queries().sent());
        assertEquals(1, gb.queries().answered());
        assertEquals(2, gb.queries().unasked());
    }

    @Test
    void shouldSendAgainAfter200MsAndGiveUpAfter5S() {
        // given
        register(CAMERA, DEVICE);
        proxy.sent();
        final long beganNs = proxy.nowNs;

        // when
        proxy.receive(PLATFORM, fromPlatform("MESSAGE", DEVICE, "", ""));
        proxy.advanceMs(4_999);

        // then
        assertEquals(List.of(0L, 200L, 600L, 1_400L, 3_000L),
                proxy.sentTo(CAMERA).stream().map(sent -> (sent.atNs() - beganNs) / 1_000_000).toList());
        proxy.advanceMs(60_000);
        assertEquals(List.of(), proxy.sentTo(CAMERA));
        proxy.assertQuiet();
    }

    @Test
    void shouldSendALargeCatalogOverUdpAsItCame() {
        // given: an address that takes TCP as well
        register(CAMERA, DEVICE);
        final String body = "<Response><CmdType>Catalog</CmdType><SN>1</SN><DeviceID>" + DEVICE + "</DeviceID>"
                + "<Item></Item>".repeat(1_000) + "</Response>";
        proxy.sent();

        // when
        proxy.receive(CAMERA, fromDevice("MESSAGE", CAMERA, DEVICE, "", body));

        // then
        final SentMessage sent = proxy.sentTo(PLATFORM).getFirst();
        assertEquals(Transport.UDP, sent.transport());
        assertEquals(body, sent.body());
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldChangeNoByteButThoseOfAProxy(final Mode mode) {
        // given: a name in GBK whose last byte is a backslash, folds of white space, odd cases, SDP that is none
        start(mode);
        register(CAMERA, DEVICE);
        final String body = "v=0\r\no=" + CHANNEL + " 0 0 IN IP4 10.0.1.1\r\ns=Play\r\nu=" + CHANNEL + ":0\r\n"
                + "c=IN IP4 10.0.1.1\r\nt=1700000000 1700003600\r\nm=video 30000 TCP/RTP/AVP 96 126\r\n"
                + "a=setup:passive\r\na=connection:new\r\na=recvonly\r\na=rtpmap:96 PS/90000\r\na=downloadspeed:4\r\n"
                + "y=0200000001\r\nf=v/2/4/25/1/4000a/1/8/1\r\n";
        final String rows = "subject : " + CHANNEL + ":0200000001," + SERVER + ":0\r\ncontact:<sip:" + SERVER
                + "@10.0.1.1:5060>\r\ncontent-type:APPLICATION/SDP\r\nX-Vendor: " + latin1("\u6444\u50cf\u8a89")
                + "\r\n"
                + "Date: 2024-01-02T03:04:05.678\r\nEvent: Catalog;id=1\r\n";
        final String sent = fromPlatform("INVITE", DEVICE, rows, body)
                .replace("To: <", "To: \"" + latin1("\u8a87") + "\" <");
        proxy.sent();

        // when
        proxy.receive(PLATFORM, sent);

        // then
        final SentMessage arrived = proxy.sentTo(CAMERA).getFirst();
        assertEquals(withoutProxyRows(sent), withoutProxyRows(arrived.text()));
        assertTrue(arrived.text().contains("\r\nMax-Forwards: 69\r\n"));
        assertTrue(arrived.text().endsWith(body));
        final String answered = SipText.response(arrived, 200, "c", "Contact: <sip:" + CHANNEL + "@192.168.1.64:5060>")
                .replace("Content-Length: 0\r\n\r\n", "content-length : " + body.length() + "\r\n\r\n" + body);
        proxy.receive(CAMERA, answered);
        assertEquals(answered.replaceFirst("Via: [^\r]*\r\n", ""),
                proxy.sentTo(PLATFORM).getLast().text());
    }

    /** The message without what a proxy writes: its Via and Record-Route, Max-Forwards, received and rport. */
    private static String withoutProxyRows(final String message) {
        return message.replaceAll("(?m)^(Via|Record-Route|Max-Forwards):[^\r]*\r\n", "");
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldTakeBranchesWithoutTheCookieAndCallIdsWithoutAHost(final Mode mode) {
        // given
        start(mode);
        final String message = fromDevice("MESSAGE", CAMERA, DEVICE, "", "").replaceFirst("branch=z9hG4bK\\d+",
                "branch=46db21a4-393138");

        // when
        proxy.receive(CAMERA, message);
        final SentMessage arrived = proxy.sentTo(PLATFORM).getFirst();
        proxy.receive(PLATFORM, SipText.response(arrived, 200, "p"));

        // then
        final SentMessage answer = proxy.sentTo(CAMERA).getFirst();
        assertTrue(answer.header("Via").contains("branch=46db21a4-393138"), answer.text());
        assertTrue(answer.header("Via").contains("received=10.0.0.64"), answer.text());
        assertTrue(answer.header("Via").contains("rport=40960"), answer.text());
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldTakeOffTheRouteOfARecorderAndMindNoOtherAddressInTheRequestUri(final Mode mode) {
        start(mode);
        proxy.receive(CAMERA, fromDevice("REGISTER", CAMERA, DEVICE,
                "Route: <sip:" + SERVER + "@10.9.9.9:5060;lr>\r\nExpires: 3600\r\n", ""));
        final SentMessage register = proxy.sentTo(PLATFORM).getFirst();
        assertEquals("REGISTER sip:" + SERVER + "@3402000000 SIP/2.0", register.startLine());
        assertFalse(register.text().contains("Route:"), register.text());
    }

    @Test
    void shouldPassAnInnerCseqInABodyThrough() {
        register(CAMERA, DEVICE);
        final SentMessage success = answer(invite(DEVICE, CAMERA), CAMERA);
        final String body = "PLAY MANSRTSP/1.0\r\nCSeq: 3\r\nScale: 2.0\r\nRange: npt=now-\r\n";
        proxy.sent();
        proxy.receive(PLATFORM, withoutRoute("INFO", CHANNEL, success, 700).replace("Content-Length: 0",
                "Content-Type: Application/MANSRTSP\r\nContent-Length: " + body.length()) + body);
        assertEquals(body, proxy.sentTo(CAMERA).getFirst().body());
    }
}
