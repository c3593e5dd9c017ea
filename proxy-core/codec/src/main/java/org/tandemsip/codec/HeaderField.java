package org.tandemsip.codec;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import org.agrona.DirectBuffer;

/**
 * A header field by its canonical name, to be found in messages however it is written there: in any case, with white
 * space before the colon, or in its compact form (RFC 3261 section 7.3.3 and the registry of header fields). A
 * {@code *} at the end of the name stands for any rest. Immutable.
 */
public final class HeaderField {
    private static final HeaderName[] KNOWN = HeaderName.values();
    /** Compact forms of fields that {@link HeaderName} does not list: the letter, then the long form. */
    private static final String[] COMPACT = {"aAccept-Contact", "bReferred-By", "dRequest-Disposition",
        "eContent-Encoding", "jReject-Contact", "nIdentity-Info", "sSubject", "uAllow-Events", "xSession-Expires",
        "yIdentity"};

    private final String text;
    private final byte[] name;
    private final boolean open;
    /** A bit per constant of {@link HeaderName} that is meant. */
    private final long known;
    /** Letters that are compact forms of what is meant and has no constant. */
    private final byte[] compact;

    private HeaderField(final String text) {
        this.text = text;
        open = text.endsWith("*");
        final String fixed = (open ? text.substring(0, text.length() - 1) : text).toLowerCase(Locale.ROOT);
        name = fixed.getBytes(StandardCharsets.US_ASCII);
        long bits = 0;
        for (final HeaderName candidate : KNOWN) {
            if (candidate != HeaderName.OTHER && fits(candidate.canonical(), fixed)) {
                bits |= 1L << candidate.ordinal();
            }
        }
        known = bits;
        final StringBuilder letters = new StringBuilder();
        for (final String form : COMPACT) {
            if (fits(form.substring(1), fixed)) {
                letters.append(form.charAt(0));
            }
        }
        compact = letters.toString().getBytes(StandardCharsets.US_ASCII);
    }

    private boolean fits(final String candidate, final String fixed) {
        final String lower = candidate.toLowerCase(Locale.ROOT);
        return open ? lower.startsWith(fixed) : lower.equals(fixed);
    }

    /**
     * The field of that name.
     *
     * @param name a header field name, long or compact, in any case; may end in {@code *}
     * @return the field, or {@code null} when that is no name
     */
    public static HeaderField of(final String name) {
        final int end = name.endsWith("*") ? name.length() - 1 : name.length();
        for (int i = 0; i < end; i++) {
            // In header names '*' is allowed, but means something else here.
            if (name.charAt(i) > 127 || name.charAt(i) == '*' || !Scan.is((byte) name.charAt(i), Scan.TOKEN)) {
                return null;
            }
        }
        return end == 0 ? null : new HeaderField(longForm(name));
    }

    private static String longForm(final String name) {
        if (name.length() == 1) {
            final char letter = Character.toLowerCase(name.charAt(0));
            for (final HeaderName candidate : KNOWN) {
                if (candidate.compact() == letter) {
                    return candidate.canonical();
                }
            }
            for (final String form : COMPACT) {
                if (form.charAt(0) == letter) {
                    return form.substring(1);
                }
            }
        }
        return name;
    }

    /** A bit per constant of {@link HeaderName} that is meant. */
    long known() {
        return known;
    }

    /** Whether it may be written as a letter that is no constant of {@link HeaderName}. */
    boolean hasCompactForm() {
        return compact.length > 0;
    }

    /** Whether it stands for one name, and not for all that begin alike. */
    public boolean single() {
        return !open;
    }

    /** Whether a row of {@code message} has this name. Allocates nothing. */
    public boolean names(final SipMessage message, final int row) {
        final HeaderName rowName = message.rowName(row);
        if (rowName != HeaderName.OTHER) {
            return (known >>> rowName.ordinal() & 1) != 0;
        }
        final long token = message.rowNameToken(row);
        final int length = Slice.length(token);
        final DirectBuffer bytes = message.bytes();
        final int start = Slice.offset(token);
        if (length == 1) {
            final int letter = Scan.lower(bytes.getByte(start));
            for (final byte form : compact) {
                if (form == letter) {
                    return true;
                }
            }
        }
        return (open ? length >= name.length : length == name.length)
                && Scan.equalsIgnoreCase(bytes, start, start + name.length, name);
    }

    /** Whether what is written as {@code other} is meant too. Allocates nothing. */
    public boolean covers(final HeaderField other) {
        return open ? other.name.length >= name.length && Arrays.equals(name, 0, name.length, other.name, 0,
                name.length) : !other.open && Arrays.equals(name, other.name);
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof final HeaderField field && open == field.open && Arrays.equals(name, field.name);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(name);
    }

    /** The name in its long form, as it was given. */
    @Override
    public String toString() {
        return text;
    }
}
