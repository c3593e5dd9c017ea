package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.OFFER;
import static org.tandemsip.b2bua.CallFixture.SECOND_BOB;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.engine.metrics.CallCounts;

/** One timer C for all tries of a call (RFC 3261 sections 16.6 step 11, 16.7 steps 2 and 6): it is 185 s. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class TriesTest {
    private final CallFixture net =
            new CallFixture(CallFixture.trunk("bob", new int[] {404, 486, 503}, BOB, SECOND_BOB));
    private Sent first;

    @BeforeEach
    void call() {
        net.deliver(ALICE, net.invite("tries", OFFER));
        net.take("SIP/2.0 100", ALICE);
        first = net.take("INVITE", BOB);
    }

    private void answered(final Sent invite, final int status) {
        net.deliver(invite.to(), answer(invite, status, status == 100 ? null : "tag" + invite.to(), null, ""));
    }

    private Sent second() {
        net.take("ACK", BOB);
        return net.take("INVITE", SECOND_BOB);
    }

    /** What the caller is told in the end; the peer that is asked then gets a CANCEL. */
    private void ended(final int status, final Sent cancelled) {
        final List<Sent> finals = net.sent.stream().filter(sent -> sent.to().equals(ALICE)).toList();
        assertEquals(status, finals.getFirst().message().status());
        final Sent cancel = net.take("CANCEL", cancelled.to());
        net.deliver(cancelled.to(), answer(cancel, 200, null, null, ""));
        answered(cancelled, 487);
        net.take("ACK", cancelled.to());
        assertEquals(0, net.count("INVITE"));
        assertEquals(0, net.b2bua.pools.live());
        assertEquals(0, net.rest());
    }

    @Test
    void shouldAnswer408WhenNoneOfTheTriesHasAnAnswerInTime() {
        // given: the second try begins after 100 s, and hears no more than 100
        answered(first, 100);
        net.pass(100_000);
        answered(first, 503);
        final Sent second = second();
        answered(second, 100);

        // when
        net.pass(84_000);
        assertEquals(List.of(), net.sent);
        net.pass(2_000);

        // then
        ended(408, second);
    }

    @Test
    void shouldPassTheBestAnswerSoFarWhenTimeIsUp() {
        answered(first, 100);
        net.pass(100_000);
        answered(first, 486);
        final Sent second = second();
        answered(second, 100);

        net.pass(86_000);

        ended(486, second);
    }

    @Test
    void shouldPassTheBestAnswerWhenTheLastOneSaysLess() {
        answered(first, 404);
        answered(second(), 503);

        assertEquals("SIP/2.0 404 Status404", net.take("SIP/2.0 404", ALICE).message().startLine());
        assertEquals(0, net.rest());
        // and that is what its trunk is said to have come to, by each of its tries that counts
        final CallCounts counts = net.bob.state().ended(0);
        assertEquals(2, counts.count(false, CallCounts.Outcome.REJECTED));
        assertEquals(0, counts.count(false, CallCounts.Outcome.FAILED));
    }

    @Test
    void shouldPassTheLastAnswerWhenItSaysMore() {
        answered(first, 503);
        answered(second(), 486);

        net.take("SIP/2.0 486", ALICE);
        assertEquals(0, net.rest());
    }

    @Test
    void shouldPassTheAnswerThatHasComeWhenTheLastPeerSaysNothing() {
        answered(first, 486);
        second();

        net.pass(40_000);

        net.take("SIP/2.0 486", ALICE);
        assertEquals(0, net.rest());
    }

    @Test
    void shouldLetItRingForAsLongAsTheLast101To199Allows() {
        // given
        answered(first, 100);
        net.pass(180_000);
        answered(first, 180);
        net.take("SIP/2.0 180", ALICE);

        // when
        net.pass(184_000);
        assertEquals(List.of(), net.sent);
        net.pass(2_000);

        // then
        ended(408, first);
    }

    @Test
    void shouldTryNobodyElseWhenItHasRungPastTheTime() {
        answered(first, 180);
        net.take("SIP/2.0 180", ALICE);
        net.pass(100_000);
        answered(first, 183);
        net.pass(100_000);

        answered(first, 503);

        net.take("SIP/2.0 503", ALICE);
        net.take("ACK", BOB);
        assertEquals(0, net.count("INVITE"));
        assertEquals(0, net.rest());
    }

    @Test
    void shouldNotGiveANewTryMoreTimeWhenTheOneBeforeHasRung() {
        // given
        answered(first, 180);
        net.pass(170_000);
        answered(first, 503);
        final Sent second = second();
        answered(second, 100);
        net.sent.clear();

        // when
        net.pass(16_000);

        // then
        ended(408, second);
    }

    /** By an answer with another target, by one that knows no such dialog, or by none at all. */
    @ParameterizedTest
    @ValueSource(ints = {200, 481, 0})
    void shouldNotTouchTheNextTryByAnUpdateThatWasForTheOneBefore(final int status) {
        // given
        answered(first, 180);
        final Sent ringing = net.take("SIP/2.0 180", ALICE);
        net.deliver(ALICE, net.inside("UPDATE", ALICE, ringing, false, 8).header("Contact", "<sip:alice@" + ALICE
                + ">"));
        final Sent update = net.take("UPDATE", BOB);
        answered(first, 503);
        final Sent second = second();
        net.deliver(SECOND_BOB, answer(second, 180, "stag", "bob@" + SECOND_BOB, ""));
        net.take("SIP/2.0 180", ALICE);

        // when
        if (status == 0) {
            net.pass(33_000);
            net.sent.clear();
        } else {
            net.deliver(BOB, answer(update, status, null, "moved@" + BOB, ""));
            assertEquals("UPDATE", net.take("SIP/2.0 " + status, ALICE).message().method());
        }

        // then
        net.deliver(ALICE, net.inside("INFO", ALICE, ringing, false, 9));
        final Sent info = net.take("INFO", SECOND_BOB);
        assertEquals("sip:bob@" + SECOND_BOB, info.message().uri());
        net.deliver(SECOND_BOB, answer(info, 200, null, null, ""));
        net.take("SIP/2.0 200", ALICE);
        net.deliver(SECOND_BOB, answer(second, 486, "stag", null, ""));
        net.take("SIP/2.0 486", ALICE);
        net.take("ACK", SECOND_BOB);
        assertEquals(List.of(), net.sent);
        assertEquals(0, net.rest());
    }
}
