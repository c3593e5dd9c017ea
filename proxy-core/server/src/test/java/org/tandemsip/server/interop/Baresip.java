package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** A real phone (Debian package baresip-core) that is a process of its own. */
final class Baresip implements AutoCloseable {
    private static final Path MODULES = Path.of("/usr/lib/baresip/modules");

    private final Process process;
    private final Path log;

    /**
     * Starts one.
     *
     * @param home     folder for its files
     * @param host     address that it has
     * @param account  address and parameters, as its file of accounts wants them
     * @param commands what to type first
     */
    Baresip(final Path home, final String host, final String account, final String... commands) throws IOException {
        Files.createDirectories(home);
        Files.writeString(home.resolve("config"), """
                poll_method epoll
                sip_listen %1$s:0
                net_interface %1$s
                audio_player aubridge,nil
                audio_source aubridge,nil
                audio_alert aubridge,nil
                module_path %2$s
                module g711.so
                module aubridge.so
                module_tmp account.so
                module_app menu.so
                """.formatted(host, MODULES));
        Files.writeString(home.resolve("accounts"), account + '\n');
        Files.writeString(home.resolve("uuid"),
                UUID.nameUUIDFromBytes(account.getBytes(StandardCharsets.UTF_8)).toString());
        log = home.resolve("log");
        final List<String> command = new ArrayList<>(List.of("baresip", "-s", "-f", home.toString()));
        for (final String each : commands) {
            command.add("-e");
            command.add(each);
        }
        process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile())
                .redirectInput(ProcessBuilder.Redirect.PIPE).start();
    }

    /** Sees that baresip is installed: where it must be, a test fails without it, elsewhere it does not run. */
    static void require() {
        if (!Files.isDirectory(MODULES)) {
            if (Boolean.parseBoolean(System.getenv("CI"))) {
                fail("baresip is missing: install the Debian package baresip-core");
            }
            assumeTrue(false, "baresip is not installed");
        }
    }

    /** Waits until it has said {@code text}. */
    void await(final String text) throws IOException, InterruptedException {
        final long startNs = System.nanoTime();
        while (!Files.readString(log, StandardCharsets.ISO_8859_1).contains(text)) {
            if (!process.isAlive() || System.nanoTime() - startNs > TimeUnit.SECONDS.toNanos(60)) {
                throw new AssertionError("no '" + text + "' in\n"
                        + Files.readString(log, StandardCharsets.ISO_8859_1));
            }
            Thread.sleep(50); // another process
        }
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().orTimeout(10, TimeUnit.SECONDS).handle((_, late) -> late == null ? process
                : process.destroyForcibly()).join();
    }
}
