package org.tandemsip.server.dns;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Answers that were given lately, and questions that are under way: the same question is asked once at a time, however
 * many wait for it. One thread only.
 *
 * <p>An answer whose time has run out is still used when nobody answers (RFC 8767), for as long as {@code staleNs}, and
 * then for half a minute at a time without asking again.
 */
final class AnswerCache {
    /** Most answers kept; the one not used for longest makes room. */
    static final int MAX_ANSWERS = 10_000;
    /** Most questions under way. */
    static final int MAX_IN_FLIGHT = 1_000;
    /** Most of them while somebody asks for a name out of a message: whoever sends those must not end all look-ups. */
    static final int MAX_IN_FLIGHT_STRANGERS = 800;
    /** Most who wait for the same answer. */
    static final int MAX_WAITING = 4_096;

    /** Less than this is asked for by those who want to be asked at each call; a second later will do. */
    private static final long MIN_TTL_SECONDS = 1;
    private static final long MAX_TTL_SECONDS = TimeUnit.DAYS.toSeconds(1);
    /** Past this a mistake in a zone would be held against it for too long. */
    private static final long MAX_NEGATIVE_SECONDS = TimeUnit.MINUTES.toSeconds(5);
    private static final long NEGATIVE_SECONDS_UNSAID = 30;
    /** How long a failure is remembered: it spares a dead server the calls of a burst. */
    private static final long FAILURE_NS = TimeUnit.SECONDS.toNanos(1);
    /** How long a stale answer is used without asking again (RFC 8767 section 5). */
    private static final long STALE_AGAIN_NS = TimeUnit.SECONDS.toNanos(30);

    private final Upstream upstream;
    private final LongSupplier clock;
    private final long staleNs;
    private final Map<Question, Kept> answers = new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(final Map.Entry<Question, Kept> eldest) {
            return size() > MAX_ANSWERS;
        }
    };
    private final Map<Question, List<Consumer<Answer>>> waiting = new HashMap<>();
    private final DnsCounters counters;

    /** An answer, and when its own time to live ran out: later uses of a stale one do not make it younger. */
    private record Kept(Answer answer, long freshUntilNs) {}

    /**
     * @param clock   nanoseconds
     * @param staleNs how long an answer outlives its time when nobody answers
     */
    AnswerCache(final Upstream upstream, final LongSupplier clock, final long staleNs, final DnsCounters counters) {
        this.upstream = upstream;
        this.clock = clock;
        this.staleNs = staleNs;
        this.counters = counters;
    }

    /**
     * Answers from memory at once, or when the answer comes. When too much is under way, it is an old answer or none.
     *
     * @param stranger whether the name is out of a message, not of the configuration
     */
    void ask(final Question question, final boolean stranger, final Consumer<Answer> answered) {
        final Kept known = answers.get(question);
        if (known != null && known.answer.expiresNs() - clock.getAsLong() > 0) {
            counters.cacheHit();
            answered.accept(known.answer);
            return;
        }
        List<Consumer<Answer>> others = waiting.get(question);
        if (others == null) {
            if (waiting.size() >= (stranger ? MAX_IN_FLIGHT_STRANGERS : MAX_IN_FLIGHT)) {
                counters.refused();
                answered.accept(withoutAsking(known, "too many questions under way"));
                return;
            }
            others = new ArrayList<>();
            others.add(answered);
            waiting.put(question, others);
            follow(question, question.name(), Long.MAX_VALUE, 0);
        } else if (others.size() < MAX_WAITING) {
            others.add(answered);
        } else {
            counters.refused();
            answered.accept(withoutAsking(known, "too many wait for this answer"));
        }
    }

    private Answer withoutAsking(final Kept known, final String detail) {
        return stale(known, Reply.failed(detail), clock.getAsLong()).answer;
    }

    /** Asks for {@code name} on behalf of {@code question}, of which it is an alias from the second time on. */
    private void follow(final Question question, final String name, final long ttlSeconds, final int aliases) {
        final long startNs = clock.getAsLong();
        final boolean[] answered = new boolean[1];
        try {
            upstream.ask(new Question(name, question.type()), reply -> {
                answered[0] = true;
                take(question, reply, startNs, ttlSeconds, aliases);
            });
        } catch (final RuntimeException e) {
            if (answered[0]) {
                throw e;
            }
            // Nothing was asked, so nothing would ever end this question: a name that the library refuses.
            settle(question, Reply.failed("cannot be asked: " + e.getMessage()), 0);
        }
    }

    private void take(final Question question, final Reply reply, final long startNs, final long ttlSeconds,
            final int aliases) {
        counters.answered(question.type(), reply.kind(), clock.getAsLong() - startNs);
        if (reply.alias() == null) {
            settle(question, reply, Math.min(ttlSeconds, reply.ttlSeconds()));
        } else if (aliases + 1 < Reply.MAX_ALIASES) {
            follow(question, reply.alias(), Math.min(ttlSeconds, reply.ttlSeconds()), aliases + 1);
        } else {
            settle(question, Reply.failed("aliases without end"), 0);
        }
    }

    private void settle(final Question question, final Reply reply, final long ttlSeconds) {
        final long nowNs = clock.getAsLong();
        final Kept kept = switch (reply.kind()) {
            case FOUND -> keep(Answer.Kind.FOUND, reply,
                    nowNs + seconds(Math.clamp(ttlSeconds, MIN_TTL_SECONDS, MAX_TTL_SECONDS)));
            case NONE -> keep(Answer.Kind.NONE, reply, nowNs + seconds(reply.ttlSeconds() < 0
                    ? NEGATIVE_SECONDS_UNSAID : Math.clamp(ttlSeconds, MIN_TTL_SECONDS, MAX_NEGATIVE_SECONDS)));
            case FAILED -> stale(answers.get(question), reply, nowNs);
        };
        answers.put(question, kept);
        for (final Consumer<Answer> each : waiting.remove(question)) {
            each.accept(kept.answer);
        }
    }

    private static Kept keep(final Answer.Kind kind, final Reply reply, final long untilNs) {
        return new Kept(new Answer(kind, reply.records(), untilNs, false, reply.detail()), untilNs);
    }

    /** What is known from before, if it is not too old. */
    private Kept stale(final Kept before, final Reply reply, final long nowNs) {
        if (before == null || !before.answer.found() || nowNs - before.freshUntilNs > staleNs) {
            return new Kept(failed(reply.detail()), nowNs);
        }
        counters.stale();
        return new Kept(new Answer(Answer.Kind.FOUND, before.answer.records(), nowNs + STALE_AGAIN_NS, true,
                reply.detail()), before.freshUntilNs);
    }

    private Answer failed(final String detail) {
        return new Answer(Answer.Kind.FAILED, List.of(), clock.getAsLong() + FAILURE_NS, false, detail);
    }

    private static long seconds(final long seconds) {
        return TimeUnit.SECONDS.toNanos(seconds);
    }

    /** Number of answers kept. */
    int size() {
        return answers.size();
    }

    /** Number of questions under way. */
    int inFlight() {
        return waiting.size();
    }
}
