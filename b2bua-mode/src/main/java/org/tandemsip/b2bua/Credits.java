package org.tandemsip.b2bua;

import java.util.HexFormat;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.routing.CreditPolicy;
import org.tandemsip.engine.routing.CreditService;
import org.tandemsip.engine.timer.TimerLanes;

/** Where the calls of a shard get their credit from, and the objects for that. Shard thread only. */
final class Credits {
    private final B2bua owner;
    private final TimerLanes timers;
    private final int shard;
    private final NameAddr nameAddr = new NameAddr();
    private CreditService service = CreditService.NONE;
    private CreditService.Terms terms = service.terms();
    private TimerLanes.Lane patience;
    private Credit free;

    Credits(final B2bua owner, final int shard) {
        this.owner = owner;
        this.shard = shard;
        timers = owner.timers;
        patience = timers.lane(terms.timeoutNs());
    }

    /** Asks {@code newService} from now on. */
    void service(final CreditService newService) {
        service = newService;
        terms = newService.terms();
        timers.release(patience);
        patience = timers.lane(terms.timeoutNs());
    }

    CreditService.Terms terms() {
        return terms;
    }

    /** The credit of a call that begins, or {@code null} when it needs none. */
    Credit of(final Call call) {
        final CreditPolicy policy = call.emergency ? CreditPolicy.NONE : call.trunkIn.state().credit();
        if (policy == CreditPolicy.NONE) {
            return null;
        }
        final Credit credit = take();
        credit.begin(call, policy);
        return credit;
    }

    /** One that is not in use. */
    Credit take() {
        final Credit credit = free;
        if (credit == null) {
            return new Credit(owner, this);
        }
        free = credit.nextFree;
        return credit;
    }

    void giveBack(final Credit credit) {
        credit.nextFree = free;
        free = credit;
    }

    /** Begins to ask; {@code null} when too many wait. */
    Question ask(final Credit credit, final Call call, final long place, final int number,
            final long nowNs) {
        final Question question = owner.questions.ask(credit, patience, nowNs);
        if (question == null || !service.ask(shard, question.ticket, request(call, place, number, nowNs))) {
            owner.questions.forget(question);
            return null;
        }
        return question;
    }

    void settle(final Call call, final long place, final long nowNs) {
        service.settle(new CreditService.Settlement(name(call, place), call.trunkIn.name(), usedMs(call, nowNs)));
    }

    private CreditService.Request request(final Call call, final long place, final int number,
            final long nowNs) {
        final Leg caller = call.legs[0];
        return new CreditService.Request(name(call, place), number, caller.text(caller.callIdSlice()),
                uri(caller, caller.remoteSlice()), uri(caller, caller.localSlice()),
                caller.text(caller.requestUriSlice()), call.trunkIn.name(),
                call.route == null ? "" : call.route.name(), terms.reserveNs() / 1_000_000, usedMs(call, nowNs));
    }

    private String uri(final Leg leg, final long slice) {
        return leg.text(nameAddr.wrap(leg.buffer(), Slice.offset(slice), Slice.end(slice)) ? nameAddr.uri() : slice);
    }

    /** As the record of the call will say it. */
    private static long usedMs(final Call call, final long nowNs) {
        final long endNs = call.endNs == 0 ? nowNs : call.endNs;
        return call.answerNs == 0 ? 0 : CallRecordWriter.ms(call, endNs) - CallRecordWriter.ms(call, call.answerNs);
    }

    /** Name of a call for ever: the one in its record. */
    private String name(final Call call, final long place) {
        final HexFormat hex = HexFormat.of();
        return hex.toHexDigits(place) + '-'
                + hex.toHexDigits(call.startMs == 0 ? service.epochMs(call.startNs) : call.startMs, 11);
    }
}
