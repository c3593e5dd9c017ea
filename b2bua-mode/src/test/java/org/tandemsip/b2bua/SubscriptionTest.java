package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.SECOND_BOB;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.testkit.MessageText;
import org.tandemsip.testkit.wire.WireMessage;

/** Subscriptions begun outside of calls: two dialogs, as hidden as those of calls, and nothing is left of them. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class SubscriptionTest {
    private static final List<String> ALICES =
            List.of("192.0.2.", "secret-call-id", "atag", "alicephone", "z9hg4bkalice", "inside-a");
    private static final List<String> BOBS = List.of("10.0.0.", "btag", "bobphone", "inside-b");

    private final CallFixture net = new CallFixture();
    private final List<Sent> all = new ArrayList<>();
    private int cseq = 7;

    private MessageText request(final String method, final String callId) {
        return MessageText.request(method, "sip:bob@203.0.113.10")
                .header("Via", "SIP/2.0/UDP " + ALICE + ";branch=" + net.branch()).header("Max-Forwards", "20")
                .header("From", "\"Alice\" <sip:alice@192.0.2.1:5060>;tag=atag").header("To", "<sip:bob@203.0.113.10>")
                .header("Call-ID", callId).header("CSeq", cseq + " " + method)
                .header("Contact", "<sip:alice@" + ALICE + ">").header("User-Agent", "AlicePhone 1")
                .header("Record-Route", "<sip:192.0.2.1;lr;inside-a>");
    }

    private Sent subscribe(final int expires) {
        return asked(request("SUBSCRIBE", "secret-call-id@192.0.2.1").header("o", "presence").header("Expires",
                "" + expires));
    }

    private Sent asked(final MessageText request) {
        assertEquals(Disposition.FORWARDED, net.deliver(ALICE, request));
        return take("", BOB);
    }

    private Sent take(final String start, final String to) {
        final Sent sent = net.take(start, to);
        all.add(sent);
        return sent;
    }

    private Sent accepted(final Sent subscribe, final int expires) {
        net.deliver(BOB, accept(subscribe, expires));
        return take("SIP/2.0 200", ALICE);
    }

    private static MessageText accept(final Sent subscribe, final int expires) {
        return answer(subscribe, 200, "btag", "bob@" + BOB, "").header("Expires", "" + expires)
                .header("Server", "BobPhone 2").header("Record-Route", "<sip:10.0.0.11;lr;inside-b>");
    }

    /** A NOTIFY of Bob, for what he was asked by {@code subscribe}. */
    private MessageText notify(final Sent subscribe, final String tag, final int number, final String state) {
        final WireMessage message = subscribe.message();
        return MessageText.request("NOTIFY", WireMessage.uriOf(message.one("contact")))
                .header("Via", "SIP/2.0/UDP " + BOB + ";branch=" + net.branch()).header("Max-Forwards", "70")
                .header("From", message.one("to") + ";tag=" + tag).header("To", message.one("from"))
                .header("Call-ID", message.callId()).header("CSeq", number + " NOTIFY")
                .header("Contact", "<sip:bob@" + BOB + ">").header("Event", "presence")
                .header("Subscription-State", state).header("User-Agent", "BobPhone 2").body("text/plain", "here");
    }

    /** Bob's NOTIFY gets through and is answered. */
    private Sent notified(final Sent subscribe, final int number, final String state) {
        assertEquals(Disposition.FORWARDED, net.deliver(BOB, notify(subscribe, "btag", number, state)));
        final Sent passed = take("NOTIFY", ALICE);
        net.deliver(ALICE, answer(passed, 200, null, "alice@" + ALICE, ""));
        take("SIP/2.0 200", BOB);
        return passed;
    }

    /** Alice's next request inside the dialog. */
    private MessageText again(final Sent ok, final String method) {
        return net.inside(method, ALICE, ok, false, ++cseq).header("Contact", "<sip:alice@" + ALICE + ">");
    }

    private void isOver(final Sent subscribe, final Sent ok) {
        net.deliver(BOB, notify(subscribe, "btag", 1_000, "active"));
        net.take("SIP/2.0 481", BOB);
        net.deliver(ALICE, again(ok, "SUBSCRIBE"));
        net.take("SIP/2.0 481", ALICE);
        assertEquals(List.of(), net.sent);
        assertEquals(0, net.rest());
    }

    @Test
    void shouldShowNothingOfOneSideOnTheOther() {
        // given
        final Sent subscribe = subscribe(600);
        final Sent ok = accepted(subscribe, 300);

        // when: all that there is in a subscription
        final Sent notify = notified(subscribe, 3, "active;expires=300");
        net.deliver(ALICE, again(ok, "SUBSCRIBE").header("Event", "presence").header("Expires", "600"));
        final Sent refresh = take("SUBSCRIBE", BOB);
        net.deliver(BOB, answer(refresh, 200, null, "bob@" + BOB, "").header("Expires", "600"));
        take("SIP/2.0 200", ALICE);
        notified(subscribe, 4, "active;expires=600");
        net.deliver(ALICE, again(ok, "SUBSCRIBE").header("Event", "presence").header("Expires", "0"));
        net.deliver(BOB, answer(take("SUBSCRIBE", BOB), 200, null, "bob@" + BOB, "").header("Expires", "0"));
        take("SIP/2.0 200", ALICE);
        final Sent last = notified(subscribe, 5, "terminated;reason=timeout");

        // then
        assertEquals("presence", subscribe.message().one("event"));
        assertEquals("600", subscribe.message().one("expires"));
        assertEquals(1, subscribe.message().cseq());
        assertEquals("300", ok.message().one("expires"));
        assertEquals("secret-call-id@192.0.2.1", ok.message().callId());
        assertEquals("secret-call-id@192.0.2.1", notify.message().callId());
        assertEquals(ok.message().toTag(), notify.message().fromTag());
        assertEquals("atag", notify.message().toTag());
        assertEquals(1, notify.message().cseq());
        assertEquals("<sip:192.0.2.1;lr;inside-a>", notify.message().one("route"));
        assertEquals("sip:alice@" + ALICE, notify.message().uri());
        assertEquals("active;expires=300", notify.message().one("subscription-state"));
        assertEquals("here", notify.message().body());
        assertEquals(3, last.message().cseq());
        assertEquals(subscribe.message().callId(), refresh.message().callId());
        assertEquals(subscribe.message().fromTag(), refresh.message().fromTag());
        assertEquals("btag", refresh.message().toTag());
        assertEquals(2, refresh.message().cseq());
        assertEquals("<sip:10.0.0.11;lr;inside-b>", refresh.message().one("route"));
        for (final Sent sent : all) {
            final String head = sent.text().split("\r\n\r\n")[0].toLowerCase(Locale.ROOT);
            for (final String secret : sent.to().equals(ALICE) ? BOBS : ALICES) {
                assertFalse(head.contains(secret), () -> secret + " is in\n" + sent.text() + " to " + sent.to());
            }
        }
        assertEquals(12, all.size());
        net.pass(33_000);
        isOver(subscribe, ok);
    }

    @Test
    void shouldTakeANotifyThatOvertakesTheAnswer() {
        final Sent subscribe = subscribe(600);
        notified(subscribe, 1, "pending;expires=600");

        // and whoever else has got the SUBSCRIBE is told that nobody wants it
        net.deliver(BOB, notify(subscribe, "another", 1, "active"));
        net.take("SIP/2.0 481", BOB);

        // then
        final Sent ok = accepted(subscribe, 600);
        net.deliver(ALICE, again(ok, "SUBSCRIBE").header("Expires", "600"));
        final Sent refresh = take("SUBSCRIBE", BOB);
        assertEquals("btag", refresh.message().toTag());
        net.deliver(BOB, answer(refresh, 481, null, null, ""));
        net.take("SIP/2.0 481", ALICE);
        net.pass(700_000);
        isOver(subscribe, ok);
    }

    @ParameterizedTest
    @ValueSource(strings = {"SUBSCRIBE", "NOTIFY"})
    void shouldLastAsLongAsTheLastOneSays(final String method) {
        // given
        final Sent subscribe = subscribe(60);
        final Sent ok = accepted(subscribe, 60);
        net.pass(80_000);

        // when
        if (method.equals("NOTIFY")) {
            notified(subscribe, 1, "active;Expires=100");
        } else {
            net.deliver(ALICE, again(ok, "SUBSCRIBE").header("Expires", "100"));
            net.deliver(BOB, answer(take("SUBSCRIBE", BOB), 200, null, "bob@" + BOB, ""));
            take("SIP/2.0 200", ALICE);
        }

        // then
        net.pass(131_000);
        notified(subscribe, 2, "active");
        net.pass(131_900);
        notified(subscribe, 3, "terminated");
        net.pass(33_000);
        isOver(subscribe, ok);
    }

    /** RFC 6665 section 4.1.2.2. */
    @Test
    void shouldLastAsLongAsBeforeWhenARefreshIsRefused() {
        final Sent subscribe = subscribe(600);
        final Sent ok = accepted(subscribe, 600);
        net.deliver(ALICE, again(ok, "SUBSCRIBE").header("Expires", "10"));
        net.deliver(BOB, answer(take("SUBSCRIBE", BOB), 423, null, null, "").header("Min-Expires", "60"));
        net.take("SIP/2.0 423", ALICE);

        net.pass(500_000);

        notified(subscribe, 1, "active;expires=100");
    }

    @Test
    void shouldEndByItselfWhenNobodyRefreshesIt() {
        final Sent subscribe = subscribe(60);
        final Sent ok = accepted(subscribe, 60);
        net.pass(92_100);
        isOver(subscribe, ok);
    }

    @ParameterizedTest
    @ValueSource(ints = {302, 403, 423, 489, 603})
    void shouldLeaveNothingOfWhatIsRefused(final int status) {
        final Sent subscribe = subscribe(60);
        net.deliver(BOB, answer(subscribe, status, "btag", "bob@" + BOB, "").header("Min-Expires", "120"));
        final Sent told = net.take("SIP/2.0 " + status, ALICE);
        assertFalse(told.text().contains("10.0.0."), told.text());
        net.deliver(BOB, notify(subscribe, "btag", 1, "active"));
        net.take("SIP/2.0 481", BOB);
        assertEquals(0, net.rest());
    }

    @Test
    void shouldTryTheNextPeerAndLeaveNothingWhenAllAreSilent() {
        final Sent subscribe = subscribe(60);
        net.deliver(BOB, answer(subscribe, 503, "btag", null, ""));
        final Sent second = take("SUBSCRIBE", SECOND_BOB);
        assertNotEquals(subscribe.message().callId(), second.message().callId());
        net.pass(33_000);
        net.sent.clear();
        net.deliver(SECOND_BOB, notify(second, "btag", 1, "active"));
        assertEquals(0, net.count("NOTIFY"));
        assertEquals(0, net.rest());
    }

    @Test
    void shouldTakeNoCallInsideOfIt() {
        final Sent subscribe = subscribe(60);
        final Sent ok = accepted(subscribe, 60);
        for (final String method : List.of("BYE", "INVITE", "UPDATE", "PRACK", "REFER")) {
            net.deliver(ALICE, again(ok, method));
            net.take("SIP/2.0 481", ALICE);
        }
        net.deliver(ALICE, again(ok, "ACK"));
        assertEquals(0, net.count("ACK"));
        notified(subscribe, 1, "terminated");
        net.pass(33_000);
        net.sent.clear();
        isOver(subscribe, ok);
    }

    @Test
    void shouldTakeNothingFromStrangers() {
        final Sent subscribe = subscribe(60);
        accepted(subscribe, 60);
        assertEquals(Disposition.DROPPED_FORGED,
                net.deliver("198.51.100.66:5060", notify(subscribe, "btag", 1, "active")));
        assertEquals(List.of(), net.sent);
        net.deliver(BOB, notify(subscribe, "guessed", 1, "active"));
        net.take("SIP/2.0 481", BOB);
        net.deliver(BOB, new String(notify(subscribe, "btag", 1, "active").bytes(), StandardCharsets.ISO_8859_1)
                .replace("Call-ID: ", "Call-ID: x").getBytes(StandardCharsets.ISO_8859_1));
        net.take("SIP/2.0 481", BOB);
        assertEquals(0, net.rest());
    }

    @Test
    void shouldHideAReferOutsideOfCalls() {
        // given
        final Sent refer = asked(request("REFER", "secret-call-id@192.0.2.1").header("R", "<sip:carol@192.0.2.9>")
                .header("Referred-By", "<sip:alice@192.0.2.1>"));
        assertEquals("<sip:carol@203.0.113.10:5060>", refer.message().one("refer-to"));
        net.deliver(BOB, answer(refer, 202, "btag", "bob@" + BOB, ""));
        final Sent ok = take("SIP/2.0 202", ALICE);

        // when
        notified(refer, 1, "active;expires=60");
        notified(refer, 2, "terminated;reason=noresource");

        // then
        for (final Sent sent : all) {
            for (final String secret : sent.to().equals(ALICE) ? BOBS : ALICES) {
                assertFalse(sent.text().toLowerCase(Locale.ROOT).contains(secret), sent::text);
            }
        }
        net.pass(33_000);
        isOver(refer, ok);
    }

    @Test
    void shouldRefuseMoreThanThereMayBe() {
        int refused = 0;
        for (int i = 0; i < 1_100; i++) {
            net.deliver(ALICE, request("SUBSCRIBE", "many" + i).header("Expires", "86400"));
            if (net.count("SUBSCRIBE") > 0) {
                net.deliver(BOB, accept(net.take("SUBSCRIBE", BOB), 86_400));
            }
            refused += net.count("SIP/2.0 503");
            net.sent.clear();
            if (i % 100 == 99) {
                net.pass(40_000);
            }
        }
        assertEquals(100, refused);
        assertEquals(100, net.counters.get(Counter.LIMITED_SUBSCRIPTIONS));
        net.pass(90_000_000);
        assertEquals(0, net.rest());
        assertTrue(net.deliver(ALICE, request("SUBSCRIBE", "one-more")) == Disposition.FORWARDED);
    }
}
