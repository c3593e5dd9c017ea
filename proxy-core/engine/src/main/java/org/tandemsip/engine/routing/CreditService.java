package org.tandemsip.engine.routing;

/**
 * Who says how long calls may last: time is reserved before a call goes out and again before that is used up, and what
 * was used is told at the end. Everything returns at once; called on shard threads.
 */
public interface CreditService {
    /** Knows nobody. */
    CreditService NONE = new CreditService() {
        @Override
        public Terms terms() {
            return new Terms(60_000_000_000L, 1_000_000_000L, 10_000_000_000L);
        }

        @Override
        public boolean ask(final int shard, final long ticket, final Request request) {
            return false;
        }

        @Override
        public void settle(final Settlement settlement) {
            // Nothing was reserved.
        }

        @Override
        public long epochMs(final long nowNs) {
            return 0;
        }
    };

    /**
     * What is agreed.
     *
     * @param reserveNs time that is asked for at once
     * @param timeoutNs how long a reply is waited for
     * @param topUpNs   how long before the end of what is reserved more is asked for
     */
    record Terms(long reserveNs, long timeoutNs, long topUpNs) {}

    /**
     * Asks for time.
     *
     * @param call       name of the call, never that of another one, and the one in its record
     * @param number     0 for the time that it begins with, then one more for each that was replied to: the same number
     *                   is the same request, made again
     * @param callId     Call-ID of the side that called us
     * @param from       URI of the caller
     * @param to         URI of the called party
     * @param requestUri where the call shall go
     * @param trunk      name of the trunk that it comes from
     * @param route      name of the route that it takes
     * @param reserveMs  how much time, from its answer or in addition to what was granted
     * @param usedMs     how long it has lasted since its answer
     */
    record Request(String call, int number, String callId, String from, String to, String requestUri, String trunk,
            String route, long reserveMs, long usedMs) {}

    /**
     * Gives back what is left, once for each call of which a request was begun that was not denied.
     *
     * @param usedMs how long it has lasted from its answer to its end, 0 without an answer
     */
    record Settlement(String call, String trunk, long usedMs) {}

    /** What is agreed; always the same. */
    Terms terms();

    /**
     * Begins to ask; the shard gets one {@link CreditReply} for the ticket.
     *
     * @return {@code false} when too many are under way: then nothing was asked
     */
    boolean ask(int shard, long ticket, Request request);

    /** Takes a settlement, and sees to it that it arrives. */
    void settle(Settlement settlement);

    /** Wall-clock time at {@code nowNs}, in milliseconds since 1970. */
    long epochMs(long nowNs);
}
