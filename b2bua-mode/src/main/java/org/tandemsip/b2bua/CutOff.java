package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.tandemsip.engine.metrics.Counter;

/**
 * When a call has to end, whoever says so: its route, its credit, or an order; and ends it on both sides then, exact to
 * the millisecond. Part of a {@link Call}; shard thread only.
 */
final class CutOff extends Alarm {
    private static final byte[] TIME_UP = B2bua.ascii("Q.850;cause=102;text=\"Maximum duration\"");
    private static final byte[] CREDIT_UP = B2bua.ascii("Q.850;cause=102;text=\"Credit used up\"");

    private final B2bua owner;
    private final Call call;
    /** What the call has to pay with, or {@code null}. */
    private Credit credit;
    /** Whether route or order say when it ends. */
    private boolean limited;
    private long limitNs;

    CutOff(final B2bua owner, final Call call) {
        super(owner.alarms);
        this.owner = owner;
        this.call = call;
    }

    /** Begins to set up: the call goes on now, or when it is known that there is credit for it. */
    void begin(final long nowNs) {
        limited = false;
        credit = owner.credits.of(call);
        if (credit == null) {
            call.proceed(nowNs);
        } else {
            credit.ask(nowNs);
        }
    }

    /** The call was answered. */
    void onAnswer(final long nowNs) {
        if (call.route != null && call.route.maxDurationNs() > 0) {
            limited = true;
            limitNs = nowNs + call.route.maxDurationNs();
        }
        if (credit != null) {
            credit.onAnswer(nowNs);
        }
        update(nowNs);
    }

    /** Whether a service has reserved time for it. */
    boolean hasCredit() {
        return credit != null;
    }

    /** Lets the call last so long from now. */
    void limit(final long remainingNs, final long nowNs) {
        limited = true;
        limitNs = nowNs + remainingNs;
        update(nowNs);
        owner.states.keep(call);
    }

    /** Goes on with a call of an earlier process. @param untilNs when it has to end, 0 for never */
    void resume(final long untilNs, final DirectBuffer in, final int index, final long nowNs) {
        limited = untilNs != 0;
        limitNs = untilNs;
        credit = null;
        if (Credit.isSaved(in, index)) {
            credit = owner.credits.take();
            credit.resume(call, in, index);
            credit.onAnswer(nowNs);
        }
        update(nowNs);
    }

    /** Writes down the credit; returns when route or order end the call, 0 for never. */
    long save(final MutableDirectBuffer out, final int index) {
        Credit.save(credit, out, index);
        return limited ? limitNs : 0;
    }

    /** Looks anew when the call ends. */
    void update(final long nowNs) {
        if (ends()) {
            set(dueNs(), nowNs);
        }
    }

    /** Whether there is such a time. */
    boolean ends() {
        return call.answerNs != 0 && (limited || credit != null);
    }

    /** When the call ends, if it {@link #ends}. */
    long dueNs() {
        return credit == null || limited && limitNs - credit.untilNs() < 0 ? limitNs : credit.untilNs();
    }

    @Override
    void ring(final long nowNs) {
        final long dueNs = dueNs();
        final boolean byTime = limited && limitNs == dueNs;
        owner.counters.increment(Counter.CALLS_CUT_OFF);
        call.hangUp(Ender.LIMIT, byTime ? TIME_UP : CREDIT_UP, nowNs);
        owner.cutOffs.ended(dueNs);
    }

    /** The call ends now, for whatever reason; once. */
    void end(final long nowNs) {
        unset();
        if (credit != null) {
            final Credit last = credit;
            credit = null;
            last.end(nowNs);
        }
    }
}
