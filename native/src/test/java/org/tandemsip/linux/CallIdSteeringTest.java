package org.tandemsip.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which of several sockets on one address the kernel gives a datagram of one source to. */
@EnabledOnOs(OS.LINUX)
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class CallIdSteeringTest {
    private static final int SOCKETS = 4;
    private static final int SEED = 0x1234_5678;
    private static final int MULTIPLIER = 0x9E37_79B1;
    private static final String BEFORE = "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060\r\n";
    private static final String BEHIND = "\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";

    private final Random random = new Random(5);
    private final List<UdpSocket> group = new ArrayList<>();
    private DatagramSocket sender;
    private InetAddress address;
    private int port;

    @BeforeEach
    void open() throws IOException {
        open(false, "127.0.0.1");
        assertTrue(CallIdSteering.attach(group.getLast().fd(), SOCKETS, SEED, MULTIPLIER));
    }

    private void open(final boolean ipv6, final String to) throws IOException {
        address = InetAddress.ofLiteral(to);
        sender = new DatagramSocket();
        port = 0;
        for (int i = 0; i < SOCKETS; i++) {
            final UdpSocket socket = new UdpSocket(ipv6, 32, 1);
            group.add(socket);
            socket.bufferBytes(1 << 20);
            socket.shareAddress();
            port = socket.bind(0, ipv6 ? 0 : 0x0000_FFFF_7F00_0001L, port);
        }
    }

    @AfterEach
    void close() {
        sender.close();
        group.forEach(UdpSocket::close);
        group.clear();
    }

    /** Sends one datagram; returns which socket has it, and nobody else has anything. */
    private int arrivesAt(final String text) throws IOException {
        final byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        sender.send(new DatagramPacket(bytes, bytes.length, address, port));
        int at = -1;
        for (int i = 0; i < SOCKETS; i++) {
            final int count = group.get(i).receive();
            assertTrue(count == 0 || count == 1 && at < 0, text);
            at = count == 1 ? i : at;
        }
        assertTrue(at >= 0, () -> "lost: " + text);
        return at;
    }

    /** As the program should reckon. */
    private static int expected(final String callId) {
        final byte[] bytes = callId.getBytes(StandardCharsets.ISO_8859_1);
        final ByteBuffer words = ByteBuffer.allocate((bytes.length / 4 + 1) * 4).put(0, bytes);
        int hash = SEED;
        while (words.hasRemaining()) {
            hash = (hash ^ words.getInt()) * MULTIPLIER;
            hash ^= hash >>> 15;
        }
        hash *= MULTIPLIER;
        hash ^= hash >>> 15;
        hash *= MULTIPLIER;
        return (hash >>> 16) * SOCKETS >>> 16;
    }

    private String text(final int length, final String letters) {
        return random.ints(length, 0, letters.length()).mapToObj(i -> letters.substring(i, i + 1))
                .reduce("", String::concat);
    }

    private String callId() {
        return text(1 + random.nextInt(63), "0123456789abcdefXYZ-@.~%");
    }

    @Test
    void shouldGiveEachSocketItsShareOfWhatOneSourceSends() throws Exception {
        // given: Call-IDs as like each other as they get
        final int messages = 4_000;
        final int[] shares = new int[SOCKETS];

        // when
        for (int i = 0; i < messages; i++) {
            shares[arrivesAt(BEFORE + "Call-ID: " + i + "-4711@192.0.2.1" + BEHIND)]++;
        }

        // then
        for (final int share : shares) {
            assertTrue(share > messages / SOCKETS / 2 && share < messages / SOCKETS * 2, share + " messages");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Call-ID: ", "Call-ID:", "CALL-ID: ", "call-id:", "cALl-iD: "})
    void shouldGoByTheCallIdWhereverItStandsAndHoweverLongItIs(final String name) throws Exception {
        for (int i = 0; i < 2_000; i++) {
            final String callId = callId();
            final String message = BEFORE + "X: " + "y".repeat(random.nextInt(400)) + "\r\n" + name + callId + BEHIND;
            assertEquals(expected(callId), arrivesAt(message), message);
        }
        final String answer = "SIP/2.0 200 OK\r\n" + name + "at the front";
        assertEquals(expected("at the front"), arrivesAt(answer + "\r\n" + BEFORE));
    }

    @Test
    void shouldNotMistakeAUriForIt() throws Exception {
        for (int i = 0; i < 20; i++) {
            final String callId = callId();
            final String message = BEFORE + "From: <sip:callcall@recall.example.com>;tag=Call" + "l".repeat(i)
                    + "\r\nCall-ID: " + callId + BEHIND;
            assertEquals(expected(callId), arrivesAt(message), message);
        }
    }

    @Test
    void shouldLeaveToTheKernelWhatHasNoCallIdThatItFinds() throws Exception {
        // given: of one source the kernel has everything on one socket
        final int other = arrivesAt("\r\n");
        final String elsewhere = callIdFor((other + 1) % SOCKETS);

        // then
        for (final String message : List.of("", "jaK", "Call-ID: x\r\n", "x".repeat(5_000), "\n".repeat(2_000),
                BEFORE + "i: " + elsewhere + BEHIND,
                BEFORE + "Call-ID : " + elsewhere + BEHIND,
                BEFORE + "X-Call-ID: " + elsewhere + BEHIND,
                BEFORE + "Call-Info: " + elsewhere + BEHIND,
                BEFORE + "Call-ID: " + elsewhere + "-".repeat(64) + BEHIND,
                BEFORE + "X: " + "y".repeat(2_000) + "\r\nCall-ID: " + elsewhere + BEHIND)) {
            assertEquals(other, arrivesAt(message), message);
        }
    }

    private String callIdFor(final int socket) {
        while (true) {
            final String callId = callId();
            if (expected(callId) == socket) {
                return callId;
            }
        }
    }

    @Test
    void shouldLoseNothingWhateverComesAndWhereverItEnds() throws Exception {
        final String message = BEFORE + "Call-ID: 0123456789012345678901234567890123456789@192.0.2.1" + BEHIND;
        for (int length = 0; length <= message.length(); length++) {
            arrivesAt(message.substring(0, length));
        }
        for (int i = 0; i < 5_000; i++) {
            arrivesAt(text(random.nextInt(700), "\n\rCcAaLl-IiDd:: "));
        }
    }

    @Test
    void shouldSteerIpv6AndWhatComesByIpv4ToTheWildcard() throws Exception {
        for (final String to : List.of("::1", "127.0.0.1")) {
            // given
            close();
            open(true, to);
            assertTrue(CallIdSteering.attach(group.getLast().fd(), SOCKETS, SEED, MULTIPLIER));

            // then
            for (int i = 0; i < 200; i++) {
                final String callId = callId();
                assertEquals(expected(callId), arrivesAt(BEFORE + "Call-ID: " + callId + BEHIND));
            }
        }
    }

    @Test
    void shouldSayWhenTheKernelDoesNotSteer() {
        assertFalse(CallIdSteering.attach(-1, SOCKETS, SEED, MULTIPLIER));
    }
}
