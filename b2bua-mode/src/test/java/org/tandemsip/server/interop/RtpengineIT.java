package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real RTP through a real rtpengine (Debian package rtpengine-daemon), which a real server tells what to do:
 *
 * <pre>
 *   caller 127.0.2.71 --- SIP ---> server 127.0.1.71 --- SIP ---> callee 127.0.3.71
 *      |                             | ng                            |
 *      +------ RTP --------- rtpengine 127.0.5.71 -------- RTP ------+
 * </pre>
 */
@ExtendWith(Folders.class)
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class RtpengineIT {
    private static final String SERVER = "127.0.1.71";
    private static final String RELAY = "127.0.5.71";
    private static final int NG = 22_371;
    private static final InetSocketAddress SIP = new InetSocketAddress(InetAddress.ofLiteral(SERVER), 5_171);

    private RtpAgent caller;
    private RtpAgent callee;
    private Process rtpengine;

    @BeforeAll
    static void requireRtpengine() {
        Programs.require("rtpengine-daemon", "/usr/bin/rtpengine");
    }

    @BeforeEach
    void start(@TempDir final Path folder) throws Exception {
        caller = new RtpAgent("127.0.2.71", 5_072);
        callee = new RtpAgent("127.0.3.71", 5_073);
        startRtpengine(folder);
    }

    @AfterEach
    void stop() throws InterruptedException {
        caller.close();
        callee.close();
        kill();
    }

    @Test
    void shouldCarryMediaBothWaysAndRefuseCallsWhenItIsGone(@TempDir final Path folder) throws Exception {
        try (ServerProcess server = ServerProcess.start(SIP, caller.address, yaml("", "refuse"))) {
            // when
            final String atCallee = invite("1", caller.sdp("RTP/AVP"));
            final String atCaller = answer(atCallee, callee.sdp("RTP/AVP"));

            // then: each sees the relay only, and hears the other through it
            assertFalse(atCallee.contains(caller.address) || atCallee.contains(caller.tag.substring(0, 8)), atCallee);
            assertFalse(atCaller.contains(callee.address) || atCaller.contains("o=" + callee.tag.substring(0, 8)),
                    atCaller);
            final InetSocketAddress forCaller = RtpAgent.target(atCaller);
            final InetSocketAddress forCallee = RtpAgent.target(atCallee);
            assertEquals(RELAY, forCaller.getAddress().getHostAddress());
            assertHeard("hello", forCallee, caller.talk(rtp -> rtp, "hello", forCaller, callee));
            assertHeard("good day", forCaller, callee.talk(rtp -> rtp, "good day", forCallee, caller));

            // and the relay is told of the end
            hangUp("1", atCaller);
            await(server, "command=\"delete\",result=\"ok\"");

            // when it dies while calls go on
            final String second = answer(invite("2", caller.sdp("RTP/AVP")), callee.sdp("RTP/AVP"));
            kill();
            send("3", caller.sdp("RTP/AVP"));

            // then new ones are refused, and the call that stands can still be ended
            caller.receive("SIP/2.0 503");
            hangUp("2", second);
            await(server, "tandem_rtpengine_up{node=\"" + RELAY + ":" + NG + "\"} 0");

            // and they are taken again when it is back
            startRtpengine(folder);
            await(server, "tandem_rtpengine_up{node=\"" + RELAY + ":" + NG + "\"} 1");
            final String again = answer(invite("4", caller.sdp("RTP/AVP")), callee.sdp("RTP/AVP"));
            assertEquals(RELAY, RtpAgent.target(again).getAddress().getHostAddress());
            hangUp("4", again);
        }
    }

    @Test
    void shouldTellItOfTheEndOfACallThatHasOutlivedTheServer(@TempDir final Path folder) throws Exception {
        final String yaml = yaml("", "refuse") + "cdr: {file: " + folder.resolve("cdr.jsonl") + "}\n";
        try (ServerProcess server = ServerProcess.start(SIP, caller.address, yaml)) {
            // given
            final String atCallee = invite("1", caller.sdp("RTP/AVP"));
            final String atCaller = answer(atCallee, callee.sdp("RTP/AVP"));
            assertTrue(server.verb("calls").contains("answered"), server::toString);

            // when
            server.kill();
            server.restart(caller.address);

            // then: one more offer goes to the same ports
            caller.send("INVITE " + contact(atCaller) + " SIP/2.0\r\n" + head("1", "INVITE", 2, to(atCaller))
                    + RtpAgent.body(caller.sdp("RTP/AVP")), SIP);
            final String again = callee.receive("INVITE");
            assertEquals(RtpAgent.target(atCallee), RtpAgent.target(again));
            callee.send(callee.response(again, "200 OK", callee.sdp("RTP/AVP")), SIP);
            final String ok = caller.receive("SIP/2.0 200");
            assertEquals(RtpAgent.target(atCaller), RtpAgent.target(ok));
            caller.send("ACK " + contact(ok) + " SIP/2.0\r\n" + head("1", "ACK", 2, to(ok)) + RtpAgent.body(""), SIP);
            callee.receive("ACK");
            assertHeard("still here", RtpAgent.target(atCallee),
                    caller.talk(rtp -> rtp, "still here", RtpAgent.target(ok), callee));
            caller.send("BYE " + contact(ok) + " SIP/2.0\r\n" + head("1", "BYE", 3, to(ok)) + RtpAgent.body(""), SIP);
            callee.send(callee.response(callee.receive("BYE"), "200 OK", ""), SIP);
            await(server, "command=\"delete\",result=\"ok\"");
        }
    }

    @Test
    void shouldLetCallsPassWhenItIsGoneAndThePolicySaysSo() throws Exception {
        kill();
        try (ServerProcess server = ServerProcess.start(SIP, caller.address, yaml("", "pass"))) {
            final String atCallee = invite("1", caller.sdp("RTP/AVP"));
            final String atCaller = answer(atCallee, callee.sdp("RTP/AVP"));
            assertTrue(atCallee.endsWith(caller.sdp("RTP/AVP")), atCallee);
            assertTrue(atCaller.endsWith(callee.sdp("RTP/AVP")), atCaller);
            hangUp("1", atCaller);
            await(server, "tandem_media_unanchored_total 1");
        }
    }

    @Test
    void shouldTranslateBetweenRtpAndSrtp() throws Exception {
        // given: a trunk that wants SRTP
        try (ServerProcess server = ServerProcess.start(SIP, caller.address,
                yaml(", protocol: RTP/SAVP, flags: [DTLS=off]", "refuse"))) {
            final byte[] secret = new byte[30];
            for (int i = 0; i < secret.length; i++) {
                secret[i] = (byte) (i * 7 + 1);
            }
            final String ours = Base64.getEncoder().encodeToString(secret);

            // when
            final String atCallee = invite("1", caller.sdp("RTP/AVP"));
            assertTrue(atCallee.contains(" RTP/SAVP 0\r\n"), atCallee);
            final Matcher crypto =
                    Pattern.compile("a=crypto:(\\d+) AES_CM_128_HMAC_SHA1_80 inline:(\\S+)").matcher(atCallee);
            assertTrue(crypto.find(), atCallee);
            final Srtp in = new Srtp(crypto.group(2).split("\\|")[0]);
            final Srtp out = new Srtp(ours);
            final String atCaller = answer(atCallee, callee.sdp("RTP/SAVP",
                    "a=crypto:" + crypto.group(1) + " AES_CM_128_HMAC_SHA1_80 inline:" + ours));

            // then
            assertTrue(atCaller.contains(" RTP/AVP 0\r\n") && !atCaller.contains("a=crypto"), atCaller);
            final DatagramPacket secure = caller.talk(rtp -> rtp, "plain to secure", RtpAgent.target(atCaller), callee);
            final byte[] opened = in.open(Arrays.copyOf(secure.getData(), secure.getLength()));
            assertTrue(opened != null, "not authentic");
            assertEquals("plain to secure", new String(opened, 12, opened.length - 12, StandardCharsets.US_ASCII));
            final DatagramPacket plain =
                    callee.talk(out::protect, "secure to plain", RtpAgent.target(atCallee), caller);
            assertHeard("secure to plain", RtpAgent.target(atCaller), plain);
            hangUp("1", atCaller);
            await(server, "command=\"delete\",result=\"ok\"");
        }
    }

    private static void assertHeard(final String payload, final InetSocketAddress from, final DatagramPacket packet) {
        assertEquals(payload, new String(packet.getData(), 12, packet.getLength() - 12, StandardCharsets.US_ASCII));
        assertEquals(from, packet.getSocketAddress());
    }

    // The server.

    private static String yaml(final String calleeMedia, final String onFailure) {
        return """
                listen: [udp://%s:5171]
                mode: b2bua
                media: {rtpengine: ["%s:%d"], timeout: 5s, ping: 1s, on-failure: %s}
                trunks:
                  caller: {peers: ["127.0.2.71:5072"]}
                  callee: {peers: ["127.0.3.71:5073"], media: {anchor: rtpengine%s}}
                routes:
                  - {from: caller, to: callee}
                """.formatted(SERVER, RELAY, NG, onFailure, calleeMedia);
    }

    private static void await(final ServerProcess server, final String line) throws Exception {
        String stats = "";
        for (int i = 0; i < 60; i++) {
            stats = server.verb("stats", "tandem_*");
            if (stats.lines().anyMatch(each -> normal(each).contains(normal(line)) && !each.endsWith(" 0")
                    || normal(each).equals(normal(line)))) {
                return;
            }
        }
        throw new AssertionError("no " + line + " in\n" + stats);
    }

    private static String normal(final String line) {
        return line.replaceAll("\\s+", " ").strip();
    }

    // rtpengine.

    private void startRtpengine(final Path folder) throws Exception {
        final Path log = folder.resolve("rtpengine.log");
        rtpengine = new ProcessBuilder("/usr/bin/rtpengine", "--config-file=none", "--foreground", "--log-stderr",
                "--table=-1", "--interface=" + RELAY, "--listen-ng=" + RELAY + ":" + NG, "--port-min=37100",
                "--port-max=37199").redirectErrorStream(true).redirectOutput(log.toFile()).start();
        for (int i = 0; !answersPing(); i++) {
            if (i == 600 || !rtpengine.isAlive()) {
                throw new IllegalStateException("rtpengine did not start: " + Files.readString(log));
            }
        }
    }

    private static boolean answersPing() throws IOException, InterruptedException {
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"))) {
            socket.setSoTimeout(100);
            socket.connect(new InetSocketAddress(InetAddress.ofLiteral(RELAY), NG));
            final byte[] ping = "1 d7:command4:pinge".getBytes(StandardCharsets.US_ASCII);
            socket.send(new DatagramPacket(ping, ping.length));
            socket.receive(new DatagramPacket(new byte[100], 100));
            return true;
        } catch (final SocketTimeoutException | PortUnreachableException e) {
            Thread.sleep(100);
            return false;
        }
    }

    private void kill() throws InterruptedException {
        rtpengine.destroyForcibly().waitFor();
    }

    // Calls.

    private void send(final String call, final String sdp) throws IOException {
        caller.send("INVITE sip:callee@" + SERVER + ":5171 SIP/2.0\r\n" + head(call, "INVITE", 1, "")
                + RtpAgent.body(sdp), SIP);
    }

    /** Sends an INVITE; what the callee gets. */
    private String invite(final String call, final String sdp) throws IOException {
        send(call, sdp);
        return callee.receive("INVITE");
    }

    /** The callee answers; what the caller gets, which it acknowledges. */
    private String answer(final String invite, final String sdp) throws IOException {
        final String atCallee = invite;
        callee.send(callee.response(atCallee, "200 OK", sdp), SIP);
        final String ok = caller.receive("SIP/2.0 200");
        caller.send("ACK " + contact(ok) + " SIP/2.0\r\n" + head(callOf(ok), "ACK", 1, to(ok)) + RtpAgent.body(""),
                SIP);
        callee.receive("ACK");
        return ok;
    }

    private void hangUp(final String call, final String ok) throws IOException {
        caller.send("BYE " + contact(ok) + " SIP/2.0\r\n" + head(call, "BYE", 2, to(ok)) + RtpAgent.body(""), SIP);
        callee.send(callee.response(callee.receive("BYE"), "200 OK", ""), SIP);
        caller.receive("SIP/2.0 200");
    }

    private String head(final String call, final String method, final int cseq, final String to) {
        return "Via: SIP/2.0/UDP " + caller.address + ":5072;branch=z9hG4bK" + call + method
                + "\r\nMax-Forwards: 70\r\n"
                + "From: <sip:caller@" + caller.address + ">;tag=" + caller.tag + "\r\n"
                + (to.isEmpty() ? "To: <sip:callee@" + SERVER + ">\r\n" : to) + "Call-ID: call-" + call + "\r\nCSeq: "
                + cseq + ' ' + method + "\r\nContact: <sip:caller@" + caller.address + ":5072>\r\n";
    }

    private static String contact(final String message) {
        return message.split("\r\nContact: <")[1].split(">")[0];
    }

    private static String to(final String message) {
        return RtpAgent.rows(message, "To");
    }

    private static String callOf(final String message) {
        return RtpAgent.rows(message, "Call-ID").strip().substring("Call-ID: call-".length());
    }
}
