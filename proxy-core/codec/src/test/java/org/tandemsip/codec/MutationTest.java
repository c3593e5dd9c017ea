package org.tandemsip.codec;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The fuzz properties over the seeds with a few bytes changed, cut, doubled or crossed with another seed: less clever
 * than the fuzzer, but thousands of times faster. A failure names its random seed; {@code -Dmutation.seed} replays it,
 * {@code -Dmutation.rounds} makes it longer.
 */
@Timeout(3_600)
class MutationTest {
    private static final long SEED = Long.getLong("mutation.seed", new Random().nextLong());
    private static final int ROUNDS = Integer.getInteger("mutation.rounds", 5_000);
    private static final byte[][] SNIPPETS = Stream
            .of("\r\n", "\r", "\n", "\r\n ", " ", "\t", ":", ";", ",", "<", ">", "\"", "\\", "\\\"", "[", "]", "@",
                    "=", "?", "%00", "\0", "\u00ff", "SIP/2.0", "Via: ", "l: 1\r\n", "Content-Length: -1\r\n",
                    "\r\n\r\n", ";rport", ";tag=", ";branch=z9hG4bK", "999999999999", "Route: <sip:a;lr>\r\n")
            .map(text -> text.getBytes(StandardCharsets.ISO_8859_1)).toArray(byte[][]::new);

    static Stream<Arguments> targets() {
        return Stream.of(target("message", FuzzSeeds.messages(), FuzzProperties::message),
                target("uri", FuzzSeeds.uris(), FuzzProperties::uri),
                target("via", FuzzSeeds.vias(), FuzzProperties::via),
                target("name-addr", FuzzSeeds.nameAddrs(), FuzzProperties::nameAddr),
                target("framer", FuzzSeeds.streams(), FuzzProperties::framer));
    }

    private static Arguments target(final String name, final List<byte[]> seeds, final Consumer<byte[]> property) {
        return Arguments.of(name, seeds, property);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("targets")
    void shouldHoldItsPropertiesWhenSeedsAreMutated(final String name, final List<byte[]> seeds,
            final Consumer<byte[]> property) {
        final Random random = new Random(SEED);
        for (int i = 0; i < ROUNDS; i++) {
            byte[] input = seeds.get(random.nextInt(seeds.size()));
            for (int changes = random.nextInt(5); changes >= 0; changes--) {
                input = mutate(input, seeds, random);
            }
            try {
                property.accept(input);
            } catch (final Throwable failure) {
                throw new AssertionError("mutation.seed " + SEED + ", round " + i + ", input:\n"
                        + new String(input, StandardCharsets.ISO_8859_1), failure);
            }
        }
    }

    private static byte[] mutate(final byte[] input, final List<byte[]> seeds, final Random random) {
        if (input.length == 0) {
            return SNIPPETS[random.nextInt(SNIPPETS.length)];
        }
        final int at = random.nextInt(input.length);
        final int end = Math.min(input.length, at + 1 + random.nextInt(40));
        return switch (random.nextInt(7)) {
            case 0 -> {
                final byte[] copy = input.clone();
                copy[at] = (byte) random.nextInt(256);
                yield copy;
            }
            case 1 -> splice(input, at, end, new byte[0]);
            case 2 -> splice(input, at, at, Arrays.copyOfRange(input, at, end));
            case 3 -> splice(input, at, at, SNIPPETS[random.nextInt(SNIPPETS.length)]);
            case 4 -> splice(input, at, end, SNIPPETS[random.nextInt(SNIPPETS.length)]);
            case 5 -> Arrays.copyOf(input, at);
            default -> {
                final byte[] other = seeds.get(random.nextInt(seeds.size()));
                final int from = random.nextInt(other.length + 1);
                yield splice(input, at, end, Arrays.copyOfRange(other, from, Math.min(other.length, from + 60)));
            }
        };
    }

    private static byte[] splice(final byte[] input, final int from, final int to, final byte[] inserted) {
        final byte[] result = new byte[input.length - (to - from) + inserted.length];
        System.arraycopy(input, 0, result, 0, from);
        System.arraycopy(inserted, 0, result, from, inserted.length);
        System.arraycopy(input, to, result, from + inserted.length, input.length - to);
        return result;
    }
}
