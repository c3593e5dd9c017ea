package org.tandemsip.b2bua;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.OwnerHash;
import org.tandemsip.engine.handler.Places;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.routing.CallRecords;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;

/**
 * Writes down what calls need to go on when this process is gone, and goes on with those of an earlier one:
 *
 * <pre>
 *   version state flags ender (4) code cause (4)
 *   start ring answer end limit, in ms since 1970 (40)
 *   place of the call that has taken a leg of it (8)
 *   credit (32), session at the media relay (64)
 *   route trunk-in trunk-out peer trunk trunk   names, each after its length (2); the last two are those of the legs
 *   why it ends, after its length (2)
 *   dialog dialog                  see {@link Dialog#save}
 *   session session                timer, whether UPDATE is taken (1), SDP after its length (2)
 * </pre>
 *
 * That is done when an INVITE was let in, when a media relay has it, when it is answered and acknowledged, when the
 * session is refreshed, when the end begins, and now and then for the numbers of requests. A call that was up is
 * served again in the place that it had, since our tags name that; its number of requests has a gap, which RFC 3261
 * section 12.2.2 allows. One whose 2xx the caller has not acknowledged is ended on both sides, and so is one of which
 * a REFER has let a side go before somebody else was there. One that has given a leg to another is there again for the
 * tags that name it, and what is left of it ends. One that was being set up cannot be answered any more: its record
 * says what is known. Shard thread only.
 */
final class CallStates {
    private static final byte VERSION = 4;
    private static final int CREDIT = 56;
    private static final int MEDIA = CREDIT + Credit.SAVED_BYTES;
    private static final int NAMES = MEDIA + RelayedCall.SAVED_BYTES;
    private static final int NAME_COUNT = 6;
    private static final int MOST_NAME = 256;
    private static final int EMERGENCY = 1;
    private static final int UNACKNOWLEDGED = 2;
    private static final int FIRST_LEG_ENDED = 4;
    private static final int SECOND_LEG_ENDED = 8;
    /** Somebody was let go before there was anybody in the place. */
    private static final int ALONE = 16;
    private static final int FIRST_ANSWERS_IN_ACK = 32;
    private static final int SECOND_ANSWERS_IN_ACK = 64;
    private static final long MS = 1_000_000L;
    /** Sides of calls that go on are asked whether they are still there, from now on so many ns, one per ms. */
    private static final long FIRST_ASKED_NS = 1_000_000_000L;

    private final B2bua owner;
    private final CallRecordWriter writer;
    private final ExpandableArrayBuffer state = new ExpandableArrayBuffer(4_096);
    private final OwnerHash owners;
    private final int shard;
    private final int shards;
    private CallRecords records = CallRecords.NONE;
    private int asked;

    CallStates(final B2bua owner, final CallRecordWriter writer, final ShardContext context) {
        this.owner = owner;
        this.writer = writer;
        owners = context.keys().ownerHash();
        shard = context.shard();
        shards = context.shards();
    }

    /** Whether another call may begin. */
    boolean takesCalls() {
        return records.takesCalls();
    }

    /** Writes down the state of {@code call}. */
    void keep(final Call call) {
        if (records == CallRecords.NONE) {
            return;
        }
        state.putByte(0, VERSION);
        state.putByte(1, (byte) call.state.ordinal());
        state.putByte(2, (byte) ((call.emergency ? EMERGENCY : 0) | (call.initial != null ? UNACKNOWLEDGED : 0)
                | (call.legs[0].state == Leg.State.ENDED ? FIRST_LEG_ENDED : 0)
                | (call.legs[1].state == Leg.State.ENDED ? SECOND_LEG_ENDED : 0)
                | (call.legs[0].answersInAck ? FIRST_ANSWERS_IN_ACK : 0)
                | (call.legs[1].answersInAck ? SECOND_ANSWERS_IN_ACK : 0)
                | (call.legs[0].confirmed() && call.legs[1].confirmed() ? 0 : ALONE)));
        state.putByte(3, (byte) (call.ender == null ? -1 : call.ender.ordinal()));
        state.putShort(4, (short) call.code);
        state.putShort(6, (short) call.cause);
        state.putLong(8, ms(call, call.startNs));
        state.putLong(16, ms(call, call.ringNs));
        state.putLong(24, ms(call, call.answerNs));
        state.putLong(32, ms(call, call.endNs));
        final long timeUpNs = call.cutOff.save(state, CREDIT);
        state.putLong(40, ms(call, timeUpNs));
        state.putLong(48, call.owns == null ? 0 : call.owns.place);
        MediaSession.save(call.media, state, MEDIA);
        int p = put(NAMES, call.route == null ? null : call.route.name());
        p = put(p, call.trunkIn.name());
        p = put(p, call.trunkOut == null ? null : call.trunkOut.name());
        p = put(p, call.peer == null ? null : call.peer.name());
        p = put(p, call.legs[0].trunk == null ? null : call.legs[0].trunk.name());
        p = put(p, call.legs[1].trunk == null ? null : call.legs[1].trunk.name());
        state.putShort(p, (short) call.why.length());
        p = call.why.copyTo(state, p + 2);
        p = call.legs[0].save(state, p);
        p = call.legs[1].save(state, p);
        p = put(p, call.legs[0]);
        p = put(p, call.legs[1]);
        records.keep(call.place, state, p);
    }

    private int put(final int index, final Leg leg) {
        leg.session.save(state, index);
        final int p = index + SessionTimer.SAVED_BYTES;
        state.putByte(p, (byte) (leg.takesUpdate ? 1 : 0));
        state.putShort(p + 1, (short) leg.sdp.length());
        return leg.sdp.copyTo(state, p + 3);
    }

    private static long ms(final Call call, final long atNs) {
        return atNs == 0 ? 0 : CallRecordWriter.ms(call, atNs);
    }

    private int put(final int index, final String name) {
        final int length = name == null ? 0 : Math.min(MOST_NAME, name.length());
        state.putShort(index, (short) length);
        for (int i = 0; i < length; i++) {
            state.putChar(index + 2 + 2 * i, name.charAt(i));
        }
        return index + 2 + 2 * length;
    }

    // What an earlier process has left.

    /** Our listen point at an address, else one that {@code remote} can be reached from, or {@code NONE}. */
    int listenPoint(final Destination remote, final long addressHigh, final long addressLow, final int port) {
        for (int i = 0; i < owner.listenPoints.size(); i++) {
            final ListenPoint point = owner.listenPoints.get(i);
            if (point.transport() == remote.transport && point.addressHigh() == addressHigh
                    && point.addressLow() == addressLow && point.port() == port) {
                return i;
            }
        }
        return owner.listenPoints.select(remote.transport, remote.addressHigh, remote.addressLow, 0);
    }

    private record Left(long place, UnsafeBuffer state) {}

    /** Keeps states at {@code taker} from now on, and goes on with the calls of this shard that it has. */
    void begin(final CallRecords taker, final RoutingPolicy policy, final long nowNs) {
        records = taker;
        final List<Left> left = new ArrayList<>();
        taker.recover((place, bytes, length) -> {
            if (length < NAMES || bytes.getByte(0) != VERSION) {
                if (shard == 0) {
                    owner.counters.increment(Counter.CALLS_UNREADABLE);
                    taker.write(place, state, 0);
                }
                return;
            }
            final byte[] copy = new byte[length];
            bytes.getBytes(0, copy);
            final Reader reader = new Reader(new UnsafeBuffer(copy), policy, nowNs);
            if (reader.isOurs(0)) {
                left.add(new Left(place, reader.bytes));
            }
        });
        // First those that need their place, in its order: all others take one that is free.
        left.sort(Comparator.<Left>comparingInt(each -> new Reader(each.state, policy, nowNs).needsPlace() ? 0 : 1)
                .thenComparingInt(each -> Places.slot(each.place)));
        left.forEach(each -> goOn(each.place, new Reader(each.state, policy, nowNs), nowNs));
        // Calls that have given a leg to another one, which is there by now if it is to be had.
        left.forEach(each -> join(each.place, new Reader(each.state, policy, nowNs)));
    }

    private void join(final long place, final Reader reader) {
        final Call part = reader.ownerPlace() == 0 ? null : owner.pools.get(place);
        final Call whole = part == null ? null : owner.pools.get(reader.ownerPlace());
        if (whole != null && whole.state == Call.State.UP) {
            part.partOf(whole);
        }
    }

    private void goOn(final long place, final Reader reader, final long nowNs) {
        final Call there = reader.needsPlace() ? owner.pools.resume(place) : null;
        final Call call = there != null ? there : owner.pools.takeCall();
        if (call == null) {
            owner.counters.increment(Counter.CALLS_UNREADABLE);
            records.write(place, state, 0);
            return;
        }
        if (reader.fill(call) && reader.wasUp()) {
            call.legs[0].place = place;
            call.legs[1].place = place;
            call.room.resume(call.trunkIn, owner.policy().total(), call.trunkOut, call.peer);
            call.resume(reader.time(40), reader.bytes, CREDIT, nowNs);
            call.media = MediaSession.resume(owner, call, reader.bytes, MEDIA);
            reader.sessions(call);
            reader.legs(call);
            keep(call);
            owner.counters.increment(Counter.CALLS_RESUMED);
            if (there == null) {
                // Its dialogs are not of one shard any more, or their place is taken: nobody could serve them.
                records.write(place, state, 0);
            }
            if (there == null || reader.mustEnd()) {
                call.resumeEnd(nowNs);
            }
        } else {
            call.ender = Ender.UNKNOWN;
            final long lastSeenNs = Math.max(call.startNs, reader.at(records.lastSeenMs()));
            writer.write(call, place, true, lastSeenNs);
            call.state = Call.State.OVER;
            letGo(call, reader.bytes, lastSeenNs);
            owner.pools.giveBack(call);
        }
    }

    /** Others do not hold anything any more for a call that cannot go on. */
    private void letGo(final Call call, final UnsafeBuffer bytes, final long lastSeenNs) {
        if (Credit.isSaved(bytes, CREDIT)) {
            final Credit credit = owner.credits.take();
            credit.resume(call, bytes, CREDIT);
            credit.end(lastSeenNs);
        }
        final MediaSession media = MediaSession.resume(owner, call, bytes, MEDIA);
        if (media != null) {
            media.end();
        }
    }

    /** Reads one state. Control rate. */
    private final class Reader {
        final UnsafeBuffer bytes;
        private final RoutingPolicy policy;
        private final long nowNs;
        private final long nowMs;
        private int p;

        Reader(final UnsafeBuffer bytes, final RoutingPolicy policy, final long nowNs) {
            this.bytes = bytes;
            this.policy = policy;
            this.nowNs = nowNs;
            nowMs = records.epochMs(nowNs);
        }

        boolean wasUp() {
            return bytes.getByte(1) == Call.State.UP.ordinal() || wasEnding();
        }

        /** Place of the call that has taken a leg of it, 0 for none. */
        long ownerPlace() {
            return bytes.getLong(48);
        }

        /** How far its legs have come: sides that have hung up already are not told that the call ends. */
        void legs(final Call call) {
            final int flags = bytes.getByte(2);
            call.legs[0].answersInAck = (flags & FIRST_ANSWERS_IN_ACK) != 0;
            call.legs[1].answersInAck = (flags & SECOND_ANSWERS_IN_ACK) != 0;
            call.legs[0].state = (flags & FIRST_LEG_ENDED) == 0 ? call.legs[0].state : Leg.State.ENDED;
            call.legs[1].state = (flags & SECOND_LEG_ENDED) == 0 ? call.legs[1].state : Leg.State.ENDED;
        }

        /** Whether the caller may not have got our 2xx: it will not be sent again. */
        private boolean wasUnacknowledged() {
            return (bytes.getByte(2) & UNACKNOWLEDGED) != 0;
        }

        /** Whether not both sides were there, to the best of their knowledge. */
        boolean mustEnd() {
            return wasEnding() || wasUnacknowledged() || (bytes.getByte(2) & ALONE) != 0;
        }

        /** Whether it can be served where it was. */
        boolean needsPlace() {
            return wasUp() && isOurs(1);
        }

        boolean wasEnding() {
            return bytes.getByte(1) == Call.State.ENDING.ordinal();
        }

        /** Whether the Call-ID of a leg is of this shard. */
        boolean isOurs(final int leg) {
            int at = NAMES;
            for (int i = 0; i < NAME_COUNT; i++) {
                at += 2 + 2 * (bytes.getShort(at) & 0xFFFF);
            }
            at += 2 + bytes.getShort(at);
            if (leg == 1) {
                at = Dialog.savedEnd(bytes, at);
            }
            final int hash = owners.of(bytes, Dialog.savedText(at), Dialog.savedCallIdLength(bytes, at));
            return ShardContext.ownerOf(hash, shards) == shard;
        }

        /** A time by the clock of this process, 0 for none. */
        long time(final int index) {
            final long epochMs = bytes.getLong(index);
            return epochMs == 0 ? 0 : at(epochMs);
        }

        long at(final long epochMs) {
            return nowNs + (epochMs - nowMs) * MS;
        }

        private String name() {
            final int length = bytes.getShort(p) & 0xFFFF;
            final char[] name = new char[length];
            for (int i = 0; i < length; i++) {
                name[i] = bytes.getChar(p + 2 + 2 * i);
            }
            p += 2 + 2 * length;
            return length == 0 ? null : new String(name);
        }

        /** Fills a call; {@code false} when it cannot be served. What its record says is there in either case. */
        boolean fill(final Call call) {
            p = NAMES;
            final String route = name();
            final String in = name();
            final String out = name();
            final String peer = name();
            final Trunk first = trunk(name());
            final Trunk second = trunk(name());
            final Trunk from = trunk(in);
            final Trunk to = trunk(out);
            final int ender = bytes.getByte(3);
            call.recall(bytes.getShort(4), ender < 0 ? null : Ender.values()[ender], bytes.getShort(6), time(8),
                    time(16), time(24), time(32));
            call.startMs = bytes.getLong(8);
            call.emergency = (bytes.getByte(2) & EMERGENCY) != 0;
            call.route = policy.routes().stream().filter(each -> Objects.equals(each.name(), route)).findFirst()
                    .orElse((Route) null);
            call.trunkIn = from != null ? from : gone(in);
            call.trunkOut = to != null || out == null ? to : gone(out);
            call.peer = to == null ? null : to.peers().stream().filter(each -> each.name().equals(peer)).findFirst()
                    .orElse((Peer) null);
            call.legs[0].trunk = first;
            call.legs[1].trunk = second;
            final int why = bytes.getShort(p);
            call.why.keep(bytes, p + 2, why);
            p += 2 + why;
            p = call.legs[0].resume(bytes, p);
            p = p < 0 ? p : call.legs[1].resume(bytes, p);
            return p >= 0 && from != null && (to != null || out == null);
        }

        /** Reads what is behind the dialogs. */
        void sessions(final Call call) {
            for (final Leg leg : call.legs) {
                leg.takesUpdate = bytes.getByte(p + SessionTimer.SAVED_BYTES) == 1;
                final int length = bytes.getShort(p + SessionTimer.SAVED_BYTES + 1) & 0xFFFF;
                leg.sdp.keep(bytes, p + SessionTimer.SAVED_BYTES + 3, length);
                leg.session.resume(bytes, p, nowNs + FIRST_ASKED_NS + asked++ * MS, nowNs);
                p += SessionTimer.SAVED_BYTES + 3 + length;
            }
        }

        private Trunk trunk(final String name) {
            return policy.trunks().stream().filter(each -> each.name().equals(name)).findFirst().orElse(null);
        }

        private static Trunk gone(final String name) {
            return new Trunk(-1, String.valueOf(name), List.of(), List.of(), new int[0]);
        }
    }
}
