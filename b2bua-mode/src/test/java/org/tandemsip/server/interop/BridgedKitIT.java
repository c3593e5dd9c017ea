package org.tandemsip.server.interop;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Other people's SIPp agents call each other through Tandem in mode b2bua; see {@link ConformanceKitIT}. */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class BridgedKitIT {
    private static final String PROXY = "127.0.0.46";
    private static final int PORT = 5060;

    @BeforeAll
    static void findKit() {
        ConformanceKitIT.findKit();
    }

    @ParameterizedTest(name = "pairs, {0}")
    @CsvSource({"udp,29", "tcp,27", "tcp-udp,27"})
    void shouldCarryEveryPair(final String transport, final int pairs) throws IOException, InterruptedException {
        try (ServerProcess server = start("")) {
            ConformanceKitIT.assertEveryPair(
                    ConformanceKitIT.startPairs(PROXY, transport, "proxy,self", "--max-pause", "1000"), pairs, server);
        }
    }

    /** Rows of OpenSIPS' scenarios: hiding, challenges of both sides answered, and REFER done by us in three ways. */
    @ParameterizedTest(name = "sipssert {0}")
    @CsvSource(delimiter = '|', value = {"b2b/25,b2b/27,topology-hiding/01,topology-hiding/07,uac-auth/ | {}",
        "b2b/07,b2b/09,b2b/31,b2b/33 | {refer: handle}", "b2b/03,b2b/05 | {refer: release}",
        "b2b/21 | {refer: release, refer-hold: true}"})
    void shouldPassTheRowsOfSipssert(final String rows, final String rules) throws IOException, InterruptedException {
        try (ServerProcess server = start(", b2bua: " + rules)) {
            ConformanceKitIT.assertAllPass(ConformanceKitIT.sipssertKit(),
                    List.of("python3", "run_sipssert.py", "--proxy", PROXY + ':' + PORT, "--neutral", "--net",
                            "127.46.46.", "--only", rows),
                    server);
        }
    }

    private static ServerProcess start(final String rules) throws IOException, InterruptedException {
        final Path password = Files.writeString(Files.createTempFile("tandem", "password"), "T3st|n6\n");
        return ServerProcess.start(new InetSocketAddress(PROXY, PORT), "127.0.0.1", """
                listen: [udp://%1$s:%2$d, tcp://%1$s:%2$d]
                mode: b2bua
                timers: {timer-c: 3s}
                trunks:
                  agents: {allow: [127.0.0.0/8]%4$s}
                  caller: {peers: ["127.46.46.22:5040"], auth: {user: testing, password: "${file:%3$s}"}%4$s}
                  callee: {peers: ["127.46.46.23:5080"], auth: {user: testing, password: "${file:%3$s}"}%4$s}
                routes: [{from: any, to: request-uri, within: [127.0.0.0/8]}]
                """.formatted(PROXY, PORT, password, rules));
    }
}
