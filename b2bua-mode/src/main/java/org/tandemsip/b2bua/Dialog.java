package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.routing.ListenPoints;
import org.tandemsip.engine.transaction.MessageMemory;

/**
 * A dialog in which we are one of the two user agents (RFC 3261 section 12): who they are, and where requests go. What
 * it is used for is the {@link Leg}'s affair. Shard thread only.
 */
class Dialog extends DialogText {
    /** Where requests go: what route set and target say, where that may be followed. */
    final Destination remote = new Destination();
    /** Where the other side has shown itself: requests go there when target and routes lead nowhere. */
    final Destination seen = new Destination();
    /** Whether requests go to where it was seen, whatever target and routes say: nothing else leads there. */
    boolean pinned;
    /** Whether no URI says that the other side speaks UDP, see {@link NextHops#mayTakeTcp}. */
    boolean tcpWhenLarge;
    /** Whether a URI of the other side, or of its caller, has led to {@link #remote}: else it was only seen there. */
    boolean named;
    /** Place of the call that it began in, which our tag names. */
    long place;
    /** Second half of our tag. */
    long mac;
    long localCseq;
    /** Number of the last request of the other side, -1 before the first. */
    long remoteCseq = -1;

    /** Bytes of what is written down besides the text. */
    private static final int SAVED_BYTES = 80;
    private static final int PINNED = 0x100;
    /** Requests that may be sent in it before their number is written down. */
    private static final int UNSAVED_REQUESTS = 64;

    private final B2bua owner;
    private long savedCseq;

    Dialog(final B2bua owner) {
        super(owner);
        this.owner = owner;
    }

    /** Draws our tag: that of leg {@code number} of the call at {@code ofPlace}. */
    void tag(final long ofPlace, final int number) {
        place = ofPlace;
        mac = owner.tags.mac(place, number);
    }

    /**
     * Begins once more with the same INVITE, by another tag of ours; {@code false} when there is no room: then nothing
     * has changed.
     */
    boolean anew(final int variant, final SipMessage invite) {
        final long before = mac;
        mac = owner.tags.variant(place, variant);
        if (!ofInvite(invite)) {
            mac = before;
            return false;
        }
        localCseq = 0;
        return true;
    }

    /** First half of our tag. */
    long tagHigh() {
        return owner.tags.covered(place, mac);
    }

    /** Gives back what it holds. */
    void forget() {
        owner.memory.free(text);
        text = MessageMemory.NONE;
        requestUriLength = 0;
        remoteTagLength = 0;
        localCseq = 0;
        remoteCseq = -1;
    }

    // One of several.

    /** Becomes a copy of another one, which has text; {@code false} when there is no room for that. */
    boolean copy(final Dialog other) {
        owner.memory.free(text);
        text = owner.memory.copy(other.buffer(), other.offset(), other.textLength() + other.requestUriLength);
        if (text == MessageMemory.NONE) {
            return false;
        }
        takeNumbers(other);
        return true;
    }

    /** Becomes what another one is, which has no text from then on. */
    void take(final Dialog other) {
        owner.memory.free(text);
        text = other.text;
        other.text = MessageMemory.NONE;
        takeNumbers(other);
    }

    private void takeNumbers(final Dialog other) {
        remote.set(other.remote);
        tcpWhenLarge = other.tcpWhenLarge;
        named = other.named;
        mac = other.mac;
        localCseq = other.localCseq;
        remoteCseq = other.remoteCseq;
        callIdLength = other.callIdLength;
        localLength = other.localLength;
        remoteLength = other.remoteLength;
        targetLength = other.targetLength;
        routesLength = other.routesLength;
        requestUriLength = other.requestUriLength;
        remoteTagOffset = other.remoteTagOffset;
        remoteTagLength = other.remoteTagLength;
    }

    // How it begins, and is refreshed.

    /** Begins as the side that was called (section 12.1.1); {@code false} when there is no room. */
    boolean ofInvite(final SipMessage invite) {
        final DirectBuffer bytes = invite.bytes();
        final AsciiWriter out = owner.scratchText().putSlice(bytes, invite.callId());
        final int local = out.position();
        putTag(out.putSlice(bytes, invite.value(HeaderName.TO)).put(B2bua.TAG));
        final int remoteStart = out.position();
        out.putSlice(bytes, invite.value(HeaderName.FROM));
        final int target = putTarget(out, invite);
        final int routesStart = out.position();
        owner.routes.write(invite, false, out);
        final int routesEnd = out.position();
        out.putSlice(bytes, invite.requestUri());
        remoteCseq = invite.cseqNumber();
        requestUriLength = out.position() - routesEnd;
        return keep(out, local, remoteStart, target, routesStart, invite, HeaderName.FROM);
    }

    /** Begins as the side that calls (section 8.1.1), anew for each try; {@code false} when there is no room. */
    boolean ofCaller(final SipMessage invite, final CallNames names) {
        return ofCaller(owner.scratchText().put(owner.callIds.next(), 0, CallIds.LENGTH), invite, names);
    }

    /**
     * Begins once more where an early dialog has ended and the INVITE is asked for in another form: its Call-ID and
     * From stay, To has no tag again (section 22.2). {@code false} when there is no room.
     */
    boolean ofCallerAgain(final SipMessage invite, final CallNames names) {
        return ofCaller(owner.scratchText().put(buffer(), offset(), CallIds.LENGTH), invite, names);
    }

    private boolean ofCaller(final AsciiWriter out, final SipMessage invite, final CallNames names) {
        names.putFrom(out, invite);
        putTag(out.put(B2bua.TAG));
        final int remoteStart = out.position();
        names.putTo(out, invite);
        final int target = out.position();
        names.putRequestUri(out, invite);
        final int routesStart = out.position();
        names.putRoutes(out);
        return keep(out, CallIds.LENGTH, remoteStart, target, routesStart, null, null);
    }

    /** Takes over what a response to our INVITE says of the other side (section 12.1.2). */
    boolean ofResponse(final SipMessage response) {
        final AsciiWriter out = owner.scratchText().put(buffer(), offset(), callIdLength + localLength);
        final int remoteStart = out.position();
        out.putSlice(response.bytes(), response.value(HeaderName.TO));
        final int target = out.position();
        if (response.firstRow(HeaderName.CONTACT) == SipMessage.NO_ROW) {
            putTarget(out);
        } else {
            putTarget(out, response);
        }
        final int routesStart = out.position();
        owner.routes.write(response, true, out);
        // Each branch of a fork counts for itself.
        remoteCseq = isRemoteTag(response.bytes(), response.toTag()) ? remoteCseq : -1;
        return keep(out, callIdLength, remoteStart, target, routesStart, response, HeaderName.TO);
    }

    /** Takes over what a NOTIFY says of the other side, which may overtake the answer (RFC 6665 section 4.4.1). */
    boolean ofNotify(final SipMessage notify) {
        final AsciiWriter out = owner.scratchText().put(buffer(), offset(), callIdLength + localLength);
        final int remoteStart = out.position();
        out.putSlice(notify.bytes(), notify.value(HeaderName.FROM));
        final int target = putTarget(out, notify);
        final int routesStart = out.position();
        owner.routes.write(notify, false, out);
        return keep(out, callIdLength, remoteStart, target, routesStart, notify, HeaderName.FROM);
    }

    /** Takes over a 2xx that belongs to no call any more, to acknowledge and end it. */
    boolean ofStray(final SipMessage response) {
        final DirectBuffer bytes = response.bytes();
        final AsciiWriter out = owner.scratchText().putSlice(bytes, response.callId());
        final int local = out.position();
        out.putSlice(bytes, response.value(HeaderName.FROM));
        final int remoteStart = out.position();
        out.putSlice(bytes, response.value(HeaderName.TO));
        final int target = putTarget(out, response);
        final int routesStart = out.position();
        owner.routes.write(response, true, out);
        localCseq = response.cseqNumber();
        return keep(out, local, remoteStart, target, routesStart, response, HeaderName.TO);
    }

    /** Takes over the target that a request or response gives (section 12.2: target refresh). */
    void refresh(final SipMessage message) {
        final long contact = owner.routes.target(message);
        if (!Slice.exists(contact) || equals(message.bytes(), contact, targetOffset(), targetLength)) {
            return;
        }
        final int before = callIdLength + localLength + remoteLength;
        final AsciiWriter out = owner.scratchText().put(buffer(), offset(), before);
        out.putSlice(message.bytes(), contact);
        final int routesStart = out.position();
        putRoutes(out);
        out.putSlice(buffer(), requestUriSlice());
        final int handle = out.overflown() ? MessageMemory.NONE
                : owner.memory.copy(owner.scratch(), 0, out.position());
        if (handle != MessageMemory.NONE) {
            owner.memory.free(text);
            text = handle;
            targetLength = routesStart - before;
            owner.hops.find(this);
        }
    }

    /** Writes our tag. */
    final void putTag(final AsciiWriter out) {
        out.put(Tags.START).putHex(tagHigh(), 16).putHex(mac, 16);
    }

    /** Writes the target that a message gives, or what was seen of the other side; returns where it begins. */
    private int putTarget(final AsciiWriter out, final SipMessage message) {
        final int start = out.position();
        final long contact = owner.routes.target(message);
        if (Slice.exists(contact)) {
            out.putSlice(message.bytes(), contact);
        } else {
            out.put(B2bua.SIP).putAddress(seen.addressHigh, seen.addressLow, true).put(':').putDecimal(seen.port);
        }
        return start;
    }

    /** Keeps what was written; nothing changes when there is no room for it. */
    private boolean keep(final AsciiWriter out, final int local, final int remoteStart, final int target,
            final int routesStart, final SipMessage message, final HeaderName remoteName) {
        final int handle = out.overflown() ? MessageMemory.NONE
                : owner.memory.copy(owner.scratch(), 0, out.position());
        if (handle == MessageMemory.NONE) {
            return false;
        }
        owner.memory.free(text);
        text = handle;
        callIdLength = local;
        localLength = remoteStart - local;
        remoteLength = target - remoteStart;
        targetLength = routesStart - target;
        routesLength = out.position() - routesStart - requestUriLength;
        final long tag = message == null ? Slice.NONE
                : remoteName == HeaderName.FROM ? message.fromTag() : message.toTag();
        remoteTagLength = Slice.exists(tag) ? Slice.length(tag) : 0;
        remoteTagOffset = Slice.exists(tag) ? Slice.offset(tag) - Slice.offset(message.value(remoteName)) : 0;
        owner.hops.find(this);
        return true;
    }

    // In another process.

    /** Writes down what it needs to go on; returns the index behind it. */
    int save(final MutableDirectBuffer out, final int index) {
        final ListenPoint local = owner.listenPoints.get(seen.listenPoint);
        out.putLong(index, mac);
        out.putLong(index + 8, localCseq);
        out.putLong(index + 16, remoteCseq);
        out.putLong(index + 24, seen.addressHigh);
        out.putLong(index + 32, seen.addressLow);
        out.putLong(index + 40, local.addressHigh());
        out.putLong(index + 48, local.addressLow());
        out.putShort(index + 56, (short) seen.port);
        out.putShort(index + 58, (short) local.port());
        out.putShort(index + 60, (short) (seen.transport.ordinal() | (pinned ? PINNED : 0)));
        out.putShort(index + 62, (short) callIdLength);
        out.putShort(index + 64, (short) localLength);
        out.putShort(index + 66, (short) remoteLength);
        out.putShort(index + 68, (short) targetLength);
        out.putShort(index + 70, (short) routesLength);
        out.putShort(index + 72, (short) requestUriLength);
        out.putShort(index + 74, (short) remoteTagOffset);
        out.putShort(index + 76, (short) remoteTagLength);
        final int length = hasText() ? textLength() + requestUriLength : 0;
        out.putShort(index + 78, (short) length);
        if (length > 0) {
            out.putBytes(index + SAVED_BYTES, buffer(), offset(), length);
        }
        savedCseq = localCseq;
        return index + SAVED_BYTES + length;
    }

    /** Reads what was written down; returns the index behind it, or -1 when there is no room or no way for it. */
    int resume(final DirectBuffer in, final int index) {
        mac = in.getLong(index);
        // Requests that have been sent since then must not be the only ones with these numbers.
        localCseq = in.getLong(index + 8) + 2 * UNSAVED_REQUESTS;
        remoteCseq = in.getLong(index + 16);
        seen.addressHigh = in.getLong(index + 24);
        seen.addressLow = in.getLong(index + 32);
        seen.port = in.getShort(index + 56) & 0xFFFF;
        pinned = (in.getShort(index + 60) & PINNED) != 0;
        seen.transport = Transport.values()[in.getShort(index + 60) & ~PINNED];
        seen.connection = 0;
        seen.identity = 0;
        seen.listenPoint = owner.states.listenPoint(seen, in.getLong(index + 40), in.getLong(index + 48),
                in.getShort(index + 58) & 0xFFFF);
        callIdLength = in.getShort(index + 62) & 0xFFFF;
        localLength = in.getShort(index + 64) & 0xFFFF;
        remoteLength = in.getShort(index + 66) & 0xFFFF;
        targetLength = in.getShort(index + 68) & 0xFFFF;
        routesLength = in.getShort(index + 70) & 0xFFFF;
        requestUriLength = in.getShort(index + 72) & 0xFFFF;
        remoteTagOffset = in.getShort(index + 74) & 0xFFFF;
        remoteTagLength = in.getShort(index + 76) & 0xFFFF;
        final int length = in.getShort(index + 78) & 0xFFFF;
        if (length == 0) {
            return index + SAVED_BYTES;
        }
        owner.memory.free(text);
        text = owner.memory.copy(in, index + SAVED_BYTES, length);
        if (text == MessageMemory.NONE || seen.listenPoint == ListenPoints.NONE) {
            return -1;
        }
        owner.hops.find(this);
        return index + SAVED_BYTES + length;
    }

    /** Index behind what {@link #save} has written at {@code index}. */
    static int savedEnd(final DirectBuffer in, final int index) {
        return index + SAVED_BYTES + (in.getShort(index + 78) & 0xFFFF);
    }

    /** Index of the text in it, which begins with the Call-ID. */
    static int savedText(final int index) {
        return index + SAVED_BYTES;
    }

    /** Bytes of the Call-ID. */
    static int savedCallIdLength(final DirectBuffer in, final int index) {
        return in.getShort(index + 62) & 0xFFFF;
    }

    /** Whether so many requests were sent since it was written down that it has to be again. */
    boolean unsaved() {
        return localCseq - savedCseq >= UNSAVED_REQUESTS;
    }
}
