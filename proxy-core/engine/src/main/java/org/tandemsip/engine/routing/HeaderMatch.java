package org.tandemsip.engine.routing;

import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.HeaderField;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;

/**
 * What a header field of a request must be for a route to match: some row of it holds the value, whole. Which name a
 * row has is told by {@link HeaderField}, so another spelling is no way around. Immutable; a match allocates nothing.
 */
public final class HeaderMatch {
    private final HeaderField name;
    private final String text;
    private final byte[] fixed;
    private final boolean open;
    private final Expression expression;

    /**
     * @param name       field, by its whole name
     * @param text       value, compared as written; {@code *} at its end stands for any rest. Or, with
     *                   {@code expression}, that as it was written
     * @param expression what the value must match instead, or {@code null}
     */
    public HeaderMatch(final HeaderField name, final String text, final Expression expression) {
        this.name = name;
        this.text = text;
        this.expression = expression;
        open = text.endsWith("*");
        fixed = (open ? text.substring(0, text.length() - 1) : text).getBytes(StandardCharsets.UTF_8);
    }

    /** The field that is looked at. */
    public HeaderField name() {
        return name;
    }

    /** What its value must be, as written. */
    public String text() {
        return text;
    }

    /**
     * Whether a request fits as the trunk that it comes from leaves it.
     *
     * @param received rules for what comes from that trunk: what they take out is not there
     */
    public boolean fits(final SipMessage request, final HeaderRules received) {
        for (int row = 0; row < request.rows(); row++) {
            if (name.names(request, row) && !received.removes(request, row)) {
                final long value = request.rowValue(row);
                if (fits(request.bytes(), Slice.offset(value), Slice.length(value))) {
                    return true;
                }
            }
        }
        return received.puts(this);
    }

    /** Whether a value fits. */
    boolean fits(final DirectBuffer bytes, final int offset, final int length) {
        if (expression != null) {
            return expression.matches(bytes, offset, length);
        }
        if (open ? length < fixed.length : length != fixed.length) {
            return false;
        }
        for (int i = 0; i < fixed.length; i++) {
            if (bytes.getByte(offset + i) != fixed[i]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof final HeaderMatch match && name.equals(match.name) && text.equals(match.text);
    }

    @Override
    public int hashCode() {
        return name.hashCode() + 31 * text.hashCode();
    }

    @Override
    public String toString() {
        return name + ": " + text;
    }
}
