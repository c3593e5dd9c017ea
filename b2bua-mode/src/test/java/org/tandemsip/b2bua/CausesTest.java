package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.OFFER;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.b2bua.CallFixture.Up;
import org.tandemsip.testkit.MessageText;

/**
 * Why calls have ended, as records tell it: the text, and the cause by Q.850, as a side or we have given them, else as
 * RFC 3398 section 8.2.6.1 has them.
 */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class CausesTest {
    private static final Pattern REASON = Pattern.compile("\"reason\":\"((?:[^\"\\\\]|\\\\.)*)\"");

    private final CallFixture net = new CallFixture();
    private final MemoryRecords records = new MemoryRecords();

    @BeforeEach
    void keepRecords() {
        net.b2bua.records(records, net.nowNs);
    }

    @Test
    void shouldMakeTheCauseOfTheStatusCode() {
        final int[][] table = {{400, 41}, {402, 21}, {403, 21}, {404, 1}, {405, 63}, {406, 79}, {408, 102}, {410, 22},
            {413, 127}, {415, 79}, {416, 127}, {420, 127}, {480, 18}, {482, 25}, {483, 25}, {484, 28}, {485, 1},
            {486, 17}, {500, 41}, {501, 79}, {502, 38}, {504, 102}, {505, 127}, {600, 17}, {603, 21},
            {604, 1}};
        for (final int[] row : table) {
            assertEquals(row[1], refused(row[0], null), "of " + row[0]);
        }
    }

    @Test
    void shouldTakeTheCauseThatARefusalBrings() {
        assertEquals(31, refused(480, "Q.850;cause=31"));
        assertEquals(34, refused(500, "SIP;cause=500;text=\"a, b\", q.850 ;text=\"full\";cause=34"));
        // What is no cause does not count.
        assertEquals(41, refused(500, "Q.850;cause=70000"));
        assertEquals(41, refused(500, "X-Q.850;cause=3"));
        assertEquals(41, refused(500, "Q.85"));
    }

    @Test
    void shouldTakeTheCauseThatAByeOrCancelBrings() {
        final Up up = net.up("ends");
        net.deliver(ALICE, net.fromAlice(up, "BYE", 8).header("Reason", "SIP;cause=200").header("Reason",
                "Q.850;cause=27"));
        net.deliver(BOB, answer(net.take("BYE"), 200, null, null, ""));
        assertEquals(27, last());

        final MessageText invite = net.invite("cancelled", OFFER);
        net.deliver(ALICE, invite);
        net.deliver(BOB, answer(net.take("INVITE"), 180, "btag", "bob@" + BOB, ""));
        net.deliver(ALICE, CallFlowTest.cancel(invite).header("Reason", "Q.850;cause=19"));
        assertEquals(19, last());
    }

    @Test
    void shouldSayWhyWeHaveEndedIt() {
        // given: nobody answers
        net.deliver(ALICE, net.invite("silent", OFFER));
        net.pass(100_000);
        assertEquals(102, last());

        // when: a side knows nothing of the dialog any more
        final Up up = net.up("gone");
        net.deliver(ALICE, net.fromAlice(up, "INVITE", 8));
        net.deliver(BOB, answer(net.take("INVITE", BOB), 481, null, null, ""));
        net.pass(33_000);

        // then
        assertTrue(records.lines.getLast().contains("\"reason\":\"Dialog lost\""), records.lines.getLast());
        assertEquals(41, last());

        // when: an order ends what rings
        net.deliver(ALICE, net.invite("rings", OFFER));
        net.b2bua.hangUpSome("Q.850;cause=41", 1, net.nowNs);
        assertTrue(records.lines.getLast().contains("\"code\":480"), records.lines.getLast());
        assertEquals(41, last());
    }

    @Test
    void shouldKeepTheTextThatASideGives() {
        // The text beside the cause, else any that there is, else what no cause says.
        assertEquals("No circuit", said("SIP;cause=503;text=\"Full\", Q.850;cause=34;text=\"No circuit\""));
        assertEquals("Full", said("Q.850;cause=34, SIP;cause=503;text=Full"));
        assertEquals("Full", said("SIP ; cause=503 ; TEXT = \"Full\", X;text=\"other\""));
        assertEquals("SIP;cause=503", said("SIP;cause=503"));
        assertEquals(null, said("Q.850;cause=34"));
        assertEquals(null, said(null));
        // Quotes are taken away, and there is no parameter between them.
        assertEquals("a \\\"b\\\", \\\\c;cause=3", said("Q.850;text=\"a \\\"b\\\", \\\\c;cause=3\";cause=17"));
        assertEquals("open", said("Q.850;cause=17;text=\"open"));
        assertEquals(null, said("Q.850;cause=17;text=\"\""));
    }

    @Test
    void shouldKeepTextAsUtf8AndNoControlCharacters() {
        assertEquals("belegt \\u00fc \\u20ac \\ud83d\\ude00", said("Q.850;text=\"belegt ü € \uD83D\uDE00\""));
        // C1 of UTF-8, a tab, a quoted bell.
        assertEquals("a b", said("Q.850;text=\"a\u0085\t\\\u0007\u007F b \""));
        // A character goes as a whole, and so much only.
        assertEquals("x".repeat(Causes.MOST_TEXT - 1),
                said("Q.850;text=\"" + "x".repeat(Causes.MOST_TEXT - 1) + "€\""));
        assertEquals("x".repeat(Causes.MOST_TEXT), said("Q.850;text=\"" + "x".repeat(2_000) + "\""));
        assertEquals("\\u20ac".repeat(Causes.MOST_TEXT / 3), said("Q.850;text=\"" + "€".repeat(600) + "\""));
    }

    @Test
    void shouldWriteWhatIsNoUtf8ByteByByte() {
        refused(486, "Q.850;text=\"\u00FC\u00C0\u00AF\u00ED\u00A0\u0080\"");
        assertEquals("\\u00fc\\u00c0\\u00af\\u00ed\\u00a0\\u0080", text());
    }

    @Test
    void shouldKeepTheTextOfByeAndCancel() {
        final Up up = net.up("ends");
        net.deliver(BOB, net.fromBob(up, "BYE", 1).header("Reason", "Q.850;cause=16;text=\"Terminated\""));
        net.deliver(ALICE, answer(net.take("BYE", ALICE), 200, null, null, ""));
        assertEquals("Terminated", text());

        final MessageText invite = net.invite("cancelled", OFFER);
        net.deliver(ALICE, invite);
        net.deliver(BOB, answer(net.take("INVITE"), 180, "btag", "bob@" + BOB, ""));
        net.deliver(ALICE,
                CallFlowTest.cancel(invite).header("Reason", "SIP;cause=200;text=\"Call completed elsewhere\""));
        assertEquals("Call completed elsewhere", text());
        net.sent.clear();
        assertEquals(0, net.rest());
    }

    private String said(final String reason) {
        // Messages of these tests have one byte per character.
        refused(486, reason == null ? null
                : new String(reason.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1));
        return text();
    }

    /** As the last record has it, {@code null} for none. */
    private String text() {
        final Matcher matcher = REASON.matcher(records.lines.getLast());
        return matcher.find() ? matcher.group(1) : null;
    }

    private int refused(final int code, final String reason) {
        net.deliver(ALICE, net.invite("refused-" + records.lines.size(), OFFER));
        final var response = answer(net.take("INVITE", BOB), code, "btag", null, "");
        net.deliver(BOB, reason == null ? response : response.header("Reason", reason));
        net.sent.clear();
        return last();
    }

    private int last() {
        final String record = records.lines.getLast();
        net.sent.clear();
        final String rest = record.substring(record.indexOf("\"q850\":") + 7);
        return Integer.parseInt(rest.substring(0, rest.indexOf(',')));
    }
}
