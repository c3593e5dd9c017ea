package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.engine.metrics.Counter;

/** STUN on the SIP port (RFC 5626 section 4.4.2, RFC 5389). */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class StunTest {
    private static final int COOKIE = 0x2112_A442;
    private static final byte[] TRANSACTION = "abcdefghijkl".getBytes(StandardCharsets.US_ASCII);

    /** A Binding request with {@code attributes} of type, length and so many zero bytes. */
    private static byte[] request(final int type, final int... attributes) {
        final ByteBuffer out = ByteBuffer.allocate(512);
        out.putShort((short) type).putShort((short) 0).putInt(COOKIE).put(TRANSACTION);
        for (int i = 0; i < attributes.length; i += 2) {
            out.putShort((short) attributes[i]).putShort((short) attributes[i + 1]);
            out.position(out.position() + (attributes[i + 1] + 3 & ~3));
        }
        out.putShort(2, (short) (out.position() - 20));
        return Arrays.copyOf(out.array(), out.position());
    }

    private static ByteBuffer ask(final TestNet net, final DatagramSocket socket, final byte[] request)
            throws IOException {
        socket.send(new DatagramPacket(request, request.length, net.udpAddress()));
        final DatagramPacket answer = new DatagramPacket(new byte[512], 512);
        socket.setSoTimeout(30_000);
        socket.receive(answer);
        final ByteBuffer bytes = ByteBuffer.wrap(answer.getData(), 0, answer.getLength());
        assertEquals(answer.getLength() - 20, bytes.getShort(2));
        assertEquals(COOKIE, bytes.getInt(4));
        assertArrayEquals(TRANSACTION, Arrays.copyOfRange(answer.getData(), 8, 20));
        return bytes;
    }

    private static DatagramSocket socket(final String address) throws IOException {
        return new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral(address), 0));
    }

    @Test
    void shouldTellWhereABindingRequestCameFrom() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); DatagramSocket phone = socket("127.0.0.1")) {
            // when: as shortest, and with what others ask for who it is
            for (final byte[] request : new byte[][] {request(1), request(1, 0x8022, 5, 0x0006, 3, 0x0008, 20)}) {
                final ByteBuffer answer = ask(net, phone, request);

                // then
                assertEquals(0x0101, answer.getShort(0));
                assertEquals(32, answer.limit());
                assertEquals(0x0020, answer.getShort(20));
                assertEquals(8, answer.getShort(22));
                assertEquals(1, answer.getShort(24));
                assertEquals(phone.getLocalPort(), answer.getShort(26) & 0xFFFF ^ COOKIE >>> 16);
                assertEquals(0x7F00_0001, answer.getInt(28) ^ COOKIE);
            }
            net.awaitCount(Counter.STUN_ANSWERED, 2);
            assertEquals(2, net.count(Counter.KEEPALIVES_UDP));
            assertEquals(0, net.count(Counter.RECEIVED));
        }
    }

    @Test
    void shouldTellAnIpv6Address() throws Exception {
        final InetAddress loopback = InetAddress.ofLiteral("::1");
        try (TestNet net = new TestNet(shape -> shape.listen(TestNet.udp(loopback)));
                DatagramSocket phone = socket("::1")) {
            final ByteBuffer answer = ask(net, phone, request(1));

            assertEquals(44, answer.limit());
            assertEquals(20, answer.getShort(22));
            assertEquals(2, answer.getShort(24));
            assertEquals(phone.getLocalPort(), answer.getShort(26) & 0xFFFF ^ COOKIE >>> 16);
            assertEquals(0, answer.getLong(28) ^ answer.getLong(4));
            assertEquals(1, answer.getLong(36) ^ answer.getLong(12));
        }
    }

    @Test
    void shouldNameTheAttributesThatItDoesNotUnderstand() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); DatagramSocket phone = socket("127.0.0.1")) {
            final ByteBuffer answer = ask(net, phone, request(1, 0x0003, 4, 0x0006, 1, 0x7FFF, 0, 0x0024, 4));

            assertEquals(0x0111, answer.getShort(0));
            assertEquals(0x0009, answer.getShort(20));
            assertEquals(0x0414, answer.getInt(24));
            assertEquals(0x000A, answer.getShort(28));
            assertEquals(6, answer.getShort(30));
            assertEquals(0x0003, answer.getShort(32));
            assertEquals(0x7FFF, answer.getShort(34));
            assertEquals(0x0024, answer.getShort(36));
            assertEquals(40, answer.limit());
        }
    }

    @Test
    void shouldSayNothingToStrangersAndToWhatIsNoQuestion() throws Exception {
        try (TestNet net = new TestNet(shape -> shape); DatagramSocket phone = socket("127.0.0.1")) {
            // given
            net.known = false;
            phone.send(new DatagramPacket(request(1), 20, net.udpAddress()));
            net.awaitCount(Counter.KEEPALIVES_UDP, 1);
            net.known = true;

            // when: an indication, an answer, a length that is not right, an attribute that does not end
            final byte[] longer = request(1);
            longer[3] = 4;
            final byte[] broken = request(1, 0x8022, 4);
            broken[23] = 5;
            for (final byte[] each : new byte[][] {request(0x0011), request(0x0101), longer, broken}) {
                phone.send(new DatagramPacket(each, each.length, net.udpAddress()));
            }

            // then: the first answer is that to what comes after
            net.awaitCount(Counter.KEEPALIVES_UDP, 5);
            assertEquals(0x0101, ask(net, phone, request(1)).getShort(0));
            net.awaitCount(Counter.STUN_ANSWERED, 1);
            assertEquals(1, net.count(Counter.STUN_ANSWERED));
            assertEquals(0, net.count(Counter.FAULTS));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"!PING", "+", "%41"})
    void shouldNotTakeAMethodForStun(final String method) throws Exception {
        try (TestNet net = new TestNet(shape -> shape); DatagramSocket phone = socket("127.0.0.1")) {
            final byte[] request = TestNet.ascii(TestNet.request(method, "odd", ""));
            phone.send(new DatagramPacket(request, request.length, net.udpAddress()));

            net.awaitCount(Counter.RECEIVED, 1);
            assertEquals(0, net.count(Counter.KEEPALIVES_UDP));
            assertTrue(net.count(Counter.STUN_ANSWERED) == 0);
        }
    }
}
