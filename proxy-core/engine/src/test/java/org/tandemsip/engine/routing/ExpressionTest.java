package org.tandemsip.engine.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tandemsip.engine.routing.ExpressionCompiler.BadExpression;

/** Expressions as tables say what the JDK's own say, and refuse what a table cannot do. */
@Timeout(60)
class ExpressionTest {
    private static boolean matches(final String expression, final String text) throws BadExpression {
        final byte[] bytes = ("<" + text + ">").getBytes(StandardCharsets.ISO_8859_1);
        return ExpressionCompiler.compile(expression).matches(new UnsafeBuffer(bytes), 1, bytes.length - 2);
    }

    @ParameterizedTest
    @CsvSource(delimiter = ' ',
            value = {"^\\+49(30|40)\\d{3,5}$ +4930123 true", "^\\+49(30|40)\\d{3,5}$ +4950123 false",
                "^\\+49(30|40)\\d{3,5}$ +4930123456 false", "^0[1-9] 030 true", "^0[1-9] 0030 false", "49 004912 true",
                "00$ 4900 true", "00$ 49001 false", "^[^0+].* 49 true", "^[^0+].* 049 false", "a|b|c xbx true",
                "^(4|5)$ 5 true", "(?:4|5)$ 15 true",
                "^(?:1|22)?3$ 223 true", "^(?:1|22)?3$ 123 false", "\\$$ a$ true", "^\\* *21# true", "^.$ ä true",
                "^[a-c\\d]+$ a1b2 true", "^\\D+$ a1 false", "^\\w+$ a_1 true", "^a{2}$ aa true", "^a{2}$ aaa false",
                "^a{2,}$ aaaa true", "^()$ x false", "^[]]$ ] true", "^[a-]$ - true"})
    void shouldMatch(final String expression, final String text, final boolean expected) throws Exception {
        assertEquals(expected, matches(expression, text));
    }

    @Test
    void shouldAgreeWithTheExpressionsOfTheJdk() throws Exception {
        final long seed = System.nanoTime();
        final SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 3_000; round++) {
            // given
            final String inner = expression(random, 3);
            final String expression =
                    (random.nextBoolean() ? "^(" + inner + ")" : inner) + (random.nextBoolean() ? "" : "$");
            final String text = expression.endsWith("$") && !expression.startsWith("^")
                    ? "(" + inner + ")$" : expression;
            final Expression compiled = compiled(text);
            final Pattern pattern = Pattern.compile(text);
            for (int i = 0; compiled != null && i < 20; i++) {
                // when
                final StringBuilder value = new StringBuilder();
                for (int length = random.nextInt(8); length > 0; length--) {
                    value.append("ab01".charAt(random.nextInt(4)));
                }
                final byte[] bytes = ("x" + value).getBytes(StandardCharsets.US_ASCII);

                // then
                assertEquals(pattern.matcher(value).find(),
                        compiled.matches(new UnsafeBuffer(bytes), 1, value.length()),
                        () -> "seed " + seed + ": " + text + " on '" + value + "'");
            }
        }
    }

    /** {@code null} when it takes too many states. */
    private static Expression compiled(final String text) throws BadExpression {
        try {
            return ExpressionCompiler.compile(text);
        } catch (final BadExpression e) {
            if (e.getMessage().equals("is too complex") || e.getMessage().equals("is too large")) {
                return null;
            }
            throw e;
        }
    }

    private static String expression(final SplittableRandom random, final int depth) {
        final StringBuilder out = new StringBuilder();
        for (int i = random.nextInt(4); i >= 0; i--) {
            out.append(switch (random.nextInt(depth > 0 ? 7 : 5)) {
                case 0 -> "a";
                case 1 -> "b";
                case 2 -> "[a0]";
                case 3 -> "\\d";
                case 4 -> "[^b1]";
                case 5 -> "(" + expression(random, depth - 1) + ")";
                default -> "(?:" + expression(random, depth - 1) + "|" + expression(random, depth - 1) + ")";
            }).append(switch (random.nextInt(9)) {
                case 0 -> "*";
                case 1 -> "+";
                case 2 -> "?";
                case 3 -> "{2}";
                case 4 -> "{1,3}";
                default -> "";
            });
        }
        return out.toString();
    }

    @ParameterizedTest
    @CsvSource(delimiter = ' ', value = {"(a '(' ", "a) ')'", "[a '['", "*a nothing", "a** already", "a{2 '{'",
        "a{3,2} repeats", "a{500} repeats", "(?=a) supported", "\\1 supported", "\\b supported", "a\\ '\\'",
        "a^b middle", "^a|b parentheses", "a|b$ parentheses", "a|^b middle", "a$b middle", "[z-a] backwards", "ä ASCII",
        "(a|b{100}){100} large",
        "(a|b)*a(a|b){14} complex"})
    void shouldRefuseWhatItCannotDo(final String expression, final String said) {
        final BadExpression refusal = assertThrows(BadExpression.class, () -> ExpressionCompiler.compile(expression));
        assertTrue(refusal.getMessage().contains(said.strip()), refusal.getMessage());
    }

    @Test
    void shouldNeverThrowOtherwiseOrRunAway() {
        final long seed = System.nanoTime();
        final SplittableRandom random = new SplittableRandom(seed);
        final String alphabet = "ab01()[]{}|*+?.^$\\-,:d";
        for (int round = 0; round < 20_000; round++) {
            final StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(12); length >= 0; length--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            try {
                assertTrue(ExpressionCompiler.compile(text.toString()).states() > 0);
            } catch (final BadExpression e) {
                assertFalse(e.getMessage().isEmpty());
            } catch (final RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + text, e);
            }
        }
    }
}
