package org.tandemsip.engine.registrar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Status;
import org.tandemsip.codec.ValueCursor;
import org.tandemsip.engine.handler.Source;

/**
 * Changes the contacts of a user as a REGISTER asks (RFC 3261 section 10.3 steps 6 to 8, RFC 5626 section 6): all that
 * it asks for or nothing. Shard thread only; works on the shared {@link LocationTable}.
 *
 * <p>A REGISTER that has been seen already, by Call-ID and CSeq of the binding that it made, changes nothing and is
 * answered like the first: it has been sent again, and nothing is kept of it by which to know otherwise. One that is
 * older is refused (500).
 */
public final class Registrar {
    /** Longest URI of a contact, in bytes. */
    public static final int MAX_CONTACT = 512;
    /** Longest Path of a contact, all values together, in bytes. */
    public static final int MAX_PATH = 1_024;
    private static final int MAX_INSTANCE = 128;
    private static final int MOST_ATTEMPTS = 16;
    private static final byte[] EXPIRES = ascii("expires");
    private static final byte[] Q = ascii("q");
    private static final byte[] INSTANCE = ascii("+sip.instance");
    private static final byte[] REG_ID = ascii("reg-id");

    private final LocationTable table;
    private final ValueCursor cursor = new ValueCursor();
    private final NameAddr nameAddr = new NameAddr();
    private final SipUri uri = new SipUri();
    private final UriEquality equality = new UriEquality();
    private final Flows flows = new Flows();
    private final List<Binding> next = new ArrayList<>();
    private SipMessage request;
    private Registration registration;
    private Rules rules;
    private long nowMs;
    private byte[] path;
    private Bindings current;
    private boolean changed;

    /**
     * How a REGISTER came, as far as the message does not say.
     *
     * @param source   where from
     * @param local    listen point that it came in on, as {@link Flow#local} says it
     * @param direct   whether the user agent itself has sent it here: then calls go the way that it came
     * @param outbound whether bindings are told apart by instance and reg-id (RFC 5626 section 6)
     */
    public record Registration(Source source, long local, boolean direct, boolean outbound) {}

    /** Works on {@code table}. */
    public Registrar(final LocationTable table) {
        this.table = table;
    }

    /**
     * Carries out a REGISTER of {@code user}.
     *
     * @param from how it came
     * @return 200, and {@link #bindings()} holds what the answer has to list; else what to answer
     */
    public Status register(final SipMessage message, final AddressOfRecord user, final Registration from,
            final Rules by, final long atMs) {
        final Status malformed = begin(message, from, by, atMs);
        return malformed != null ? malformed : carryOut(user);
    }

    /**
     * Tells what {@link #register} would answer, and changes nothing.
     *
     * @return 200, and {@link #secondsLeft} says how long the user would be registered; else the refusal
     */
    public Status judge(final SipMessage message, final AddressOfRecord user, final Registration from, final Rules by,
            final long atMs) {
        Status refusal = begin(message, from, by, atMs);
        if (refusal == null) {
            current = table.find(user);
            refusal = apply();
        }
        return refusal == null ? Status.OK_200 : refusal;
    }

    /** How long the user judged last would be registered, in seconds; 0 for not at all. */
    public int secondsLeft() {
        long most = 0;
        for (final Binding binding : next) {
            most = Math.max(most, binding.expiresAtMs() - nowMs);
        }
        return (int) ((most + 999) / 1_000);
    }

    private Status begin(final SipMessage message, final Registration from, final Rules by, final long atMs) {
        request = message;
        registration = from;
        rules = by;
        nowMs = atMs;
        path = Binding.NOTHING;
        if (!from.direct() && request.firstRow(HeaderName.PATH) != SipMessage.NO_ROW && !readPath()) {
            return Status.BAD_REQUEST_400;
        }
        return null;
    }

    private Status carryOut(final AddressOfRecord user) {
        for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
            current = table.find(user);
            final Status refusal = apply();
            if (refusal != null) {
                return refusal;
            }
            if (!changed) {
                return Status.OK_200;
            }
            final Bindings before = current;
            current = new Bindings(next, table.nextVersion());
            switch (table.replace(user, before, current)) {
                case DONE -> {
                    return writeDown(user, before);
                }
                case FULL -> {
                    return Status.SERVICE_UNAVAILABLE_503;
                }
                case CHANGED -> {
                    // Another device of the same user: once more, from what is there now.
                }
            }
        }
        return Status.SERVER_INTERNAL_ERROR_500;
    }

    /** What cannot be written down is taken back: nobody is told what a restart would make untrue. */
    private Status writeDown(final AddressOfRecord user, final Bindings before) {
        if (table.journal().append(user, current)) {
            return Status.OK_200;
        }
        final Bindings back = new Bindings(before == null ? List.of() : listOf(before), table.nextVersion());
        table.replace(user, current.size() == 0 ? null : current, back);
        return Status.SERVER_INTERNAL_ERROR_500;
    }

    private static List<Binding> listOf(final Bindings bindings) {
        final List<Binding> list = new ArrayList<>(bindings.size());
        for (int i = 0; i < bindings.size(); i++) {
            list.add(bindings.get(i));
        }
        return list;
    }

    /** Contacts of the user after the last REGISTER, some of which may have run out; {@code null} for none. */
    public Bindings bindings() {
        return current;
    }

    /** Makes {@link #next} of {@link #current}; {@code null}, or what to answer. */
    private Status apply() {
        next.clear();
        changed = false;
        for (int i = 0; current != null && i < current.size(); i++) {
            if (current.get(i).isLive(nowMs)) {
                next.add(current.get(i));
            }
        }
        final int before = next.size();
        final long expires = request.value(HeaderName.EXPIRES);
        int contacts = 0;
        boolean flowAsked = false;
        int added = 0;
        cursor.reset(request, HeaderName.CONTACT);
        while (cursor.next()) {
            contacts++;
            if (cursor.end() - cursor.start() == 1 && request.bytes().getByte(cursor.start()) == '*') {
                return contacts == 1 && cursor.aloneInRow() && request.nextRow(cursor.row()) == SipMessage.NO_ROW
                        && Slice.exists(expires) && seconds(expires) == 0 ? removeAll() : Status.BAD_REQUEST_400;
            }
            if (!readContact()) {
                return Status.BAD_REQUEST_400;
            }
            final long own = nameAddr.parameter(EXPIRES);
            final long asked = Slice.exists(own) ? own : expires;
            final int seconds = Slice.exists(asked) ? seconds(asked) : rules.expires();
            if (seconds > 0 && seconds < rules.minExpires()) {
                return Status.INTERVAL_TOO_BRIEF_423;
            }
            flowAsked |= seconds > 0 && regId() > 0;
            added += seconds > 0 ? 1 : 0;
            final Status refusal = update(Math.min(seconds, rules.maxExpires()));
            if (refusal != null) {
                return refusal;
            }
        }
        if (flowAsked && added > 1) {
            return Status.BAD_REQUEST_400;
        }
        return next.size() > Math.max(before, rules.contacts()) ? Status.FORBIDDEN_403 : null;
    }

    private Status removeAll() {
        for (int i = 0; i < next.size(); i++) {
            if (isSame(request.callId(), next.get(i).callId()) && request.cseqNumber() <= next.get(i).cseq()) {
                return Status.SERVER_INTERNAL_ERROR_500;
            }
        }
        changed = current != null;
        next.clear();
        return null;
    }

    private boolean readContact() {
        final DirectBuffer bytes = request.bytes();
        if (!nameAddr.wrap(bytes, cursor.start(), cursor.end())) {
            return false;
        }
        final long contact = nameAddr.uri();
        return Slice.length(contact) <= MAX_CONTACT && uri.wrap(bytes, Slice.offset(contact), Slice.end(contact))
                && (uri.scheme() == SipUri.Scheme.SIP || uri.scheme() == SipUri.Scheme.SIPS)
                && Slice.length(instance()) <= MAX_INSTANCE && q() >= 0;
    }

    /** Adds, updates or removes the binding of the contact read last. */
    private Status update(final int seconds) {
        final int place = find();
        if (place < 0) {
            if (seconds > 0) {
                next.add(binding(null, seconds));
                changed = true;
            }
            return null;
        }
        final Binding before = next.get(place);
        if (isSame(request.callId(), before.callId())) {
            if (request.cseqNumber() < before.cseq()) {
                return Status.SERVER_INTERNAL_ERROR_500;
            }
            if (request.cseqNumber() == before.cseq()) {
                return seconds > 0 ? null : Status.SERVER_INTERNAL_ERROR_500;
            }
        }
        changed = true;
        if (seconds > 0) {
            next.set(place, binding(before, seconds));
        } else {
            next.remove(place);
        }
        return null;
    }

    private int find() {
        final int regId = regId();
        for (int i = 0; i < next.size(); i++) {
            final Binding binding = next.get(i);
            if (regId > 0 || binding.regId() > 0
                    ? regId == binding.regId() && isSame(instance(), binding.instance())
                    : equality.areEqual(binding.contact(), request.bytes(), uri)) {
                return i;
            }
        }
        return -1;
    }

    /** The binding that the contact read last makes; what has not changed is shared with the one before. */
    private Binding binding(final Binding before, final int seconds) {
        final DirectBuffer bytes = request.bytes();
        final Flow flow = !registration.direct() ? null
                : flows.of(request, registration.source(), uri, registration.local());
        return new Binding(copy(bytes, nameAddr.uri(), before == null ? null : before.contact()), q(),
                nowMs + seconds * 1_000L, copy(bytes, request.callId(), before == null ? null : before.callId()),
                request.cseqNumber(), before != null && java.util.Arrays.equals(path, before.path())
                        ? before.path() : path,
                copy(bytes, instance(), before == null ? null : before.instance()), regId(),
                before != null && flow != null && flow.equals(before.flow()) ? before.flow() : flow);
    }

    private static byte[] copy(final DirectBuffer bytes, final long slice, final byte[] before) {
        if (Slice.length(slice) == 0) {
            return Binding.NOTHING;
        }
        if (before != null && isSame(bytes, slice, before)) {
            return before;
        }
        final byte[] copy = new byte[Slice.length(slice)];
        bytes.getBytes(Slice.offset(slice), copy);
        return copy;
    }

    private boolean isSame(final long slice, final byte[] kept) {
        return isSame(request.bytes(), slice, kept);
    }

    private static boolean isSame(final DirectBuffer bytes, final long slice, final byte[] kept) {
        if (Slice.length(slice) != kept.length) {
            return false;
        }
        for (int i = 0; i < kept.length; i++) {
            if (bytes.getByte(Slice.offset(slice) + i) != kept[i]) {
                return false;
            }
        }
        return true;
    }

    private boolean readPath() {
        final StringBuilder values = new StringBuilder();
        cursor.reset(request, HeaderName.PATH);
        while (cursor.next()) {
            if (!nameAddr.wrap(request.bytes(), cursor.start(), cursor.end()) || !nameAddr.bracketed()) {
                return false;
            }
            values.append(values.isEmpty() ? "" : ",");
            for (int i = cursor.start(); i < cursor.end(); i++) {
                final char value = (char) (request.bytes().getByte(i) & 0xFF);
                values.append(value < ' ' ? ' ' : value);
            }
            if (values.length() > MAX_PATH) {
                return false;
            }
        }
        path = values.toString().getBytes(StandardCharsets.ISO_8859_1);
        return true;
    }

    /** Value of {@code +sip.instance} of the contact read last, empty for none. */
    private long instance() {
        final long value = nameAddr.parameter(INSTANCE);
        return Slice.exists(value) ? value : Slice.of(0, 0);
    }

    /** {@code reg-id} of the contact read last; 0 for none, or one that means nothing (RFC 5626 section 6). */
    private int regId() {
        final long value = nameAddr.parameter(REG_ID);
        return registration.outbound() && Slice.exists(value) && Slice.length(instance()) > 0
                ? Math.max(0, number(request.bytes(), value)) : 0;
    }

    /** A time in seconds; one that is no number counts as the default. */
    private int seconds(final long slice) {
        final int number = number(request.bytes(), slice);
        return number < 0 ? rules.expires() : number;
    }

    /** A number, at most 2^31-1; -1 when it is none. */
    public static int number(final DirectBuffer bytes, final long slice) {
        long number = 0;
        for (int i = Slice.offset(slice); i < Slice.end(slice); i++) {
            final int digit = bytes.getByte(i) - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            number = Math.min(Integer.MAX_VALUE, number * 10 + digit);
        }
        return Slice.length(slice) == 0 ? -1 : (int) number;
    }

    /** {@code q} of the contact read last in thousandths (RFC 3261 section 25.1, qvalue); -1 when it is none. */
    private int q() {
        final long value = nameAddr.parameter(Q);
        if (!Slice.exists(value)) {
            return Binding.MAX_Q;
        }
        final DirectBuffer bytes = request.bytes();
        final int start = Slice.offset(value);
        final int length = Slice.length(value);
        if (length == 0 || length > 5 || length > 1 && bytes.getByte(start + 1) != '.') {
            return -1;
        }
        int thousandths = 0;
        for (int i = 0; i < 5; i++) {
            if (i == 1) {
                continue;
            }
            final int digit = i < length ? bytes.getByte(start + i) - '0' : 0;
            if (digit < 0 || digit > 9) {
                return -1;
            }
            thousandths = thousandths * 10 + digit;
        }
        return thousandths > Binding.MAX_Q ? -1 : thousandths;
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
