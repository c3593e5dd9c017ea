package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Calls of mode b2bua with other people's programs: one leg over TLS to Kamailio, the other over UDP to SIPp, either way
 * round; and a real phone, baresip, that calls SIPp.
 */
@ExtendWith(Sipp.class)
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class BridgedPhonesIT {
    private static final String PROXY = "127.0.27.1";
    private static final String PHONE = "127.0.27.2";
    private static final String CALLEE = "127.0.27.3";

    @TempDir
    private Path folder;

    @BeforeAll
    static void requirePrograms() {
        Kamailio.require();
        Baresip.require();
    }

    @Test
    void shouldTakeCallsOverTlsAndMakeThemOverUdp() throws Exception {
        TlsIT.makeCertificates(folder);
        TlsIT.takeCalls(folder, "b2bua", BridgedCallFlowsIT.flows(), 0);
    }

    @Test
    void shouldTakeCallsOverUdpAndMakeThemOverTls() throws Exception {
        TlsIT.makeCertificates(folder);
        // We ask Kamailio for a user of its own. Where its Record-Route is ignored it cannot tell who a BYE is for.
        TlsIT.giveCalls(folder, "b2bua", BridgedCallFlowsIT.flows("answerer-ignores-record-route"), 1,
                TlsIT.BY_USER);
    }

    /** Either side hangs up. */
    @ParameterizedTest
    @ValueSource(strings = {"< BYE\n> 200\n", "wait 1000\n> BYE\n< 200\n"})
    void shouldLetAPhoneCall(final String end) throws Exception {
        try (ServerProcess server = ServerProcess.start(new InetSocketAddress(PROXY, 5160), PHONE, """
                listen: [udp://%s:5160]
                mode: b2bua
                trunks:
                  phones: {allow: [%s/32]}
                  callees: {peers: ["%s:5080"]}
                routes: [{from: phones, to: callees}]
                """.formatted(PROXY, PHONE, CALLEE))) {
            final Sipp.Agent callee = Sipp.start("phoned", SippScript.render(false, "phoned",
                    "< INVITE keep\n> 180\n> 200 sdp\n< ACK\n" + end, 0), CALLEE, 5080, false, 1)
                    .awaitBound(CALLEE, 5080);
            try (Baresip phone = new Baresip(folder.resolve("alice"), PHONE,
                    "<sip:alice@" + PROXY + ":5160;transport=udp>;regint=0", "/dial sip:bob@" + PROXY + ":5160")) {
                phone.await("Call established");
                if (end.startsWith("wait")) {
                    phone.await("terminated");
                }
            }
            assertEquals(0, callee.await(60), () -> callee + "\n" + server);
        }
    }
}
