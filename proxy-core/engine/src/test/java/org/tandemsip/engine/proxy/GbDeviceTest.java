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

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.routing.DeviceId;
import org.tandemsip.engine.routing.Devices;
import org.tandemsip.engine.routing.Gb28181;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Queries;

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
        assertReached(tcp, DEVICE);
    }

    /** The platform never dials: where the device comes from is all that there is. */
    @ParameterizedTest
    @ValueSource(strings = {"MESSAGE", "REGISTER"})
    void shouldFollowADeviceToItsNewConnection(final String first) {
        // given: it has a channel, and a call to it
        final Endpoint before = new Endpoint(Transport.TCP, "10.0.0.64", 33_333);
        final Endpoint after = new Endpoint(Transport.TCP, "10.0.0.64", 44_444);
        gb.register(before, DEVICE);
        gb.proxy.receive(before, gb.fromDevice("MESSAGE", before, DEVICE, "", "<Response><CmdType>Catalog</CmdType>"
                + "<SN>1</SN><DeviceID>" + DEVICE + "</DeviceID><Item><DeviceID>" + CHANNEL + "</DeviceID></Item>"
                + "</Response>"));
        assertReached(before, CHANNEL);
        final SentMessage success = gb.answer(gb.invite(DEVICE, before), before);

        // when
        if (first.equals("REGISTER")) {
            gb.register(after, DEVICE);
            assertEquals(1, gb.known.refreshed());
        } else {
            gb.keepalive(after, DEVICE);
        }

        // then
        assertReached(after, DEVICE);
        assertReached(after, CHANNEL);
        gb.proxy.receive(PLATFORM, GbHarness.withoutRoute("BYE", "0", success, 800));
        assertEquals(after.port(), gb.proxy.sentTo(after).getFirst().connection());
    }

    private void assertReached(final Endpoint at, final String id) {
        gb.proxy.sent();
        gb.proxy.receive(PLATFORM, gb.fromPlatform("MESSAGE", id, "", ""));
        final SentMessage sent = gb.proxy.sent().getLast();
        assertEquals(Transport.TCP, sent.transport());
        assertEquals(at.hostPort(), sent.to());
        assertEquals(at.port(), sent.connection());
    }

    @Test
    void shouldCountDevicesForWhichThereIsNoRoomAndKeepThoseThatAreThere() {
        // given: room for 16 and what spills over
        final Devices few = new Devices(7, 16);
        final Destination where = new Destination();
        where.transport = Transport.UDP;
        final DeviceId id = new DeviceId();

        // when
        int refused = 0;
        for (int i = 1; i <= 100; i++) {
            refused += few.put(id.set(1, i), where, 0, 1_000, 1_000) ? 0 : 1;
        }

        // then
        assertEquals(100, few.count(1) + refused);
        assertTrue(few.count(1) <= 32, few.count(1) + " devices");
        assertEquals(refused, few.refused());
        assertTrue(few.isThere(id.set(1, 1), 1));

        // when: their time is over
        assertTrue(few.put(id.set(1, 100), where, 1_000, 2_000, 2_000));

        // then
        assertEquals(1, few.count(1_000));
    }

    @Test
    void shouldCountQueriesThatMakeRoomForLaterOnesWhileTheyWait() {
        // given
        final Queries queries = new Queries();
        final SplittableRandom keys = new SplittableRandom(1);
        final DeviceId id = new DeviceId();

        // when
        for (int i = 0; i < 20_000; i++) {
            queries.onQuery(keys.nextLong(), Gb28181.Command.CATALOG, id, i, i);
        }

        // then
        final int waiting = queries.waiting(20_000);
        assertTrue(waiting <= 8_200, waiting + " waiting");
        assertEquals(20_000, waiting + queries.displaced());

        // when: nobody waits any more
        final long displaced = queries.displaced();
        for (int i = 0; i < 20_000; i++) {
            queries.onQuery(keys.nextLong(), Gb28181.Command.CATALOG, id, i, Queries.PATIENCE_NS * (i + 2));
        }
        assertEquals(displaced, queries.displaced());
    }
}
