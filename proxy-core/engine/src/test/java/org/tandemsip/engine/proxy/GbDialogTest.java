package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.GbHarness.CAMERA;
import static org.tandemsip.engine.proxy.GbHarness.CHANNEL;
import static org.tandemsip.engine.proxy.GbHarness.DEVICE;
import static org.tandemsip.engine.proxy.GbHarness.MOVED;
import static org.tandemsip.engine.proxy.GbHarness.OTHER;
import static org.tandemsip.engine.proxy.GbHarness.PLATFORM;
import static org.tandemsip.engine.proxy.GbHarness.SERVER;
import static org.tandemsip.engine.proxy.GbHarness.turned;
import static org.tandemsip.engine.proxy.GbHarness.withoutRoute;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.DeviceId;
import org.tandemsip.engine.routing.Mode;

/** Requests inside a dialog whose platform leaves the Route out. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class GbDialogTest {
    private final GbHarness gb = new GbHarness();

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldFindTheOtherSideByCallIdAndTagsWhenThereIsNoRoute(final Mode mode) {
        // given
        gb.start(mode);
        gb.register(CAMERA, DEVICE);
        final SentMessage success = gb.answer(gb.invite(DEVICE, CAMERA), CAMERA);

        // when, then: the user of an ACK is what stood in o= of the SDP
        gb.proxy.receive(PLATFORM, withoutRoute("ACK", "0", success, gb.sequence));
        gb.proxy.assertSentTo(CAMERA, "ACK");
        gb.proxy.receive(PLATFORM, withoutRoute("INFO", "-", success, gb.sequence + 1));
        gb.proxy.assertSentTo(CAMERA, "INFO");
        gb.proxy.receive(CAMERA, turned(withoutRoute("BYE", SERVER, success, 900))
                .replace("10.0.1.1:5060;rport", "192.168.1.64:5060;rport"));
        gb.proxy.assertSentTo(PLATFORM, "BYE");
        gb.proxy.receive(PLATFORM, withoutRoute("BYE", CHANNEL, success, gb.sequence + 2));
        gb.proxy.assertSentTo(CAMERA, "BYE");
    }

    @Test
    void shouldFollowADeviceThatMovesDuringACall() {
        gb.register(CAMERA, DEVICE);
        final SentMessage success = gb.answer(gb.invite(DEVICE, CAMERA), CAMERA);
        gb.keepalive(MOVED, DEVICE);
        gb.proxy.receive(PLATFORM, withoutRoute("BYE", "0", success, 800));
        gb.proxy.assertSentTo(MOVED, "BYE");
    }

    @Test
    void shouldGoByTheIdWhenTheDialogIsNotKnown() {
        // given: as after a restart
        gb.register(CAMERA, DEVICE);
        final String bye = gb.fromPlatform("BYE", DEVICE, "", "").replace("To: <sip:" + DEVICE + "@3402000000>",
                "To: <sip:" + DEVICE + "@3402000000>;tag=gone");

        // when
        gb.proxy.sent();
        gb.proxy.receive(PLATFORM, bye);

        // then
        gb.proxy.assertSentTo(CAMERA, "BYE");
    }

    @Test
    void shouldLetNobodyElseIntoADialog() {
        gb.register(CAMERA, DEVICE);
        final SentMessage success = gb.answer(gb.invite(DEVICE, CAMERA), CAMERA);
        gb.proxy.sent();
        gb.proxy.receive(OTHER, withoutRoute("BYE", "0", success, 800));
        // A device as any other: to the platform, which knows its dialogs.
        gb.proxy.assertSentTo(CAMERA);
    }

    @Test
    void shouldGiveThePlaceOfTheDialogThatEndsFirstToANewOneWhenItHasNoOther() {
        // given: twice as many as there is room for
        final SplittableRandom keys = new SplittableRandom(1);
        final long[] all = new long[1 << 16];
        final GbDialogs dialogs = new GbDialogs();
        final Destination where = new Destination();
        where.transport = org.tandemsip.codec.Transport.UDP;
        int displaced = 0;

        // when
        for (int i = 0; i < all.length; i++) {
            all[i] = keys.nextLong() | 1;
            displaced += dialogs.put(all[i], where, where, new DeviceId(), i, i + 1_000_000) ? 1 : 0;
        }

        // then
        int found = 0;
        for (final long key : all) {
            found += dialogs.find(key, all.length) != GbDialogs.NONE ? 1 : 0;
        }
        assertTrue(found > 20_000 && found < 33_000, "found " + found);
        assertEquals(all.length, found + displaced);
        assertTrue(dialogs.find(all[all.length - 1], all.length) != GbDialogs.NONE, "the last one");
    }

    @Test
    void shouldCountNoDialogAsDisplacedWhileThereIsRoom() {
        gb.register(CAMERA, DEVICE);
        for (int i = 0; i < 100; i++) {
            gb.answer(gb.invite(DEVICE, CAMERA), CAMERA);
        }
        assertEquals(0, gb.proxy.counters.get(Counter.LIMITED_GB_DIALOGS));
    }
}
