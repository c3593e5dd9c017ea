package org.tandemsip.engine.routing;

import org.agrona.DirectBuffer;

/**
 * Takes the records of calls that are over (CDRs), to be written down on another thread. Called on shard threads, each
 * with its own.
 */
public interface CallRecords {
    /** Takes none. */
    CallRecords NONE = new CallRecords() {
        @Override
        public boolean write(final DirectBuffer bytes, final int length) {
            return true;
        }

        @Override
        public long epochMs(final long nowNs) {
            return 0;
        }
    };

    /**
     * Takes one record: the properties of a JSON object, without its braces, in UTF-8. Never blocks.
     *
     * @return {@code false} when there is no room: it is lost, and the taker counts it
     */
    boolean write(DirectBuffer bytes, int length);

    /** Wall-clock time at {@code nowNs}, in milliseconds since 1970. */
    long epochMs(long nowNs);
}
