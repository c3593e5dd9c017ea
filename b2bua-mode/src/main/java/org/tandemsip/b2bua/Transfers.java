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
import org.tandemsip.engine.routing.MediaRules;
import org.tandemsip.engine.routing.Target;
import org.tandemsip.engine.routing.Targets;
import org.tandemsip.engine.routing.Trunk;

/**
 * Takes the REFERs that we do ourselves. The new call goes where the route table lets the referrer call: an INVITE as
 * it would send it is written, parsed and routed. Where the second call is of another shard, its legs cannot come here:
 * an INVITE with Replaces goes to whom the referrer has there, on the way of that call. Allocates: there is no steady
 * state of transfers. Shard thread only.
 */
final class Transfers {
    private final B2bua owner;
    private final SipMessage invite;
    private final SipMessage refer;
    private final Targets targets;
    private final NameAddr nameAddr = new NameAddr();
    private final SipUri uri = new SipUri();
    private final Source source = new Source();
    private CallRouter router;
    /** Why there is no new call. */
    private Status refusal;

    Transfers(final B2bua owner, final ShardContext context) {
        this.owner = owner;
        final Limits limits = context.limits();
        invite = new SipMessage(limits.headerRows());
        refer = new SipMessage(limits.headerRows());
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

    /** Takes a REFER of that kind; {@code null} when it is to be passed on since the second call has media rules. */
    Disposition onRefer(final Leg leg, final SipMessage request, final Source from, final long nowNs) {
        if (!readTarget(request)) {
            return owner.refuse(leg, request, from, Status.BAD_REQUEST_400, -1, nowNs);
        }
        if (leg.call.transfer != null || leg.inviteIn != null || !leg.other().confirmed() || leg.sdp.length() == 0) {
            return owner.refuse(leg, request, from, Status.REQUEST_PENDING_491, -1, nowNs);
        }
        final boolean joins = owner.replacements.joins(request.bytes(), uri, true);
        final long escaped = ReplacesValue.find(request.bytes(), uri, ReplacesValue.REPLACES);
        final Replacements.Whose whose = Slice.exists(escaped)
                ? owner.replacements.readEscaped(request.bytes(), escaped, null) : Replacements.Whose.OTHERS;
        if (joins || whose == Replacements.Whose.LOST) {
            owner.replacements.countRefused(null);
            return owner.refuse(leg, request, from, Status.FORBIDDEN_403, -1, nowNs);
        }
        if (whose == Replacements.Whose.ELSEWHERE) {
            return ask(leg, request, from, nowNs);
        }
        if (whose == Replacements.Whose.OURS && !owner.replacements.dialog().ofOtherSide()) {
            final Leg consulted = owner.replacements.leg();
            if (consulted.call.media != null) {
                return null;
            }
            if (!isJoinable(leg, consulted)) {
                return owner.refuse(leg, request, from, Status.FORBIDDEN_403, -1, nowNs);
            }
            if (owner.replacements.earlyOnly()) {
                return owner.refuse(leg, request, from, Status.BUSY_HERE_486, -1, nowNs);
            }
            if (owner.refuse(leg, request, from, Status.ACCEPTED_202, -1, nowNs) == Disposition.DROPPED_OVERLOAD) {
                return Disposition.DROPPED_OVERLOAD;
            }
            new Transfer(owner, leg).join(consulted, nowNs);
            return Disposition.FORWARDED;
        }
        final Call second = second(leg, request,
                Slice.exists(escaped) ? ascii(owner.replacements.bytes()) : null, null, nowNs);
        if (second == null) {
            return refusal == Status.NOT_ACCEPTABLE_HERE_488 ? null
                    : owner.refuse(leg, request, from, refusal, -1, nowNs);
        }
        if (owner.refuse(leg, request, from, Status.ACCEPTED_202, -1, nowNs) == Disposition.DROPPED_OVERLOAD) {
            second.fail(Status.SERVICE_UNAVAILABLE_503, null, nowNs);
            return Disposition.DROPPED_OVERLOAD;
        }
        new Transfer(owner, leg).begin(second, nowNs);
        return Disposition.FORWARDED;
    }

    private boolean readTarget(final SipMessage request) {
        final long value = request.value(HeaderName.REFER_TO);
        return Slice.exists(value) && nameAddr.wrap(request.bytes(), Slice.offset(value), Slice.end(value))
                && uri.wrap(request.bytes(), Slice.offset(nameAddr.uri()), Slice.end(nameAddr.uri()));
    }

    // A second call of another shard.

    private Disposition ask(final Leg leg, final SipMessage request, final Source from, final long nowNs) {
        final KeptBytes kept = new KeptBytes(owner.memory);
        kept.keep(request.bytes(), Slice.offset(request.startLine()), request.length());
        final byte[] replaces = owner.replacements.bytes();
        final boolean earlyOnly = owner.replacements.earlyOnly();
        final OtherShards.LookUp lookUp = kept.length() == 0 ? null
                : owner.others.ask((dialog, atNs) -> onDialog(leg, replaces, earlyOnly, dialog, atNs), nowNs);
        if (lookUp == null) {
            kept.forget();
            owner.replacements.countRefused(NamedDialog.UNANSWERED);
            return owner.refuse(leg, request, from, Status.SERVICE_UNAVAILABLE_503, -1, nowNs);
        }
        if (owner.refuse(leg, request, from, Status.ACCEPTED_202, -1, nowNs) == Disposition.DROPPED_OVERLOAD) {
            lookUp.forget();
            kept.forget();
            return Disposition.DROPPED_OVERLOAD;
        }
        new Transfer(owner, leg).await(lookUp, kept, nowNs);
        return Disposition.FORWARDED;
    }

    /** The other shard has answered, or will not; the call goes on as it was where there is nobody to be called. */
    private void onDialog(final Leg leg, final byte[] replaces, final boolean earlyOnly, final NamedDialog dialog,
            final long nowNs) {
        final Transfer transfer = leg.call.transfer;
        if (!dialog.found() || !dialog.ofOtherSide() && dialog.way() == null) {
            owner.replacements.countRefused(dialog);
            transfer.onFailed(dialog == NamedDialog.UNANSWERED ? Status.SERVICE_UNAVAILABLE_503.code()
                    : Status.CALL_DOES_NOT_EXIST_481.code(), null, nowNs);
            return;
        }
        if (earlyOnly && !dialog.ofOtherSide()) {
            // What can be parted is confirmed (RFC 3891 section 3).
            transfer.onFailed(Status.BUSY_HERE_486.code(), null, nowNs);
            return;
        }
        if (leg.inviteIn != null) {
            // Sent since then: it must not be ended with that open.
            transfer.onFailed(Status.REQUEST_PENDING_491.code(), null, nowNs);
            return;
        }
        readTarget(transfer.readRefer(refer));
        final Call second = second(leg, refer, dialog.ofOtherSide() ? ascii(replaces) : dialog.other().value(), dialog,
                nowNs);
        if (second == null) {
            transfer.onFailed(refusal.code(), null, nowNs);
        } else {
            transfer.begin(second, nowNs);
        }
    }

    /** Calls whom the referrer has in the second call, by the way that its own dialog takes. */
    private Status locate(final Leg leg, final NamedDialog dialog) {
        final NamedDialog.Way way = dialog.way();
        for (final Trunk trunk : owner.policy().trunks()) {
            if (trunk.name().equals(dialog.other().trunk())) {
                targets.clear();
                final Target target = targets.add();
                target.destination.set(way.destination());
                target.recordRouteListenPoint = way.destination().listenPoint;
                target.trunk = trunk;
                target.sentTo = trunk;
                target.from = leg.trunk;
                target.binding = way.contact();
                target.tcpWhenLarge = way.tcpWhenLarge();
                return null;
            }
        }
        return Status.CALL_DOES_NOT_EXIST_481;
    }

    // The new call.

    /**
     * Begins it, as far as it can be without a REFER that was accepted.
     *
     * @param replaces value of Replaces as whom it is for knows it, or {@code null}
     * @param dialog   what another shard has said of that, or {@code null}
     * @return {@code null} when it cannot be: {@link #refusal} says why
     */
    private Call second(final Leg leg, final SipMessage request, final String replaces, final NamedDialog dialog,
            final long nowNs) {
        final boolean joins = dialog != null && !dialog.ofOtherSide();
        source.set(leg.seen);
        final UnsafeBuffer bytes = write(leg, request, joins ? dialog.way() : null, replaces);
        invite.wrap(bytes, 0, bytes.capacity());
        refusal = owner.parser.parse(invite, false) == ParseError.NONE ? null : Status.BAD_REQUEST_400;
        if (refusal == null) {
            refusal = joins ? locate(leg, dialog)
                    : router.locate(invite, source, owner.policy(), leg.trunk, targets, nowNs);
        }
        refusal = refusal == null && hasMediaRules(leg) ? Status.NOT_ACCEPTABLE_HERE_488 : refusal;
        if (refusal != null) {
            return null;
        }
        refusal = Status.SERVICE_UNAVAILABLE_503;
        final Call second = owner.pools.takeCall();
        if (second != null && !second.beginTransfer(invite, leg, targets, nowNs)) {
            second.undo(nowNs);
            owner.pools.giveBack(second);
            return null;
        }
        if (second != null && dialog != null) {
            second.initial.named = joins ? dialog.asCalled() : dialog;
        }
        return second;
    }

    /**
     * Whether a session of the new call would have to be changed: who stays could not be told of it, since the first
     * call has no place at the relay.
     */
    private boolean hasMediaRules(final Leg leg) {
        boolean found = MediaRules.of(leg.trunk).apply();
        for (int i = 0; i < targets.size(); i++) {
            found |= MediaRules.of(targets.get(i).sentTo).apply();
        }
        return found;
    }

    /** Reads the request of {@code exchange} as it came; or as it was written here, parsed again. */
    void original(final Exchange exchange, final SipMessage into) {
        if (exchange.server != null) {
            exchange.server.request(into);
        } else {
            exchange.original.read(owner.parser, into);
        }
    }

    /** Writes the INVITE. @param way where the referrer's own dialog leads, or {@code null}: whom Refer-To names */
    private UnsafeBuffer write(final Leg leg, final SipMessage request, final NamedDialog.Way way,
            final String replaces) {
        final Leg stays = leg.other();
        final DirectBuffer bytes = request.bytes();
        final int end = Slice.exists(uri.headers()) ? Slice.offset(uri.headers()) - 1 : uri.end();
        final String target = way != null ? way.name()
                : bytes.getStringWithoutLengthUtf8(uri.start(), end - uri.start());
        final long name = stays.remoteSlice();
        nameAddr.wrap(stays.buffer(), Slice.offset(name), Slice.end(name));
        final long person = nameAddr.uri();
        final String who = stays.buffer().getStringWithoutLengthUtf8(Slice.offset(person), Slice.length(person));
        final String sdp = leg.sdp.text();
        final StringBuilder text = new StringBuilder("INVITE ").append(target).append(" SIP/2.0\r\n")
                .append("Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKrefer\r\nMax-Forwards: ").append(owner.hops(request))
                .append("\r\nFrom: <").append(who).append(">;tag=refer\r\nTo: <").append(target)
                .append(">\r\nCall-ID: ").append(leg.text(leg.callIdSlice())).append("\r\nCSeq: 1 INVITE\r\n");
        for (int row = 0; row < request.rows(); row++) {
            if (owner.referredBy.names(request, row)) {
                text.append(bytes.getStringWithoutLengthUtf8(request.rowStart(row),
                        request.rowEnd(row) - request.rowStart(row)));
            }
        }
        if (replaces != null) {
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

    private static String ascii(final byte[] value) {
        return new String(value, StandardCharsets.UTF_8);
    }

    /** Whether the call of {@code consulted} is another one, and stands: what only rings cannot be joined. */
    private static boolean isJoinable(final Leg leg, final Leg consulted) {
        final Call call = consulted.call;
        return call != leg.call && call.state == Call.State.UP && call.transfer == null && consulted.confirmed()
                && consulted.other().confirmed() && consulted.sdp.length() > 0;
    }
}
