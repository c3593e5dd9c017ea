package org.tandemsip.b2bua;

import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.routing.CallRouter;
import org.tandemsip.engine.routing.CallRules;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Targets;

/**
 * Takes the REFERs that we do ourselves. The new call goes where the route table lets the referrer call: an INVITE as
 * it would send it is written, parsed and routed. Allocates: there is no steady state of transfers. Shard thread only.
 */
final class Transfers {
    private final B2bua owner;
    private final SipMessage invite;
    private final Targets targets;
    private final NameAddr nameAddr = new NameAddr();
    private final SipUri uri = new SipUri();
    private final Source source = new Source();
    private CallRouter router;

    Transfers(final B2bua owner, final ShardContext context) {
        this.owner = owner;
        final Limits limits = context.limits();
        invite = new SipMessage(limits.headerRows());
        targets = new Targets(context.counters());
    }

    void router(final CallRouter table) {
        router = table;
    }

    /** Whether a REFER of that leg is ours to be done: where the media relay knows the two sides, it is passed on. */
    boolean concerns(final Leg leg) {
        return router != null && leg.trunk != null && leg.trunk.rules().calls().refer() != CallRules.Refer.PASS
                && leg.call.state == Call.State.UP && leg.call.media == null;
    }

    /** Takes a REFER of that kind. */
    Disposition onRefer(final Leg leg, final SipMessage refer, final Source from, final RoutingPolicy policy,
            final long nowNs) {
        final long value = refer.value(HeaderName.REFER_TO);
        if (!Slice.exists(value) || !nameAddr.wrap(refer.bytes(), Slice.offset(value), Slice.end(value))
                || !uri.wrap(refer.bytes(), Slice.offset(nameAddr.uri()), Slice.end(nameAddr.uri()))) {
            return owner.refuse(leg, refer, from, Status.BAD_REQUEST_400, -1, nowNs);
        }
        final Leg stays = leg.other();
        if (leg.call.transfer != null || leg.inviteIn != null || !stays.confirmed() || leg.sdp.length() == 0) {
            return owner.refuse(leg, refer, from, Status.REQUEST_PENDING_491, -1, nowNs);
        }
        final long escaped = ReplacesValue.find(refer.bytes(), uri);
        final Replacements.Whose whose = Slice.exists(escaped)
                ? owner.replacements.readEscaped(refer.bytes(), escaped) : Replacements.Whose.OTHERS;
        if (whose == Replacements.Whose.LOST) {
            owner.replacements.countLost();
            return owner.refuse(leg, refer, from, Status.FORBIDDEN_403, -1, nowNs);
        }
        if (whose == Replacements.Whose.OURS && !owner.replacements.isOfOtherSide()) {
            final Leg consulted = owner.replacements.leg();
            if (!isJoinable(leg, consulted)) {
                return owner.refuse(leg, refer, from, Status.FORBIDDEN_403, -1, nowNs);
            }
            owner.refuse(leg, refer, from, Status.ACCEPTED_202, -1, nowNs);
            new Transfer(owner, leg, consulted.call).join(consulted, nowNs);
            return Disposition.FORWARDED;
        }
        source.set(leg.seen);
        final UnsafeBuffer bytes =
                write(leg, stays, refer, Slice.exists(escaped) ? owner.replacements.text() : null);
        invite.wrap(bytes, 0, bytes.capacity());
        Status refusal = owner.parser.parse(invite, false) == ParseError.NONE ? null : Status.BAD_REQUEST_400;
        if (refusal == null) {
            refusal = router.locate(invite, source, policy, leg.trunk, targets, nowNs);
        }
        final Call second = refusal == null ? owner.pools.takeCall() : null;
        if (second != null && !second.beginTransfer(invite, leg, targets, nowNs)) {
            second.undo(nowNs);
            owner.pools.giveBack(second);
            refusal = Status.SERVICE_UNAVAILABLE_503;
        }
        if (refusal != null || second == null) {
            return owner.refuse(leg, refer, from, refusal == null ? Status.SERVICE_UNAVAILABLE_503 : refusal, -1,
                    nowNs);
        }
        owner.refuse(leg, refer, from, Status.ACCEPTED_202, -1, nowNs);
        second.transfer = new Transfer(owner, leg, second);
        second.transfer.begin(nowNs);
        return Disposition.FORWARDED;
    }

    /** Reads the request of {@code exchange} as it came; or as it was written here, parsed again. */
    void original(final Exchange exchange, final SipMessage into) {
        if (exchange.server != null) {
            exchange.server.request(into);
        } else {
            exchange.original.read(owner.parser, into);
        }
    }

    private UnsafeBuffer write(final Leg leg, final Leg stays, final SipMessage refer, final String replaces) {
        final DirectBuffer bytes = refer.bytes();
        final int end = Slice.exists(uri.headers()) ? Slice.offset(uri.headers()) - 1 : uri.end();
        final String target = bytes.getStringWithoutLengthUtf8(uri.start(), end - uri.start());
        final long name = stays.remoteSlice();
        nameAddr.wrap(stays.buffer(), Slice.offset(name), Slice.end(name));
        final long person = nameAddr.uri();
        final String who = stays.buffer().getStringWithoutLengthUtf8(Slice.offset(person), Slice.length(person));
        final String sdp = leg.sdp.text();
        final StringBuilder text = new StringBuilder("INVITE ").append(target).append(" SIP/2.0\r\n")
                .append("Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKrefer\r\nMax-Forwards: ").append(owner.hops(refer))
                .append("\r\nFrom: <").append(who).append(">;tag=refer\r\nTo: <").append(target)
                .append(">\r\nCall-ID: ").append(leg.text(leg.callIdSlice())).append("\r\nCSeq: 1 INVITE\r\n");
        for (int row = 0; row < refer.rows(); row++) {
            if (owner.referredBy.names(refer, row)) {
                text.append(bytes.getStringWithoutLengthUtf8(refer.rowStart(row),
                        refer.rowEnd(row) - refer.rowStart(row)));
            }
        }
        if (replaces != null) {
            // As whom it is for knows it.
            text.append("Replaces: ").append(replaces).append("\r\n");
        }
        text.append("Contact: <").append(who).append(">\r\nContent-Type: application/sdp\r\nContent-Length: ")
                .append(leg.sdp.length()).append("\r\n\r\n");
        final byte[] head = text.toString().getBytes(StandardCharsets.UTF_8);
        final byte[] body = sdp.getBytes(StandardCharsets.ISO_8859_1);
        final byte[] all = new byte[head.length + body.length];
        System.arraycopy(head, 0, all, 0, head.length);
        System.arraycopy(body, 0, all, head.length, body.length);
        return new UnsafeBuffer(all);
    }

    /** Whether the call of {@code consulted} is another one, and stands: what only rings cannot be joined. */
    private static boolean isJoinable(final Leg leg, final Leg consulted) {
        final Call call = consulted.call;
        return call != leg.call && call.state == Call.State.UP && call.transfer == null && consulted.confirmed()
                && consulted.other().confirmed() && consulted.sdp.length() > 0;
    }
}
