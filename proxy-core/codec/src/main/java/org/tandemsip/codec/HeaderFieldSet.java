package org.tandemsip.codec;

import java.util.Collection;

/**
 * Several header fields as one question, so that a row that is none of them costs a bit test or two however many there
 * are. Immutable; allocates nothing once it is made.
 */
public final class HeaderFieldSet {
    private static final int LONGEST = Long.SIZE - 1;

    private final HeaderField[] fields;
    /** A bit per constant of {@link HeaderName} that is meant. */
    private final long known;
    /** A bit per length that a name without a constant may have; all of them when some name is open. */
    private final long lengths;

    /** Makes the set of these fields. */
    public HeaderFieldSet(final Collection<HeaderField> fields) {
        this.fields = fields.toArray(HeaderField[]::new);
        long knownBits = 0;
        long lengthBits = 0;
        for (final HeaderField field : fields) {
            knownBits |= field.known();
            lengthBits |= field.single() ? 1L << Math.min(LONGEST, field.toString().length()) : -1L;
            if (field.hasCompactForm()) {
                lengthBits |= 1L << 1;
            }
        }
        known = knownBits;
        lengths = lengthBits;
    }

    /** Whether there is none. */
    public boolean isEmpty() {
        return fields.length == 0;
    }

    /** Whether a row of {@code message} has the name of one of them. */
    public boolean names(final SipMessage message, final int row) {
        final HeaderName name = message.rowName(row);
        if (name != HeaderName.OTHER) {
            return (known >>> name.ordinal() & 1) != 0;
        }
        final int length = Math.min(LONGEST, Slice.length(message.rowNameToken(row)));
        if ((lengths >>> length & 1) == 0) {
            return false;
        }
        for (final HeaderField field : fields) {
            if (field.names(message, row)) {
                return true;
            }
        }
        return false;
    }

    /** Whether what is written as {@code name} is meant by one of them. */
    public boolean covers(final HeaderField name) {
        for (final HeaderField field : fields) {
            if (field.covers(name)) {
                return true;
            }
        }
        return false;
    }
}
