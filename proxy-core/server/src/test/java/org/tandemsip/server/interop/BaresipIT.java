package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two real phones (Debian package baresip-core) register with their passwords, and one calls the other. This version of
 * baresip looks at the first challenge only and knows no hash but MD5.
 */
@ExtendWith(Folders.class)
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class BaresipIT {
    private static final String PROXY = "127.0.7.1";
    private static final int PORT = 5160;

    @TempDir
    Path directory;

    @BeforeAll
    static void requireBaresip() {
        Baresip.require();
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
                Baresip bob =
                        phone("bob", "127.0.7.3", ";transport=" + transport + ">;auth_pass=secret;answermode=auto")) {
            bob.await("SIP/2.0 200 OK");
            try (Baresip alice = phone("alice", "127.0.7.2", ";transport=" + transport + ">;auth_pass=secret")) {
                alice.await("SIP/2.0 200 OK");
                assertTrue(server.verb("registrations").startsWith("2 users"), server::toString);
            }
            try (Baresip alice = phone("alice", "127.0.7.2", ";transport=" + transport + ">;auth_pass=secret",
                    "/dial sip:bob@" + PROXY + ':' + PORT)) {
                alice.await("Call established");
                bob.await("Call established");
            }
            bob.await("BYE sip:");
        }
    }

    private Baresip phone(final String user, final String host, final String account, final String... commands)
            throws IOException {
        return new Baresip(directory.resolve(user), host, "<sip:" + user + '@' + PROXY + ':' + PORT + account,
                commands);
    }
}
