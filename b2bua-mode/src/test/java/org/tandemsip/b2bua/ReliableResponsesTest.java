package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.ANSWER;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.OFFER;
import static org.tandemsip.b2bua.CallFixture.SECOND_BOB;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.b2bua.CallFixture.Up;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.testkit.MessageText;

/** Provisional responses that are acknowledged by PRACK (RFC 3262), however many a call has. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class ReliableResponsesTest {
    private final CallFixture net = new CallFixture();
    private long cseq = 7;

    private Sent call(final String callId) {
        net.deliver(ALICE, net.invite(callId, OFFER).header("Require", "100rel"));
        net.take("SIP/2.0 100", ALICE);
        return net.take("INVITE", BOB);
    }

    private static MessageText reliable(final Sent request, final String tag, final int rseq) {
        return answer(request, 183, tag, tag + "@" + request.to(), ANSWER).header("Require", "100rel")
                .header("RSeq", String.valueOf(rseq));
    }

    /** A response that gets to Alice. */
    private Sent progress(final Sent invite, final String tag, final int rseq) {
        net.deliver(invite.to(), reliable(invite, tag, rseq));
        return net.take("SIP/2.0 183", ALICE);
    }

    private static long rseq(final Sent progress) {
        return Long.parseLong(progress.message().one("rseq"));
    }

    private void prack(final Sent progress) {
        net.deliver(ALICE, net.inside("PRACK", ALICE, progress, false, ++cseq)
                .header("RAck", rseq(progress) + " 7 INVITE"));
    }

    /** A PRACK that gets to who has sent the response, and is answered. */
    private Sent acknowledged(final Sent invite, final Sent progress, final int rseq) {
        prack(progress);
        final Sent prack = net.take("PRACK", invite.to());
        assertEquals(rseq + " " + invite.message().cseq() + " INVITE", prack.message().one("rack"));
        net.deliver(invite.to(), answer(prack, 200, null, null, ""));
        assertEquals(cseq, net.take("SIP/2.0 200", ALICE).message().cseq());
        return prack;
    }

    private void refused(final Sent invite, final String tag) {
        net.deliver(invite.to(), answer(invite, 486, tag, null, ""));
        net.take("SIP/2.0 486", ALICE);
        assertEquals(0, net.rest());
    }

    @Test
    void shouldPassAnyNumberThatIsAcknowledged() {
        // given
        final Sent invite = call("rel-many");
        final Sent first = progress(invite, "btag", 1);
        acknowledged(invite, first, 1);

        // when
        Sent last = first;
        for (int i = 2; i <= 40; i++) {
            last = progress(invite, "btag", i);
            assertEquals(rseq(first) + i - 1, rseq(last));
            acknowledged(invite, last, i);
        }

        // then: what comes once more has the number that it had, what is long over is not passed
        assertEquals(rseq(last), rseq(progress(invite, "btag", 40)));
        assertEquals(rseq(last) - 7, rseq(progress(invite, "btag", 33)));
        net.deliver(BOB, reliable(invite, "btag", 1));
        assertEquals(0, net.count("SIP/2.0 183"));
        prack(first);
        assertEquals(cseq, net.take("SIP/2.0 481", ALICE).message().cseq());
        assertEquals(0, net.counters.get(Counter.LIMITED_RELIABLE));
        refused(invite, "btag");
    }

    @Test
    void shouldCountBehindThirtyOneBits() {
        // given: a UAS may begin with 2^31 - 1 and counts on (RFC 3262 section 3)
        final Sent invite = call("rel-large");
        acknowledged(invite, progress(invite, "btag", Integer.MAX_VALUE), Integer.MAX_VALUE);

        // when
        net.deliver(invite.to(), answer(invite, 183, "btag", "btag@" + invite.to(), ANSWER)
                .header("Require", "100rel").header("RSeq", "2147483648"));

        // then
        prack(net.take("SIP/2.0 183", ALICE));
        assertEquals("2147483648 " + invite.message().cseq() + " INVITE",
                net.take("PRACK", invite.to()).message().one("rack"));
    }

    @Test
    void shouldCountTheNinthThatIsNotAcknowledged() {
        // given
        final Sent invite = call("rel-ninth");
        acknowledged(invite, progress(invite, "btag", 1), 1);
        final Sent second = progress(invite, "btag", 2);
        for (int i = 3; i <= 9; i++) {
            progress(invite, "btag", i);
        }

        // when
        net.deliver(BOB, reliable(invite, "btag", 10));

        // then
        assertEquals(0, net.count("SIP/2.0 183"));
        assertEquals(1, net.counters.get(Counter.LIMITED_RELIABLE));
        acknowledged(invite, second, 2);
        acknowledged(invite, progress(invite, "btag", 10), 10);
        assertEquals(1, net.counters.get(Counter.LIMITED_RELIABLE));
        refused(invite, "btag");
    }

    /** RFC 3262 section 3: who misses the first would take the second for it. */
    @Test
    void shouldSendNoSecondOneBeforeTheFirstIsAcknowledged() {
        // given
        final Sent invite = call("rel-first");
        final Sent first = progress(invite, "one", 1);

        // when: another branch, and the same once more
        net.deliver(BOB, reliable(invite, "two", 7));
        net.deliver(BOB, reliable(invite, "one", 2));

        // then
        assertEquals(0, net.count("SIP/2.0 183"));
        assertEquals(rseq(first), rseq(progress(invite, "one", 1)));
        acknowledged(invite, first, 1);
        final Sent second = progress(invite, "two", 7);
        assertEquals(rseq(first) + 1, rseq(second));
        acknowledged(invite, second, 7);
        acknowledged(invite, progress(invite, "one", 2), 2);
        assertEquals(0, net.counters.get(Counter.LIMITED_RELIABLE));
        refused(invite, "one");
    }

    /** RFC 3262 section 4: in order, and none is left out. */
    @Test
    void shouldNotPassOneThatHasOvertakenAnother() {
        final Sent invite = call("rel-order");
        final Sent first = progress(invite, "btag", 70);
        acknowledged(invite, first, 70);
        net.deliver(BOB, reliable(invite, "btag", 72));
        assertEquals(0, net.count("SIP/2.0 183"));
        assertEquals(rseq(first) + 1, rseq(progress(invite, "btag", 71)));
        acknowledged(invite, progress(invite, "btag", 72), 72);
        refused(invite, "btag");
    }

    @Test
    void shouldBeginAnewWithWhoIsTriedNext() {
        // given
        final Sent invite = call("rel-next");
        Sent last = progress(invite, "btag", 1);
        acknowledged(invite, last, 1);
        for (int i = 2; i <= 6; i++) {
            last = progress(invite, "btag", i);
        }
        net.deliver(BOB, answer(invite, 503, "btag", null, ""));
        final Sent second = net.take("INVITE", SECOND_BOB);

        // when
        for (int i = 1; i <= 8; i++) {
            final Sent progress = progress(second, "ctag", i);
            assertEquals(rseq(last) + 1, rseq(progress));
            last = progress;
        }

        // then
        acknowledged(second, last, 8);
        assertEquals(0, net.counters.get(Counter.LIMITED_RELIABLE));
        refused(second, "ctag");
    }

    @Test
    void shouldFindTheDialogOfABranchWhoseFirstOneIsLongOver() {
        // given: eight, of which the first and the last are of one branch
        final Sent invite = call("rel-fork");
        acknowledged(invite, progress(invite, "one", 1), 1);
        for (int i = 1; i <= 6; i++) {
            acknowledged(invite, progress(invite, "two", i), i);
        }
        final Sent ofOne = progress(invite, "one", 2);

        // when
        acknowledged(invite, progress(invite, "two", 7), 7);

        // then
        final Sent prack = acknowledged(invite, ofOne, 2);
        assertEquals("one", prack.message().toTag());
        assertEquals("sip:one@" + BOB, prack.message().uri());
        refused(invite, "one");
    }

    // Inside a dialog.

    private MessageText inside(final Up up, final boolean byBob, final String method, final long number) {
        return byBob ? net.fromBob(up, method, number) : net.fromAlice(up, method, number);
    }

    private static MessageText prack(final MessageText prack, final long rseq, final long ofInvite) {
        return prack.header("RAck", rseq + " " + ofInvite + " INVITE");
    }

    private static MessageText reliable(final Sent reInvite, final int rseq) {
        return reliable(reInvite, null, rseq);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldPassThePracksOfAReInvite(final boolean byBob) {
        // given
        final Up up = net.up("rel-again");
        final String here = byBob ? BOB : ALICE;
        final String there = byBob ? ALICE : BOB;
        net.deliver(here, inside(up, byBob, "INVITE", 8).header("Supported", "100rel").body("application/sdp", OFFER));
        net.take("SIP/2.0 100", here);
        final Sent again = net.take("INVITE", there);
        assertEquals("100rel", again.message().first("supported"));

        long number = 8;
        long before = 0;
        for (int i = 77; i <= 90; i++) {
            // when
            net.deliver(there, reliable(again, i));
            final Sent progress = net.take("SIP/2.0 183", here);
            assertEquals("100rel", progress.message().first("require"));
            assertEquals(ANSWER, progress.message().body());
            assertTrue(before == 0 || rseq(progress) == before + 1);
            before = rseq(progress);
            net.deliver(there, reliable(again, i));
            assertEquals(before, rseq(net.take("SIP/2.0 183", here)));
            net.deliver(here, prack(inside(up, byBob, "PRACK", ++number), before, 8));

            // then
            final Sent prack = net.take("PRACK", there);
            assertEquals(i + " " + again.message().cseq() + " INVITE", prack.message().one("rack"));
            assertEquals(0, net.count("SIP/2.0 200"));
            net.deliver(there, answer(prack, 200, null, null, ""));
            assertEquals(number, net.take("SIP/2.0 200", here).message().cseq());
        }
        net.deliver(there, answer(again, 200, null, "x@" + there, ""));
        net.take("SIP/2.0 200", here);
        net.take("ACK", there);
        net.deliver(here, inside(up, byBob, "ACK", 8));
        net.deliver(here, inside(up, byBob, "BYE", ++number));
        net.deliver(there, answer(net.take("BYE", there), 200, null, null, ""));
        assertEquals(0, net.rest());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldRefuseAPrackOfAReInviteThatIsForNothing(final boolean byBob) {
        final Up up = net.up("rel-nothing");
        final String here = byBob ? BOB : ALICE;
        final String there = byBob ? ALICE : BOB;
        net.deliver(here, inside(up, byBob, "INVITE", 8).header("Supported", "100rel").body("application/sdp", OFFER));
        final Sent again = net.take("INVITE", there);
        net.deliver(here, prack(inside(up, byBob, "PRACK", 9), 1, 8));
        assertEquals(9, net.take("SIP/2.0 481", here).message().cseq());
        net.deliver(there, reliable(again, 77));
        final long rseq = rseq(net.take("SIP/2.0 183", here));
        net.deliver(here, prack(inside(up, byBob, "PRACK", 10), rseq + 1, 8));
        assertEquals(10, net.take("SIP/2.0 481", here).message().cseq());
        net.deliver(here, prack(inside(up, byBob, "PRACK", 11), rseq, 7));
        assertEquals(11, net.take("SIP/2.0 481", here).message().cseq());
        // The other side has asked for nothing that could be acknowledged.
        net.deliver(there, prack(inside(up, !byBob, "PRACK", 12), rseq, 8));
        assertEquals(12, net.take("SIP/2.0 200", there).message().cseq());

        // when: the final response overtakes the PRACK
        net.deliver(there, answer(again, 486, null, null, ""));
        net.take("SIP/2.0 486", here);
        net.deliver(here, prack(inside(up, byBob, "PRACK", 13), rseq, 8));

        // then
        assertEquals(13, net.take("SIP/2.0 200", here).message().cseq());
        assertEquals(0, net.count("PRACK"));
    }

    @Test
    void shouldCountAnewWhenAReInviteIsSentOnceMore() {
        final Up up = net.up("rel-twice");
        for (int invite = 8; invite <= 20; invite += 4) {
            net.deliver(ALICE, net.fromAlice(up, "INVITE", invite).header("Supported", "100rel")
                    .body("application/sdp", OFFER));
            final Sent again = net.take("INVITE", BOB);
            net.deliver(BOB, reliable(again, 5));
            final long rseq = rseq(net.take("SIP/2.0 183", ALICE));
            net.deliver(ALICE, prack(net.fromAlice(up, "PRACK", invite + 1), rseq, invite));
            assertEquals("5 " + again.message().cseq() + " INVITE", net.take("PRACK", BOB).message().one("rack"));
            net.deliver(BOB, answer(again, 488, null, null, ""));
            net.take("SIP/2.0 488", ALICE);
        }
        net.deliver(ALICE, net.fromAlice(up, "BYE", 30));
        net.deliver(BOB, answer(net.take("BYE", BOB), 200, null, null, ""));
        assertEquals(0, net.rest());
    }

    @Test
    void shouldNotPassAReliableResponseToAReInviteOfAnotherDialog() {
        final Up up = net.up("rel-strange");
        net.deliver(ALICE, net.fromAlice(up, "INVITE", 8).header("Supported", "100rel").body("application/sdp", OFFER));
        final Sent again = net.take("INVITE", BOB);
        net.deliver(BOB, new String(reliable(again, 77).bytes(), StandardCharsets.US_ASCII)
                .replace("tag=btag", "tag=other").getBytes(StandardCharsets.US_ASCII));
        assertEquals(0, net.count("SIP/2.0 183"));
        net.deliver(BOB, reliable(again, 77));
        net.take("SIP/2.0 183", ALICE);
    }
}
