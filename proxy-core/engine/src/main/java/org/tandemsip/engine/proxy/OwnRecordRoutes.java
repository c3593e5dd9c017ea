package org.tandemsip.engine.proxy;

import java.nio.charset.StandardCharsets;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.registrar.Flows;
import org.tandemsip.engine.routing.RecordRoutes;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Target;
import org.tandemsip.engine.routing.Trunk;

/**
 * Our Record-Route rows in a request (RFC 3261 section 16.6 step 4): how many, by which listen points, and whether they
 * carry the flow by which alone one of the sides can be reached (RFC 5626 section 5.3). Shard thread only.
 */
final class OwnRecordRoutes {
    private static final byte[] RECORD_ROUTE = "Record-Route: ".getBytes(StandardCharsets.US_ASCII);

    private final RecordRoutes recordRoutes;
    private final Flows flows = new Flows();
    private final Destination callerFlow = new Destination();
    private final int longestSentBy;

    OwnRecordRoutes(final ShardContext context, final RecordRoutes recordRoutes) {
        this.recordRoutes = recordRoutes;
        longestSentBy = context.listenPoints().stream().mapToInt(point -> point.sentBy().length).max().orElse(0);
    }

    /** Most bytes of the rows. */
    int maxLength() {
        return 2 * (16 + RecordRoutes.OVERHEAD + longestSentBy);
    }

    /**
     * Whether a request can begin a dialog, or has a method that we do not know and that might (section 16.6 step 4).
     * Inside a dialog a Record-Route would change nothing (section 12.2); but a NOTIFY that looks like one from inside
     * may overtake the answer to its SUBSCRIBE, and then it begins the dialog (RFC 6665 section 4.3).
     */
    static boolean mayFormDialog(final SipMessage message) {
        return switch (message.method()) {
            case NOTIFY -> true;
            case INVITE, SUBSCRIBE, REFER, EXTENSION -> !Slice.exists(message.toTag());
            case ACK, CANCEL, BYE, OPTIONS, REGISTER, PRACK, UPDATE, INFO, MESSAGE, PUBLISH -> false;
        };
    }

    /**
     * Writes them: one where the request leaves the way it came; else two (RFC 5658 section 5), the way out on top, so
     * that either side finds the listen point it can reach.
     *
     * @param from trunk that the request comes from, or {@code null}
     * @param call place of the call that the request begins, or {@code Places.NONE}
     * @param sips whether requests of the dialog must go over TLS
     */
    void write(final AsciiWriter out, final SipMessage request, final Source source, final Trunk from,
            final RoutingPolicy policy, final Target target, final long call, final boolean sips) {
        final Destination callee = target.binding != null && target.binding.flow() != null
                && target.binding.flow().pinned() ? target.destination : null;
        final Destination caller = isPinned(request, source, from, policy) ? callerFlow.set(source) : null;
        final boolean twice = target.recordRouteListenPoint != source.listenPoint || callee != null && caller != null;
        recordRoutes.write(out.put(RECORD_ROUTE), request, target.recordRouteListenPoint, call, sips,
                callee != null || twice ? callee : caller, callee == null);
        out.crlf();
        if (twice) {
            recordRoutes.write(out.put(RECORD_ROUTE), request, source.listenPoint, call, sips, caller, true);
            out.crlf();
        }
    }

    /**
     * Whether what the other side sends must come back to where this request was sent from: a browser, or a phone that
     * registers and whose Contact does not lead there.
     */
    private boolean isPinned(final SipMessage request, final Source source, final Trunk from,
            final RoutingPolicy policy) {
        return source.transport == Transport.WS || source.transport == Transport.WSS
                || from != null && policy.mayRegister(from) && !from.hasPeer(source.addressHigh, source.addressLow)
                        && flows.isPinned(request, source);
    }
}
