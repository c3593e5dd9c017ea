package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two real phones (Debian package baresip-core) register with their passwords, and one calls the other. This version of
 * baresip looks at the first challenge only and knows no hash but MD5.
 */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class BaresipIT {
    private static final String PROXY = "127.0.7.1";
    private static final int PORT = 5160;
    private static final Path MODULES = Path.of("/usr/lib/baresip/modules");

    @TempDir
    Path directory;

    @BeforeAll
    static void requireBaresip() {
        if (!Files.isDirectory(MODULES)) {
            if (Boolean.parseBoolean(System.getenv("CI"))) {
                fail("baresip is missing: install the Debian package baresip-core");
            }
            assumeTrue(false, "baresip is not installed");
        }
    }

    /** A phone that is a process of its own. */
    private static final class Phone implements AutoCloseable {
        private final Process process;
        private final Path log;

        Phone(final Path home, final String host, final String user, final String account, final String... commands)
                throws IOException {
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
            Files.writeString(home.resolve("accounts"),
                    "<sip:" + user + '@' + PROXY + ':' + PORT + account + '\n');
            Files.writeString(home.resolve("uuid"),
                    UUID.nameUUIDFromBytes(user.getBytes(StandardCharsets.UTF_8)).toString());
            log = home.resolve("log");
            final List<String> command =
                    new ArrayList<>(List.of("baresip", "-s", "-f", home.toString()));
            for (final String each : commands) {
                command.add("-e");
                command.add(each);
            }
            process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile())
                    .redirectInput(ProcessBuilder.Redirect.PIPE).start();
        }

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

    @ParameterizedTest
    @ValueSource(strings = {"udp", "tcp"})
    void shouldLetOnePhoneCallTheOther(final String transport) throws Exception {
        final Path password = Files.writeString(directory.resolve("password"), "secret\n");
        final String yaml = """
                listen: [udp://%1$s:%2$d, tcp://%1$s:%2$d]
                trunks:
                  phones:
                    allow: [127.0.0.0/8]    # over TCP it connects from 127.0.0.1
                    zone: public
                    source-rate: 1000/s
                    require-auth: {realm: "%1$s", users: {alice: "${file:%3$s}", bob: "${file:%3$s}"}, algorithms: [md5]}
                routes:
                  - {from: phones, to: registrar}
                  - {from: phones, to: location}
                """.formatted(PROXY, PORT, password);
        try (ServerProcess server = ServerProcess.start(new InetSocketAddress(PROXY, PORT), "127.0.7.9", yaml);
                Phone bob = new Phone(directory.resolve("bob"), "127.0.7.3", "bob",
                        ";transport=" + transport + ">;auth_pass=secret;answermode=auto")) {
            bob.await("SIP/2.0 200 OK");
            try (Phone alice = new Phone(directory.resolve("alice"), "127.0.7.2", "alice",
                    ";transport=" + transport + ">;auth_pass=secret")) {
                alice.await("SIP/2.0 200 OK");
                assertTrue(server.verb("registrations").startsWith("2 users"), server::toString);
            }
            try (Phone alice = new Phone(directory.resolve("alice"), "127.0.7.2", "alice",
                    ";transport=" + transport + ">;auth_pass=secret",
                    "/dial sip:bob@" + PROXY + ':' + PORT)) {
                alice.await("Call established");
                bob.await("Call established");
            }
            bob.await("BYE sip:");
        }
    }
}
