package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.Places;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.transaction.ClientTransaction;
import org.tandemsip.engine.transaction.MessageMemory;
import org.tandemsip.engine.transaction.ServerTransaction;
import org.tandemsip.engine.transaction.TransactionUser;

/**
 * One side of a call: a dialog in which we are one of the two user agents (RFC 3261 section 12). What it has to write
 * into requests stands as text in one block of memory, ready to be copied:
 *
 * <pre>
 *   | Call-ID | own name, with tag | other name, with tag | remote target | Route rows | Request-URI of the call |
 * </pre>
 *
 * Is the user of the BYE that ends it. Part of a {@link Call}; shard thread only.
 */
final class Leg implements TransactionUser {
    /** How far a dialog has come. */
    enum State {
        /** There is none yet. */
        NONE,
        /** Begun by a provisional response, or on its way there. */
        EARLY,
        /** Confirmed by a 2xx. */
        CONFIRMED,
        /** A BYE of ours is under way, or waits until it may be sent. */
        ENDING,
        /** Over, or will never be. */
        ENDED
    }

    final Call call;
    /** 0 for the side that called us, 1 for the side that we call. */
    final int number;
    State state = State.NONE;
    /** Second half of our tag. */
    long mac;
    long localCseq;
    /** Number of the last request of the other side, -1 before the first. */
    long remoteCseq = -1;
    /** Where requests go: what route set and target say, where that may be followed. */
    final Destination remote = new Destination();
    /** Where the other side has shown itself: requests go there when target and routes lead nowhere. */
    final Destination seen = new Destination();
    /** Whose rules hold for what is sent there, or {@code null}. */
    Trunk trunk;
    /** INVITE of the other side that has no ACK, or no final response, yet. */
    Exchange inviteIn;
    /** INVITE of ours to the other side that has no final response, or not our ACK, yet. */
    Exchange inviteOut;
    /** A BYE waits until the other side has acknowledged our 2xx (section 15). */
    boolean byeWaits;
    private byte[] byeReason;
    private ClientTransaction bye;
    private boolean byeChallenged;

    /** How its last INVITE has answered a challenge. */
    final KeptRow credentials;

    private final B2bua owner;
    private int text = MessageMemory.NONE;
    private int callIdLength;
    private int localLength;
    private int remoteLength;
    private int targetLength;
    private int routesLength;
    private int requestUriLength;
    private int remoteTagOffset;
    private int remoteTagLength;

    Leg(final B2bua owner, final Call call, final int number) {
        this.owner = owner;
        credentials = new KeptRow(owner.memory);
        this.call = call;
        this.number = number;
    }

    /** Gives back what it holds. */
    void reset() {
        owner.memory.free(text);
        text = MessageMemory.NONE;
        requestUriLength = 0;
        state = State.NONE;
        localCseq = 0;
        remoteCseq = -1;
        trunk = null;
        inviteIn = null;
        inviteOut = null;
        byeWaits = false;
        byeReason = null;
        byeChallenged = false;
        credentials.forget();
        letGoOfBye();
    }

    Leg other() {
        return call.legs[1 - number];
    }

    boolean confirmed() {
        return state == State.CONFIRMED;
    }

    /** Whether requests can be sent inside it. */
    boolean established() {
        return state == State.CONFIRMED || state == State.EARLY && remoteTagLength > 0;
    }

    // Text.

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
        final AsciiWriter out = owner.scratchText().put(owner.callIds.next(), 0, CallIds.LENGTH);
        names.putFrom(out, invite);
        putTag(out.put(B2bua.TAG));
        final int remoteStart = out.position();
        names.putTo(out, invite);
        final int target = out.position();
        names.putRequestUri(out, invite);
        return keep(out, CallIds.LENGTH, remoteStart, target, out.position(), null, null);
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
        return keep(out, callIdLength, remoteStart, target, routesStart, response, HeaderName.TO);
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
        final long contact = owner.contactOf(message);
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

    private void putTag(final AsciiWriter out) {
        out.putHex(tagHigh(), 16).putHex(mac, 16);
    }

    /** First half of our tag. */
    long tagHigh() {
        return owner.tags.covered(call.place, mac);
    }

    /** Writes the target that a message gives, or what was seen of the other side; returns where it begins. */
    private int putTarget(final AsciiWriter out, final SipMessage message) {
        final int start = out.position();
        final long contact = owner.contactOf(message);
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

    DirectBuffer buffer() {
        return owner.memory.buffer(text);
    }

    private int offset() {
        return owner.memory.offset(text);
    }

    int targetOffset() {
        return offset() + callIdLength + localLength + remoteLength;
    }

    int targetLength() {
        return targetLength;
    }

    int routesOffset() {
        return targetOffset() + targetLength;
    }

    int routesLength() {
        return routesLength;
    }

    /** Bytes of all text. */
    int textLength() {
        return callIdLength + localLength + remoteLength + targetLength + routesLength;
    }

    void putTarget(final AsciiWriter out) {
        out.put(buffer(), targetOffset(), targetLength);
    }

    void putRoutes(final AsciiWriter out) {
        out.put(buffer(), routesOffset(), routesLength);
    }

    void putCallId(final AsciiWriter out) {
        out.put(buffer(), offset(), callIdLength);
    }

    void putLocal(final AsciiWriter out) {
        out.put(buffer(), offset() + callIdLength, localLength);
    }

    void putRemote(final AsciiWriter out) {
        out.put(buffer(), offset() + callIdLength + localLength, remoteLength);
    }

    /** Whether there is any text. */
    boolean hasText() {
        return text != MessageMemory.NONE;
    }

    /** The Call-ID, as slice of {@link #buffer()}. */
    long callIdSlice() {
        return Slice.of(offset(), callIdLength);
    }

    /** Our own name with the tag, likewise. */
    long localSlice() {
        return Slice.of(offset() + callIdLength, localLength);
    }

    /** The other side's name, likewise. */
    long remoteSlice() {
        return Slice.of(offset() + callIdLength + localLength, remoteLength);
    }

    /** Request-URI that the call began with, of the leg that it began on; likewise. */
    long requestUriSlice() {
        return Slice.of(routesOffset() + routesLength, requestUriLength);
    }

    /** A slice of {@link #buffer()}, for people. */
    String text(final long slice) {
        return hasText() ? buffer().getStringWithoutLengthUtf8(Slice.offset(slice), Slice.length(slice)) : null;
    }

    /** Most bytes by which a request here can answer a challenge that was taken. */
    int answerLength() {
        return owner.extra.auth == null ? 0 : owner.extra.auth.maxLength(targetLength);
    }

    // What comes in.

    /** Whether a request is in this dialog: its To tag is ours already. */
    boolean includes(final SipMessage request) {
        return text != MessageMemory.NONE && equals(request.bytes(), request.callId(), offset(), callIdLength)
                && (remoteTagLength == 0 || isRemoteTag(request.bytes(), request.fromTag()));
    }

    /** Whether a tag is that of the other side. */
    boolean isRemoteTag(final DirectBuffer bytes, final long tag) {
        return equals(bytes, tag, offset() + callIdLength + localLength + remoteTagOffset, remoteTagLength);
    }

    /** Tag of the other side, as slice of {@link #buffer()}. */
    long remoteTag() {
        return remoteTagLength == 0 ? Slice.NONE
                : Slice.of(offset() + callIdLength + localLength + remoteTagOffset, remoteTagLength);
    }

    /** Whether the other side has given a tag. */
    boolean hasRemoteTag() {
        return remoteTagLength > 0;
    }

    private boolean equals(final DirectBuffer bytes, final long slice, final int at, final int length) {
        if (!Slice.exists(slice) || Slice.length(slice) != length) {
            return length == 0 && !Slice.exists(slice);
        }
        final DirectBuffer own = buffer();
        for (int i = 0; i < length; i++) {
            if (bytes.getByte(Slice.offset(slice) + i) != own.getByte(at + i)) {
                return false;
            }
        }
        return true;
    }

    /** Reads the URI of the first Route, or the target when there is none, as slice of {@link #buffer()}. */
    long nextHop(final NameAddr nameAddr) {
        if (routesLength > Routes.ROUTE.length) {
            final int start = routesOffset() + Routes.ROUTE.length;
            int end = start;
            while (buffer().getByte(end) != '\r') {
                end++;
            }
            if (nameAddr.wrap(buffer(), start, end)) {
                return nameAddr.uri();
            }
        }
        return Slice.of(targetOffset(), targetLength);
    }

    /** Whether it is one of sips URIs. */
    boolean secure() {
        return targetLength > 5 && (buffer().getByte(targetOffset() + 3) | 0x20) == 's'
                && buffer().getByte(targetOffset() + 4) == ':';
    }

    // The BYE that ends it.

    /**
     * Ends it by a BYE, unless it has one already. Where the other side still owes us an ACK for a 2xx, the BYE waits
     * for that (section 15), or until there is none to be expected any more.
     *
     * @param reason value of Reason, or {@code null}
     * @param bye    BYE of the other leg that is passed on, or {@code null}
     */
    void end(final byte[] reason, final SipMessage bye, final long nowNs) {
        switch (state) {
            case NONE, EARLY -> state = State.ENDED;
            case CONFIRMED -> {
                state = State.ENDING;
                if (inviteIn != null && inviteIn.state == Exchange.State.ANSWERED) {
                    byeWaits = true;
                    byeReason = reason;
                } else {
                    owner.extra.clear().reason = reason;
                    sendBye(bye, nowNs);
                }
            }
            case ENDING, ENDED -> {}
        }
    }

    /** The other side has acknowledged our 2xx, or will never do so. */
    void onAcknowledged(final long nowNs) {
        if (byeWaits) {
            byeWaits = false;
            owner.extra.clear().reason = byeReason;
            sendBye(null, nowNs);
            if (state == State.ENDED) {
                call.ended(this, nowNs);
            }
        }
    }

    private void sendBye(final SipMessage original, final long nowNs) {
        final long key = owner.nextKey();
        bye = owner.transactions.createClient(key, false, remote, this, nowNs);
        final int most = owner.writer.maxLength(this, original);
        final MutableDirectBuffer out = bye == null ? owner.egress.claim(most) : bye.claim(most);
        final int length = owner.writer.request(this, Method.BYE, ++localCseq, original, owner.hops(original),
                owner.extra, key, bye == null ? Places.NONE : bye.place(), out);
        if (length > 0 && bye != null) {
            bye.start(length, nowNs);
            return;
        }
        // Without room for a transaction it is said once, and that has to do.
        if (length > 0) {
            owner.egress.send(length, remote, 0);
        } else if (bye != null) {
            bye.detach();
            bye.terminate(nowNs);
            bye = null;
        }
        state = State.ENDED;
    }

    /** Takes what has come for the BYE. */
    Disposition onByeResponse(final ClientTransaction transaction, final SipMessage response, final long nowNs) {
        final ClientTransaction.Event event = transaction.onResponse(response, nowNs);
        if (event == ClientTransaction.Event.FINAL && transaction == bye) {
            if (!byeChallenged && owner.auth.takes(this, response, transaction.destination(), owner.responder)) {
                byeChallenged = true;
                letGoOfBye();
                owner.extra.clear().auth = owner.auth;
                sendBye(null, nowNs);
                if (state != State.ENDED) {
                    return Disposition.ABSORBED;
                }
            }
            call.ended(this, nowNs);
        }
        return Disposition.ABSORBED;
    }

    /** The BYE goes on by itself, should it still be under way. */
    void letGoOfBye() {
        if (bye != null) {
            bye.detach();
            bye = null;
        }
    }

    @Override
    public void onTimeout(final ClientTransaction transaction, final long nowNs) {
        // 64*T1 without an answer: nobody is there to be told (section 15.1.1).
        call.ended(this, nowNs);
    }

    @Override
    public void onTransportError(final ClientTransaction transaction, final long nowNs) {
        call.ended(this, nowNs);
    }

    @Override
    public void onTerminated(final ClientTransaction transaction, final long nowNs) {
        // Its outcome has been told.
    }

    @Override
    public void onTerminated(final ServerTransaction transaction, final long nowNs) {
        // There is none.
    }
}
