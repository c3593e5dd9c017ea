package org.tandemsip.engine.routing;

import org.agrona.DirectBuffer;

/**
 * Takes what is to be known of calls when this process is gone: the state of those that are not over, and the records
 * of those that are (CDRs), to be written down on another thread. What was taken outlives the process. Called on shard
 * threads, each with its own; never blocks.
 */
public interface CallRecords {
    /** Takes none. */
    CallRecords NONE = new CallRecords() {
        @Override
        public boolean takesCalls() {
            return true;
        }

        @Override
        public void keep(final long place, final DirectBuffer state, final int length) {
            // Nobody wants it.
        }

        @Override
        public boolean write(final long place, final DirectBuffer bytes, final int length) {
            return true;
        }

        @Override
        public long epochMs(final long nowNs) {
            return 0;
        }

        @Override
        public long lastSeenMs() {
            return 0;
        }

        @Override
        public void recover(final Visitor visitor) {
            // There was none.
        }
    };

    /** Is shown what was kept of calls. */
    interface Visitor {
        /** Looks at one; {@code state} is valid during the call. */
        void onCall(long place, DirectBuffer state, int length);
    }

    /** Whether another call may begin: {@code false} while records cannot be written and no call shall go without. */
    boolean takesCalls();

    /**
     * Keeps the state of a call in the place of what was kept of it before, until its record is written.
     *
     * @param place what tells it from all calls that are not over
     */
    void keep(long place, DirectBuffer state, int length);

    /**
     * Takes the record of a call that is over, and forgets its state: the properties of a JSON object, without its
     * braces, in UTF-8.
     *
     * @return {@code false} when there is no room: it is lost, and the taker counts it
     */
    boolean write(long place, DirectBuffer bytes, int length);

    /** Wall-clock time at {@code nowNs}, in milliseconds since 1970. */
    long epochMs(long nowNs);

    /** When the process before this one was still there, in milliseconds since 1970. */
    long lastSeenMs();

    /** Shows all calls that were not over when the process before this one ended. */
    void recover(Visitor visitor);
}
