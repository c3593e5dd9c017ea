package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.GbHarness.CAMERA;
import static org.tandemsip.engine.proxy.GbHarness.CHANNEL;
import static org.tandemsip.engine.proxy.GbHarness.DEVICE;
import static org.tandemsip.engine.proxy.GbHarness.PLATFORM;
import static org.tandemsip.engine.proxy.GbHarness.SERVER;
import static org.tandemsip.engine.proxy.GbHarness.latin1;
import static org.tandemsip.engine.proxy.GbHarness.withoutRoute;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.routing.Gb28181;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Queries;
import org.tandemsip.engine.routing.Route;

/** What cameras and platforms of GB/T 28181 write that a proxy must not break, and how it repeats it. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class GbProfileTest {
    private final GbHarness gb = new GbHarness();

    @Test
    void shouldTellQueriesAndResponsesTogetherByCmdTypeSnAndDeviceAndAnswerNeither() {
        // given
        gb.register(CAMERA, DEVICE);
        final String query = "<?xml version=\"1.0\"?>\r\n<Query>\r\n<CmdType>DeviceInfo</CmdType>\r\n<SN>248</SN>\r\n"
                + "<DeviceID>" + DEVICE + "</DeviceID>\r\n</Query>\r\n";
        gb.proxy.sent();

        // when
        gb.proxy.receive(PLATFORM, gb.fromPlatform("MESSAGE", DEVICE, "", query));

        // then
        final SentMessage asked = gb.proxy.sent().getFirst();
        assertEquals(query, asked.body());
        assertEquals(1, gb.known.queries().waiting(gb.proxy.nowNs));
        gb.proxy.receive(CAMERA, SipText.response(asked, 200, "m"));
        assertEquals(1, gb.known.queries().waiting(gb.proxy.nowNs), "a 200 is not the response");
        for (final String sn : new String[] {"249", "248", "248"}) {
            final String response = query.replace("Query>", "Response>").replace("248", sn);
            gb.proxy.sent();
            gb.proxy.receive(CAMERA, gb.fromDevice("MESSAGE", CAMERA, DEVICE, "", response));
            assertEquals(response, gb.proxy.sentTo(PLATFORM).getFirst().body());
        }
        assertEquals(0, gb.known.queries().waiting(gb.proxy.nowNs));
        assertEquals(1, gb.known.queries().sent());
        assertEquals(1, gb.known.queries().answered());
        assertEquals(2, gb.known.queries().unasked());
        assertEquals(List.of(new Queries.Query(Gb28181.Command.DEVICE_INFO, DEVICE, 248, 0, 0)),
                gb.known.queries().latest(10, gb.proxy.nowNs));
    }

    @Test
    void shouldSendAgainAfter200MsAndGiveUpAfter5S() {
        // given
        gb.register(CAMERA, DEVICE);
        gb.proxy.sent();
        final long beganNs = gb.proxy.nowNs;

        // when
        gb.proxy.receive(PLATFORM, gb.fromPlatform("MESSAGE", DEVICE, "", ""));
        gb.proxy.advanceMs(4_999);

        // then
        assertEquals(List.of(0L, 200L, 600L, 1_400L, 3_000L),
                gb.proxy.sentTo(CAMERA).stream().map(sent -> (sent.atNs() - beganNs) / 1_000_000).toList());
        gb.proxy.advanceMs(60_000);
        gb.proxy.assertSentTo(CAMERA);
        gb.proxy.assertQuiet();
    }

    @Test
    void shouldSendALargeCatalogOverUdpAsItCame() {
        // given: an address that takes TCP as well
        gb.register(CAMERA, DEVICE);
        final String body = "<Response><CmdType>Catalog</CmdType><SN>1</SN><DeviceID>" + DEVICE + "</DeviceID>"
                + "<Item></Item>".repeat(1_000) + "</Response>";
        gb.proxy.sent();

        // when
        gb.proxy.receive(CAMERA, gb.fromDevice("MESSAGE", CAMERA, DEVICE, "", body));

        // then
        final SentMessage sent = gb.proxy.sentTo(PLATFORM).getFirst();
        assertEquals(Transport.UDP, sent.transport());
        assertEquals(body, sent.body());
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldChangeNoByteButThoseOfAProxy(final Mode mode) {
        // given: a name in GBK whose last byte is a backslash, folds of white space, odd cases, SDP that is none
        gb.start(mode);
        gb.register(CAMERA, DEVICE);
        final String body = "v=0\r\no=" + CHANNEL + " 0 0 IN IP4 10.0.1.1\r\ns=Play\r\nu=" + CHANNEL + ":0\r\n"
                + "c=IN IP4 10.0.1.1\r\nt=1700000000 1700003600\r\nm=video 30000 TCP/RTP/AVP 96 126\r\n"
                + "a=setup:passive\r\na=connection:new\r\na=recvonly\r\na=rtpmap:96 PS/90000\r\na=downloadspeed:4\r\n"
                + "y=0200000001\r\nf=v/2/4/25/1/4000a/1/8/1\r\n";
        final String rows = "subject : " + CHANNEL + ":0200000001," + SERVER + ":0\r\ncontact:<sip:" + SERVER
                + "@10.0.1.1:5060>\r\ncontent-type:APPLICATION/SDP\r\nX-Vendor: " + latin1("\u6444\u50cf\u8a89")
                + "\r\n"
                + "Date: 2024-01-02T03:04:05.678\r\nEvent: Catalog;id=1\r\n";
        final String sent = gb.fromPlatform("INVITE", DEVICE, rows, body)
                .replace("To: <", "To: \"" + latin1("\u8a87") + "\" <");
        gb.proxy.sent();

        // when
        gb.proxy.receive(PLATFORM, sent);

        // then
        final SentMessage arrived = gb.proxy.sentTo(CAMERA).getFirst();
        assertEquals(withoutProxyRows(sent), withoutProxyRows(arrived.text()));
        assertTrue(arrived.text().contains("\r\nMax-Forwards: 69\r\n"));
        assertTrue(arrived.text().endsWith(body));
        final String answered = SipText.response(arrived, 200, "c", "Contact: <sip:" + CHANNEL + "@192.168.1.64:5060>")
                .replace("Content-Length: 0\r\n\r\n", "content-length : " + body.length() + "\r\n\r\n" + body);
        gb.proxy.receive(CAMERA, answered);
        assertEquals(answered.replaceFirst("Via: [^\r]*\r\n", ""),
                gb.proxy.sentTo(PLATFORM).getLast().text());
    }

    /** The message without what a proxy writes: its Via and Record-Route, Max-Forwards, received and rport. */
    private static String withoutProxyRows(final String message) {
        return message.replaceAll("(?m)^(Via|Record-Route|Max-Forwards):[^\r]*\r\n", "");
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldTakeBranchesWithoutTheCookieAndCallIdsWithoutAHost(final Mode mode) {
        // given
        gb.start(mode);
        final String message = gb.fromDevice("MESSAGE", CAMERA, DEVICE, "", "").replaceFirst("branch=z9hG4bK\\d+",
                "branch=46db21a4-393138");

        // when
        gb.proxy.receive(CAMERA, message);
        final SentMessage arrived = gb.proxy.sentTo(PLATFORM).getFirst();
        gb.proxy.receive(PLATFORM, SipText.response(arrived, 200, "p"));

        // then
        final SentMessage answer = gb.proxy.sentTo(CAMERA).getFirst();
        assertTrue(answer.header("Via").contains("branch=46db21a4-393138"), answer.text());
        assertTrue(answer.header("Via").contains("received=10.0.0.64"), answer.text());
        assertTrue(answer.header("Via").contains("rport=40960"), answer.text());
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldTakeOffTheRouteOfARecorderAndMindNoOtherAddressInTheRequestUri(final Mode mode) {
        gb.start(mode);
        gb.proxy.receive(CAMERA, gb.fromDevice("REGISTER", CAMERA, DEVICE,
                "Route: <sip:" + SERVER + "@10.9.9.9:5060;lr>\r\nExpires: 3600\r\n", ""));
        final SentMessage register = gb.proxy.sentTo(PLATFORM).getFirst();
        assertEquals("REGISTER sip:" + SERVER + "@3402000000 SIP/2.0", register.startLine());
        assertFalse(register.text().contains("Route:"), register.text());
    }

    @Test
    void shouldPassAnInnerCseqInABodyThrough() {
        gb.register(CAMERA, DEVICE);
        final SentMessage success = gb.answer(gb.invite(DEVICE, CAMERA), CAMERA);
        final String body = "PLAY MANSRTSP/1.0\r\nCSeq: 3\r\nScale: 2.0\r\nRange: npt=now-\r\n";
        gb.proxy.sent();
        gb.proxy.receive(PLATFORM, withoutRoute("INFO", CHANNEL, success, 700).replace("Content-Length: 0",
                "Content-Type: Application/MANSRTSP\r\nContent-Length: " + body.length()) + body);
        assertEquals(body, gb.proxy.sentTo(CAMERA).getFirst().body());
    }
}
