package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.handler.Reply;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.CreditPolicy;
import org.tandemsip.engine.routing.CreditReply;

/**
 * The credit of a call: time reserved before it goes out, more of it before that is used up, and one settlement at the
 * end.
 *
 * <pre>
 *   INVITE        200                                        the last is used up
 *     | reserve    |                    | reserve more          |
 *     |---reply----|-- until: answer + granted --|---- + granted |  CutOff ends the call
 *                                       |<- top-up ->|
 * </pre>
 *
 * <p>What fails, the policy of the trunk decides. Open: it counts as granted, and is asked for again when that is used
 * up. Closed: a call that is being set up is refused with 503; one that stands asks again every second until it ends
 * with what it has. A request that is made again has the same number, so that nothing is reserved twice.
 *
 * <p>Is the alarm for the next request. Pooled; shard thread only.
 */
final class Credit extends Alarm implements Asker {
    /** Value of Reason in the refusal: call rejected. */
    static final byte[] DENIED = B2bua.ascii("Q.850;cause=21;text=\"No credit\"");

    private static final long AGAIN_NS = 1_000_000_000L;

    /** Next free one of the pool. */
    Credit nextFree;

    /** Bytes that {@link #save} writes. */
    static final int SAVED_BYTES = 32;
    private static final int OPEN = 1;
    private static final int MORE = 2;
    private static final int RESERVED = 4;
    private static final int THERE = 8;

    private final B2bua owner;
    private final Credits credits;
    private Call call;
    /** Where the call began, which names it for the service; in an earlier process maybe. */
    private long place;
    private boolean open;
    /** Number of the next request. */
    private int number;
    /** Time that the call has from its answer. */
    private long totalNs;
    private long lastNs;
    /** Whether there may be more. */
    private boolean more;
    /** Whether the service may hold something for it. */
    private boolean reserved;
    private Question question;

    Credit(final B2bua owner, final Credits credits) {
        super(owner.alarms);
        this.owner = owner;
        this.credits = credits;
    }

    void begin(final Call ofCall, final CreditPolicy policy) {
        call = ofCall;
        place = ofCall.place;
        open = policy == CreditPolicy.OPEN;
        number = 0;
        totalNs = 0;
        more = true;
        reserved = false;
        question = null;
    }

    /** Asks for time: the call goes on with the reply. */
    void ask(final long nowNs) {
        question = credits.ask(this, call, place, number, nowNs);
        if (question == null) {
            onFailure(Counter.CREDIT_REFUSED, nowNs);
        } else {
            reserved = true;
        }
    }

    /** The call was answered: what it has begins to run. */
    void onAnswer(final long nowNs) {
        askInTime(nowNs);
    }

    /** When what it has is used up. */
    long untilNs() {
        return call.answerNs + totalNs;
    }

    @Override
    void ring(final long nowNs) {
        if (question == null) {
            ask(nowNs);
        }
    }

    @Override
    public void onReply(final Reply reply, final long nowNs) {
        question = null;
        final CreditReply credit = (CreditReply) reply;
        final Counter result = credit.result();
        if (result == Counter.CREDIT_GRANTED) {
            owner.counters.increment(result);
            number++;
            more = !credit.last();
            extend(credit.grantedMs() * 1_000_000, nowNs);
        } else if (result == Counter.CREDIT_DENIED) {
            owner.counters.increment(result);
            more = false;
            if (call.state == Call.State.SETUP) {
                // Of a request that was made once and denied, nothing is kept.
                reserved = false;
                call.refuse(Status.PAYMENT_REQUIRED_402, DENIED, nowNs);
            }
        } else {
            onFailure(result, nowNs);
        }
    }

    @Override
    public void onNoReply(final long nowNs) {
        question = null;
        onFailure(Counter.CREDIT_TIMEOUT, nowNs);
    }

    private void onFailure(final Counter counter, final long nowNs) {
        owner.counters.increment(counter);
        if (open) {
            extend(credits.terms().reserveNs(), nowNs);
        } else if (call.state == Call.State.SETUP) {
            call.refuse(Status.SERVICE_UNAVAILABLE_503, null, nowNs);
        } else {
            set(nowNs + AGAIN_NS, nowNs);
        }
    }

    private void extend(final long byNs, final long nowNs) {
        totalNs += byNs;
        lastNs = byNs;
        if (call.state == Call.State.SETUP) {
            call.proceed(nowNs);
        } else {
            call.cutOff.update(nowNs);
            owner.states.keep(call);
            askInTime(nowNs);
        }
    }

    private void askInTime(final long nowNs) {
        if (more) {
            set(untilNs() - Math.min(credits.terms().topUpNs(), lastNs / 2), nowNs);
        }
    }

    /** The call ends: nothing is asked for any more, and what was used is told. */
    void end(final long nowNs) {
        unset();
        owner.questions.forget(question);
        question = null;
        if (reserved) {
            credits.settle(call, place, nowNs);
        }
        call = null;
        credits.giveBack(this);
    }

    // In another process.

    /** Writes down what a call has, which may have none. */
    static void save(final Credit credit, final MutableDirectBuffer out, final int index) {
        if (credit == null) {
            out.putLong(index, 0);
            return;
        }
        out.putInt(index, THERE | (credit.open ? OPEN : 0) | (credit.more ? MORE : 0)
                | (credit.reserved ? RESERVED : 0));
        out.putInt(index + 4, credit.number);
        out.putLong(index + 8, credit.totalNs);
        out.putLong(index + 16, credit.lastNs);
        out.putLong(index + 24, credit.place);
    }

    /** Whether anything was written down. */
    static boolean isSaved(final DirectBuffer in, final int index) {
        return (in.getInt(index) & THERE) != 0;
    }

    /** Goes on with what was written down. A request that had no reply by then is made again under its number. */
    void resume(final Call ofCall, final DirectBuffer in, final int index) {
        final int flags = in.getInt(index);
        begin(ofCall, (flags & OPEN) != 0 ? CreditPolicy.OPEN : CreditPolicy.CLOSED);
        more = (flags & MORE) != 0;
        reserved = (flags & RESERVED) != 0;
        number = in.getInt(index + 4);
        totalNs = in.getLong(index + 8);
        lastNs = in.getLong(index + 16);
        place = in.getLong(index + 24);
    }
}
