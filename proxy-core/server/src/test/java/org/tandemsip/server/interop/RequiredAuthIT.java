package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A real SIPp shows its password to a running server, and calls; another one with a wrong password does not. A real phone
 * registers by SHA-256.
 */
@ExtendWith(Sipp.class)
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class RequiredAuthIT {
    private static final String PROXY = "127.0.4.1";
    private static final String CALLER = "127.0.4.10";
    private static final String CALLEE = "127.0.4.20";
    private static final int PORT = 5160;

    private static final String REQUEST = """
            Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
            Max-Forwards: 70
            From: <sip:alice@pbx.example>;tag=[pid]-[call_number]
            To: <sip:callee@[remote_ip]>%s
            Call-ID: [call_id]
            CSeq: %d %s
            Contact: <sip:alice@[local_ip]:[local_port]>
            """;

    private static final String CALLER_SCENARIO = """
            <?xml version="1.0" encoding="ISO-8859-1" ?>
            <scenario name="caller">
            <send retrans="500"><![CDATA[

            INVITE sip:callee@[remote_ip]:[remote_port] SIP/2.0
            %s
            Content-Length: 0

            ]]></send>
            <recv response="407" auth="true"/>
            <send><![CDATA[

            ACK sip:callee@[remote_ip]:[remote_port] SIP/2.0
            %s
            Content-Length: 0

            ]]></send>
            <send retrans="500"><![CDATA[

            INVITE sip:callee@[remote_ip]:[remote_port] SIP/2.0
            %s
            [authentication username=alice password=%s]
            Content-Length: 0

            ]]></send>
            <recv response="100" optional="true"/>
            <recv response="180" optional="true"/>
            <recv response="200" rrs="true"/>
            <send><![CDATA[

            ACK [next_url] SIP/2.0
            %s
            [routes]
            Content-Length: 0

            ]]></send>
            <send retrans="500"><![CDATA[

            BYE [next_url] SIP/2.0
            %s
            [routes]
            Content-Length: 0

            ]]></send>
            <recv response="200"/>
            </scenario>
            """.formatted(request("", 1, "INVITE"),
            request("[peer_tag_param]", 1, "ACK").replace("[branch]", "[branch-2]"),
            request("", 2, "INVITE"),
            "%s", request("[peer_tag_param]", 2, "ACK"), request("[peer_tag_param]", 3, "BYE"));

    private static String request(final String tag, final int cseq, final String method) {
        return REQUEST.formatted(tag, cseq, method).strip();
    }

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({"stateless,'[md5]'", "stateful,'[md5]'", "stateful,'[md5, sha-256]'"})
    void shouldLetThroughWhoKnowsThePassword(final String mode, final String algorithms) throws Exception {
        final Path password = Files.writeString(directory.resolve("password"), "wonderland\n");
        final String yaml = """
                listen: [udp://%1$s:%2$d]
                mode: %3$s
                trunks:
                  phones:
                    allow: [%4$s/32]
                    zone: public
                    require-auth:
                      realm: pbx.example
                      users: {alice: "${file:%5$s}"}
                      algorithms: %6$s
                  callee: {peers: ["%7$s:5080"]}
                routes:
                  - {from: phones, to: callee}
                """.formatted(PROXY, PORT, mode, CALLER, password, algorithms, CALLEE);
        try (ServerProcess _ = ServerProcess.start(new InetSocketAddress(PROXY, PORT), CALLER, yaml)) {
            final Sipp.Agent callee = Sipp.start("auth-callee",
                    SippScript.render(false, "auth", "< INVITE keep\n> 180\n> 200 sdp\n< ACK\n< BYE\n> 200\n"), CALLEE,
                    5080, false, 1);
            Thread.sleep(500); // SIPp does not say when it has bound its port
            final Sipp.Agent caller = Sipp.start("auth-caller", CALLER_SCENARIO.replace("%s", "wonderland"), CALLER,
                    5070, false, 1, PROXY + ':' + PORT);
            assertEquals(0, caller.await(40), caller.complaint());
            assertEquals(0, callee.await(20), callee.complaint());
            final Sipp.Agent stranger = Sipp.start("auth-stranger", CALLER_SCENARIO.replace("%s", "wrong"), CALLER,
                    5071, false, 1, "-default_behaviors", "none", "-timeout", "5s", PROXY + ':' + PORT);
            assertNotEquals(0, stranger.await(40), "with a wrong password");
            assertTrue(stranger.complaint().contains("SIP/2.0 407"), stranger.complaint());
        }
    }

    /** linphone knows SHA-256 (RFC 8760), which is all that is offered. */
    @ParameterizedTest
    @CsvSource({"wonderland, true", "wrong, false"})
    void shouldRegisterAPhoneThatAnswersBySha256(final String shown, final boolean right) throws Exception {
        Programs.require("linphone-cli", "/usr/bin/linphonec");
        final Path password = Files.writeString(directory.resolve("password"), "wonderland\n");
        try (ServerProcess server = ServerProcess.start(new InetSocketAddress(PROXY, PORT), CALLER, """
                listen: [udp://%1$s:%2$d]
                registrar: {domains: [pbx.example]}
                trunks:
                  phones:
                    allow: [127.0.0.0/8]
                    zone: public
                    require-auth: {realm: pbx.example, users: {alice: "${file:%3$s}"}, algorithms: [sha-256]}
                routes:
                  - {from: phones, to: registrar}
                """.formatted(PROXY, PORT, password)); Linphone phone = new Linphone(directory, shown)) {
            final long startNs = System.nanoTime();
            while (!(right ? server.verb("registrations").startsWith("1 users")
                    : server.verb("stats", "tandem_auth_challenges_total").matches("(?s).*\"wrong\"} +[1-9].*"))) {
                assertTrue(System.nanoTime() - startNs < TimeUnit.SECONDS.toNanos(60), phone::toString);
            }
            assertTrue(phone.toString().contains("algorithm=SHA-256, username=\"alice\""), phone::toString);
            assertTrue(server.verb("registrations").startsWith(right ? "1 users" : "0 users"), phone::toString);
        }
    }

    /** A real phone (Debian package linphone-cli) that registers as soon as it runs. */
    private static final class Linphone implements AutoCloseable {
        private final Path log;
        private final Process process;

        Linphone(final Path home, final String password) throws IOException {
            // Without this folder it has no database, and without that no sockets.
            Files.createDirectories(home.resolve(".local/share/linphone"));
            final Path config = Files.writeString(home.resolve("linphonerc"), """
                    [sip]
                    sip_port=5075
                    register_only_when_network_is_up=0
                    [proxy_0]
                    reg_proxy=<sip:%s:%d;transport=udp>
                    reg_identity=sip:alice@pbx.example
                    reg_expires=600
                    reg_sendregister=1
                    [auth_info_0]
                    username=alice
                    passwd=%s
                    realm=pbx.example
                    """.formatted(PROXY, PORT, password));
            log = home.resolve("linphone.log");
            final ProcessBuilder builder = new ProcessBuilder("linphonec", "-d", "6", "-l", log.toString(), "-c",
                    config.toString()).redirectErrorStream(true)
                    .redirectOutput(home.resolve("linphone.out").toFile()).redirectInput(ProcessBuilder.Redirect.PIPE);
            builder.environment().put("HOME", home.toString());
            process = builder.start();
        }

        /** Its log, which has all messages. */
        @Override
        public String toString() {
            try {
                return Files.readString(log, StandardCharsets.ISO_8859_1);
            } catch (final IOException e) {
                return "no log: " + e.getMessage();
            }
        }

        @Override
        public void close() {
            process.destroyForcibly().onExit().join();
        }
    }
}
