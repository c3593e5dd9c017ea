package org.tandemsip.engine.routing;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Compiles an {@link Expression}: parses it, builds the automaton of Thompson with a bounded number of states, and
 * turns that into a table by the construction of subsets, bounded too. What has no place here is refused: back
 * references and looking around, which no table can do.
 *
 * <pre>
 *   choice  = sequence *( "|" sequence )
 *   sequence= *( atom [ "*" / "+" / "?" / "{" n [ "," [ m ] ] "}" ] )
 *   atom    = character / "." / "[" ["^"] ranges "]" / "\" (d / D / w / W / s / S / any other) / "(" ["?:"] choice ")"
 * </pre>
 */
public final class ExpressionCompiler {
    /** An expression that cannot be compiled; the message says why. */
    public static final class BadExpression extends Exception {
        private static final long serialVersionUID = 1L;

        BadExpression(final String message) {
            super(message, null, false, false);
        }
    }

    private static final int MOST_NODES = 5_000;
    private static final int MOST_STATES = 2_000;
    private static final int MOST_REPEATS = 100;
    private static final int MOST_DEPTH = 50;
    private static final int NOWHERE = -1;

    private final String text;
    private int at;
    private int depth;
    private int nesting;
    /** Whether there are alternatives outside of parentheses. */
    private boolean alternatives;

    /** The automaton: either a set of bytes and one way on, or no bytes and up to two. */
    private final List<BitSet> bytes = new ArrayList<>();
    private final List<int[]> ways = new ArrayList<>();

    private ExpressionCompiler(final String text) {
        this.text = text;
    }

    /**
     * Compiles {@code text}.
     *
     * @throws BadExpression it is malformed, or asks for more than a table can do
     */
    public static Expression compile(final String text) throws BadExpression {
        return new ExpressionCompiler(text).compile();
    }

    private Expression compile() throws BadExpression {
        final boolean fromStart = text.startsWith("^");
        at = fromStart ? 1 : 0;
        final boolean toEnd = endsWithDollar();
        final int end = toEnd ? text.length() - 1 : text.length();
        final int accept = node(null, NOWHERE, NOWHERE);
        int last = accept;
        if (!toEnd) {
            last = anything(accept);
        }
        int first = choice(end, last);
        if (alternatives && (fromStart || toEnd)) {
            // Elsewhere '^' would belong to the first alternative only, which is hardly ever meant.
            throw new BadExpression("needs parentheses around its alternatives: ^(a|b)$");
        }
        if (at < end) {
            throw new BadExpression("has a ')' that nothing opens");
        }
        if (!fromStart) {
            first = anything(first);
        }
        return table(first, accept);
    }

    private boolean endsWithDollar() {
        int backslashes = 0;
        for (int i = text.length() - 2; i >= 0 && text.charAt(i) == '\\'; i--) {
            backslashes++;
        }
        return text.endsWith("$") && backslashes % 2 == 0;
    }

    /** Any bytes, then {@code next}. */
    private int anything(final int next) throws BadExpression {
        final BitSet all = new BitSet();
        all.set(0, 256);
        return star(all, next);
    }

    private int star(final BitSet set, final int next) throws BadExpression {
        final int loop = node(null, NOWHERE, next);
        ways.get(loop)[0] = node(set, loop, NOWHERE);
        return loop;
    }

    private int node(final BitSet set, final int way, final int other) throws BadExpression {
        if (bytes.size() == MOST_NODES) {
            throw new BadExpression("is too large");
        }
        bytes.add(set);
        ways.add(new int[] {way, other});
        return bytes.size() - 1;
    }

    /** Parses up to {@code end} or a closing parenthesis; what matches it goes on to {@code next}. */
    private int choice(final int end, final int next) throws BadExpression {
        int first = sequence(end, next);
        while (at < end && text.charAt(at) == '|') {
            at++;
            alternatives |= nesting == 0;
            first = node(null, first, sequence(end, next));
        }
        return first;
    }

    /** Parts are built from the last to the first, since each has to know what comes behind it. */
    private int sequence(final int end, final int next) throws BadExpression {
        final List<int[]> parts = new ArrayList<>();
        while (at < end && text.charAt(at) != '|' && text.charAt(at) != ')') {
            final int from = at;
            skipAtom(end);
            final int to = at;
            final int[] repeats = repeats(end);
            parts.add(new int[] {from, to, repeats[0], repeats[1]});
        }
        final int behind = at;
        int first = next;
        for (int i = parts.size() - 1; i >= 0; i--) {
            first = repeat(parts.get(i), first);
        }
        at = behind;
        return first;
    }

    private int repeat(final int[] part, final int next) throws BadExpression {
        int first = next;
        if (part[3] == Integer.MAX_VALUE) {
            final int loop = node(null, NOWHERE, next);
            ways.get(loop)[0] = atom(part, loop);
            first = loop;
        } else {
            for (int i = part[2]; i < part[3]; i++) {
                first = node(null, atom(part, first), next);
            }
        }
        for (int i = 0; i < part[2]; i++) {
            first = atom(part, first);
        }
        return first;
    }

    private int atom(final int[] part, final int next) throws BadExpression {
        at = part[0];
        if (text.charAt(at) == '(') {
            at += text.startsWith("(?:", at) ? 3 : 1;
            nesting++;
            final int first = choice(part[1] - 1, next);
            nesting--;
            return first;
        }
        return node(set(), next, NOWHERE);
    }

    /** Moves past one atom and sees that it is well-formed. */
    private void skipAtom(final int end) throws BadExpression {
        if (text.charAt(at) != '(') {
            set();
            if (at > end) {
                throw new BadExpression("ends in the middle");
            }
            return;
        }
        if (text.startsWith("(?", at) && !text.startsWith("(?:", at)) {
            throw new BadExpression("has a '(?' that is not supported; write (...) or (?:...)");
        }
        if (++depth > MOST_DEPTH) {
            throw new BadExpression("is nested too deeply");
        }
        at += text.startsWith("(?:", at) ? 3 : 1;
        while (at < end && text.charAt(at) != ')') {
            if (text.charAt(at) == '|') {
                at++;
            } else {
                skipAtom(end);
                repeats(end);
            }
        }
        if (at >= end) {
            throw new BadExpression("has a '(' that nothing closes");
        }
        at++;
        depth--;
    }

    /** Least and most times of the atom before. */
    private int[] repeats(final int end) throws BadExpression {
        final int[] repeats = at < end ? switch (text.charAt(at)) {
            case '*' -> new int[] {0, Integer.MAX_VALUE};
            case '+' -> new int[] {1, Integer.MAX_VALUE};
            case '?' -> new int[] {0, 1};
            case '{' -> braces(end);
            default -> null;
        } : null;
        if (repeats == null) {
            return new int[] {1, 1};
        }
        at++;
        if (at < end && "*+?{".indexOf(text.charAt(at)) >= 0) {
            throw new BadExpression("repeats what is repeated already");
        }
        return repeats;
    }

    private int[] braces(final int end) throws BadExpression {
        final int close = text.indexOf('}', at);
        final String inside = close < 0 || close >= end ? "" : text.substring(at + 1, close);
        final int comma = inside.indexOf(',');
        final int least = number(comma < 0 ? inside : inside.substring(0, comma));
        final int most = comma < 0 ? least
                : comma == inside.length() - 1 ? Integer.MAX_VALUE : number(inside.substring(comma + 1));
        if (least > most || least > MOST_REPEATS || most > MOST_REPEATS && most != Integer.MAX_VALUE) {
            throw new BadExpression("repeats " + inside + " times; allowed: up to " + MOST_REPEATS);
        }
        at = close;
        return new int[] {least, most};
    }

    private static int number(final String digits) throws BadExpression {
        int number = 0;
        for (int i = 0; i < digits.length(); i++) {
            number = Character.isDigit(digits.charAt(i)) ? number * 10 + digits.charAt(i) - '0' : -1_000;
        }
        if (digits.isEmpty() || digits.length() > 3 || number < 0) {
            throw new BadExpression("has a '{' that is no {n}, {n,} or {n,m}");
        }
        return number;
    }

    /** Reads one character, escape or class. */
    private BitSet set() throws BadExpression {
        final BitSet set = new BitSet();
        final char character = text.charAt(at++);
        switch (character) {
            case '.' -> set.set(0, 256);
            case '[' -> bracket(set);
            case '\\' -> escape(set);
            case '*', '+', '?', '{' -> throw new BadExpression("has a '" + character + "' with nothing to repeat");
            case '^', '$' -> throw new BadExpression("has a '" + character + "' in the middle; escape it by '\\'");
            default -> single(set, character);
        }
        return set;
    }

    private static void single(final BitSet set, final char character) throws BadExpression {
        if (character > 127) {
            throw new BadExpression("holds '" + character + "', which is not ASCII");
        }
        set.set(character);
    }

    private void escape(final BitSet set) throws BadExpression {
        if (at >= text.length()) {
            throw new BadExpression("ends in a '\\'");
        }
        final char character = text.charAt(at++);
        switch (character) {
            case 'd' -> set.set('0', '9' + 1);
            case 'w' -> word(set);
            case 's' -> set.set(' ');
            case 'D', 'W', 'S' -> {
                final BitSet inverse = new BitSet();
                at--;
                final String lower = text.substring(at, at + 1).toLowerCase(java.util.Locale.ROOT);
                at++;
                switch (lower) {
                    case "d" -> inverse.set('0', '9' + 1);
                    case "w" -> word(inverse);
                    default -> inverse.set(' ');
                }
                inverse.flip(0, 256);
                set.or(inverse);
            }
            default -> {
                if (Character.isLetterOrDigit(character)) {
                    throw new BadExpression("has a '\\" + character + "', which is not supported");
                }
                single(set, character);
            }
        }
    }

    private static void word(final BitSet set) {
        set.set('0', '9' + 1);
        set.set('A', 'Z' + 1);
        set.set('a', 'z' + 1);
        set.set('_');
    }

    private void bracket(final BitSet set) throws BadExpression {
        final boolean negated = at < text.length() && text.charAt(at) == '^';
        at += negated ? 1 : 0;
        final int first = at;
        while (at < text.length() && (text.charAt(at) != ']' || at == first)) {
            final char from = text.charAt(at++);
            if (from == '\\') {
                escape(set);
            } else if (at + 1 < text.length() && text.charAt(at) == '-' && text.charAt(at + 1) != ']') {
                final char to = text.charAt(at + 1);
                at += 2;
                if (to < from || to > 127) {
                    throw new BadExpression("has a range " + from + "-" + to + " that goes backwards");
                }
                set.set(from, to + 1);
            } else {
                single(set, from);
            }
        }
        if (at >= text.length()) {
            throw new BadExpression("has a '[' that nothing closes");
        }
        at++;
        if (negated) {
            set.flip(0, 256);
        }
    }

    /** Sets of automaton nodes become states of a table. */
    private Expression table(final int first, final int accept) throws BadExpression {
        final byte[] classes = new byte[256];
        final List<Integer> samples = classes(classes);
        final Map<BitSet, Integer> known = new HashMap<>();
        final List<BitSet> states = new ArrayList<>();
        final List<short[]> rows = new ArrayList<>();
        final BitSet start = new BitSet();
        reach(first, start);
        known.put(start, 0);
        states.add(start);
        for (int state = 0; state < states.size(); state++) {
            final short[] row = new short[samples.size()];
            for (int sample = 0; sample < row.length; sample++) {
                final BitSet after = step(states.get(state), samples.get(sample));
                Integer number = known.get(after);
                if (number == null && !after.isEmpty()) {
                    number = states.size();
                    if (number == MOST_STATES) {
                        throw new BadExpression("is too complex");
                    }
                    known.put(after, number);
                    states.add(after);
                }
                row[sample] = after.isEmpty() ? Expression.DEAD : number.shortValue();
            }
            rows.add(row);
        }
        final short[] next = new short[states.size() * samples.size()];
        final boolean[] accepting = new boolean[states.size()];
        for (int state = 0; state < states.size(); state++) {
            System.arraycopy(rows.get(state), 0, next, state * samples.size(), samples.size());
            accepting[state] = states.get(state).get(accept);
        }
        return new Expression(text, classes, samples.size(), next, accepting);
    }

    private BitSet step(final BitSet from, final int value) {
        final BitSet after = new BitSet();
        for (int node = from.nextSetBit(0); node >= 0; node = from.nextSetBit(node + 1)) {
            if (bytes.get(node) != null && bytes.get(node).get(value)) {
                reach(ways.get(node)[0], after);
            }
        }
        return after;
    }

    private void reach(final int first, final BitSet into) {
        final ArrayDeque<Integer> open = new ArrayDeque<>(List.of(first));
        while (!open.isEmpty()) {
            final int node = open.pop();
            if (node == NOWHERE || into.get(node)) {
                continue;
            }
            into.set(node);
            if (bytes.get(node) == null) {
                open.push(ways.get(node)[0]);
                open.push(ways.get(node)[1]);
            }
        }
    }

    /** Bytes that no set tells apart are one class; returns one byte of each. */
    private List<Integer> classes(final byte[] classes) {
        final List<BitSet> distinct = bytes.stream().filter(set -> set != null).distinct().toList();
        final Map<BitSet, Integer> known = new HashMap<>();
        final List<Integer> samples = new ArrayList<>();
        for (int value = 0; value < 256; value++) {
            final BitSet in = new BitSet();
            for (int i = 0; i < distinct.size(); i++) {
                in.set(i, distinct.get(i).get(value));
            }
            final int sample = value;
            classes[value] = (byte) (int) known.computeIfAbsent(in, _ -> {
                samples.add(sample);
                return samples.size() - 1;
            });
        }
        return samples;
    }
}
