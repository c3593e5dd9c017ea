package org.tandemsip.engine.routing;

import java.util.Arrays;
import org.agrona.DirectBuffer;

/**
 * A regular expression as a table: one step per byte and never one back, whatever is matched against it. Immutable; a
 * match allocates nothing. {@link ExpressionCompiler} makes it.
 *
 * <p>The expression may begin anywhere unless it starts with {@code ^}, and end anywhere unless it ends with {@code $}.
 */
public final class Expression {
    /** Next state for what can lead to no match any more. */
    static final short DEAD = -1;

    private final String text;
    private final byte[] classes;
    private final int classCount;
    private final short[] next;
    private final boolean[] accepting;

    /**
     * @param text       as written
     * @param classes    class of each byte
     * @param classCount number of classes
     * @param next       next state by state and class, or {@link #DEAD}; the first state is 0
     * @param accepting  by state, whether the text may end there
     */
    Expression(final String text, final byte[] classes, final int classCount, final short[] next,
            final boolean[] accepting) {
        this.text = text;
        this.classes = classes;
        this.classCount = classCount;
        this.next = next;
        this.accepting = accepting;
    }

    /** Whether {@code length} bytes from {@code offset} match. */
    public boolean matches(final DirectBuffer bytes, final int offset, final int length) {
        int state = 0;
        for (int i = 0; i < length && state != DEAD; i++) {
            state = next[state * classCount + classes[bytes.getByte(offset + i) & 0xFF]];
        }
        return state != DEAD && accepting[state];
    }

    /** Whether a number matches. */
    public boolean matches(final TelephoneNumber number) {
        int state = 0;
        for (int i = 0; i < number.length() && state != DEAD; i++) {
            state = next[state * classCount + classes[number.at(i)]];
        }
        return state != DEAD && accepting[state];
    }

    /** Number of states. */
    public int states() {
        return accepting.length;
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof final Expression expression && text.equals(expression.text)
                && Arrays.equals(accepting, expression.accepting);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    /** As written. */
    @Override
    public String toString() {
        return text;
    }
}
