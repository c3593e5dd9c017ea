package org.tandemsip.perf.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.server.cli.ExitCode;
import org.tandemsip.server.cli.Main;

/** The verbs of this module, called as the command line calls them. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class DemoIT {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @ParameterizedTest
    @ValueSource(strings = {"stateless", "stateful"})
    void shouldCompleteEveryCallOfTheDemo(final String mode) {
        assertEquals(ExitCode.OK, tandem("demo", "--for", "3s", "--rate", "50", "--mode", mode),
                () -> out.toString() + err);
        assertTrue(out.toString().contains("150 begun at 50/s, 150 answered, 150 succeeded, 0 failed"), out::toString);
        assertEquals(3, out.toString().lines().filter(line -> line.matches(" +\\ds +\\d+ .*")).count(), out::toString);
    }

    @Test
    void shouldCutOffHalfOfTheCallsOfTheDemoByCredit() {
        assertEquals(ExitCode.OK, tandem("demo", "--for", "3s", "--rate", "50", "--mode", "b2bua"),
                () -> out.toString() + err);
        assertTrue(out.toString().contains("150 begun at 50/s, 150 answered, 150 succeeded, 0 failed"), out::toString);
        assertTrue(out.toString().contains("75 calls when their 500 ms were used up; 75 hung up by the caller"),
                out::toString);
        assertTrue(out.toString().contains("the caller's got 75 BYEs, the carrier saw 150 of 150 calls end"),
                out::toString);
        assertTrue(out.toString().contains("150 settled, 0 of them twice"), out::toString);
    }

    @Test
    void shouldSayWhatIsWrongWithTheModeOfTheDemo() {
        assertEquals(ExitCode.USAGE, tandem("demo", "--mode", "dialog"));
        assertTrue(err.toString().contains("dialog"), err::toString);
    }

    private int tandem(final String... arguments) {
        return Main.run(arguments, new PrintWriter(out, true), new PrintWriter(err, true));
    }
}
