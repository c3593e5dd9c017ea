package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.ANSWER;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.OFFER;
import static org.tandemsip.b2bua.CallFixture.SECOND_BOB;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.b2bua.CallFixture.Up;
import org.tandemsip.codec.sdp.CodecList;
import org.tandemsip.engine.auth.Credentials;
import org.tandemsip.engine.handler.MediaRelay;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.Account;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.CallRules;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.MediaRules;
import org.tandemsip.engine.routing.NumberRules;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkRules;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.routing.Trust;
import org.tandemsip.engine.routing.Zone;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.config.ConfigReader;
import org.tandemsip.testkit.MessageText;

/** A callee's side that forks, and a caller who is shown each branch as a dialog of its own. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class EarlyDialogsTest {
    private static final CallRules EACH = CallFixture.NO_TIMERS.with(CallRules.EarlyDialogs.EACH);

    private CallFixture net = new CallFixture(EACH);
    private Sent invite;

    @BeforeEach
    void call() {
        call("each");
    }

    private void call(final String callId) {
        net.deliver(ALICE, net.invite(callId, OFFER).header("Supported", "100rel"));
        invite = net.take("INVITE");
        net.take("SIP/2.0 100");
    }

    /** A branch rings, and Alice is told. */
    private Sent rings(final String tag) {
        net.deliver(BOB, answer(invite, 180, tag, tag + "@" + BOB, ""));
        return net.take("SIP/2.0 180", ALICE);
    }

    private MessageText reliable(final String tag, final int rseq) {
        return answer(invite, 183, tag, tag + "@" + BOB, ANSWER).header("Require", "100rel")
                .header("RSeq", Integer.toString(rseq)).header("Record-Route", "<sip:" + BOB + ";lr;n=" + tag + ">");
    }

    private Sent takes(final String tag) {
        net.deliver(BOB, answer(invite, 200, tag, tag + "@" + BOB, ANSWER));
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        final Sent ack = net.take("ACK", BOB);
        assertEquals(tag, ack.message().toTag());
        assertEquals("sip:" + tag + "@" + BOB, ack.message().uri());
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        return ok;
    }

    private MessageText fromBob(final String tag, final String method, final long cseq) {
        return net.fromBob(new Up(invite, null, tag), method, cseq);
    }

    private void gone(final Sent dialog, final String method, final long cseq) {
        net.deliver(ALICE, net.inside(method, ALICE, dialog, false, cseq));
        final Sent refused = net.take("SIP/2.0 481", ALICE);
        assertEquals(cseq, refused.message().cseq());
        assertEquals(dialog.message().toTag(), refused.message().toTag());
    }

    private void ends(final String tag) {
        final Sent bye = net.take("BYE", BOB);
        assertEquals(tag, bye.message().toTag());
        net.deliver(BOB, answer(bye, 200, null, null, ""));
    }

    private void hangsUp(final Sent ok, final String tag, final long cseq) {
        net.deliver(ALICE, net.inside("BYE", ALICE, ok, false, cseq));
        net.take("SIP/2.0 200", ALICE);
        ends(tag);
        assertEquals(List.of(), net.sent);
        assertEquals(0, net.rest());
    }

    private void pracked(final Sent progress, final String tag, final int rseq, final long cseq) {
        net.deliver(ALICE, net.inside("PRACK", ALICE, progress, false, cseq)
                .header("RAck", progress.message().one("rseq") + " 7 INVITE"));
        final Sent prack = net.take("PRACK", BOB);
        assertEquals(tag, prack.message().toTag());
        assertEquals("sip:" + tag + "@" + BOB, prack.message().uri());
        assertEquals(List.of("<sip:" + BOB + ";lr;n=" + tag + ">"), prack.message().all("route"));
        assertEquals(rseq + " " + invite.message().cseq() + " INVITE", prack.message().one("rack"));
        assertEquals(invite.message().cseq() + cseq - 7, prack.message().cseq());
        net.deliver(BOB, answer(prack, 200, null, null, ""));
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        assertEquals(progress.message().toTag(), ok.message().toTag());
        assertEquals(cseq, ok.message().cseq());
    }

    @Test
    void shouldSendEachPrackIntoTheDialogOfItsBranch() {
        // given: both count from the same numbers
        net.deliver(BOB, reliable("one", 5));
        final Sent one = net.take("SIP/2.0 183");
        net.deliver(BOB, reliable("two", 5));
        final Sent two = net.take("SIP/2.0 183");
        assertNotEquals(one.message().toTag(), two.message().toTag());

        // when, then
        pracked(one, "one", 5, 8);
        net.deliver(BOB, reliable("one", 6));
        final Sent again = net.take("SIP/2.0 183");
        assertEquals(one.message().toTag(), again.message().toTag());
        assertEquals(Long.parseLong(one.message().one("rseq")) + 1, Long.parseLong(again.message().one("rseq")));
        net.deliver(BOB, reliable("two", 5));
        assertEquals(two.message().one("rseq"), net.take("SIP/2.0 183").message().one("rseq"));
        pracked(two, "two", 5, 8);
        pracked(again, "one", 6, 9);
        net.deliver(ALICE, net.inside("PRACK", ALICE, two, false, 9).header("RAck", "1 7 INVITE"));
        assertEquals(two.message().toTag(), net.take("SIP/2.0 481").message().toTag());
        hangsUp(takes("one"), "one", 10);
    }

    @Test
    void shouldTakeUpdatesOfBothSidesIntoEachDialog() {
        // given: each branch has answered the offer
        final List<Sent> shown = new ArrayList<>();
        for (final String tag : List.of("one", "two")) {
            net.deliver(BOB, reliable(tag, 1));
            shown.add(net.take("SIP/2.0 183"));
        }

        // when: two offers of Alice are under way at the same time, one in each
        for (final Sent dialog : shown) {
            net.deliver(ALICE, net.inside("UPDATE", ALICE, dialog, false, 8)
                    .header("Contact", "<sip:alice-" + shown.indexOf(dialog) + "@" + ALICE + ">")
                    .body("application/sdp", OFFER));
        }

        // then
        final Sent first = net.take("UPDATE", BOB);
        final Sent second = net.take("UPDATE", BOB);
        assertEquals("one", first.message().toTag());
        assertEquals("two", second.message().toTag());
        net.deliver(BOB, answer(first, 200, null, "moved@" + BOB, ANSWER));
        net.deliver(BOB, answer(second, 200, null, "two@" + BOB, ANSWER));
        for (final Sent dialog : shown) {
            final Sent ok = net.take("SIP/2.0 200", ALICE);
            assertEquals(dialog.message().toTag(), ok.message().toTag());
        }

        // and those of the branches, the older one first; targets are those of each dialog
        for (final String tag : List.of("one", "two")) {
            final int index = tag.equals("one") ? 0 : 1;
            net.deliver(BOB, fromBob(tag, "UPDATE", 40 - index).body("application/sdp", ANSWER));
            final Sent update = net.take("UPDATE", ALICE);
            assertEquals(shown.get(index).message().toTag(), update.message().fromTag());
            assertEquals("atag", update.message().toTag());
            assertEquals("sip:alice-" + index + "@" + ALICE, update.message().uri());
            net.deliver(ALICE, answer(update, 200, null, "alice-" + index + "@" + ALICE, OFFER));
            assertEquals(tag, net.take("SIP/2.0 200", BOB).message().fromTag());
            net.deliver(ALICE, net.inside("INFO", ALICE, shown.get(index), false, 9));
            final Sent info = net.take("INFO", BOB);
            assertEquals(tag, info.message().toTag());
            // The UPDATE of Bob has named his place anew.
            assertEquals("sip:bob@" + BOB, info.message().uri());
            net.deliver(BOB, answer(info, 200, null, null, ""));
            net.take("SIP/2.0 200", ALICE);
        }
        hangsUp(takes("two"), "two", 10);
    }

    @Test
    void shouldKnowInEachDialogWhetherTheOfferHasItsAnswer() {
        net.deliver(BOB, reliable("one", 1));
        final Sent one = net.take("SIP/2.0 183");
        final Sent two = rings("two");
        for (int round = 0; round < 2; round++) {
            net.deliver(ALICE, net.inside("UPDATE", ALICE, two, false, 8 + round).body("application/sdp", OFFER));
            assertEquals(two.message().toTag(), net.take("SIP/2.0 500", ALICE).message().toTag());
            net.deliver(ALICE, net.inside("UPDATE", ALICE, one, false, 8 + round).body("application/sdp", OFFER));
            final Sent update = net.take("UPDATE", BOB);
            assertEquals("one", update.message().toTag());
            net.deliver(BOB, answer(update, 200, null, "one@" + BOB, ANSWER));
            net.take("SIP/2.0 200", ALICE);
        }
        hangsUp(takes("two"), "two", 10);
    }

    @Test
    void shouldEndOneDialogByTheByeOfTheCallerAndGoOnWithTheOther() {
        final Sent one = rings("one");
        final Sent two = rings("two");

        // when
        net.deliver(ALICE, net.inside("BYE", ALICE, one, false, 8));

        // then
        assertEquals(one.message().toTag(), net.take("SIP/2.0 200", ALICE).message().toTag());
        ends("one");
        gone(one, "INFO", 9);
        net.deliver(BOB, fromBob("one", "INFO", 1));
        net.take("SIP/2.0 481", BOB);
        net.deliver(BOB, answer(invite, 180, "one", "one@" + BOB, ""));
        assertEquals(List.of(), net.sent);
        assertEquals(two.message().toTag(), rings("two").message().toTag());
        final Sent ok = takes("two");
        assertEquals(two.message().toTag(), ok.message().toTag());
        hangsUp(ok, "two", 8);
    }

    @Test
    void shouldEndTheCallWhenWhoeverTheCallerHasLeftAnswers() {
        final Sent one = rings("one");
        rings("two");
        net.deliver(ALICE, net.inside("BYE", ALICE, one, false, 8));
        net.take("SIP/2.0 200", ALICE);
        ends("one");
        net.deliver(BOB, answer(invite, 200, "one", "one@" + BOB, ANSWER));
        assertEquals("one", net.take("ACK", BOB).message().toTag());
        ends("one");
        net.take("SIP/2.0 487", ALICE);
        assertEquals(List.of(), net.sent);
        assertEquals(0, net.rest());
    }

    @Test
    void shouldCancelTheCallByTheByeInTheLastDialog() {
        final Sent one = rings("one");
        final Sent two = rings("two");
        net.deliver(ALICE, net.inside("BYE", ALICE, two, false, 8));
        net.take("SIP/2.0 200", ALICE);
        ends("two");
        net.deliver(ALICE, net.inside("BYE", ALICE, one, false, 8));
        net.take("SIP/2.0 200", ALICE);
        net.take("SIP/2.0 487", ALICE);
        net.deliver(BOB, answer(net.take("CANCEL", BOB), 200, null, null, ""));
        net.deliver(BOB, answer(invite, 487, "one", null, ""));
        net.take("ACK", BOB);
        assertEquals(List.of(), net.sent);
        assertEquals(0, net.rest());
    }

    @Test
    void shouldMakeTheDialogOfTheOneWhoAnswersTheCallAndNoOther() {
        final Sent one = rings("one");
        final Sent two = rings("two");
        final Sent three = rings("three");
        final Sent ok = takes("two");
        assertEquals(two.message().toTag(), ok.message().toTag());
        gone(one, "INFO", 8);
        gone(three, "BYE", 8);
        net.deliver(BOB, fromBob("one", "INFO", 1));
        net.take("SIP/2.0 481", BOB);
        net.deliver(BOB, fromBob("two", "INFO", 1));
        final Sent info = net.take("INFO", ALICE);
        assertEquals(two.message().toTag(), info.message().fromTag());
        net.deliver(ALICE, answer(info, 200, null, null, ""));
        net.take("SIP/2.0 200", BOB);
        hangsUp(ok, "two", 8);
    }

    @Test
    void shouldGiveWhoAnswersWithoutRingingADialogOfItsOwn() {
        final Sent one = rings("one");
        final Sent ok = takes("two");
        assertNotEquals(one.message().toTag(), ok.message().toTag());
        gone(one, "INFO", 8);
        hangsUp(ok, "two", 8);
    }

    @Test
    void shouldAcknowledgeAndEndTheSecondWhoAnswers() {
        final Sent one = rings("one");
        rings("two");
        net.deliver(ALICE, net.inside("INFO", ALICE, one, false, 8));
        final Sent info = net.take("INFO", BOB);
        net.deliver(BOB, answer(info, 200, null, null, ""));
        net.take("SIP/2.0 200", ALICE);
        final Sent ok = takes("two");
        net.deliver(BOB, answer(invite, 200, "one", "one@" + BOB, ANSWER));
        final Sent ack = net.take("ACK", BOB);
        assertEquals("one", ack.message().toTag());
        assertEquals(invite.message().cseq(), ack.message().cseq());
        final Sent bye = net.take("BYE", BOB);
        assertEquals("one", bye.message().toTag());
        assertTrue(bye.message().cseq() > info.message().cseq(), "numbers rise in a dialog (RFC 3261 section 12.2.2)");
        net.deliver(BOB, answer(bye, 200, null, null, ""));
        assertEquals(List.of(), net.sent);
        hangsUp(ok, "two", 8);
    }

    @Test
    void shouldOnlyPassOnWhatIsAnsweredInADialogThatTheCallHasLeft() {
        final Sent one = rings("one");
        rings("two");
        net.deliver(ALICE, net.inside("UPDATE", ALICE, one, false, 8).header("Contact", "<sip:alice@" + ALICE + ">"));
        net.deliver(ALICE, net.inside("INFO", ALICE, one, false, 9));
        final Sent update = net.take("UPDATE", BOB);
        final Sent info = net.take("INFO", BOB);
        final Sent ok = takes("two");

        // when: nothing of that is about the dialog of the call
        net.deliver(BOB, answer(info, 200, null, "elsewhere@" + BOB, ""));
        assertEquals(one.message().toTag(), net.take("SIP/2.0 200", ALICE).message().toTag());
        net.deliver(BOB, answer(update, 481, null, "elsewhere@" + BOB, ""));
        assertEquals(one.message().toTag(), net.take("SIP/2.0 481", ALICE).message().toTag());

        // then
        net.deliver(ALICE, net.inside("INFO", ALICE, ok, false, 8));
        final Sent inside = net.take("INFO", BOB);
        assertEquals("sip:two@" + BOB, inside.message().uri());
        net.deliver(BOB, answer(inside, 200, null, null, ""));
        net.take("SIP/2.0 200", ALICE);
        hangsUp(ok, "two", 9);
    }

    @Test
    void shouldNotRefreshWhatIsInAnotherDialogByAnUpdateThatIsAnsweredLate() {
        final Sent one = rings("one");
        final Sent two = rings("two");
        net.deliver(ALICE, net.inside("UPDATE", ALICE, one, false, 8).header("Contact", "<sip:alice@" + ALICE + ">"));
        final Sent update = net.take("UPDATE", BOB);
        assertEquals(two.message().toTag(), rings("two").message().toTag());
        net.deliver(BOB, answer(update, 200, null, "moved@" + BOB, ""));
        net.take("SIP/2.0 200", ALICE);
        for (final Sent dialog : List.of(two, one)) {
            net.deliver(ALICE, net.inside("INFO", ALICE, dialog, false, 9));
            final Sent info = net.take("INFO", BOB);
            assertEquals("sip:" + (dialog == one ? "moved@" : "two@") + BOB, info.message().uri());
            net.deliver(BOB, answer(info, 200, null, null, ""));
            net.take("SIP/2.0 200", ALICE);
        }
        net.deliver(BOB, answer(invite, 486, "two", null, ""));
        net.take("SIP/2.0 486", ALICE);
        net.take("ACK", BOB);
        assertEquals(List.of(), net.sent);
        assertEquals(0, net.rest());
    }

    @Test
    void shouldJoinTheNinthBranchToTheEighthAndCountIt() {
        final Set<String> tags = new HashSet<>();
        Sent last = null;
        for (int i = 1; i <= 8; i++) {
            last = rings("branch" + i);
            assertTrue(tags.add(last.message().toTag()));
        }
        assertEquals(0, net.counters.get(Counter.EARLY_DIALOGS_JOINED));
        assertEquals(last.message().toTag(), rings("branch9").message().toTag());
        assertEquals(1, net.counters.get(Counter.EARLY_DIALOGS_JOINED));
        assertTrue(tags.contains(rings("branch3").message().toTag()));
        final Sent ok = takes("branch9");
        assertEquals(last.message().toTag(), ok.message().toTag());
        hangsUp(ok, "branch9", 8);
    }

    @Test
    void shouldNotShowATagAgainWhenSomebodyElseIsTried() {
        // given
        final Sent one = rings("one");
        final Sent two = rings("two");
        final Set<String> before = Set.of(one.message().toTag(), two.message().toTag());

        // when
        net.deliver(BOB, answer(invite, 503, "one", null, ""));
        net.take("ACK", BOB);
        invite = net.take("INVITE", SECOND_BOB);
        final List<Sent> after = new ArrayList<>();
        for (final String tag : List.of("one", "three")) {
            net.deliver(SECOND_BOB, answer(invite, 180, tag, tag + "@" + SECOND_BOB, ""));
            after.add(net.take("SIP/2.0 180", ALICE));
        }

        // then: the callees' tags may be the same
        for (final Sent shown : after) {
            assertFalse(before.contains(shown.message().toTag()), shown.text());
        }
        assertNotEquals(after.get(0).message().toTag(), after.get(1).message().toTag());
        gone(one, "INFO", 8);
        gone(two, "INFO", 8);
        net.deliver(SECOND_BOB, answer(invite, 200, "one", "one@" + SECOND_BOB, ANSWER));
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        assertEquals(after.get(0).message().toTag(), ok.message().toTag());
        net.take("ACK", SECOND_BOB);
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        net.deliver(ALICE, net.inside("BYE", ALICE, ok, false, 8));
        net.take("SIP/2.0 200", ALICE);
        net.deliver(SECOND_BOB, answer(net.take("BYE", SECOND_BOB), 200, null, null, ""));
        assertEquals(List.of(), net.sent);
        assertEquals(0, net.rest());
    }

    @Test
    void shouldShowWhoRingsWithoutATagTheDialogThatComesNext() {
        net.deliver(BOB, answer(invite, 180, null, null, ""));
        final Sent first = net.take("SIP/2.0 180", ALICE);
        assertEquals(first.message().toTag(), rings("one").message().toTag());
        net.deliver(BOB, answer(invite, 503, "one", null, ""));
        net.take("ACK", BOB);
        invite = net.take("INVITE", SECOND_BOB);
        net.deliver(SECOND_BOB, answer(invite, 180, null, null, ""));
        final Sent second = net.take("SIP/2.0 180", ALICE);
        assertNotEquals(first.message().toTag(), second.message().toTag());
        net.deliver(SECOND_BOB, answer(invite, 183, "two", "two@" + SECOND_BOB, ""));
        assertEquals(second.message().toTag(), net.take("SIP/2.0 183", ALICE).message().toTag());
        net.deliver(ALICE, net.inside("BYE", ALICE, second, false, 8));
        net.take("SIP/2.0 200", ALICE);
        net.take("SIP/2.0 487", ALICE);
        net.take("CANCEL", SECOND_BOB);
    }

    @Test
    void shouldIgnoreAnAnswerInADialogOfWhoIsTriedNoMore() {
        final Sent one = rings("one");
        net.deliver(ALICE, net.inside("UPDATE", ALICE, one, false, 8).header("Contact", "<sip:alice@" + ALICE + ">"));
        final Sent update = net.take("UPDATE", BOB);
        net.deliver(BOB, answer(invite, 503, "one", null, ""));
        net.take("ACK", BOB);
        invite = net.take("INVITE", SECOND_BOB);
        net.deliver(BOB, answer(update, 200, null, "moved@" + BOB, ""));
        net.take("SIP/2.0 200", ALICE);
        net.deliver(SECOND_BOB, answer(invite, 180, "two", null, ""));
        net.take("SIP/2.0 180", ALICE);
        net.deliver(SECOND_BOB, answer(invite, 486, "two", null, ""));
        net.take("SIP/2.0 486", ALICE);
        assertEquals(0, net.rest());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4, 12, 19, 20, 34, 35})
    void shouldKnowNothingOfATagThatIsMadeUp(final int digit) {
        rings("one");
        final Sent two = rings("two");
        final String tag = two.message().toTag();
        final int at = Math.min(digit + 4, tag.length() - 1);
        final String forged = tag.substring(0, at) + (tag.charAt(at) == '0' ? '1' : '0') + tag.substring(at + 1);
        final String info = new String(net.inside("INFO", ALICE, two, false, 8).bytes(), StandardCharsets.ISO_8859_1);
        net.deliver(ALICE, info.replace(tag, forged).getBytes(StandardCharsets.ISO_8859_1));
        net.take("SIP/2.0 481", ALICE);
        assertEquals(List.of(), net.sent);

        // and nobody but Alice and Bob has a dialog
        net.deliver("198.51.100.66:5060", info.getBytes(StandardCharsets.ISO_8859_1));
        assertEquals(0, net.count("INFO"), net.sent.toString());
        hangsUp(takes("two"), "two", 8);
    }

    @Test
    void shouldShowNothingOfTheBranchesButThatTheyAreThere() {
        final List<Sent> shown = List.of(rings("one"), rings("two"), takes("two"));
        for (final Sent sent : shown) {
            final String text = sent.text().split("\r\n\r\n")[0];
            assertFalse(text.contains("10.0.0.") || text.contains("one") || text.contains("two")
                    || text.contains(invite.message().callId()) || text.contains(invite.message().fromTag()), text);
        }
        assertEquals(2, shown.stream().map(sent -> sent.message().toTag()).distinct().count());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldGoOnWithTheDialogThatWasAnsweredInAnotherProcess(final boolean caller) {
        // given
        final MemoryRecords records = new MemoryRecords();
        net = new CallFixture(EACH);
        net.b2bua.records(records, net.nowNs);
        call(RestartTest.ours("restarted"));
        final Sent one = rings("one");
        rings("two");
        final Sent ok = takes("two");
        final CallFixture before = net;

        // when
        net = new CallFixture(EACH);
        net.nowNs = before.nowNs + 1_000_000_000L;
        net.configure(before.policy);
        records.lastSeenMs = records.epochMs(before.nowNs);
        net.b2bua.records(records, net.nowNs);

        // then
        gone(one, "INFO", 9);
        if (caller) {
            hangsUp(ok, "two", 9);
        } else {
            net.deliver(BOB, fromBob("two", "BYE", 1));
            net.take("SIP/2.0 200", BOB);
            final Sent bye = net.take("BYE", ALICE);
            assertEquals(ok.message().toTag(), bye.message().fromTag());
            net.deliver(ALICE, answer(bye, 200, null, null, ""));
            assertEquals(0, net.rest());
        }
    }

    @Test
    void shouldAnswerChallengesInTheDialogThatTheyAreIn() {
        // given: a trunk that challenges what we send
        final Trunk plain = CallFixture.trunk(1, "bob", BOB);
        net = new CallFixture(CallFixture.trunk(0, "alice", EACH, ALICE),
                new Trunk(1, "bob", plain.peers(), plain.allow(), new int[] {503}, 0, Balance.PRIORITY, 0, 0, Ping.OFF,
                        new TrunkState(), TrunkRules.NONE, new Trust(Zone.CORE, true, 0, null, HeaderRules.NONE),
                        false, new Account(new Credentials("tandem", "secret", "bobs"), true, null)));
        call("challenged");
        final Sent before = rings("one");

        // when: its INVITE is challenged after it has rung
        net.deliver(BOB, challenge(invite));
        net.take("ACK", BOB);
        final Sent first = invite;
        invite = net.take("INVITE", BOB);
        assertEquals("", invite.message().toTag());
        assertEquals(first.message().uri(), invite.message().uri());
        assertEquals(first.message().one("to"), invite.message().one("to"));

        // then: what had rung is over
        final Sent one = rings("one");
        assertNotEquals(before.message().toTag(), one.message().toTag());
        gone(before, "INFO", 8);
        net.deliver(ALICE, net.inside("INFO", ALICE, one, false, 8));
        final Sent info = net.take("INFO", BOB);
        rings("two");
        net.deliver(BOB, challenge(info));
        final Sent again = net.take("INFO", BOB);
        assertEquals("one", again.message().toTag());
        assertEquals(info.message().cseq() + 1, again.message().cseq());
        net.deliver(BOB, answer(again, 200, null, null, ""));
        assertEquals(one.message().toTag(), net.take("SIP/2.0 200", ALICE).message().toTag());
        hangsUp(takes("two"), "two", 8);
    }

    private static MessageText challenge(final Sent request) {
        return answer(request, 407, "one", null, "").header("Proxy-Authenticate",
                "Digest realm=\"bobs\", nonce=\"n1\", algorithm=MD5");
    }

    @Test
    void shouldShowOneDialogWhereARelayOfMediaKnowsTheCallerAsOne() {
        final TrunkRules rules = new TrunkRules(HeaderRules.NONE, HeaderRules.NONE, NumberRules.NONE, NumberRules.NONE,
                EACH).with(new MediaRules(CodecList.ANY, true, MediaRelay.Side.PLAIN));
        net = new CallFixture(CallFixture.trunk(0, "alice", rules, ALICE), CallFixture.trunk(1, "bob", EACH, BOB));
        final FakeRelay relay = new FakeRelay(net, false);
        net.deliver(ALICE, net.invite("anchored", OFFER));
        relay.done();
        invite = net.take("INVITE");
        assertEquals(rings("one").message().toTag(), rings("two").message().toTag());
        assertEquals(0, net.counters.get(Counter.EARLY_DIALOGS_JOINED));
    }

    @Test
    void shouldReadTheKeyAndWarnThatARelayOfMediaShowsOne() throws Exception {
        final String yaml = """
                listen: ["udp://127.0.0.1:5060"]
                mode: b2bua
                media: {rtpengine: ["127.0.0.9:22222"]}
                trunks:
                  phones: {allow: [127.0.0.2/32], b2bua: {early-dialogs: %s}}
                  carrier: {peers: ["127.0.0.3:5060"], media: {%s}}
                routes:
                  - {from: phones, to: carrier}
                """;
        final ConfigReader reader = new ConfigReader(Map.of());
        final Config each = reader.read("test", yaml.formatted("each", "anchor: rtpengine"));
        assertEquals(List.of(CallRules.EarlyDialogs.EACH, CallRules.EarlyDialogs.ONE),
                each.trunks().stream().map(trunk -> trunk.rules().calls().early()).toList());
        assertEquals(1, each.warnings(Instant.now()).size());
        assertTrue(each.warnings(Instant.now()).getFirst().startsWith("trunk 'phones': callers see one early dialog"));
        for (final String quiet : List.of(yaml.formatted("one", "anchor: rtpengine"),
                yaml.formatted("each", "codecs: [PCMA]"))) {
            assertEquals(List.of(), reader.read("test", quiet).warnings(Instant.now()));
        }
    }
}
