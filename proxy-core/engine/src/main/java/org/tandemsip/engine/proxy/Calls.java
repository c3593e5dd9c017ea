package org.tandemsip.engine.proxy;

import org.agrona.DirectBuffer;
import org.agrona.collections.Long2ObjectHashMap;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.handler.Places;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.engine.routing.Targets;
import org.tandemsip.engine.routing.Total;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.timer.TimerLanes;

/**
 * The calls of one shard that count against a limit. A call takes room in the trunk it comes from, once in what all
 * trunks carry together, and in each trunk it is sent to, and gives it back
 *
 * <ul>
 * <li>when its INVITE ends without a 2xx,
 * <li>when the BYE of its last dialog has a final response, or none: whoever sent it has left (RFC 3261 section
 * 15.1.1); but not for 401 and 407, after which it comes again,
 * <li>when the session has not been refreshed in time (RFC 4028), or without a Session-Expires after the longest time
 * that a call may last.
 * </ul>
 *
 * Calls without a limit are not known here and cost nothing. Shard thread only.
 */
final class Calls {
    /** How often a call is looked at: what was missed is found so much later at most. */
    private static final long TICK_NS = 30_000_000_000L;
    /** Grace after a session that was not refreshed: the BYE for it may take as long as a transaction. */
    private static final long GRACE_NS = 32_000_000_000L;
    /** Most branches of one call: no callee may make a call grow without end. */
    private static final int MOST_LEGS = 32;
    /** Shortest session there is (RFC 4028 section 5), and the longest that is told from one without end. */
    private static final long SHORTEST_SESSION_S = 90;
    private static final long LONGEST_SESSION_S = Integer.MAX_VALUE;
    private static final String SESSION_EXPIRES = "session-expires";
    private static final long TAG_LABEL = 0x7461_67L;
    private static final long PLACE_LABEL = 0x706c_6163_65L;

    private final Long2ObjectHashMap<Call> calls = new Long2ObjectHashMap<>();
    private final Places<Call> places;
    private final KeyedHash hash;
    private final TimerLanes timers;
    private final TimerLanes.Lane tick;
    private final Counters counters;
    private Call freeCalls;
    private Call.Leg freeLegs;
    /** Most calls: as many as there may be transactions. */
    private final int most;
    private long longestNs;
    private Total total;

    Calls(final ShardContext context) {
        hash = new KeyedHash(context.keys().table0(), context.keys().table1());
        timers = context.timers();
        tick = timers.lane(TICK_NS);
        counters = context.counters();
        most = context.maxTransactions();
        // Record-Routes outlive the process: another one begins with other generations.
        places = new Places<>(context.shard(), most, (int) hash.begin().add(PLACE_LABEL).end());
    }

    /** Takes over how long a call may last whose end is never seen. */
    void longest(final long newLongestNs) {
        longestNs = newLongestNs;
    }

    /** Takes over the limit over all trunks. */
    void total(final Total newTotal) {
        total = newTotal;
    }

    /** Number of calls. */
    int size() {
        return calls.size();
    }

    /** Whether a call from and to these trunks has to be counted. */
    boolean counts(final Trunk from, final Targets targets) {
        if (total.countsCalls() || from != null && from.countsCalls()) {
            return true;
        }
        for (int i = 0; i < targets.size(); i++) {
            final Trunk trunk = targets.get(i).trunk;
            if (trunk != null && trunk.countsCalls()) {
                return true;
            }
        }
        return false;
    }

    /** Key of the call that {@code request} begins, or is about when it was the caller who sent it. */
    long callersKey(final SipMessage request) {
        return key(request, request.fromTag());
    }

    /**
     * A new call, or {@code null} when the trunk it comes from, or all together, have no room. {@link #setUp} must
     * follow.
     *
     * @param must whether no limit keeps it out
     */
    Call begin(final SipMessage invite, final Trunk from, final boolean must, final long nowNs) {
        final long key = callersKey(invite);
        Call call = calls.get(key);
        if (call == null) {
            final TrunkState counted = from != null && from.countsCalls() ? from.state() : null;
            if (calls.size() >= most || counted != null && !counted.tryCall(must ? 0 : from.maxCalls(), true)) {
                counters.increment(Counter.LIMITED_CALLS);
                return null;
            }
            if (total.countsCalls() && !total.tryCall(must)) {
                if (counted != null) {
                    counted.endCall(true);
                }
                counters.increment(Counter.LIMITED_CALLS);
                return null;
            }
            call = take();
            call.key = key;
            call.from = counted;
            call.total = total.countsCalls() ? total.state() : null;
            call.untilNs = nowNs + longestNs;
            calls.put(key, call);
            timers.arm(call, tick, nowNs);
        }
        call.settingUp++;
        return call;
    }

    /** The INVITE of a call has its final response: what lives on are its dialogs. */
    void setUp(final Call call) {
        call.settingUp--;
        endWhenUnused(call);
    }

    /**
     * Takes in one branch of a call, and room in the trunk that it goes to where that counts its calls.
     *
     * @param trunk {@code null} when it goes to none
     * @param must  whether no limit keeps it out, since it is there already or an emergency
     * @return {@code null} when there is no room
     */
    Call.Leg admit(final Call call, final Trunk trunk, final PeerState peer, final boolean must) {
        final boolean counts = trunk != null && trunk.countsCalls();
        if (call.size >= MOST_LEGS || counts && !trunk.state().tryCall(must ? 0 : trunk.maxCalls(), false)) {
            counters.increment(Counter.LIMITED_CALLS);
            return null;
        }
        Call.Leg leg = freeLegs;
        if (leg == null) {
            leg = new Call.Leg();
        } else {
            freeLegs = leg.next;
        }
        leg.set(counts ? trunk.state() : null, counts ? peer : null);
        if (leg.peer != null) {
            leg.peer.callBegins();
        }
        leg.next = call.legs;
        call.legs = leg;
        call.size++;
        return leg;
    }

    /** A branch has ended without a dialog. */
    void release(final Call call, final Call.Leg leg) {
        Call.Leg before = null;
        for (Call.Leg each = call.legs; each != leg; each = each.next) {
            before = each;
        }
        if (before == null) {
            call.legs = leg.next;
        } else {
            before.next = leg.next;
        }
        call.size--;
        counters.add(Counter.DIALOGS, -leg.dialogs());
        if (leg.trunk != null) {
            leg.trunk.endCall(false);
        }
        if (leg.peer != null) {
            leg.peer.callEnds();
        }
        leg.next = freeLegs;
        freeLegs = leg;
        endWhenUnused(call);
    }

    /** A branch was answered by {@code success}, a 2xx to the INVITE. */
    void answered(final Call call, final Call.Leg leg, final SipMessage success, final long nowNs) {
        add(leg, tag(success, success.toTag()));
        refresh(call, success, nowNs);
    }

    /**
     * A 2xx of a branch that is over, or has answered before: the answer of another agent, or the same once more.
     *
     * @param trunk trunk that it comes from, or {@code null} when that is not known any more
     */
    void answeredAgain(final long key, final SipMessage success, final Trunk trunk, final PeerState peer,
            final long nowNs) {
        final Call call = calls.get(key);
        if (call == null) {
            return;
        }
        final long dialog = tag(success, success.toTag());
        for (Call.Leg leg = call.legs; leg != null; leg = leg.next) {
            if (leg.has(dialog)) {
                return;
            }
        }
        for (Call.Leg leg = trunk == null ? call.legs : null; leg != null; leg = leg.next) {
            if (leg.established()) {
                add(leg, dialog);
                return;
            }
        }
        final Call.Leg late = admit(call, trunk, peer, true);
        if (late != null) {
            answered(call, late, success, nowNs);
        }
    }

    /**
     * The call of a request inside a dialog, or {@code null}.
     *
     * @param place where its Route says that the call is; {@link Places#NONE} when it does not say
     */
    Call find(final SipMessage request, final long place) {
        final Call there = place == Places.NONE ? null : places.get(place);
        if (there != null) {
            return there;
        }
        final Call byCaller = calls.get(key(request, request.fromTag()));
        return byCaller != null ? byCaller : calls.get(key(request, request.toTag()));
    }

    /** The dialog of {@code call} that {@code request} is in. */
    long dialog(final Call call, final SipMessage request) {
        return call.key == callersKey(request) ? tag(request, request.toTag()) : tag(request, request.fromTag());
    }

    /** A dialog was left. */
    void ended(final long key, final long dialog) {
        final Call call = calls.get(key);
        if (call == null) {
            return;
        }
        for (Call.Leg leg = call.legs; leg != null; leg = leg.next) {
            if (leg.remove(dialog)) {
                counters.add(Counter.DIALOGS, -1);
                if (!leg.established()) {
                    release(call, leg);
                }
                return;
            }
        }
    }

    /** A 2xx to an INVITE or UPDATE inside a dialog, which may put off the end of the session. */
    void refreshed(final long key, final SipMessage success, final long nowNs) {
        final Call call = calls.get(key);
        if (call != null) {
            refresh(call, success, nowNs);
        }
    }

    private void refresh(final Call call, final SipMessage success, final long nowNs) {
        final long expiresNs = sessionExpiresNs(success);
        call.untilNs = nowNs + (expiresNs > 0 ? Math.min(longestNs, expiresNs + GRACE_NS) : longestNs);
    }

    /** Looks whether the end of a call was missed. */
    void onTick(final Call call, final long nowNs) {
        if (call.untilNs - nowNs > 0 || call.settingUp > 0) {
            timers.arm(call, tick, nowNs);
            return;
        }
        counters.increment(Counter.CALLS_LOST);
        if (call.legs == null) {
            endWhenUnused(call);
        }
        // The last one takes the call with it.
        for (Call.Leg leg = call.legs; leg != null;) {
            final Call.Leg next = leg.next;
            release(call, leg);
            leg = next;
        }
    }

    private void add(final Call.Leg leg, final long dialog) {
        if (leg.add(dialog)) {
            counters.increment(Counter.DIALOGS);
        }
    }

    private void endWhenUnused(final Call call) {
        if (call.settingUp > 0 || call.legs != null) {
            return;
        }
        timers.cancel(call);
        calls.remove(call.key);
        call.place = places.next(call.place);
        if (call.from != null) {
            call.from.endCall(true);
            call.from = null;
        }
        if (call.total != null) {
            call.total.endCall(true);
            call.total = null;
        }
        call.nextFree = freeCalls;
        freeCalls = call;
    }

    private Call take() {
        final Call call = freeCalls;
        if (call == null) {
            final Call made = new Call(this);
            made.place = places.add(made);
            return made;
        }
        freeCalls = call.nextFree;
        return call;
    }

    private long key(final SipMessage message, final long tag) {
        hash.begin().addSlice(message.bytes(), message.callId());
        return Slice.exists(tag) ? hash.add(TAG_LABEL).addSlice(message.bytes(), tag).end() : hash.end();
    }

    private long tag(final SipMessage message, final long tag) {
        return Slice.exists(tag) ? hash.begin().add(TAG_LABEL).addSlice(message.bytes(), tag).end() : 0;
    }

    /** Value of Session-Expires, compact form x (RFC 4028 section 4), in nanoseconds, 90 s or more; 0 without one. */
    private static long sessionExpiresNs(final SipMessage message) {
        for (int row = 0; row < message.rows(); row++) {
            if (message.rowName(row) == HeaderName.OTHER
                    && isSessionExpires(message.bytes(), message.rowNameToken(row))) {
                final long seconds = seconds(message.bytes(), message.rowValue(row));
                return seconds == 0 ? 0
                        : Math.clamp(seconds, SHORTEST_SESSION_S, LONGEST_SESSION_S) * 1_000_000_000L;
            }
        }
        return 0;
    }

    private static boolean isSessionExpires(final DirectBuffer bytes, final long name) {
        final int length = Slice.length(name);
        if (length == 1) {
            return (bytes.getByte(Slice.offset(name)) | 0x20) == 'x';
        }
        if (length != SESSION_EXPIRES.length()) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if ((bytes.getByte(Slice.offset(name) + i) | 0x20) != (SESSION_EXPIRES.charAt(i) | 0x20)) {
                return false;
            }
        }
        return true;
    }

    private static long seconds(final DirectBuffer bytes, final long value) {
        long seconds = 0;
        for (int i = Slice.offset(value); i < Slice.end(value); i++) {
            final int digit = bytes.getByte(i) - '0';
            if (digit < 0 || digit > 9 || seconds > Integer.MAX_VALUE) {
                break;
            }
            seconds = seconds * 10 + digit;
        }
        return seconds;
    }
}
