package org.tandemsip.server.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.handler.codec.dns.DefaultDnsQuestion;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class AnswerCacheTest {
    private static final Question QUESTION = new Question("gw.test", RecordType.A);
    private static final Rdata ADDRESS = new Rdata.Address(0, 0xFFFF_C000_0201L);
    private static final long STALE_NS = TimeUnit.HOURS.toNanos(1);

    private record Pending(Question question, Consumer<Reply> answered) {}

    private final Deque<Pending> upstream = new ArrayDeque<>();
    private final List<Answer> answers = new ArrayList<>();
    private final DnsCounters counters = new DnsCounters();
    private long nowNs = 5;
    private final AnswerCache cache = new AnswerCache((question, answered) -> upstream.add(
            new Pending(question, answered)), () -> nowNs, STALE_NS, counters);

    @Test
    void shouldAskOnceHoweverManyWait() {
        ask();
        ask();
        ask();
        assertEquals(1, upstream.size());

        reply(found(60));

        assertEquals(3, answers.size());
        assertEquals(0, cache.inFlight());
    }

    @Test
    void shouldAnswerFromMemoryUntilTheTimeToLiveRunsOut() {
        ask();
        reply(found(60));
        pass(59);
        ask();
        assertTrue(upstream.isEmpty());
        assertEquals(1, counters.cacheHits());

        pass(1);
        ask();

        assertEquals(1, upstream.size());
    }

    @Test
    void shouldKeepForASecondWhatIsNotToBeKeptAtAll() {
        ask();
        reply(found(0));
        ask();
        assertTrue(upstream.isEmpty());
        pass(1);
        ask();
        assertEquals(1, upstream.size());
    }

    @Test
    void shouldRememberThatThereIsNothingAsLongAsTheZoneSays() {
        ask();
        reply(none(20));
        pass(19);
        ask();
        assertTrue(upstream.isEmpty());
        assertEquals(Answer.Kind.NONE, answers.getLast().kind());
        pass(1);
        ask();
        reply(none(1_000_000));
        pass(301);
        ask();

        assertEquals(1, upstream.size(), "five minutes at most");
    }

    @Test
    void shouldGoOnWithTheOldAnswerForAnHourWhileNobodyAnswers() {
        ask();
        reply(found(60));
        pass(61);
        ask();
        reply(Reply.failed("no answer"));

        assertTrue(answers.getLast().found());
        assertTrue(answers.getLast().stale());
        pass(29);
        ask();
        assertTrue(upstream.isEmpty(), "a dead server is not asked for each call");
        for (int i = 0; i < 118; i++) {
            pass(30);
            ask();
            reply(Reply.failed("no answer"));
            assertTrue(answers.getLast().found());
        }
        pass(120);
        ask();
        reply(Reply.failed("no answer"));

        assertEquals(Answer.Kind.FAILED, answers.getLast().kind());
    }

    @Test
    void shouldBelieveThatANameIsGoneEvenWhenItKnewIt() {
        ask();
        reply(found(60));
        pass(61);
        ask();
        reply(none(5));

        assertEquals(Answer.Kind.NONE, answers.getLast().kind());
    }

    @Test
    void shouldRecoverWhenTheServerDoes() {
        ask();
        reply(Reply.failed("no answer"));
        assertEquals(Answer.Kind.FAILED, answers.getLast().kind());
        pass(1);
        ask();
        reply(found(60));

        assertTrue(answers.getLast().found());
        assertFalse(answers.getLast().stale());
    }

    @Test
    void shouldFollowAliasesButNotForEver() {
        ask();
        reply(new Reply(Answer.Kind.NONE, List.of(), "other.test", 10, ""));
        assertEquals(new Question("other.test", RecordType.A), upstream.peek().question());
        reply(found(60));
        assertTrue(answers.getLast().found());
        assertEquals(TimeUnit.SECONDS.toNanos(10), answers.getLast().expiresNs() - nowNs, "the lesser TTL");

        pass(11);
        ask();
        int rounds = 0;
        while (!upstream.isEmpty()) {
            reply(new Reply(Answer.Kind.NONE, List.of(), "loop" + rounds % 2 + ".test", 10, ""));
            rounds++;
        }
        assertEquals(Reply.MAX_ALIASES, rounds);
        assertTrue(answers.getLast().stale(), "a loop is no answer, so the old one stays");
    }

    @Test
    void shouldRefuseWhatIsTooMuch() {
        for (int i = 0; i <= AnswerCache.MAX_IN_FLIGHT; i++) {
            cache.ask(new Question("n" + i + ".test", RecordType.A), false, answers::add);
        }

        assertEquals(AnswerCache.MAX_IN_FLIGHT, cache.inFlight());
        assertEquals(1, answers.size());
        assertEquals(Answer.Kind.FAILED, answers.getFirst().kind());
        for (int i = 0; i < 3 * AnswerCache.MAX_ANSWERS; i++) {
            if (!upstream.isEmpty()) {
                reply(found(60));
            }
            cache.ask(new Question("m" + i + ".test", RecordType.A), false, answers::add);
        }
        while (!upstream.isEmpty()) {
            reply(found(60));
        }
        assertEquals(AnswerCache.MAX_ANSWERS, cache.size());
    }

    @Test
    void shouldKeepRoomForNamesOfTheConfiguration() {
        for (int i = 0; i < 2 * AnswerCache.MAX_IN_FLIGHT; i++) {
            cache.ask(new Question("n" + i + ".test", RecordType.A), true, answers::add);
        }
        assertEquals(AnswerCache.MAX_IN_FLIGHT_STRANGERS, cache.inFlight());
        answers.clear();

        ask();

        assertTrue(answers.isEmpty(), "not refused");
        assertEquals(QUESTION, upstream.getLast().question());
    }

    @Test
    void shouldGoOnWithTheOldAnswerWhenTooMuchIsUnderWay() {
        ask();
        reply(found(60));
        for (int i = 0; i < AnswerCache.MAX_IN_FLIGHT; i++) {
            cache.ask(new Question("n" + i + ".test", RecordType.A), false, answers::add);
        }
        pass(61);

        ask();

        assertTrue(answers.getLast().found());
        assertTrue(answers.getLast().stale());
        pass(2 * 3_600);
        ask();
        assertEquals(Answer.Kind.FAILED, answers.getLast().kind());
    }

    @Test
    void shouldEndAQuestionThatCannotBeAsked() {
        AnswerCache refusing = new AnswerCache((question, answered) -> {
            // As DnsServers does: the library throws.
            assertNotNull(new DefaultDnsQuestion(question.name() + '.', question.type().wire()));
        }, () -> nowNs, STALE_NS, counters);

        refusing.ask(new Question("gw." + "a".repeat(64), RecordType.A), false, answers::add);
        refusing.ask(new Question("gw..test", RecordType.A), false, answers::add);

        assertEquals(0, refusing.inFlight());
        assertEquals(List.of(Answer.Kind.FAILED, Answer.Kind.FAILED), answers.stream().map(Answer::kind).toList());
    }

    @Test
    void shouldEndAQuestionWhoseAliasCannotBeAsked() {
        AnswerCache refusing = new AnswerCache((question, answered) -> {
            if (!question.equals(QUESTION)) {
                throw new IllegalArgumentException("no name");
            }
            upstream.add(new Pending(question, answered));
        }, () -> nowNs, STALE_NS, counters);
        refusing.ask(QUESTION, false, answers::add);

        reply(new Reply(Answer.Kind.NONE, List.of(), "other.test", 10, ""));

        assertEquals(0, refusing.inFlight());
        assertEquals(Answer.Kind.FAILED, answers.getFirst().kind());
    }

    private void ask() {
        cache.ask(QUESTION, false, answers::add);
    }

    private void reply(Reply reply) {
        upstream.remove().answered().accept(reply);
    }

    private void pass(long seconds) {
        nowNs += TimeUnit.SECONDS.toNanos(seconds);
    }

    private static Reply found(long ttl) {
        return new Reply(Answer.Kind.FOUND, List.of(ADDRESS), null, ttl, "");
    }

    private static Reply none(long ttl) {
        return new Reply(Answer.Kind.NONE, List.of(), null, ttl, "no such name");
    }
}
