package org.tandemsip.b2bua;

import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.HeaderField;
import org.tandemsip.codec.HeaderFieldSet;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.handler.Places;
import org.tandemsip.engine.metrics.Counter;

/**
 * Calls of ours that a request names by Replaces (RFC 3891), in a row or in Refer-To: each side knows its own leg only,
 * and is shown no other. Who gets the INVITE in the end has to be given the names of its own leg.
 *
 * <pre>
 *   alice, leg a of a call with carol        us                               bob                      carol, leg c
 *   REFER ?Replaces=a;to-tag=OURS;from-tag=x --> ?Replaces=c;to-tag=y;from-tag=OURS
 *                                                                INVITE Replaces: c;to-tag=y;from-tag=OURS ---->
 * </pre>
 *
 * Where bob is not on the side of carol her names are nothing for him: he gets our two tags and no Call-ID, and in his
 * INVITE hers take their place. What names no dialog of ours is left alone. Shard thread only.
 */
final class Replacements {
    private static final HeaderFieldSet ROW = new HeaderFieldSet(List.of(HeaderField.of("Replaces")));
    private static final byte[] NAME = B2bua.ascii("Replaces: ");
    private static final byte[] REFER_TO = B2bua.ascii("Refer-To: ");
    private static final byte[] TO_TAG = B2bua.ascii(";to-tag=");
    private static final byte[] FROM_TAG = B2bua.ascii(";from-tag=");
    private static final byte[] EARLY_ONLY = B2bua.ascii(";early-only");
    /** Most bytes of a Refer-To that is changed. */
    private static final int MOST_BYTES = 8_192;
    private static final byte[] NONE = {};
    private static final byte[] HEX = B2bua.ascii("0123456789ABCDEF");

    /** Whose dialog is named. */
    enum Whose {
        /** No tag in it is ours. */
        OTHERS,
        /** One of this shard: {@link #leg} says which. */
        OURS,
        /** It was ours, or is one of another shard. */
        LOST
    }

    private final B2bua owner;
    private final ReplacesValue value;
    private final NameAddr nameAddr = new NameAddr();
    private final SipUri uri = new SipUri();
    private final AsciiWriter text = new AsciiWriter();
    private final UnsafeBuffer names = new UnsafeBuffer(new byte[ReplacesValue.MOST_BYTES]);
    private final UnsafeBuffer changed = new UnsafeBuffer(new byte[MOST_BYTES]);
    private Leg leg;
    private boolean ofOtherSide;
    private boolean elsewhere;

    Replacements(final B2bua owner) {
        this.owner = owner;
        value = new ReplacesValue(owner);
    }

    /** Whether a row is one. */
    static boolean is(final SipMessage message, final int row) {
        return ROW.names(message, row);
    }

    /** Most bytes by which a request grows for what it names. */
    static int mostAdded(final SipMessage request) {
        if (request.method() == Method.REFER) {
            return 3 * ReplacesValue.MOST_BYTES;
        }
        for (int row = 0; row < request.rows() && request.method() == Method.INVITE; row++) {
            if (is(request, row)) {
                return ReplacesValue.MOST_BYTES;
            }
        }
        return 0;
    }

    // Whose it is.

    /** Reads what stands escaped at {@code slice}. */
    Whose readEscaped(final DirectBuffer bytes, final long slice) {
        elsewhere = false;
        return value.readEscaped(bytes, slice) ? whose() : Whose.LOST;
    }

    private Whose whose() {
        elsewhere = false;
        if (!value.hasOurTag()) {
            return Whose.OTHERS;
        }
        ofOtherSide = false;
        if (names(value.toTag(), value.fromTag())) {
            return Whose.OURS;
        }
        ofOtherSide = true;
        return names(value.fromTag(), value.toTag()) ? Whose.OURS : Whose.LOST;
    }

    private boolean names(final long own, final long other) {
        final DirectBuffer bytes = value.bytes();
        if (!owner.tags.read(bytes, own)) {
            return false;
        }
        elsewhere |= Places.shard(owner.tags.place()) != owner.shard;
        leg = owner.find(bytes, own);
        return leg != null && leg.established() && leg.other().established()
                && (leg.is(bytes, value.callId(), other)
                        // Both tags of ours, which nobody can make up, need no Call-ID.
                        || owner.tags.read(bytes, other) && owner.tags.mac() == leg.other().mac);
    }

    /** What was read last, for what is done seldom. */
    String text() {
        return value.text();
    }

    /** The leg whose dialog was named last. */
    Leg leg() {
        return leg;
    }

    /** Whether that is meant as its other side knows it, and not as we do: that side is to be called with it. */
    boolean isOfOtherSide() {
        return ofOtherSide;
    }

    /** Counts what was read last as not known, or not known here. */
    void countLost() {
        owner.counters.increment(elsewhere ? Counter.REPLACES_ELSEWHERE : Counter.REPLACES_UNKNOWN);
    }

    private static boolean isSameSide(final Leg one, final Leg other) {
        return one.trunk != null && other.trunk != null && one.trunk.name().equals(other.trunk.name());
    }

    // Rows.

    /** What to answer to a request that names what {@code to} must not be told, or cannot use; else {@code null}. */
    Status refusal(final SipMessage request, final Leg to) {
        if (request.method() == Method.REFER) {
            final int row = request.firstRow(HeaderName.REFER_TO);
            if (row == SipMessage.NO_ROW || putReferTo(null, request, row, to)) {
                return null;
            }
            countLost();
            // 481 would end the dialog that the REFER is in (RFC 5057 section 5.1).
            return Status.FORBIDDEN_403;
        }
        for (int row = 0; row < request.rows(); row++) {
            if (is(request, row) && !put(null, request, row, to)) {
                countLost();
                return Status.CALL_DOES_NOT_EXIST_481;
            }
        }
        return null;
    }

    /** Writes a row of this name as {@code to} has to be told; {@code false} when it must not be told. */
    boolean put(final AsciiWriter out, final SipMessage message, final int row, final Leg to) {
        final long slice = message.rowValue(row);
        value.read(message.bytes(), Slice.offset(slice), Slice.end(slice));
        final Whose whose = whose();
        if (whose == Whose.OTHERS || whose == Whose.OURS && ofOtherSide && isSameSide(leg, to)
        // Who was told this by us has to say it to somebody, and only this shard does not know to whom.
                || whose == Whose.LOST && elsewhere && !owner.tags.read(value.bytes(), value.toTag())) {
            if (out != null) {
                out.put(message.bytes(), message.rowStart(row), message.rowEnd(row) - message.rowStart(row));
            }
            return true;
        }
        if (whose != Whose.OURS || ofOtherSide || !isSameSide(leg.other(), to)) {
            return false;
        }
        putNames(text.wrap(names, 0).put(NAME), leg.other(), false);
        text.crlf();
        if (out != null) {
            out.put(names, 0, text.position());
        }
        return !text.overflown();
    }

    /** Writes a Refer-To likewise. */
    boolean putReferTo(final AsciiWriter out, final SipMessage message, final int row, final Leg to) {
        final DirectBuffer bytes = message.bytes();
        final long slice = message.rowValue(row);
        if (!(nameAddr.wrap(bytes, Slice.offset(slice), Slice.end(slice))
                ? uri.wrap(bytes, Slice.offset(nameAddr.uri()), Slice.end(nameAddr.uri()))
                : uri.wrap(bytes, Slice.offset(slice), ReplacesValue.indexOf(bytes, ';', Slice.offset(slice),
                        Slice.end(slice))))) {
            // There is no telling what it names.
            elsewhere = false;
            return false;
        }
        final long escaped = ReplacesValue.find(bytes, uri);
        final Whose whose = Slice.exists(escaped) ? readEscaped(bytes, escaped) : Whose.OTHERS;
        if (whose == Whose.LOST) {
            return false;
        }
        if (whose == Whose.OTHERS) {
            if (out != null) {
                owner.names.putNamingRow(out, bytes, message.rowStart(row), slice, HeaderName.REFER_TO,
                        to.remote.listenPoint);
            }
            return true;
        }
        text.wrap(names, 0);
        if (isSameSide(leg.other(), to)) {
            putNames(text, leg.other(), ofOtherSide);
        } else {
            final Leg called = ofOtherSide ? leg.other() : leg;
            called.other().putTag(text);
            called.putTag(text.put(TO_TAG));
            called.other().putTag(text.put(FROM_TAG));
            text.put(value.earlyOnly() ? EARLY_ONLY : NONE);
        }
        final int length = text.position();
        if (text.overflown()) {
            return false;
        }
        text.wrap(changed, 0).put(REFER_TO).put(bytes, Slice.offset(slice),
                Slice.offset(escaped) - Slice.offset(slice));
        putEscaped(length);
        text.put(bytes, Slice.end(escaped), Slice.end(slice) - Slice.end(escaped));
        if (text.overflown()) {
            return false;
        }
        if (out != null) {
            owner.names.putNamingRow(out, changed, 0, Slice.between(REFER_TO.length, text.position()),
                    HeaderName.REFER_TO, to.remote.listenPoint);
        }
        return true;
    }

    /** Names {@code ofLeg} as its other side knows it, which is the one that is called; or we are. */
    private void putNames(final AsciiWriter out, final Leg ofLeg, final boolean calledAreWe) {
        ofLeg.putCallId(out);
        out.put(calledAreWe ? FROM_TAG : TO_TAG).putSlice(ofLeg.buffer(), ofLeg.remoteTag());
        ofLeg.putTag(out.put(calledAreWe ? TO_TAG : FROM_TAG));
        out.put(value.earlyOnly() ? EARLY_ONLY : NONE);
    }

    private void putEscaped(final int length) {
        for (int i = 0; i < length; i++) {
            final byte b = names.getByte(i);
            if (Character.isLetterOrDigit(b) || b == '.' || b == '-' || b == '_') {
                text.put((char) b);
            } else {
                text.put('%').put((char) HEX[b >> 4 & 15]).put((char) HEX[b & 15]);
            }
        }
    }
}
