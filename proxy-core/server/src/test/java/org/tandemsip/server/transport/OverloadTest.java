package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.engine.handler.Emergencies;
import org.tandemsip.engine.handler.Source;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class OverloadTest {
    private static final long MS = 1_000_000L;
    private static final long SECOND = 1_000 * MS;
    private static final double CAPACITY = OverloadedLoop.CAPACITY;

    private final Overload overload = new Overload();
    private long nowNs = -5 * SECOND;

    /** Lets cycles of 1 ms pass in each of which the oldest message has waited so long. */
    private void waits(final long waitedNs, final long durationNs) {
        for (long passed = 0; passed < durationNs; passed += MS) {
            nowNs += MS;
            overload.waited(waitedNs);
            if (waitedNs > 0) {
                overload.unread(0);
            }
            overload.endCycle(nowNs, 0);
        }
    }

    private void growUp() {
        waits(0, Overload.YOUNG_NS);
    }

    private static OverloadedLoop grownUp() {
        final OverloadedLoop loop = new OverloadedLoop();
        loop.run(Overload.YOUNG_NS, 1);
        loop.run(SECOND, 0);
        return loop;
    }

    @Test
    void shouldRefuseNothingWhenAPauseLetsMessagesPileUp() {
        // given
        growUp();

        // when
        for (long waitedNs = 900 * MS; waitedNs > 0; waitedNs -= 2 * MS) {
            waits(waitedNs, MS);
        }

        // then
        assertFalse(overload.active());
        assertEquals(0, overload.refusing());
    }

    @Test
    void shouldRefuseNothingWhenOneMessageIsLateAfterSilence() {
        // given
        growUp();

        // when: the machine was elsewhere each time when something came at last
        for (int i = 0; i < 10; i++) {
            nowNs += SECOND;
            overload.waited(250 * MS);
            overload.endCycle(nowNs, 0);
        }

        // then
        assertFalse(overload.active());
    }

    @Test
    void shouldRefuseByHowLongMessagesWaitWhenAQueueStands() {
        // given
        growUp();
        waits(21 * MS, 501 * MS);
        assertFalse(overload.active());
        waits(21 * MS, 2 * MS);
        assertTrue(overload.active());

        // then
        waits(10 * MS, MS);
        assertEquals(0, overload.refusing());
        waits(15 * MS, MS);
        assertEquals(0.25, overload.refusing());
        waits(25 * MS, MS);
        assertEquals(0.75, overload.refusing());
        waits(30 * MS, MS);
        assertEquals(1, overload.refusing());
        assertEquals(30 * MS, overload.queueNs());
    }

    @Test
    void shouldRefuseAtOnceWhenTheSocketBufferIsNearlyFull() {
        // given
        waits(0, SECOND);

        // when
        overload.unread(0.8);
        overload.endCycle(nowNs += MS, 0);

        // then
        assertTrue(overload.active());
        assertEquals(1, overload.refusing());
    }

    @Test
    void shouldLetMessagesWaitLongerWhenItHasJustStarted() {
        // given
        waits(0, MS);

        // when
        waits(190 * MS, 5 * SECOND);

        // then
        assertFalse(overload.active());

        // when
        waits(210 * MS, 502 * MS);

        // then
        assertTrue(overload.active());
        assertTrue(overload.young());
        assertEquals(0.55, overload.refusing(), 1e-9);

        // when
        waits(0, Overload.YOUNG_NS);

        // then
        assertFalse(overload.young());
    }

    @Test
    void shouldLeaveCallersUnansweredWhenItHasJustStarted() {
        // given
        final OverloadedLoop loop = new OverloadedLoop();
        loop.retransmit = true;
        loop.serveNs = 5 * OverloadedLoop.SERVE_NS;

        // when: more than twice what it can do, until code is compiled
        loop.run(4 * SECOND, CAPACITY / 2);
        loop.serveNs = OverloadedLoop.SERVE_NS;
        loop.run(20 * SECOND, CAPACITY / 2);
        loop.run(2 * SECOND, 0);

        // then
        assertTrue(loop.verdicts.get(Admission.Verdict.DROP) > 0);
        assertEquals(null, loop.verdicts.get(Admission.Verdict.REFUSE));
        assertEquals(loop.offered[0], loop.completed());
        assertEquals(0, loop.inDialogTurnedAway);
    }

    @Test
    void shouldTakeWhoeverComesBackWhenItHasJustStarted() {
        // given
        waits(0, MS);
        waits(210 * MS, 600 * MS);
        final Admission admission =
                new Admission(overload, () -> _ -> 0, TestNet.KEYS, new Fingerprints(), new Fingerprints());
        int dropped = 0;
        for (int i = 0; i < 300; i++) {
            // when
            int copies = 1;
            while (drops(admission, "sip:b@example.com", i)) {
                copies++;
            }

            // then: of the seven that a client transaction sends
            assertTrue(copies <= 5, "copies: " + copies);
            dropped += copies - 1;
        }
        assertTrue(dropped > 100, "dropped: " + dropped);
    }

    @Test
    void shouldTakeWhatStreamsBringWhenItHasJustStarted() {
        // given
        waits(0, MS);
        waits(400 * MS, 600 * MS);
        final Admission admission =
                new Admission(overload, () -> _ -> 0, TestNet.KEYS, new Fingerprints(), new Fingerprints());
        final Source stream = new Source();
        stream.connection = 1;
        final SipMessage message = new SipMessage(Limits.DEFAULTS.headerRows());
        final byte[] text = request("sip:b@example.com", 1);

        // when
        assertEquals(ParseError.NONE, new SipParser(Limits.DEFAULTS).parse(message.wrap(new UnsafeBuffer(text), 0,
                text.length), false));

        // then
        assertEquals(1, overload.refusing());
        assertEquals(Admission.Verdict.TAKE, admission.judge(message, stream));
        waits(400 * MS, Overload.YOUNG_NS);
        assertEquals(Admission.Verdict.TAKE, admission.judge(message, stream));
        message.wrap(new UnsafeBuffer(request("sip:b@example.com", 2)), 0, text.length);
        assertEquals(ParseError.NONE, new SipParser(Limits.DEFAULTS).parse(message, false));
        assertEquals(Admission.Verdict.REFUSE, admission.judge(message, stream));
    }

    @Test
    void shouldLoseNoCallWhenCodeIsCompiledUnderHalfTheCapacity() {
        // given
        final OverloadedLoop loop = new OverloadedLoop();
        loop.serveNs = 3 * OverloadedLoop.SERVE_NS;

        // when: half as much again as it can do at first
        loop.run(120 * MS, CAPACITY / 2);
        loop.serveNs = OverloadedLoop.SERVE_NS;
        loop.run(4 * SECOND, CAPACITY / 2);
        loop.run(2 * SECOND, 0);

        // then
        assertEquals(loop.offered[0], loop.completed());
        assertEquals(Set.of(Admission.Verdict.TAKE), loop.verdicts.keySet());
    }

    @Test
    void shouldDropNoEmergencyRequestAtFirstLook() {
        // given
        growUp();
        waits(40 * MS, 600 * MS);
        final Admission admission =
                new Admission(overload, () -> _ -> 0, TestNet.KEYS, new Fingerprints(), new Fingerprints());
        int dropped = 0;
        for (int i = 0; i < 300; i++) {
            // when
            dropped += drops(admission, "sip:b@example.com", i) ? 1 : 0;

            // then
            assertFalse(drops(admission, "URN:service:sos.fire", 1_000 + i));
        }
        assertTrue(dropped > 0);
    }

    private static boolean drops(final Admission admission, final String uri, final int number) {
        final byte[] text = request(uri, number);
        return admission.dropsAtFirstLook(new UnsafeBuffer(text), text.length, new Source());
    }

    private static byte[] request(final String uri, final int number) {
        return TestNet.ascii("MESSAGE " + uri
                + " SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
                + "From: <sip:a@example.com>;tag=a\r\nTo: <sip:b@example.com>\r\nCall-ID: "
                + number + "\r\nCSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n");
    }

    @Test
    void shouldCountWhatWaitsInRingsAndStreams() {
        // given
        growUp();
        waits(25 * MS, 600 * MS);

        // when
        overload.endCycle(nowNs += MS, 20 * MS);

        // then
        assertEquals(0.5, overload.refusing());

        // when: in 5 ms as much was read as is still there four times over
        overload.read(10_000);
        overload.unreadStream(40_000);
        overload.endCycle(nowNs += 5 * MS, 0);

        // then
        assertEquals(0.5, overload.refusing());
    }

    @Test
    void shouldEndWhenNothingWasRefusedForASecond() {
        // given
        growUp();
        waits(25 * MS, 600 * MS);

        // when
        waits(5 * MS, 999 * MS);
        assertTrue(overload.active());
        waits(5 * MS, 3 * MS);

        // then
        assertFalse(overload.active());
        assertTrue(overload.looking());

        // when
        waits(0, 1_002 * MS);

        // then
        assertFalse(overload.looking());
    }

    @ParameterizedTest
    @ValueSource(doubles = {1.1, 2, 3})
    void shouldServeNinetyPercentOfItsCapacityWhenOfferedMore(final double load) {
        // given
        final OverloadedLoop loop = grownUp();
        loop.run(3 * SECOND, load * CAPACITY);
        final int before = loop.completed();

        // when
        final long beganNs = loop.nowNs;
        loop.run(4 * SECOND, load * CAPACITY);

        // then
        final double perSecond = (loop.completed() - before) * 1e9 / (loop.nowNs - beganNs);
        assertTrue(perSecond >= 0.9 * CAPACITY, () -> perSecond + " of " + CAPACITY);
        assertEquals(0, loop.inDialogTurnedAway);
        assertEquals(0, loop.lostInKernel);
    }

    @ParameterizedTest
    @ValueSource(doubles = {2, 3, 10})
    void shouldHaveTheKernelDropMostOfWhatIsTooMuch(final double load) {
        // given
        final OverloadedLoop loop = grownUp();
        loop.run(2 * SECOND, load * CAPACITY);
        final int before = loop.completed();
        loop.verdicts.clear();
        loop.droppedByKernel = 0;

        // when
        final long beganNs = loop.nowNs;
        loop.run(4 * SECOND, load * CAPACITY);

        // then
        final double perSecond = (loop.completed() - before) * 1e9 / (loop.nowNs - beganNs);
        assertTrue(perSecond >= 0.94 * CAPACITY, () -> perSecond + " of " + CAPACITY);
        final int dropped = loop.verdicts.get(Admission.Verdict.DROP);
        assertTrue(dropped < loop.completed() - before, () -> dropped + " dropped, by the kernel "
                + loop.droppedByKernel);
    }

    @Test
    void shouldLeaveNothingToTheKernelThatKnowsNoEmergencyNumbers() {
        // given
        growUp();
        waits(40 * MS, 600 * MS);
        final SourceFilter numbers = new SourceFilter() {
            @Override
            public int trunkOf(final Source source) {
                return 0;
            }

            @Override
            public Emergencies emergencies() {
                return new Emergencies(List.of("112"));
            }
        };
        final Admission admission =
                new Admission(overload, () -> numbers, TestNet.KEYS, new Fingerprints(), new Fingerprints());
        for (int i = 0; i < 1_000; i++) {
            final byte[] text = new String(request("sip:b@example.com", i), StandardCharsets.US_ASCII)
                    .replace("MESSAGE", "INVITE").getBytes(StandardCharsets.US_ASCII);
            admission.dropsAtFirstLook(new UnsafeBuffer(text), text.length, new Source());
        }

        // then
        assertFalse(admission.endCycle(nowNs));
        assertEquals(1, admission.inviteShares().of(0, 0));
    }

    @Test
    void shouldAnswerAllItTurnsAwayWhenSendersComeBack() {
        // given
        final OverloadedLoop loop = grownUp();
        loop.retransmit = true;
        loop.run(2 * SECOND, 2 * CAPACITY);
        final int before = loop.completed();
        final int dropped = loop.verdicts.get(Admission.Verdict.DROP);

        // when
        final long beganNs = loop.nowNs;
        loop.run(4 * SECOND, 2 * CAPACITY);

        // then
        assertEquals(dropped, loop.verdicts.get(Admission.Verdict.DROP));
        // Each refusal takes 0.65 of a message's time, a call six: if nothing else came, 0.88 would be left.
        final double perSecond = (loop.completed() - before) * 1e9 / (loop.nowNs - beganNs);
        assertTrue(perSecond >= 0.8 * CAPACITY, () -> perSecond + " of " + CAPACITY);
        assertEquals(0, loop.inDialogTurnedAway);
    }

    @Test
    void shouldTurnNobodyAwayTwoSecondsAfterTheLoadHasGone() {
        // given
        final OverloadedLoop loop = grownUp();
        loop.run(3 * SECOND, 3 * CAPACITY);
        assertTrue(loop.overload.active());

        // when
        loop.run(2 * SECOND, 0.5 * CAPACITY);
        loop.verdicts.clear();
        loop.waitsNs.clear();
        loop.droppedByKernel = 0;
        loop.run(SECOND, 0.5 * CAPACITY);

        // then
        assertFalse(loop.overload.active());
        assertEquals(Set.of(Admission.Verdict.TAKE), loop.verdicts.keySet());
        assertEquals(0, loop.droppedByKernel);
        assertTrue(loop.waitsNs.stream().allMatch(waitedNs -> waitedNs < 2 * MS));
    }

    @ParameterizedTest
    @ValueSource(doubles = {1.5, 2, 2.5})
    void shouldServeTwoTrunksAlikeWhateverEachAsksFor(final double busier) {
        // given
        final OverloadedLoop loop = grownUp();
        loop.run(3 * SECOND, busier * CAPACITY, (3 - busier) * CAPACITY);
        final int[] before = loop.completed.clone();

        // when
        loop.run(4 * SECOND, busier * CAPACITY, (3 - busier) * CAPACITY);

        // then: Jain's index
        final double one = loop.completed[0] - before[0];
        final double other = loop.completed[1] - before[1];
        final double jain = (one + other) * (one + other) / (2 * (one * one + other * other));
        assertTrue(jain >= 0.95, () -> one + " and " + other);
    }

    @Test
    void shouldServeATrunkThatAsksForItsShareWhenAnotherFloods() {
        // given
        final OverloadedLoop loop = grownUp();
        loop.run(3 * SECOND, 3 * CAPACITY, 0.45 * CAPACITY);
        final int offeredBefore = loop.offered[1];
        final int completedBefore = loop.completed[1];

        // when
        loop.run(4 * SECOND, 3 * CAPACITY, 0.45 * CAPACITY);

        // then
        final int asked = loop.offered[1] - offeredBefore;
        final int served = loop.completed[1] - completedBefore;
        assertTrue(served >= 0.9 * asked, () -> served + " of " + asked);
    }
}
