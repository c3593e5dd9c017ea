package org.tandemsip.engine.routing;

import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.Slice;

/**
 * A telephone number read out of a user part or tel URI (RFC 3966), without its visual separators, to be compared and
 * rewritten. Mutable, made once per owner; allocates nothing. Shard thread only.
 *
 * <pre>
 *   +49-30.123 ; npdi ; rn=+4930 @ host        "%2B" and "%23" are read as '+' and '#'
 *   |         |
 *   digits    parameters stay as they are
 * </pre>
 */
public final class TelephoneNumber {
    /** Most digits; the longest number of E.164 has 15, with access codes and routing prefixes more. */
    public static final int MAX_LENGTH = 40;
    /** Most bytes that {@link #write} writes: each {@code #} takes three. */
    public static final int MAX_WRITTEN = 3 * MAX_LENGTH;

    private static final byte[] HASH = "%23".getBytes(StandardCharsets.US_ASCII);

    private final byte[] digits = new byte[MAX_LENGTH];
    private int length;
    /** Where the number stood. */
    private int start;
    private int end;

    /**
     * Reads the number at the beginning of a user part, up to its parameters.
     *
     * @return whether there is one; what holds anything but digits, {@code +}, {@code *}, {@code #} and visual
     *         separators is a name
     */
    public boolean read(final DirectBuffer bytes, final long user) {
        length = 0;
        if (!Slice.exists(user)) {
            return false;
        }
        start = Slice.offset(user);
        final int userEnd = Slice.end(user);
        int at = start;
        while (at < userEnd && bytes.getByte(at) != ';') {
            int character = bytes.getByte(at++);
            if (character == '%' && at + 2 <= userEnd && bytes.getByte(at) == '2') {
                character = escaped(bytes.getByte(at + 1));
                at += 2;
            }
            switch (character) {
                case '-', '.', '(', ')' -> {
                    // Visual separators say nothing (RFC 3966 section 5.1.1).
                }
                case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', '+' -> {
                    if (length == MAX_LENGTH || character == '+' && length > 0) {
                        return false;
                    }
                    digits[length++] = (byte) character;
                }
                default -> {
                    return false;
                }
            }
        }
        end = at;
        return length > 0 && (length > 1 || digits[0] != '+');
    }

    /** Sets it to {@code text} of digits, for look-ups by people. */
    public void set(final String text) {
        length = Math.min(text.length(), MAX_LENGTH);
        for (int i = 0; i < length; i++) {
            digits[i] = (byte) text.charAt(i);
        }
    }

    private static int escaped(final byte low) {
        return switch (low) {
            case 'B', 'b' -> '+';
            case 'A', 'a' -> '*';
            case '3' -> '#';
            default -> '%';
        };
    }

    /** Applies the rules for {@code field}; a step that would leave nothing, or too much, is left out. */
    public void apply(final NumberRules rules, final NumberRules.Field field) {
        for (int i = 0; i < rules.steps().size(); i++) {
            final NumberRules.Step step = rules.steps().get(i);
            if (step.fields().contains(field)) {
                apply(step);
            }
        }
    }

    private void apply(final NumberRules.Step step) {
        if (step.strip() > 0) {
            replace(step.strip(), null);
        }
        for (int i = 0; i < step.beginnings().size(); i++) {
            final NumberRules.Beginning rule = step.beginnings().get(i);
            if (startsWith(rule.from())) {
                replace(rule.from().length, rule.to());
                break;
            }
        }
        if (step.prefix().length > 0) {
            replace(0, step.prefix());
        }
    }

    private boolean startsWith(final byte[] beginning) {
        if (length < beginning.length) {
            return false;
        }
        for (int i = 0; i < beginning.length; i++) {
            if (digits[i] != beginning[i]) {
                return false;
            }
        }
        return true;
    }

    private void replace(final int strip, final byte[] by) {
        final int added = by == null ? 0 : by.length;
        final int newLength = length - strip + added;
        if (strip > length || newLength < 1 || newLength > MAX_LENGTH) {
            return;
        }
        System.arraycopy(digits, strip, digits, added, length - strip);
        for (int i = 0; i < added; i++) {
            digits[i] = by[i];
        }
        length = newLength;
    }

    /** Whether it is written otherwise than where it was read. */
    public boolean differs(final DirectBuffer bytes) {
        if (end - start != length) {
            return true;
        }
        for (int i = 0; i < length; i++) {
            if (bytes.getByte(start + i) != digits[i]) {
                return true;
            }
        }
        return false;
    }

    /** Offset of its first byte where it was read. */
    public int start() {
        return start;
    }

    /** Offset one past its last byte where it was read. */
    public int end() {
        return end;
    }

    /** Number of characters, the {@code +} included. */
    public int length() {
        return length;
    }

    /** Character number {@code index}: {@code 0} to {@code 9}, {@code +}, {@code *} or {@code #}. */
    public byte at(final int index) {
        return digits[index];
    }

    /** Writes it as a user part. */
    public void write(final AsciiWriter out) {
        for (int i = 0; i < length; i++) {
            if (digits[i] == '#') {
                // Not allowed in a user part as it is (RFC 3261 section 25.1).
                out.put(HASH);
            } else {
                out.put((char) digits[i]);
            }
        }
    }

    /** The number as text, for people. */
    @Override
    public String toString() {
        return new String(digits, 0, length, StandardCharsets.US_ASCII);
    }
}
