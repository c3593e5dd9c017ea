package org.tandemsip.engine.routing;

import org.tandemsip.engine.handler.Reply;
import org.tandemsip.engine.metrics.Counter;

/**
 * What a {@link CreditService} says to a request. Nobody has judged the number: it may be anything.
 *
 * @param outcome   whether there is an answer at all
 * @param grantedMs time granted; 0 for none
 * @param last      whether there will be no more
 */
public record CreditReply(Outcome outcome, long grantedMs, boolean last) implements Reply {
    /** What came of a request. */
    public enum Outcome {
        /** An answer that could be read. */
        ANSWERED(Counter.CREDIT_GRANTED),
        /** Nobody was there, or nothing came in time. */
        UNREACHABLE(Counter.CREDIT_UNREACHABLE),
        /** A status that says that the service has failed, or refuses us. */
        ERROR(Counter.CREDIT_ERROR),
        /** An answer that cannot be read. */
        NONSENSE(Counter.CREDIT_NONSENSE);

        private final Counter counter;

        Outcome(final Counter counter) {
            this.counter = counter;
        }
    }

    /** Longest time that can be granted at once: a week. What is longer is no answer. */
    private static final long MOST_MS = 7 * 86_400_000L;

    /** An answer. */
    public static CreditReply of(final long grantedMs, final boolean last) {
        return new CreditReply(Outcome.ANSWERED, grantedMs, last);
    }

    /** No answer. */
    public static CreditReply failed(final Outcome outcome) {
        return new CreditReply(outcome, 0, false);
    }

    /** What counts it: {@link Counter#CREDIT_GRANTED} and {@link Counter#CREDIT_DENIED}, all others are failures. */
    public Counter result() {
        if (outcome != Outcome.ANSWERED) {
            return outcome.counter;
        }
        return grantedMs < 0 ? Counter.CREDIT_NEGATIVE
                : grantedMs > MOST_MS ? Counter.CREDIT_HUGE
                        : grantedMs == 0 ? Counter.CREDIT_DENIED : Counter.CREDIT_GRANTED;
    }

    @Override
    public Counter late() {
        return Counter.CREDIT_LATE;
    }
}
