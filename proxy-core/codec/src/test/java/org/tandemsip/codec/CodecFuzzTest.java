package org.tandemsip.codec;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The five fuzz targets of the codec, over their seeds. {@link FuzzRunTest} sets the fuzzer on them and says how to do
 * so for longer; one of them can also be fuzzed from here, with {@code JAZZER_FUZZ=1} and {@code
 * -Dtest=CodecFuzzTest#uri}.
 */
class CodecFuzzTest {
    static List<byte[]> messages() {
        return FuzzSeeds.messages();
    }

    @MethodSource("messages")
    @FuzzTest(maxDuration = "30s")
    void message(final byte[] input) {
        FuzzProperties.message(input);
    }

    static List<byte[]> uris() {
        return FuzzSeeds.uris();
    }

    @MethodSource("uris")
    @FuzzTest(maxDuration = "30s")
    void uri(final byte[] input) {
        FuzzProperties.uri(input);
    }

    static List<byte[]> vias() {
        return FuzzSeeds.vias();
    }

    @MethodSource("vias")
    @FuzzTest(maxDuration = "30s")
    void via(final byte[] input) {
        FuzzProperties.via(input);
    }

    static List<byte[]> nameAddrs() {
        return FuzzSeeds.nameAddrs();
    }

    @MethodSource("nameAddrs")
    @FuzzTest(maxDuration = "30s")
    void nameAddr(final byte[] input) {
        FuzzProperties.nameAddr(input);
    }

    static List<byte[]> streams() {
        return FuzzSeeds.streams();
    }

    @MethodSource("streams")
    @FuzzTest(maxDuration = "30s")
    void framer(final byte[] input) {
        FuzzProperties.framer(input);
    }
}
