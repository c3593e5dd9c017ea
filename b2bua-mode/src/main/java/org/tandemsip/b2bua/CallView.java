package org.tandemsip.b2bua;

import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.routing.CallStatus;

/** What people may see of a call. */
final class CallView {
    private CallView() {}

    /** The call as it is now; times in milliseconds, -1 for none. */
    static CallStatus of(final Call call, final long nowNs) {
        final String shown = switch (call.state) {
            case SETUP -> "setup";
            case UP -> "answered";
            case ENDING, OVER -> "ending";
        };
        final Leg a = call.legs[0];
        final Leg b = call.legs[1];
        final boolean limited = call.state == Call.State.UP && call.cutOff.ends();
        return new CallStatus(id(call), shown, a.text(a.callIdSlice()), b.hasText() ? b.text(b.callIdSlice()) : null,
                uri(a, a.remoteSlice()), uri(a, a.localSlice()), call.trunkIn.name(),
                call.trunkOut == null ? null : call.trunkOut.name(), (nowNs - call.startNs) / 1_000_000,
                call.answerNs == 0 ? -1 : (nowNs - call.answerNs) / 1_000_000,
                limited ? Math.max(0, call.cutOff.dueNs() - nowNs) / 1_000_000 : -1);
    }

    /** Name of a call for people and orders: its place, which is used only once. */
    static String id(final Call call) {
        return Long.toHexString(call.place);
    }

    private static String uri(final Leg leg, final long nameAddr) {
        final NameAddr address = new NameAddr();
        final boolean read = address.wrap(leg.buffer(), Slice.offset(nameAddr), Slice.end(nameAddr));
        return leg.text(read ? address.uri() : nameAddr);
    }
}
