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
                + "@10.0.1.1:5060>\r\ncontent-type:APPLICATION/SDP\r\nX-Vendor: " + latin1("\u6444\u50cf\u8aa0")
                + "\r\nX-Quoted: \"" + latin1("\u8aa0") + "\";a=1\r\n"
                + "Date: 2024-01-02T03:04:05.678\r\nEvent: Catalog;id=1\r\n";
        final String sent = gb.fromPlatform("INVITE", DEVICE, rows, body)
                .replace("To: <", "To: \"" + latin1("\u8aa0") + "\" <");
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

    /** A character whose second byte in GBK is that of a backslash, in every place of a body where it could do harm. */
    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldPassABodyOnInWhichABackslashIsHalfACharacter(final Mode mode) {
        // given
        gb.start(mode);
        gb.register(CAMERA, DEVICE);
        final String half = latin1("\u8aa0");
        assertEquals("\u00d5\\", half);
        final String body = "<?xml version=\"1.0\" encoding=\"GB2312\"?>\r\n<Query>\r\n<!-- " + half + " -->\r\n"
                + "<Name a=\"" + half + "\">" + half + "</Name>\r\n<CmdType>DeviceInfo</CmdType>\r\n<SN>17</SN>\r\n"
                + "<DeviceID>" + DEVICE + "</DeviceID>\r\n<Info>\"" + half + "\"" + half + "</Info>\r\n</Query>\r\n"
                + half;
        final String query = gb.fromPlatform("MESSAGE", DEVICE, "Content-Type: Application/MANSCDP+xml\r\n", body);
        gb.proxy.sent();

        // when
        gb.proxy.receive(PLATFORM, query);

        // then
        final SentMessage arrived = gb.proxy.sentTo(CAMERA).getFirst();
        assertEquals(withoutProxyRows(query), withoutProxyRows(arrived.text()));
        gb.proxy.receive(CAMERA, gb.fromDevice("MESSAGE", CAMERA, DEVICE, "", body.replace("Query>", "Response>")));
        assertEquals(body.replace("Query>", "Response>"), gb.proxy.sentTo(PLATFORM).getLast().body());
        assertEquals(1, gb.known.queries().answered());
    }

    @Test
    void shouldNotTakeTheResponseOfAnotherDeviceOrToAnotherQueryForTheOneAwaited() {
        // given
        gb.register(CAMERA, DEVICE);
        final String query = "<Query><CmdType>DeviceInfo</CmdType><SN>248</SN><DeviceID>" + DEVICE
                + "</DeviceID></Query>";
        gb.proxy.receive(PLATFORM, gb.fromPlatform("MESSAGE", DEVICE, "", query));
        final String response = query.replace("Query>", "Response>");

        // when: each differs in one of the three
        for (final String other : List.of(response.replace("DeviceInfo", "DeviceStatus"), response.replace(DEVICE,
                CHANNEL), response.replace("248", "2480"))) {
            gb.proxy.receive(CAMERA, gb.fromDevice("MESSAGE", CAMERA, DEVICE, "", other));
        }

        // then
        assertEquals(List.of(0L, 3L), List.of(gb.known.queries().answered(), gb.known.queries().unasked()));
        assertEquals(1, gb.known.queries().waiting(gb.proxy.nowNs));
        gb.proxy.receive(CAMERA, gb.fromDevice("MESSAGE", CAMERA, DEVICE, "", response));
        assertEquals(1, gb.known.queries().answered());
        assertEquals(0, gb.known.queries().waiting(gb.proxy.nowNs));
    }

    /** The platform asks for a voice; the device says yes, and calls the platform for it. */
    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldCarryABroadcastFromItsNotifyToTheCallOfTheDevice(final Mode mode) {
        // given
        gb.start(mode);
        gb.register(CAMERA, DEVICE);
        final String notify = "<?xml version=\"1.0\"?>\r\n<Notify>\r\n<CmdType>Broadcast</CmdType>\r\n<SN>992</SN>\r\n"
                + "<SourceID>" + SERVER + "</SourceID>\r\n<TargetID>" + DEVICE + "</TargetID>\r\n</Notify>\r\n";
        gb.proxy.sent();

        // when
        gb.proxy.receive(PLATFORM, gb.fromPlatform("MESSAGE", DEVICE, "", notify));

        // then
        final SentMessage asked = gb.proxy.sentTo(CAMERA).getFirst();
        assertEquals(notify, asked.body());
        gb.proxy.receive(CAMERA, SipText.response(asked, 200, "m"));
        final String response = "<?xml version=\"1.0\"?>\r\n<Response>\r\n<CmdType>Broadcast</CmdType>\r\n<SN>992</SN>"
                + "\r\n<DeviceID>" + DEVICE + "</DeviceID>\r\n<Result>OK</Result>\r\n</Response>\r\n";
        gb.proxy.sent();
        gb.proxy.receive(CAMERA, gb.fromDevice("MESSAGE", CAMERA, DEVICE, "", response));
        assertEquals(response, gb.proxy.sentTo(PLATFORM).getFirst().body());
        assertEquals(List.of(1L, 1L, 0L), List.of(gb.known.queries().sent(), gb.known.queries().answered(),
                gb.known.queries().unasked()));
        assertEquals(2, gb.known.messages(Gb28181.Command.BROADCAST));

        // when
        final String offer = "v=0\r\no=" + DEVICE + " 0 0 IN IP4 192.168.1.64\r\ns=Play\r\nc=IN IP4 192.168.1.64\r\n"
                + "t=0 0\r\nm=audio 30000 RTP/AVP 8\r\na=recvonly\r\ny=0200000001\r\nf=v/////a/1/8/1\r\n";
        gb.proxy.receive(CAMERA, gb.fromDevice("INVITE", CAMERA, DEVICE, "Subject: " + SERVER + ":0200000001," + DEVICE
                + ":0\r\nContact: <sip:" + DEVICE + "@192.168.1.64:5060>\r\n", offer));

        // then: and requests of either side without a Route reach the other one
        final SentMessage invite = gb.proxy.sentTo(PLATFORM).getFirst();
        assertEquals(offer, invite.body());
        assertEquals("INVITE sip:" + SERVER + "@3402000000 SIP/2.0", invite.startLine());
        gb.proxy.receive(PLATFORM, SipText.response(invite, 200, "voice", "Contact: <sip:" + SERVER
                + "@10.0.1.1:5060>"));
        final SentMessage success = gb.proxy.sentTo(CAMERA).getLast();
        assertEquals("200 INVITE", success.summary());
        gb.proxy.receive(CAMERA, withoutRoute("ACK", SERVER, success, gb.sequence));
        gb.proxy.assertSentTo(PLATFORM, "ACK");
        gb.proxy.receive(PLATFORM, GbHarness.turned(withoutRoute("BYE", DEVICE, success, 77)));
        gb.proxy.assertSentTo(CAMERA, "BYE");
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldCarrySubscriptionsToEventsByteForByte(final Mode mode) {
        // given
        gb.start(mode);
        gb.register(CAMERA, DEVICE);
        final String wanted = "<?xml version=\"1.0\"?>\r\n<Query>\r\n<CmdType>Catalog</CmdType>\r\n<SN>5</SN>\r\n"
                + "<DeviceID>" + DEVICE + "</DeviceID>\r\n</Query>\r\n";
        final String subscribe = gb.fromPlatform("SUBSCRIBE", DEVICE, "Event: Catalog;id=1894\r\nExpires: 3600\r\n"
                + "Contact: <sip:" + SERVER + "@10.0.1.1:5060>\r\nContent-Type: Application/MANSCDP+xml\r\n", wanted);
        gb.proxy.sent();

        // when
        gb.proxy.receive(PLATFORM, subscribe);

        // then
        final SentMessage arrived = gb.proxy.sentTo(CAMERA).getFirst();
        assertEquals(withoutProxyRows(subscribe), withoutProxyRows(arrived.text()));
        gb.proxy.receive(CAMERA, SipText.response(arrived, 200, "cam", "Expires: 3600", "Event: Catalog;id=1894",
                "Contact: <sip:" + DEVICE + "@192.168.1.64:5060>"));
        final SentMessage success = gb.proxy.sentTo(PLATFORM).getLast();
        assertEquals("200 SUBSCRIBE", success.summary());

        // when: an event inside the dialog, and one that nobody has asked for
        final String event = "<?xml version=\"1.0\" encoding=\"GB2312\"?>\r\n<Notify>\r\n<CmdType>Catalog</CmdType>\r\n"
                + "<SN>6</SN>\r\n<DeviceID>" + DEVICE + "</DeviceID>\r\n<SumNum>1</SumNum>\r\n<DeviceList Num=\"1\">"
                + "<Item><DeviceID>" + CHANNEL + "</DeviceID><Event>ON</Event><Name>" + latin1("\u8aa0")
                + "</Name></Item></DeviceList>\r\n</Notify>\r\n";
        final String rows = "Event: Catalog;id=1894\r\nSubscription-State: active;expires=3599\r\n"
                + "Content-Type: Application/MANSCDP+xml\r\nContent-Length: " + event.length() + "\r\n\r\n" + event;
        final String inside = GbHarness.turned(withoutRoute("NOTIFY", SERVER, success, 2))
                .replace("10.0.1.1:5060;rport", "192.168.1.64:5060;rport").replace("Content-Length: 0\r\n\r\n", rows);
        final String unasked = gb.fromDevice("NOTIFY", CAMERA, DEVICE, "", "").replace("Content-Length: 0\r\n\r\n",
                rows);
        for (final String notify : List.of(inside, unasked)) {
            gb.proxy.receive(CAMERA, notify);

            // then: a platform whose queue is full says so itself
            final SentMessage told = gb.proxy.sentTo(PLATFORM).getLast();
            assertEquals(withoutProxyRows(notify), withoutProxyRows(told.text()));
            gb.proxy.receive(PLATFORM, SipText.response(told, notify == inside ? 200 : 486, "p"));
            gb.proxy.assertSentTo(CAMERA, (notify == inside ? 200 : 486) + " NOTIFY");
        }

        // and: the subscription is refreshed inside the dialog without a Route
        gb.proxy.receive(PLATFORM, withoutRoute("SUBSCRIBE", DEVICE, success, 900));
        gb.proxy.assertSentTo(CAMERA, "SUBSCRIBE");
    }
}
