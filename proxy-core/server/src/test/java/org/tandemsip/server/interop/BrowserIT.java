package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.server.tls.TestCa;

/**
 * A browser calls SIPp, and registers and is called by it: SIP.js in Chromium, over secure WebSocket to Tandem and from
 * there by UDP or TCP. What SIPp begins, such as its BYE, has to find the browser's connection again.
 */
@ExtendWith(Sipp.class)
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class BrowserIT {
    private static final String TANDEM = "127.0.9.1";

    /** What is called, by which transport, what the browser does then, what it has to tell, what the callee does. */
    private record Call(String name, String transport, String browser, List<String> told, String callee) {}

    private static final String ANSWER = """
            < INVITE keep
            > 180
            > 200 web-sdp
            < ACK
            """;
    private static final List<Call> CALLS = List.of(
            new Call("answered", "udp", "hangup", List.of("established", "bye answered 200"),
                    ANSWER + "< BYE\n> 200\n"),
            new Call("hangs-up", "udp", "wait", List.of("established", "hung up"),
                    ANSWER + "wait 200\n> BYE\n< 200\n"),
            new Call("hangs-up-tcp", "tcp", "wait", List.of("established", "hung up"),
                    ANSWER + "wait 200\n> BYE\n< 200\n"),
            new Call("busy", "udp", "wait", List.of("refused 486"), """
                    < INVITE keep
                    > 486
                    < ACK
                    """),
            new Call("cancelled", "tcp", "cancel", List.of("progress 180", "refused 487"), """
                    < INVITE keep
                    > 180
                    < CANCEL
                    > 200
                    > 487 re:INVITE
                    < ACK
                    """),
            new Call("message", "udp", "message", List.of("answered 200"), "< MESSAGE has:hello_there\n> 200\n"));

    private static Path library;

    @TempDir
    private Path folder;

    @BeforeAll
    static void requirePrograms() throws Exception {
        library = Chromium.require();
    }

    @ParameterizedTest
    @ValueSource(strings = {"stateless", "stateful"})
    void shouldLetABrowserCall(final String mode) throws Exception {
        // given
        final TestCa ca = new TestCa("Browser");
        final X509Bundle own = ca.issue(builder -> builder.addSanIpAddress(TANDEM));
        TestCa.write(folder, "tandem", own);
        Files.writeString(folder.resolve("ca.pem"), ca.pem());
        try (ServerProcess server = ServerProcess.start(new InetSocketAddress(TANDEM, 5060), callee(0), config(mode))) {
            final List<Sipp.Agent> callees = new ArrayList<>();
            for (int i = 0; i < CALLS.size(); i++) {
                final Call call = CALLS.get(i);
                callees.add(Sipp.start(call.name(), SippScript.render(false, call.name(), call.callee()), callee(i),
                        5080, call.transport().equals("tcp"), 1, "-timeout", "100s"));
            }
            // when
            try (Chromium browser = Chromium.open(library, "wss://" + TANDEM + ":5063", own.getCertificate(),
                    String.join(",", CALLS.stream().map(call -> call.name() + ':' + call.browser()).toList()))) {
                final List<String> told = browser.await("done");
                // then
                for (int i = 0; i < CALLS.size(); i++) {
                    final Call call = CALLS.get(i);
                    final Sipp.Agent callee = callees.get(i);
                    for (final String line : call.told()) {
                        assertEquals(1, told.stream().filter((call.name() + ' ' + line)::equals).count(),
                                () -> call.name() + ": " + told + '\n' + server + browser);
                    }
                    assertEquals(0, callee.await(30), () -> call.name() + ": " + told + '\n' + server);
                }
            } finally {
                callees.forEach(callee -> callee.process().destroyForcibly());
            }
        }
    }

    @Test
    void shouldCallABrowserThatHasRegistered() throws Exception {
        // given
        final TestCa ca = new TestCa("Browser");
        final X509Bundle own = ca.issue(builder -> builder.addSanIpAddress(TANDEM));
        TestCa.write(folder, "tandem", own);
        Files.writeString(folder.resolve("password"), Chromium.PASSWORD);
        try (ServerProcess server = ServerProcess.start(new InetSocketAddress(TANDEM, 5060), callee(0), """
                listen: [udp://%1$s:5060, wss://%1$s:5063]
                tls: {certificates: {cert: %2$s/tandem.pem, key: %2$s/tandem.key}}
                registrar: {domains: [tandem.test]}
                trunks:
                  browsers:
                    allow: [127.0.0.1/32]
                    zone: public
                    require-auth: {realm: tandem.test, users: {browser: "${file:%2$s/password}"}}
                  callers: {allow: ["%3$s/32"], zone: core}
                routes:
                  - {from: browsers, to: registrar}
                  - {from: callers, to: location}
                """.formatted(TANDEM, folder, callee(0)));
                Chromium browser = Chromium.open(library, "wss://" + TANDEM + ":5063", own.getCertificate(),
                        "browser:answer")) {
            browser.await("browser registered");

            // when
            final Sipp.Agent caller = Sipp.start("calls-browser", SippScript.render(true, "calls-browser", """
                    > INVITE
                    < 100 ?
                    < 180 ?
                    < 200 keep
                    > ACK web-sdp
                    wait 300
                    > BYE
                    < 200
                    """), callee(0), 5070, false, 1, "-s", "browser", TANDEM + ":5060");

            // then
            final int called = caller.await(60);
            assertEquals(0, called, () -> complaint(caller) + server + browser);
            assertEquals(List.of("connected", "browser registered", "browser called", "browser established",
                    "browser hung up", "done"), browser.await("done"));
        }
    }

    private static String complaint(final Sipp.Agent agent) {
        try {
            return agent.complaint();
        } catch (final IOException e) {
            return e.toString();
        }
    }

    private static String callee(final int call) {
        return "127.0.9." + (10 + call);
    }

    private String config(final String mode) {
        final StringBuilder trunks = new StringBuilder("""
                listen: [udp://%1$s:5060, tcp://%1$s:5060, wss://%1$s:5063]
                mode: %2$s
                tls: {certificates: {cert: %3$s/tandem.pem, key: %3$s/tandem.key}}
                trunks:
                  browsers: {allow: [127.0.0.1/32], zone: public}
                """.formatted(TANDEM, mode, folder));
        final StringBuilder routes = new StringBuilder("routes:\n");
        for (int i = 0; i < CALLS.size(); i++) {
            trunks.append("  %1$s: {peers: [\"sip:%2$s:5080;transport=%3$s\"], zone: core}%n".formatted(
                    CALLS.get(i).name(), callee(i), CALLS.get(i).transport()));
            routes.append("  - {from: browsers, to: %1$s, match: {to: %1$s}}%n".formatted(CALLS.get(i).name()));
        }
        return trunks.append(routes).toString();
    }
}
