package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.OFFER;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.b2bua.CallFixture.Up;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.routing.CallRules;
import org.tandemsip.engine.routing.ResponseMap;

/** Failures of a trunk that callers are told as others, and what stays as it is. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class MappedResponsesTest {
    private static final ResponseMap MAP =
            new ResponseMap(List.of(new ResponseMap.Entry(604, Status.NOT_FOUND_404),
                    new ResponseMap.Entry(486, Status.TEMPORARILY_UNAVAILABLE_480),
                    new ResponseMap.Entry(408, Status.SERVER_TIMEOUT_504)));
    private final CallFixture net = new CallFixture(CallFixture.trunk(0, "alice", ALICE), CallFixture.trunk(1, "bob",
            new CallRules(0, 90, CallRules.Refer.PASS, false, List.of(), CallRules.Redirect.PASS, MAP), BOB));
    private final MemoryRecords records = new MemoryRecords();

    private Sent called() {
        net.b2bua.records(records, net.nowNs);
        net.deliver(ALICE, net.invite("mapped", OFFER));
        net.take("SIP/2.0 100", ALICE);
        return net.take("INVITE", BOB);
    }

    @Test
    void shouldTellAnotherCodeAndWriteDownTheOneThatCame() {
        // when
        net.deliver(BOB, answer(called(), 604, "btag", null, "").header("Reason", "Q.850;cause=1;text=\"nobody\""));

        // then
        net.take("ACK", BOB);
        final Sent told = net.take("SIP/2.0 404", ALICE);
        assertEquals("SIP/2.0 404 Not Found", told.message().startLine());
        assertEquals("Q.850;cause=1;text=\"nobody\"", told.message().one("reason"));
        assertTrue(records.lines.getLast().contains("\"code\":604"), records.lines.getLast());
        assertEquals(0, net.rest());
    }

    @Test
    void shouldLeaveOtherCodesAsTheyAre() {
        net.deliver(BOB, answer(called(), 603, "btag", null, ""));
        assertEquals("SIP/2.0 603 Status603", net.take("SIP/2.0 603", ALICE).message().startLine());
    }

    @Test
    void shouldLeaveAloneWhatWeAnswerOurselves() {
        called();
        net.pass(33_000);
        net.take("SIP/2.0 408", ALICE);
    }

    @Test
    void shouldLeaveAloneWhatIsAnsweredInsideACall() {
        final Up up = net.up("mapped");
        net.deliver(ALICE, net.fromAlice(up, "INFO", 8));
        net.deliver(BOB, answer(net.take("INFO", BOB), 486, null, null, ""));
        net.take("SIP/2.0 486", ALICE);
    }

    @Test
    void shouldTellTheCallersOfItAsWeAreTold() {
        // given: it is Alice's side that refuses
        final var invite = net.invite("back", OFFER);
        final String text = new String(invite.bytes(), java.nio.charset.StandardCharsets.ISO_8859_1)
                .replace("192.0.2.1:5060", BOB);
        net.deliver(BOB, text.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));

        // when
        net.deliver(ALICE, answer(net.take("INVITE", ALICE), 486, "t", null, ""));

        // then
        net.take("SIP/2.0 486", BOB);
    }
}
