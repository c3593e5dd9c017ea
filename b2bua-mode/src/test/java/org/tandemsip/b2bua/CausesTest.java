package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.OFFER;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.b2bua.CallFixture.Up;
import org.tandemsip.testkit.MessageText;

/** The Q.850 causes of records: as a side or we have given them, else as RFC 3398 section 8.2.6.1 has them. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class CausesTest {
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
        assertTrue(records.lines.getLast().contains("\"reason\":\"SIP;cause=481"), records.lines.getLast());
        assertEquals(41, last());

        // when: an order ends what rings
        net.deliver(ALICE, net.invite("rings", OFFER));
        net.b2bua.hangUpSome("Q.850;cause=41", 1, net.nowNs);
        assertTrue(records.lines.getLast().contains("\"code\":480"), records.lines.getLast());
        assertEquals(41, last());
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
