package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.routing.Trunk;

/**
 * Finds calls that come back to us from the side that we have sent them to. What a proxy finds in the Vias a B2BUA does
 * not have, but From of our own INVITE has a tag that nobody can make up, and all proxies leave that in place. An
 * INVITE with it is our own; when it comes from the same trunk and asks for the same user as on a lap before, nothing
 * will ever change, and it is a loop (RFC 5393 section 4.2.1: what decides on the way is the same). When it asks for
 * somebody else the call was forwarded, and when it comes from another trunk that has handed it back to us: those are
 * spirals and go on.
 *
 * <pre>
 *   alice ---> us ---> proxy ---> us ---> proxy ---> us    From: ...;tag=B2B.x of call 2, trunk and user of call 2: 482
 * </pre>
 *
 * Another B2BUA on the way begins a dialog of its own: such a loop is ended by Max-Forwards (RFC 7332). Shard thread
 * only: the Call-ID, which all proxies leave in place, too, brings the INVITE to the shard of its call.
 */
final class Loops {
    /** Laps looked back at most: as many as Max-Forwards allows for. */
    private static final int MOST_LAPS = 70;

    private final B2bua owner;
    private final SipUri asked = new SipUri();
    private final SipUri sent = new SipUri();
    private final IpAddress address = new IpAddress();

    Loops(final B2bua owner) {
        this.owner = owner;
    }

    /** Whether an INVITE outside of all dialogs, from a trunk, is one of ours that has come back unchanged. */
    boolean isLoop(final SipMessage invite, final Trunk from) {
        Leg ours = owner.find(invite.bytes(), invite.fromTag());
        if (ours == null) {
            return false;
        }
        final long uri = invite.requestUri();
        if (!asked.wrap(invite.bytes(), Slice.offset(uri), Slice.end(uri))) {
            return false;
        }
        for (int lap = 0; ours != null && lap < MOST_LAPS; lap++) {
            final Call call = ours.call;
            if (ours.number == 1 && call.trunkIn.name().equals(from.name()) && asksForTheSame(invite.bytes(), call)) {
                return true;
            }
            // The call may itself be one that has come back: its caller's tag is ours then.
            final Leg caller = call.legs[0];
            ours = ours.number == 1 && caller.hasText() ? owner.find(caller.buffer(), caller.remoteTag()) : null;
        }
        return false;
    }

    /** Whether the call was begun for, or has been sent to, the user that is asked for. */
    private boolean asksForTheSame(final DirectBuffer bytes, final Call call) {
        return isUserOf(bytes, call.legs[0].buffer(), call.legs[0].requestUriSlice())
                || isUserOf(bytes, call.legs[1].buffer(),
                        Slice.of(call.legs[1].targetOffset(), call.legs[1].targetLength()));
    }

    private boolean isUserOf(final DirectBuffer bytes, final DirectBuffer other, final long uri) {
        if (!sent.wrap(other, Slice.offset(uri), Slice.end(uri))
                || Slice.exists(sent.user()) != Slice.exists(asked.user())) {
            return false;
        }
        if (Slice.exists(sent.user()) && !equal(bytes, asked.user(), other, sent.user(), 0)) {
            return false;
        }
        // Addresses come and go on the way: only two domain names tell that it is somebody else.
        return !Slice.exists(sent.host()) || !Slice.exists(asked.host()) || isAddress(bytes, asked.host())
                || isAddress(other, sent.host()) || equal(bytes, asked.host(), other, sent.host(), 0x20);
    }

    private boolean isAddress(final DirectBuffer bytes, final long host) {
        return address.parse(bytes, Slice.offset(host), Slice.end(host));
    }

    /** @param ignored bits of each byte that do not count */
    private static boolean equal(final DirectBuffer bytes, final long slice, final DirectBuffer other,
            final long otherSlice, final int ignored) {
        if (Slice.length(slice) != Slice.length(otherSlice)) {
            return false;
        }
        for (int i = 0; i < Slice.length(slice); i++) {
            if ((bytes.getByte(Slice.offset(slice) + i) | ignored) != (other.getByte(Slice.offset(otherSlice) + i)
                    | ignored)) {
                return false;
            }
        }
        return true;
    }
}
