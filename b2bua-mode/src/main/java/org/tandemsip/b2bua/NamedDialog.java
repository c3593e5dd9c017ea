package org.tandemsip.b2bua;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Reply;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.registrar.Binding;
import org.tandemsip.engine.registrar.Flow;

/**
 * A dialog of ours that a request names by Replaces, and the other one of its call, as the shard of that call knows
 * them. Immutable: may have crossed from there.
 *
 * @param named       leg whose dialog is named
 * @param other       the other leg of its call
 * @param ofOtherSide whether it is named as its other side knows it, which is to be called with it, and not as we do
 * @param way         how the side of {@code other} is called; {@code null} where the two cannot be parted
 */
record NamedDialog(Side named, Side other, boolean ofOtherSide, Way way) implements Reply {
    /** It was ours and is gone. */
    static final NamedDialog UNKNOWN = new NamedDialog(null, null, false, null);
    /** It belongs to a shard that does not answer. */
    static final NamedDialog UNANSWERED = new NamedDialog(null, null, false, null);

    private static final byte[] TO_TAG = B2bua.ascii(";to-tag=");
    private static final byte[] FROM_TAG = B2bua.ascii(";from-tag=");

    /**
     * One leg.
     *
     * @param trunk     name of its trunk, or {@code null}
     * @param callId    its Call-ID
     * @param remoteTag tag of the other side
     * @param tag       tag of ours
     */
    record Side(String trunk, byte[] callId, byte[] remoteTag, byte[] tag) {
        private static Side of(final Leg leg) {
            final byte[] tag = new byte[Tags.LENGTH];
            leg.putTag(new AsciiWriter().wrap(new UnsafeBuffer(tag), 0));
            return new Side(leg.trunk == null ? null : leg.trunk.name(), bytes(leg, leg.callIdSlice()),
                    leg.hasRemoteTag() ? bytes(leg, leg.remoteTag()) : Binding.NOTHING, tag);
        }

        /** Whether {@code leg} is of the same trunk. */
        boolean isOf(final Leg leg) {
            return leg.trunk != null && leg.trunk.name().equals(trunk);
        }

        /** The value that names it to its other side. */
        String value() {
            return new String(callId, UTF_8) + ";to-tag=" + new String(remoteTag, UTF_8) + ";from-tag="
                    + new String(tag, UTF_8);
        }

        /** Writes the value that names it to its other side, which is the one that is called; or we are. */
        void put(final AsciiWriter out, final boolean calledAreWe) {
            out.put(callId).put(TO_TAG).put(calledAreWe ? tag : remoteTag).put(FROM_TAG)
                    .put(calledAreWe ? remoteTag : tag);
        }
    }

    /**
     * How somebody is called who has a dialog with us.
     *
     * @param destination where requests of the dialog go
     * @param contact     its remote target and routes, as those of a user of ours
     * @param name        who it is, as the side of the dialog that was named says
     * @param tcpWhenLarge as that of the leg
     */
    record Way(Destination destination, Binding contact, String name, boolean tcpWhenLarge) {
        private static Way of(final Leg leg, final NameAddr nameAddr) {
            final long path = Slice.of(leg.routesOffset() + Routes.ROUTE.length,
                    Math.max(0, leg.routesLength() - Routes.ROUTE.length - 2));
            final Flow flow = new Flow(leg.remote.transport, 0, leg.remote.addressHigh, leg.remote.addressLow,
                    leg.remote.port, leg.remote.connection, leg.pinned);
            final Leg named = leg.other();
            final long name = named.localSlice();
            nameAddr.wrap(named.buffer(), Slice.offset(name), Slice.end(name));
            return new Way(new Destination().set(leg.remote),
                    new Binding(bytes(leg, Slice.of(leg.targetOffset(), leg.targetLength())), Binding.MAX_Q,
                            Long.MAX_VALUE, Binding.NOTHING, 0,
                            leg.routesLength() == 0 ? Binding.NOTHING : bytes(leg, path), Binding.NOTHING, 0, flow),
                    named.text(nameAddr.uri()), leg.tcpWhenLarge);
        }
    }

    /** What this shard knows of the dialog of {@code leg}. */
    static NamedDialog of(final Leg leg, final boolean ofOtherSide) {
        return new NamedDialog(Side.of(leg), Side.of(leg.other()), ofOtherSide, null);
    }

    /** The same, and how to call its other side, if the two can be parted: what only rings cannot. */
    NamedDialog with(final Leg leg, final NameAddr nameAddr) {
        final Leg called = leg.other();
        return leg.call.state == Call.State.UP && leg.call.transfer == null && leg.confirmed() && called.confirmed()
                && called.trunk != null ? new NamedDialog(named, other, ofOtherSide, Way.of(called, nameAddr)) : this;
    }

    /** The other leg, as its other side knows it. */
    NamedDialog asCalled() {
        return new NamedDialog(other, named, true, null);
    }

    boolean found() {
        return named != null;
    }

    /** What counts that it could not be found. */
    Counter failure() {
        return this == UNANSWERED ? Counter.REPLACES_UNANSWERED : Counter.REPLACES_UNKNOWN;
    }

    @Override
    public Counter late() {
        return Counter.DIALOG_LATE;
    }

    private static byte[] bytes(final Leg leg, final long slice) {
        final byte[] copy = new byte[Slice.length(slice)];
        leg.buffer().getBytes(Slice.offset(slice), copy);
        return copy;
    }
}
