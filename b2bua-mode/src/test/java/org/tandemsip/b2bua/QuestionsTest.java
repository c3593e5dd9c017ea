package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.engine.handler.Reply;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.timer.TimerLanes;

/** Questions to the outside: what becomes of each reply, and of those that never come. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class QuestionsTest {
    private final CallFixture net = new CallFixture();
    private final Questions questions = net.b2bua.questions;
    private final TimerLanes.Lane second = net.timers.lane(1_000_000_000L);
    private final List<String> heard = new ArrayList<>();

    private record Said(String word) implements Reply {
        @Override
        public Counter late() {
            return Counter.CREDIT_LATE;
        }
    }

    private final Asker asker = new Asker() {
        @Override
        public void onReply(final Reply reply, final long nowNs) {
            heard.add(((Said) reply).word);
        }

        @Override
        public void onNoReply(final long nowNs) {
            heard.add("none");
        }
    };

    @Test
    void shouldGoOnWithTheFirstReplyAndCountTheSecond() {
        final long ticket = questions.ask(asker, second, net.nowNs).ticket;
        reply(ticket, "yes");
        reply(ticket, "no");
        assertEquals(List.of("yes"), heard);
        assertEquals(1, net.counters.get(Counter.CREDIT_LATE));
        assertNothingLeft();
    }

    @Test
    void shouldGoOnWithoutReplyWhenPatienceRunsOutAndCountTheLateOne() {
        final long ticket = questions.ask(asker, second, net.nowNs).ticket;
        net.pass(999);
        assertEquals(List.of(), heard);
        net.pass(1);
        assertEquals(List.of("none"), heard);
        reply(ticket, "late");
        assertEquals(List.of("none"), heard);
        assertEquals(1, net.counters.get(Counter.CREDIT_LATE));
        assertNothingLeft();
    }

    @Test
    void shouldHearNothingWhenForgotten() {
        final Question question = questions.ask(asker, second, net.nowNs);
        final long ticket = question.ticket;
        questions.forget(question);
        questions.forget(question);
        questions.forget(null);
        reply(ticket, "late");
        net.pass(2_000);
        assertEquals(List.of(), heard);
        assertEquals(1, net.counters.get(Counter.CREDIT_LATE));
        assertNothingLeft();
    }

    @Test
    void shouldNeverGiveAReplyToWhoeverAsksNextInTheSamePlace() {
        final Question first = questions.ask(asker, second, net.nowNs);
        final long ticket = first.ticket;
        questions.forget(first);
        final Question next = questions.ask(asker, second, net.nowNs);
        assertEquals(first, next);
        assertNotEquals(ticket, next.ticket);
        reply(ticket, "for another");
        reply(0, "for nobody");
        reply(-1, "for another shard");
        assertEquals(List.of(), heard);
        assertEquals(3, net.counters.get(Counter.CREDIT_LATE));
        reply(next.ticket, "for this one");
        assertEquals(List.of("for this one"), heard);
        assertNothingLeft();
    }

    @Test
    void shouldRefuseWhenTooManyWait() {
        final List<Question> all = new ArrayList<>();
        for (int i = 0; i < Questions.MOST; i++) {
            all.add(questions.ask(asker, second, net.nowNs));
            assertNotNull(all.getLast());
        }
        assertNull(questions.ask(asker, second, net.nowNs));
        questions.forget(all.getFirst());
        assertNotNull(questions.ask(asker, second, net.nowNs));
        // A bounded number of timers runs out per turn.
        while (questions.waiting() > 0) {
            net.pass(1_000);
        }
        assertEquals(Questions.MOST, heard.size());
        assertNothingLeft();
    }

    private void reply(final long ticket, final String word) {
        net.proxy.onCommand(new ShardCommand.Replied(ticket, new Said(word)), net.nowNs);
    }

    private void assertNothingLeft() {
        assertEquals(0, questions.waiting());
        assertEquals(0, net.timers.armed());
    }
}
