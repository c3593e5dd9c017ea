package org.tandemsip.engine.shard;

import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Source;

/**
 * What a shard tells the world about things that should not happen, at most a few times a second: the engine itself
 * does not log. Called on the shard thread; implementations must be quick and must not throw.
 */
public interface ShardReports {
    /** What was running when something threw. */
    enum Seam {
        REQUEST, RESPONSE, TIMER, COMMAND, FLUSH
    }

    /** Says nothing to anybody. */
    ShardReports NONE = new ShardReports() {
        @Override
        public void fault(final int shard, final Seam seam, final Throwable cause, final SipMessage message,
                final long suppressed) {
            // Deliberately silent.
        }

        @Override
        public void refused(final int shard, final Source source, final long suppressed) {
            // Deliberately silent.
        }
    };

    /**
     * Something threw; the shard caught it, counted it and goes on.
     *
     * @param shard      number of the shard
     * @param seam       what was running
     * @param cause      what was thrown
     * @param message    the message being handled, valid until this returns; {@code null} outside of one
     * @param suppressed faults since the last report that were counted but not reported
     */
    void fault(int shard, Seam seam, Throwable cause, SipMessage message, long suppressed);

    /**
     * A message was dropped because no trunk claims its source.
     *
     * @param shard      number of the shard, or of the I/O loop where the message was malformed or found no room
     * @param source     where the message came from, valid until this returns
     * @param suppressed refusals since the last report that were counted but not reported
     */
    void refused(int shard, Source source, long suppressed);

    /**
     * New requests begin to be turned away since messages wait too long, or that has ended. Reported by the network and
     * not by a shard, at most once a second.
     *
     * @param begins     whether it begins
     * @param queueNs    how long messages wait now, in nanoseconds
     * @param turnedAway requests turned away since the last report
     */
    default void overload(final boolean begins, final long queueNs, final long turnedAway) {
        // Not everybody wants to know.
    }
}
