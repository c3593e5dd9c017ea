package org.tandemsip.server.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.dns.DatagramDnsResponseDecoder;
import io.netty.handler.codec.dns.DnsResponse;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Messages as a hostile or broken server may send them: each is an answer, a failure, or nothing; never a fault. */
@Timeout(60)
class HostileAnswerTest {
    private static final int TYPE_A = 1;
    private static final int CNAME = 5;
    private static final int SOA = 6;
    private static final int SRV = 33;
    private static final int NAPTR = 35;

    @Test
    void shouldReadAWellFormedMessage() {
        Packet packet = new Packet("_sip._udp.a.test", SRV).record("_sip._udp.a.test", SRV, 60,
                bytes(0, 10, 0, 20, 0x13, 0xC4).writeBytes(name("gw.a.test")));

        Reply reply = packet.read(RecordType.SRV);

        assertEquals(List.of(new Rdata.Srv(10, 20, 5060, "gw.a.test")), reply.records());
        assertEquals(60, reply.ttlSeconds());
    }

    @Test
    void shouldReadACompressedTargetAndRefuseOneThatPointsForward() {
        Packet good = new Packet("_sip._udp.a.test", SRV).record("_sip._udp.a.test", SRV, 60,
                bytes(0, 10, 0, 20, 0x13, 0xC4, 2, 'g', 'w', 0xC0, 12 + 10));
        Packet itself = new Packet("_sip._udp.a.test", SRV).record("_sip._udp.a.test", SRV, 60,
                bytes(0, 10, 0, 20, 0x13, 0xC4, 0xC0, 12 + 18 + 4 + 18 + 10 + 6));
        Packet forward = new Packet("_sip._udp.a.test", SRV).record("_sip._udp.a.test", SRV, 60,
                bytes(0, 10, 0, 20, 0x13, 0xC4, 0xC0 | 0x3F, 0xFF));

        assertEquals(List.of(new Rdata.Srv(10, 20, 5060, "gw.a.test")), good.read(RecordType.SRV).records());
        assertEquals(Answer.Kind.FAILED, itself.read(RecordType.SRV).kind());
        assertEquals(Answer.Kind.FAILED, forward.read(RecordType.SRV).kind());
    }

    @Test
    void shouldRefuseRecordsThatEndTooEarly() {
        for (int length = 0; length < 6 + 11; length++) {
            ByteBuf whole = bytes(0, 10, 0, 20, 0x13, 0xC4).writeBytes(name("gw.a.test"));
            Rdata read = Rdatas.read(RecordType.SRV, whole.slice(0, length).copy());
            assertNull(read, "of " + length + " bytes");
        }
        ByteBuf naptr = bytes(0, 1, 0, 1, 1, 's', 7).writeBytes("SIP+D2U".getBytes(StandardCharsets.US_ASCII))
                .writeByte(0).writeBytes(name("x.test"));
        assertEquals(new Rdata.Naptr(1, 1, "s", "sip+d2u", "", "x.test"),
                Rdatas.read(RecordType.NAPTR, naptr.copy()));
        for (int length = 0; length < naptr.readableBytes(); length++) {
            assertNull(Rdatas.read(RecordType.NAPTR, naptr.slice(0, length).copy()), "of " + length + " bytes");
        }
        assertNull(Rdatas.read(RecordType.A, bytes(1, 2, 3)));
        assertNull(Rdatas.read(RecordType.AAAA, bytes(1, 2, 3, 4)));
    }

    @Test
    void shouldRefuseNamesThatAreTooLongOrHoldOtherThings() {
        ByteBuf longName = bytes(0, 0, 0, 0, 0x13, 0xC4);
        for (int i = 0; i < 10; i++) {
            longName.writeByte(63).writeBytes("a".repeat(63).getBytes(StandardCharsets.US_ASCII));
        }
        longName.writeByte(0);

        assertNull(Rdatas.read(RecordType.SRV, longName));
        assertNull(Rdatas.read(RecordType.SRV, bytes(0, 0, 0, 0, 0x13, 0xC4, 3, 'a', '\r', '\n', 0)));
        assertNull(Rdatas.read(RecordType.SRV, bytes(0, 0, 0, 0, 0x13, 0xC4, 3, 'a', '.', 'b', 0)));
        assertNull(Rdatas.read(RecordType.SRV, bytes(0, 0, 0, 0, 0, 0, 1, 'a', 0)), "port 0");
    }

    @Test
    void shouldFollowAliasesInsideAMessageButNotInACircle() {
        Packet chain = new Packet("a.test", TYPE_A).record("b.test", TYPE_A, 60, bytes(192, 0, 2, 1))
                .record("a.test", CNAME, 5, name("b.test"));
        Packet circle = new Packet("a.test", TYPE_A).record("a.test", CNAME, 60, name("b.test"))
                .record("b.test", CNAME, 60, name("a.test"));
        Packet elsewhere = new Packet("a.test", TYPE_A).record("a.test", CNAME, 60, name("c.test"));

        assertEquals(5, chain.read(RecordType.A).ttlSeconds());
        assertTrue(chain.read(RecordType.A).kind() == Answer.Kind.FOUND);
        assertEquals(Answer.Kind.FAILED, circle.read(RecordType.A).kind());
        assertEquals("c.test", elsewhere.read(RecordType.A).alias());
    }

    @Test
    void shouldFollowNoAliasOfWhatIsNoName() {
        for (ByteBuf target : List.of(bytes(0), bytes(3, 'a', ' ', 'b', 0), bytes(2, 'a', 0xE4, 0))) {
            Reply reply = new Packet("a.test", TYPE_A).record("a.test", CNAME, 60, target).read(RecordType.A);

            assertEquals(Answer.Kind.FAILED, reply.kind());
            assertNull(reply.alias());
        }
    }

    @Test
    void shouldNotTakeAPartForTheWhole() {
        Packet packet = new Packet("a.test", TYPE_A).record("a.test", TYPE_A, 60, bytes(192, 0, 2, 1));
        assertEquals(Answer.Kind.FOUND, packet.read(RecordType.A).kind());

        packet.truncated = true;

        assertEquals(Reply.failed("truncated"), packet.read(RecordType.A));
    }

    @Test
    void shouldTakeNoRecordsOfOtherNamesAndOnlySoManyOfItsOwn() {
        Packet packet = new Packet("a.test", TYPE_A);
        for (int i = 0; i < 400; i++) {
            packet.record(i % 2 == 0 ? "a.test" : "evil.test", TYPE_A, 60, bytes(10, i % 2, i >> 8, i & 0xFF));
        }

        Reply reply = packet.read(RecordType.A);

        assertEquals(Answer.MAX_RECORDS, reply.records().size());
        assertTrue(reply.records().stream().allMatch(data -> data.toString().startsWith("10.0.")));
    }

    @Test
    void shouldReadHowLongThereIsNothing() {
        ByteBuf soa = name("ns.test").writeBytes(name("me.test")).writeInt(1).writeInt(2).writeInt(3).writeInt(4)
                .writeInt(30);

        assertEquals(30, new Packet("a.test", TYPE_A).authority("test", SOA, 60, soa).read(RecordType.A).ttlSeconds());
        assertEquals(-1, new Packet("a.test", TYPE_A).authority("test", SOA, 60, bytes(1, 2)).read(RecordType.A)
                .ttlSeconds());
    }

    @Test
    void shouldSurviveWhateverIsDoneToTheBytes() {
        SplittableRandom random = new SplittableRandom(20_263);
        for (int round = 0; round < 4_000; round++) {
            ByteBuf message = new Packet("a.test", NAPTR)
                    .record("a.test", NAPTR, 60, bytes(0, 1, 0, 1, 1, 's', 3, 'a', 'b', 'c', 0).writeBytes(name("x.y")))
                    .record("a.test", SRV, 60, bytes(0, 1, 0, 1, 0x13, 0xC4).writeBytes(name("x.y")))
                    .record("a.test", CNAME, 60, name("b.test")).bytes();
            for (int i = random.nextInt(1, 6); i > 0; i--) {
                message.setByte(random.nextInt(12, message.writerIndex()), random.nextInt(256));
            }
            message.writerIndex(random.nextInt(12, message.writerIndex() + 1));
            for (RecordType type : RecordType.values()) {
                tryToRead(message.copy(), type);
            }
        }
    }

    /** As {@link DnsServers} does: the library throws at names it cannot read. */
    private static void tryToRead(ByteBuf message, RecordType type) {
        DnsResponse response;
        try {
            response = decode(message);
        } catch (DecoderException e) {
            return;
        }
        if (response != null) {
            try {
                Reply.of(new Question("a.test", type), response);
            } catch (DecoderException | IndexOutOfBoundsException e) {
                // Taken for a failure.
            } finally {
                response.release();
            }
        }
    }

    private static DnsResponse decode(ByteBuf message) {
        EmbeddedChannel channel = new EmbeddedChannel(new DatagramDnsResponseDecoder());
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 53);
        channel.writeInbound(new DatagramPacket(message, address, address));
        return channel.readInbound();
    }

    private static ByteBuf bytes(int... values) {
        ByteBuf bytes = Unpooled.buffer();
        for (int value : values) {
            bytes.writeByte(value);
        }
        return bytes;
    }

    private static ByteBuf name(String text) {
        ByteBuf bytes = Unpooled.buffer();
        for (String label : text.split("\\.")) {
            bytes.writeByte(label.length()).writeBytes(label.getBytes(StandardCharsets.US_ASCII));
        }
        return bytes.writeByte(0);
    }

    /** A response being put together. */
    private static final class Packet {
        private final String question;
        private final int type;
        private final ByteBuf answers = Unpooled.buffer();
        private final ByteBuf authorities = Unpooled.buffer();
        private int answerCount;
        private int authorityCount;
        private boolean truncated;

        Packet(String question, int type) {
            this.question = question;
            this.type = type;
        }

        Packet record(String owner, int recordType, int ttl, ByteBuf data) {
            write(answers, owner, recordType, ttl, data);
            answerCount++;
            return this;
        }

        Packet authority(String owner, int recordType, int ttl, ByteBuf data) {
            write(authorities, owner, recordType, ttl, data);
            authorityCount++;
            return this;
        }

        private static void write(ByteBuf out, String owner, int recordType, int ttl, ByteBuf data) {
            out.writeBytes(name(owner)).writeShort(recordType).writeShort(1).writeInt(ttl)
                    .writeShort(data.readableBytes()).writeBytes(data);
        }

        ByteBuf bytes() {
            return Unpooled.buffer().writeShort(1).writeShort(truncated ? 0x8380 : 0x8180).writeShort(1)
                    .writeShort(answerCount).writeShort(authorityCount).writeShort(0).writeBytes(name(question))
                    .writeShort(type).writeShort(1)
                    .writeBytes(answers.copy()).writeBytes(authorities.copy());
        }

        Reply read(RecordType recordType) {
            DnsResponse response = decode(bytes());
            try {
                return Reply.of(new Question(question, recordType), response);
            } finally {
                response.release();
            }
        }
    }
}
