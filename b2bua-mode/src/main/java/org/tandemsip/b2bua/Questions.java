package org.tandemsip.b2bua;

import org.tandemsip.engine.handler.Places;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.timer.TimerLanes;
import org.tandemsip.engine.timer.TimerLanes.Lane;

/**
 * What the calls of a shard have asked outside of it and wait for: whether there is credit, where media go. The shard
 * never waits; a call that has to stands still, and goes on when one of three things happens:
 *
 * <pre>
 *   shard                                                  any other thread
 *   ask(asker, patience) --> ticket  --- service, at once --->  HTTP, UDP, ...
 *     |                                                           |
 *     |  onReply      <--- ShardCommand.Replied(ticket, reply) ---+   through the command queue of the shard
 *     |  onNoReply    <--- patience has run out
 *     +- forget       <--- the call wants it no more: CANCEL, BYE, the end of the server
 * </pre>
 *
 * <p>How to ask: take a question; give its ticket, with all that the service has to know copied, to the service, which
 * must return at once; {@link #forget} the question where the service refuses. A call that is being set up asks before
 * its first target is tried (its INVITE is kept by the server transaction, so that nothing else has to be), and keeps
 * the question in a field that is forgotten with the call ({@link Credit} is the example). One that stands goes on
 * meanwhile.
 *
 * <p>How to reply: once per ticket, from any thread, by a {@link ShardCommand.Replied} to the shard that has asked;
 * when its queue is full, again a little later (server: {@code ShardMail}).
 *
 * <p>A ticket is used once: what comes after one of the three finds nothing and is counted
 * ({@link org.tandemsip.engine.handler.Reply#late}). Shard thread only; nothing is allocated but for the most questions
 * ever asked at a time.
 */
final class Questions {
    /** Most that wait at a time: at a second each that is more calls than one thread can set up. */
    static final int MOST = 16_384;

    private final Places<Question> places;
    private final TimerLanes timers;
    private final Counters counters;
    private Question free;
    private int waiting;

    /** @param firstGeneration not likely that of another process: its replies may still be on the way */
    Questions(final ShardContext context, final int firstGeneration) {
        places = new Places<>(context.shard(), MOST, firstGeneration);
        timers = context.timers();
        counters = context.counters();
    }

    /** Begins to wait, for as long as {@code patience} at most; {@code null} when too many do. */
    Question ask(final Asker asker, final Lane patience, final long nowNs) {
        Question question = free;
        if (question != null) {
            free = question.nextFree;
        } else if (waiting == MOST) {
            return null;
        } else {
            question = new Question(this);
            question.ticket = places.add(question);
        }
        waiting++;
        question.asker = asker;
        timers.arm(question, patience, nowNs);
        return question;
    }

    /** Waits no longer for this one, which may be {@code null}; its reply will be counted as late. */
    void forget(final Question question) {
        if (question != null && question.asker != null) {
            close(question);
        }
    }

    /** Number of questions that wait. */
    int waiting() {
        return waiting;
    }

    void onReply(final ShardCommand.Replied replied, final long nowNs) {
        final Question question = places.get(replied.ticket());
        if (question == null || question.asker == null) {
            counters.increment(replied.reply().late());
            return;
        }
        close(question).onReply(replied.reply(), nowNs);
    }

    void onNoReply(final Question question, final long nowNs) {
        close(question).onNoReply(nowNs);
    }

    private Asker close(final Question question) {
        final Asker asker = question.asker;
        timers.cancel(question);
        question.asker = null;
        question.ticket = places.next(question.ticket);
        question.nextFree = free;
        free = question;
        waiting--;
        return asker;
    }
}
