package org.tandemsip.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the kernel drops before a socket, and above all what it does not. */
@EnabledOnOs(OS.LINUX)
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class NewInviteFilterTest {
    private static final long HIGH = 0;
    private static final long LOW = 0x0000_FFFF_7F00_0001L;
    private static final String TO = "To: Bob <sip:bob@example.com>\r\n";
    private static final String INVITE = """
            INVITE sip:bob@example.com SIP/2.0
            Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1
            Max-Forwards: 70
            From: "Alice" <sip:alice@example.com>;tag=a
            To: Bob <sip:bob@example.com>
            Call-ID: 1@192.0.2.1
            CSeq: 1 INVITE
            Contact: <sip:alice@192.0.2.1>
            Content-Length: 0

            """.replace("\n", "\r\n") + " ".repeat(100);

    private UdpSocket socket;
    private DatagramSocket sender;
    private InetAddress address;
    private int port;

    @BeforeEach
    void open() throws IOException {
        open(false, "127.0.0.1");
    }

    private void open(final boolean ipv6, final String to) throws IOException {
        address = InetAddress.ofLiteral(to);
        sender = new DatagramSocket(0, InetAddress.ofLiteral(to));
        socket = new UdpSocket(ipv6, 32, 1);
        socket.bufferBytes(1 << 20);
        port = socket.bind(0, ipv6 ? 0 : LOW, 0);
    }

    @AfterEach
    void close() {
        sender.close();
        socket.close();
    }

    private void drop(final double passing) {
        socket.newInvites().reset();
        socket.newInvites().add(HIGH, LOW, passing);
        assertTrue(socket.newInvites().attach());
    }

    /** Loopback: what passes has arrived when {@code send} returns. */
    private boolean passes(final String text) throws IOException {
        final byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        sender.send(new DatagramPacket(bytes, bytes.length, address, port));
        return socket.receive() == 1;
    }

    @Test
    void shouldDropNewInvitesOfAnAddressThatIsNamed() throws IOException {
        // given
        assertTrue(passes(INVITE));

        // when
        drop(0);

        // then: wherever To stands
        for (int padding = 0; padding < 64; padding++) {
            assertEquals(false, passes(INVITE.replace("Max", "X: " + "x".repeat(padding) + "\r\nMax")),
                    "at " + padding);
        }
        assertEquals(false, passes(INVITE.replace("sip:bob@example.com SIP", "tel:+4930 SIP")));
        assertEquals(false, passes(INVITE.replace("To:", "TO:")));

        // and when
        socket.newInvites().reset();
        assertTrue(socket.newInvites().attach());

        // then
        assertTrue(passes(INVITE));
    }

    @Test
    void shouldDropAShareByLot() throws IOException {
        // given
        drop(0.25);
        int passed = 0;

        // when
        for (int i = 0; i < 4_000; i++) {
            passed += passes(INVITE) ? 1 : 0;
        }

        // then: eight standard deviations of 27
        assertTrue(passed > 780 && passed < 1_220, passed + " passed");
    }

    @Test
    void shouldLetPassWhatIsInADialogWhereverItsTagStands() throws IOException {
        // given
        drop(0);

        // then
        for (int length = 0; length < 200; length++) {
            assertTrue(passes(INVITE.replace(TO, "To: <sip:" + "b".repeat(length) + "@x>;tag=1\r\n")), "tag " + length);
            assertTrue(passes(INVITE.replace(TO, "X: " + "x".repeat(3 * length) + "\r\nTo: <sip:b@x> ; TAG = 1\r\n")));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"To: <sip:b@x>\r\n ;tag=1\r\n", "To: <sip:b@x>\r\n\t;tag=1\r\n", "To : <sip:b@x>\r\n",
        "t: <sip:b@x>\r\n", "To: <sip:b@x>\r", "To: <sip:tag@x>\r\n", "Too: <sip:b@x>\r\n",
        "*To: <sip:b@x>\r\n", "\rTo: <sip:b@x>\r\n", ""})
    void shouldLetPassWhatItIsNotSureOf(final String to) throws IOException {
        // given
        drop(0);

        // then
        assertTrue(passes(INVITE.replace(TO, to)));
        assertTrue(passes(INVITE.replace(TO, "X: x\r\n" + to)));
    }

    @Test
    void shouldNotTakeTheBodyForARow() throws IOException {
        // given
        drop(0);
        final String invite = INVITE.replace(TO, "t: <sip:b@x>;tag=1\r\n").strip();

        // then
        for (int padding = 0; padding < 4; padding++) {
            assertTrue(passes(invite + " ".repeat(padding) + "\r\n\r\n" + TO + "x".repeat(200)));
            assertTrue(passes(invite + "\r\nX: " + "x".repeat(padding) + "\r\n\r\n" + TO + "x".repeat(200)));
        }
    }

    @Test
    void shouldLetPassWhatBeginsNoCall() throws IOException {
        // given
        drop(0);

        // then
        for (final String method : new String[] {"ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "INVITED", "invite"}) {
            assertTrue(passes(INVITE.replaceFirst("INVITE", method)), method);
        }
        assertTrue(passes(INVITE.replaceFirst("INVITE .*", "SIP/2.0 180 Ringing")));
        assertTrue(passes(INVITE.replace("sip:bob@example.com SIP", "urn:service:sos SIP")));
        assertTrue(passes("INVITE"));
        assertTrue(passes("INVITE sip:bob"));
        for (int length = 1; length < INVITE.indexOf("Call-ID"); length++) {
            assertTrue(passes(INVITE.substring(0, length)), "cut at " + length);
        }
    }

    @Test
    void shouldLetPassWhatComesFromElsewhere() throws IOException {
        // given
        socket.newInvites().add(HIGH, LOW + 1, 0);
        socket.newInvites().add(0x2001_0DB8_0000_0000L, 1, 0);
        assertTrue(socket.newInvites().attach());

        // then
        assertTrue(passes(INVITE));

        // and when: the last of as many as can be named
        for (int i = 2; i < NewInviteFilter.MOST_ADDRESSES - 1; i++) {
            socket.newInvites().add(HIGH, LOW + i, 0);
        }
        socket.newInvites().add(HIGH, LOW, 0);
        assertTrue(socket.newInvites().attach());

        // then
        assertEquals(false, passes(INVITE));
    }

    @Test
    void shouldKnowIpv6() throws IOException {
        // given
        close();
        open(true, "::1");
        socket.newInvites().add(0, 2, 0);
        assertTrue(socket.newInvites().attach());
        assertTrue(passes(INVITE));

        // when
        socket.newInvites().add(0, 1, 0);
        assertTrue(socket.newInvites().attach());

        // then
        assertEquals(false, passes(INVITE));
        assertTrue(passes(INVITE.replace(TO, "To: <sip:b@x>;tag=1\r\n")));
    }
}
