package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tandemsip.testkit.Torture;

/** Every message of RFC 4475 and RFC 5118 over UDP and TCP through a running server, where the corpora are there. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class TortureIT {
    @ParameterizedTest
    @CsvSource({"stateless,udp", "stateful,udp", "stateless,tcp", "stateful,tcp"})
    void shouldTreatEveryTortureMessageByTheBook(final String mode, final String transport)
            throws IOException, InterruptedException {
        assumeTrue(Torture.present(), "no corpora beside the checkout");
        final String command = "ip link set lo up && exec " + String.join(" ",
                ServerProcess.java(TortureRunner.class.getName(), mode, transport));

        final Process runner =
                new ProcessBuilder("unshare", "-n", "sh", "-c", command).redirectErrorStream(true).start();
        final String output = new String(runner.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertEquals(0, runner.waitFor(), () -> output.lines().filter(line -> !line.startsWith("PASS"))
                .reduce("", (text, line) -> text + line + '\n'));
        final int checks = Torture.all().size();
        assertTrue(output.contains("\n" + checks + " passed, 0 failed"), output);
    }
}
