package org.tandemsip.b2bua;

import org.tandemsip.codec.HeaderField;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.routing.Trunk;

/**
 * A subscription that was begun outside of all dialogs, by a SUBSCRIBE (RFC 6665) or REFER (RFC 3515): two dialogs, one
 * with each side, whose requests go across as those of calls do.
 *
 * <pre>
 *   SUBSCRIBE ------>  Call-ID x, tags y and z    ------> SUBSCRIBE  Call-ID and tags of ours
 *   200       <------                             <------ 200
 *   NOTIFY    <------                             <------ NOTIFY     may overtake the 200
 *   SUBSCRIBE ------>                             ------> SUBSCRIBE  for longer
 * </pre>
 *
 * It lasts as long as was asked for or the last NOTIFY has said, and 64*T1 more: whoever wants something of it then is
 * told 481, and so is everybody after a restart, since it is not written down; a subscriber begins anew then (RFC 6665
 * section 4.1.2.2). Is the alarm of its end. Pooled; shard thread only.
 */
final class Subscription extends Alarm {
    /** Number of the first of its legs in tags. */
    static final int FIRST_LEG = 2;

    private static final HeaderField EXPIRES = HeaderField.of("Expires");
    private static final HeaderField STATE = HeaderField.of("Subscription-State");
    private static final byte[] TERMINATED = B2bua.ascii("terminated");
    private static final byte[] SECONDS = B2bua.ascii("expires=");
    /** Where nobody says how long it lasts. */
    private static final int USUAL_S = 3_600;
    /** Longest that it is kept without another word. */
    private static final int LONGEST_S = 7 * 86_400;
    private static final int NOT_SAID = -1;
    private static final long SECOND_NS = 1_000_000_000L;

    /** No call: two legs, and what is under way on them. */
    final Call legs;
    long place;
    Subscription nextFree;

    private final B2bua owner;
    private boolean accepted;
    private int lastS;

    Subscription(final B2bua owner) {
        super(owner.alarms);
        this.owner = owner;
        legs = new Call(owner);
        legs.subscription = this;
    }

    /** Whether requests of a method that are outside of all dialogs begin one. */
    static boolean isBegunBy(final Method method) {
        return method == Method.SUBSCRIBE || method == Method.REFER;
    }

    /** Begins with a request of the subscriber; {@code false} when there is no room for it. */
    boolean begin(final SipMessage request, final Source source, final Trunk from) {
        final Leg subscriber = legs.legs[0];
        legs.state = Call.State.UP;
        legs.trunkIn = from;
        accepted = false;
        lastS = NOT_SAID;
        subscriber.tag(place, FIRST_LEG);
        legs.legs[1].tag(place, FIRST_LEG + 1);
        subscriber.trunk = from;
        subscriber.seen.set(source);
        subscriber.pinned = owner.hops.pins(request, source, from);
        subscriber.state = Leg.State.CONFIRMED;
        learn(request);
        return subscriber.ofInvite(request);
    }

    /** The other side has answered by a 2xx; {@code false} when there is no room for what that says. */
    boolean onAccepted(final SipMessage response, final long nowNs) {
        final Leg notifier = legs.legs[1];
        if (!notifier.hasRemoteTag() && !notifier.ofResponse(response)) {
            return false;
        }
        notifier.state = Leg.State.CONFIRMED;
        accepted = true;
        learn(response);
        keep(nowNs);
        return true;
    }

    /** Takes a request inside one of its dialogs, which is no ACK. */
    Disposition onRequest(final Leg leg, final SipMessage request, final Source source, final long nowNs) {
        final boolean notify = request.method() == Method.NOTIFY && leg.number == 1;
        if (!LoneRequest.takes(request.method()) || request.method() == Method.REFER) {
            // There is no session in it.
            return owner.refuse(leg, request, source, Status.CALL_DOES_NOT_EXIST_481, -1, nowNs);
        }
        if (notify && !leg.hasRemoteTag()) {
            if (!leg.ofNotify(request)) {
                return owner.refuse(leg, request, source, Status.SERVICE_UNAVAILABLE_503, -1, nowNs);
            }
            leg.state = Leg.State.CONFIRMED;
        }
        final Disposition relayed = owner.relay.onRequest(leg, request, source, nowNs);
        if (relayed == Disposition.FORWARDED && (notify || request.method() == Method.SUBSCRIBE)) {
            final int before = lastS;
            leg.refresh(request);
            learn(request);
            // A refresh may be refused (RFC 6665 section 4.1.2.2): what is shorter holds once a NOTIFY has said so.
            lastS = notify ? lastS : longer(before, lastS);
            keep(nowNs);
        }
        return relayed;
    }

    /** Takes over how long a message says that it lasts. */
    private void learn(final SipMessage message) {
        for (int row = 0; row < message.rows(); row++) {
            if (EXPIRES.names(message, row)) {
                lastS = Numbers.parse(message.bytes(), message.rowValue(row));
            } else if (STATE.names(message, row)) {
                lastS = OptionTags.indexOf(message.bytes(), message.rowValue(row), TERMINATED, false) >= 0 ? 0
                        : Numbers.behind(message.bytes(), message.rowValue(row), SECONDS, lastS);
            }
        }
    }

    /** Before it is accepted, the transaction of its request sees to its end. */
    private void keep(final long nowNs) {
        if (accepted) {
            set(nowNs + seconds(lastS) * SECOND_NS + owner.lanes.t1Times64().durationNs(), nowNs);
        }
    }

    private static int seconds(final int said) {
        return said == NOT_SAID ? USUAL_S : Math.min(LONGEST_S, said);
    }

    private static int longer(final int one, final int other) {
        return seconds(one) > seconds(other) ? one : other;
    }

    @Override
    void ring(final long nowNs) {
        end(nowNs);
    }

    /** It is over, or was not to be: nothing is left of it but transactions. */
    void end(final long nowNs) {
        unset();
        legs.exchanges.abort(nowNs);
        legs.state = Call.State.OVER;
        legs.legs[0].reset();
        legs.legs[1].reset();
        owner.pools.giveBack(this);
    }
}
