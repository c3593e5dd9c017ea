package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.GbHarness.CAMERA;
import static org.tandemsip.engine.proxy.GbHarness.CHANNEL;
import static org.tandemsip.engine.proxy.GbHarness.DEVICE;
import static org.tandemsip.engine.proxy.GbHarness.MOVED;
import static org.tandemsip.engine.proxy.GbHarness.OTHER;
import static org.tandemsip.engine.proxy.GbHarness.PLATFORM;
import static org.tandemsip.engine.proxy.GbHarness.latin1;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.routing.Gb28181;
import org.tandemsip.engine.routing.Mode;

/** Where a device of GB/T 28181 is found: by its registration, its Keepalives and its catalog. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class GbDeviceTest {
    private final GbHarness gb = new GbHarness();

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldFindADeviceWhereItHasRegisteredFromAndWhereItWasHeardLast(final Mode mode) {
        // given
        gb.start(mode);
        assertEquals("480 MESSAGE", gb.reaches(DEVICE));

        // when
        gb.register(CAMERA, DEVICE);

        // then
        assertEquals(CAMERA.hostPort(), gb.reaches(DEVICE));
        gb.keepalive(MOVED, DEVICE);
        assertEquals(MOVED.hostPort(), gb.reaches(DEVICE));
        assertEquals(1, gb.known.registered());
        assertEquals(1, gb.known.messages(Gb28181.Command.KEEPALIVE));
    }

    @Test
    void shouldForgetADeviceThatIsSilentAndFindItAgainWithItsNextKeepalive() {
        gb.register(CAMERA, DEVICE);
        gb.proxy.advanceMs(179_000);
        assertEquals(CAMERA.hostPort(), gb.reaches(DEVICE));
        gb.proxy.advanceMs(2_000);
        assertEquals("480 MESSAGE", gb.reaches(DEVICE));
        gb.keepalive(CAMERA, DEVICE);
        assertEquals(CAMERA.hostPort(), gb.reaches(DEVICE));
    }

    @Test
    void shouldForgetADeviceWhenItsRegistrationEnds() {
        gb.register(CAMERA, DEVICE, "Expires: 100");
        gb.proxy.advanceMs(90_000);
        gb.keepalive(CAMERA, DEVICE);
        gb.proxy.advanceMs(20_000);
        assertEquals("480 MESSAGE", gb.reaches(DEVICE));
        gb.keepalive(CAMERA, DEVICE);
        assertEquals("480 MESSAGE", gb.reaches(DEVICE));
    }

    @Test
    void shouldForgetADeviceThatLeaves() {
        gb.register(CAMERA, DEVICE);
        gb.register(CAMERA, DEVICE, "Contact: <sip:" + DEVICE + "@192.168.1.64:5060>;expires=0");
        assertEquals("480 MESSAGE", gb.reaches(DEVICE));
        assertEquals(1, gb.known.left());
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 403, 404})
    void shouldLearnNothingFromARefusedRegistrationAndPassTheRefusalOnAsItIs(final int status) {
        for (final Mode mode : new Mode[] {Mode.STATEFUL, Mode.STATELESS}) {
            gb.start(mode);
            gb.proxy.receive(CAMERA, gb.fromDevice("REGISTER", CAMERA, DEVICE, "Expires: 3600\r\n", ""));
            final SentMessage register = gb.proxy.sentTo(PLATFORM).getFirst();
            final String[] challenge = {"WWW-Authenticate: Digest realm=\"3402000000\",qop=\"auth\",nonce=\"1\"",
                "Date: 2024-01-02T03:04:05.678"};
            gb.proxy.receive(PLATFORM, SipText.response(register, status, "r", challenge));
            final SentMessage answer = gb.proxy.sentTo(CAMERA).getFirst();
            assertEquals(status, answer.status());
            assertTrue(answer.text().contains(challenge[0] + "\r\n" + challenge[1] + "\r\n"), answer.text());
            assertEquals("480 MESSAGE", gb.reaches(DEVICE));
        }
    }

    @Test
    void shouldNotMoveADeviceBecauseOfSomebodyElsesKeepalive() {
        gb.register(CAMERA, DEVICE);
        gb.proxy.receive(OTHER, gb.fromDevice("MESSAGE", OTHER, CHANNEL, "",
                "<Notify><CmdType>Keepalive</CmdType><SN>1</SN><DeviceID>" + DEVICE + "</DeviceID></Notify>"));
        assertEquals(CAMERA.hostPort(), gb.reaches(DEVICE));
    }

    @Test
    void shouldReachTheChannelsOfADeviceThatItsCatalogNames() {
        // given
        gb.register(CAMERA, DEVICE);
        gb.register(OTHER, "34020000001110000099");
        assertEquals("480 MESSAGE", gb.reaches(CHANNEL));

        // when: it also names a device that is somewhere else
        gb.proxy.receive(CAMERA, gb.fromDevice("MESSAGE", CAMERA, DEVICE, "Content-Type: application/MANSCDP+XML\r\n",
                latin1("<?xml version=\"1.0\" encoding=\"GB2312\"?>\n<Response>\n<CmdType>Catalog</CmdType>\n<SN>248</SN>\n"
                        + "<DeviceID>" + DEVICE + "</DeviceID>\n<SumNum>2</SumNum>\n<DeviceList Num=\"2\">\n<Item>\n"
                        + "<DeviceID>" + CHANNEL + "</DeviceID>\n<Name>\u5927\u95e8\u6444\u50cf\u673a</Name>\n</Item>\n"
                        + "<Item><DeviceID>34020000001110000099</DeviceID></Item>\n</DeviceList>\n</Response>\n")));

        // then
        assertEquals(CAMERA.hostPort(), gb.reaches(CHANNEL));
        assertEquals(OTHER.hostPort(), gb.reaches("34020000001110000099"));
        gb.keepalive(MOVED, DEVICE);
        assertEquals(MOVED.hostPort(), gb.reaches(CHANNEL));
        gb.proxy.advanceMs(200_000);
        assertEquals("480 MESSAGE", gb.reaches(CHANNEL));
    }

    @Test
    void shouldSendOverTheConnectionOfTheDeviceWhenItRegisteredOverTcp() {
        final Endpoint tcp = new Endpoint(Transport.TCP, "10.0.0.64", 33_333);
        gb.register(tcp, DEVICE);
        gb.proxy.sent();
        gb.proxy.receive(PLATFORM, gb.fromPlatform("MESSAGE", DEVICE, "", ""));
        final SentMessage sent = gb.proxy.sent().getLast();
        assertEquals(Transport.TCP, sent.transport());
        assertEquals(tcp.hostPort(), sent.to());
    }
}
