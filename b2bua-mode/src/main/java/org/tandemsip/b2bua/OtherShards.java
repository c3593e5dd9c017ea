package org.tandemsip.b2bua;

import org.tandemsip.engine.handler.Neighbours;
import org.tandemsip.engine.handler.Reply;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.timer.TimerLanes.Lane;

/**
 * Asks the shard of another call what it knows of a dialog that a request here names, and answers others likewise. The
 * two calls of one phone may belong to two shards, and no thread looks into the calls of another.
 *
 * <pre>
 *   shard of the request                                   shard of the call that it names
 *   ask ------- FindDialog(ticket, Replaces) -------------> answer
 *   taker <---- Replied(ticket, NamedDialog) ---------------   at once
 *   taker <---- its patience has run out: UNANSWERED            its queue was full, or it stops
 * </pre>
 *
 * Allocates: there is no steady state of transfers. Shard thread only.
 */
final class OtherShards {
    /** Longest that a request waits: the other one answers in a turn of its loop, unless something is wrong. */
    private static final long PATIENCE_NS = 2_000_000_000L;

    /** Most that wait at a time: whoever names calls that are not there must not take the questions of all others. */
    static final int MOST = 1_024;

    /** Whoever needs to know. */
    interface Taker {
        /**
         * Told once, unless it was forgotten.
         *
         * @param dialog what is known of it; {@link NamedDialog#UNKNOWN}, {@link NamedDialog#UNANSWERED}
         */
        void onDialog(NamedDialog dialog, long nowNs);
    }

    /** One question. */
    final class LookUp implements Asker {
        private final Taker taker;
        private Question question;

        private LookUp(final Taker taker) {
            this.taker = taker;
        }

        @Override
        public void onReply(final Reply reply, final long nowNs) {
            close();
            taker.onDialog((NamedDialog) reply, nowNs);
        }

        @Override
        public void onNoReply(final long nowNs) {
            close();
            taker.onDialog(NamedDialog.UNANSWERED, nowNs);
        }

        /** Nobody needs to know any more. */
        void forget() {
            owner.questions.forget(question);
            close();
        }

        private void close() {
            waiting -= question == null ? 0 : 1;
            question = null;
        }
    }

    private final B2bua owner;
    private Neighbours neighbours = Neighbours.NONE;
    private Lane patience;
    private int waiting;

    OtherShards(final B2bua owner) {
        this.owner = owner;
    }

    void reachedBy(final Neighbours way) {
        neighbours = way;
    }

    /**
     * Asks for the dialog that was read last and is of another shard ({@link Replacements#isElsewhere}); {@code null}
     * when it cannot be asked now.
     */
    LookUp ask(final Taker taker, final long nowNs) {
        patience = patience == null ? owner.timers.lane(PATIENCE_NS) : patience;
        if (waiting == MOST) {
            owner.counters.increment(Counter.LIMITED_LOOK_UPS);
            return null;
        }
        final LookUp lookUp = new LookUp(taker);
        lookUp.question = owner.questions.ask(lookUp, patience, nowNs);
        waiting += lookUp.question == null ? 0 : 1;
        if (lookUp.question == null || !neighbours.tell(owner.replacements.shard(),
                new ShardCommand.FindDialog(owner.shard, lookUp.question.ticket, owner.replacements.bytes()))) {
            lookUp.forget();
            return null;
        }
        return lookUp;
    }

    /** Says what is known here. Whoever asks gives up by itself, should its queue be full. */
    void answer(final ShardCommand.FindDialog asked) {
        neighbours.tell(asked.shard(),
                new ShardCommand.Replied(asked.ticket(), owner.replacements.find(asked.replaces())));
    }
}
