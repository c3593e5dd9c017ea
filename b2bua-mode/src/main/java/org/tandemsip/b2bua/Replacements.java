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
 * INVITE hers take their place. What names no dialog of ours is left alone. A call of another shard is asked for there
 * first ({@link OtherShards}). Shard thread only.
 */
final class Replacements {
    private static final HeaderFieldSet ROW = new HeaderFieldSet(List.of(HeaderField.of("Replaces")));
    private static final byte[] NAME = B2bua.ascii("Replaces: ");
    private static final byte[] REFER_TO = B2bua.ascii("Refer-To: ");
    private static final byte[] TO_TAG = B2bua.ascii(";to-tag=");
    private static final byte[] FROM_TAG = B2bua.ascii(";from-tag=");
    private static final int NOWHERE = -1;
    private static final byte[] EARLY_ONLY = B2bua.ascii(";early-only");
    /** Most bytes of a Refer-To that is changed. */
    private static final int MOST_BYTES = 8_192;
    private static final byte[] NONE = {};
    private static final byte[] HEX = B2bua.ascii("0123456789ABCDEF");

    /** Whose dialog is named. */
    enum Whose {
        /** No tag in it is ours. */
        OTHERS,
        /** One that is known: {@link #dialog} is it. */
        OURS,
        /** One of another shard, which has to be asked first. */
        ELSEWHERE,
        /** It was ours. */
        LOST
    }

    private final B2bua owner;
    private final ReplacesValue value;
    private final NameAddr nameAddr = new NameAddr();
    private final SipUri uri = new SipUri();
    private final AsciiWriter text = new AsciiWriter();
    private final UnsafeBuffer names = new UnsafeBuffer(new byte[ReplacesValue.MOST_BYTES]);
    private final UnsafeBuffer changed = new UnsafeBuffer(new byte[MOST_BYTES]);
    private final UnsafeBuffer asked = new UnsafeBuffer();
    private Whose last;
    private Leg leg;
    private NamedDialog dialog;
    private int shard;
    private boolean joins;

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

    /** Reads what stands escaped at {@code slice}. @param known what another shard has said of it, or {@code null} */
    Whose readEscaped(final DirectBuffer bytes, final long slice, final NamedDialog known) {
        last = value.readEscaped(bytes, slice) ? whose(known) : Whose.LOST;
        return last;
    }

    private Whose read(final SipMessage message, final int row, final NamedDialog known) {
        final long slice = message.rowValue(row);
        value.read(message.bytes(), Slice.offset(slice), Slice.end(slice));
        last = whose(known);
        // Others are asked for no more than fits a URI.
        last = last == Whose.ELSEWHERE && Slice.length(slice) > ReplacesValue.MOST_BYTES ? Whose.LOST : last;
        return last;
    }

    private Whose whose(final NamedDialog known) {
        shard = NOWHERE;
        leg = null;
        dialog = null;
        if (!value.hasOurTag()) {
            return Whose.OTHERS;
        }
        if (names(value.toTag(), value.fromTag(), false) || names(value.fromTag(), value.toTag(), true)) {
            return Whose.OURS;
        }
        if (shard != NOWHERE && known == null) {
            return Whose.ELSEWHERE;
        }
        dialog = shard == NOWHERE ? null : known;
        return dialog != null && dialog.found() ? Whose.OURS : Whose.LOST;
    }

    private boolean names(final long own, final long other, final boolean ofOtherSide) {
        final DirectBuffer bytes = value.bytes();
        if (!owner.tags.read(bytes, own)) {
            return false;
        }
        final int of = Places.shard(owner.tags.place());
        shard = of == owner.shard || shard != NOWHERE ? shard : of;
        final Call call = owner.tags.isOfCall() ? owner.pools.get(owner.tags.place()) : null;
        final EarlyDialogs early = call == null || call.setup == null ? null : call.setup.early;
        final long before = early == null ? 0 : early.current();
        leg = owner.find(bytes, own, true, other);
        final boolean found = leg != null && leg.established() && leg.other().established()
                && (leg.is(bytes, value.callId(), other)
                        // Both tags of ours, which nobody can make up, need no Call-ID.
                        || owner.tags.read(bytes, other) && owner.tags.mac() == leg.other().mac);
        dialog = found ? NamedDialog.of(leg, ofOtherSide) : null;
        if (early != null) {
            // Whoever names it may be in another one of the same call.
            early.turnBack(before);
        }
        return found;
    }

    /** What is known here of the dialog that a value of Replaces names: for another shard. */
    NamedDialog find(final byte[] replaces) {
        asked.wrap(replaces);
        value.read(asked, 0, replaces.length);
        return whose(null) == Whose.OURS ? dialog.with(leg, nameAddr) : NamedDialog.UNKNOWN;
    }

    /** What was read last: a copy. */
    byte[] bytes() {
        return value.copy();
    }

    /** Whether what was read last is meant only while it is no call yet (RFC 3891 section 7.1). */
    boolean earlyOnly() {
        return value.earlyOnly();
    }

    /** Whether what was read last has to be asked for: then {@link #shard} says where. */
    boolean isElsewhere() {
        return last == Whose.ELSEWHERE;
    }

    int shard() {
        return shard;
    }

    /** The leg whose dialog was named last; {@code null} when it is of another shard. */
    Leg leg() {
        return leg;
    }

    /** The dialog that was named last. */
    NamedDialog dialog() {
        return dialog;
    }

    /** Counts that what was named last could not be done. @param known what another shard has said of it, or null */
    void countRefused(final NamedDialog known) {
        owner.counters.increment(
                joins ? Counter.REPLACES_JOIN : known == null ? Counter.REPLACES_UNKNOWN : known.failure());
        joins = false;
    }

    // Rows.

    /**
     * What to answer to a request that names what {@code to} must not be told, or cannot use; else {@code null}.
     * Another shard may have to be asked first, see {@link #isElsewhere}.
     *
     * @param known what that has said, or {@code null}
     */
    Status refusal(final SipMessage request, final Leg to, final NamedDialog known) {
        last = Whose.OTHERS;
        joins = false;
        if (request.method() == Method.REFER) {
            final int row = request.firstRow(HeaderName.REFER_TO);
            // 481 would end the dialog that the REFER is in (RFC 5057 section 5.1).
            return row == SipMessage.NO_ROW || putReferTo(null, request, row, to, known) ? null
                    : Status.FORBIDDEN_403;
        }
        for (int row = 0; row < request.rows(); row++) {
            if (is(request, row) && !put(null, request, row, to, known)) {
                return Status.CALL_DOES_NOT_EXIST_481;
            }
        }
        return null;
    }

    /** Writes a row of this name as {@code to} has to be told; {@code false} when it must not be told. */
    boolean put(final AsciiWriter out, final SipMessage message, final int row, final Leg to,
            final NamedDialog known) {
        final Whose whose = read(message, row, known);
        if (whose == Whose.OTHERS || whose == Whose.OURS && dialog.ofOtherSide() && dialog.named().isOf(to)) {
            if (out != null) {
                out.put(message.bytes(), message.rowStart(row), message.rowEnd(row) - message.rowStart(row));
            }
            return true;
        }
        if (whose != Whose.OURS || dialog.ofOtherSide() || !dialog.other().isOf(to)) {
            return false;
        }
        putNames(text.wrap(names, 0).put(NAME), dialog.other(), false);
        text.crlf();
        if (out != null) {
            out.put(names, 0, text.position());
        }
        return !text.overflown();
    }

    /** Writes a Refer-To likewise. */
    boolean putReferTo(final AsciiWriter out, final SipMessage message, final int row, final Leg to,
            final NamedDialog known) {
        final DirectBuffer bytes = message.bytes();
        final long slice = message.rowValue(row);
        joins = false;
        if (!(nameAddr.wrap(bytes, Slice.offset(slice), Slice.end(slice))
                ? uri.wrap(bytes, Slice.offset(nameAddr.uri()), Slice.end(nameAddr.uri()))
                : uri.wrap(bytes, Slice.offset(slice), ReplacesValue.indexOf(bytes, ';', Slice.offset(slice),
                        Slice.end(slice))))) {
            // There is no telling what it names.
            return false;
        }
        if (joins(bytes, uri, false)) {
            // Only what is refused for it is counted so.
            joins = out == null;
            return false;
        }
        final long escaped = ReplacesValue.find(bytes, uri, ReplacesValue.REPLACES);
        final Whose whose = Slice.exists(escaped) ? readEscaped(bytes, escaped, known) : Whose.OTHERS;
        if (whose == Whose.OTHERS) {
            if (out != null) {
                owner.names.putNamingRow(out, bytes, message.rowStart(row), slice, HeaderName.REFER_TO,
                        to.remote.listenPoint);
            }
            return true;
        }
        if (whose != Whose.OURS) {
            return false;
        }
        text.wrap(names, 0);
        final boolean ofOtherSide = dialog.ofOtherSide();
        if (dialog.other().isOf(to)) {
            putNames(text, dialog.other(), ofOtherSide);
        } else {
            final NamedDialog.Side called = ofOtherSide ? dialog.other() : dialog.named();
            final NamedDialog.Side calls = ofOtherSide ? dialog.named() : dialog.other();
            text.put(calls.tag()).put(TO_TAG).put(called.tag()).put(FROM_TAG).put(calls.tag())
                    .put(value.earlyOnly() ? EARLY_ONLY : NONE);
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

    /**
     * Whether a URI asks by Join for a dialog of ours to be joined (RFC 3911), which nobody but we could do: whoever
     * gets such an INVITE is asked to mix what we take apart.
     *
     * @param any whether that of somebody else counts, too: our own INVITE would have no such row
     */
    boolean joins(final DirectBuffer bytes, final SipUri target, final boolean any) {
        final long escaped = ReplacesValue.find(bytes, target, ReplacesValue.JOIN);
        joins = Slice.exists(escaped) && (any || !value.readEscaped(bytes, escaped) || value.hasOurTag());
        return joins;
    }

    private void putNames(final AsciiWriter out, final NamedDialog.Side side, final boolean calledAreWe) {
        side.put(out, calledAreWe);
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
