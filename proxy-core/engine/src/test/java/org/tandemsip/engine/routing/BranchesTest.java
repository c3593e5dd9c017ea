package org.tandemsip.engine.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.Places;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;

class BranchesTest {
    private static final List<ListenPoint> POINTS = List.of(
            Messages.listenPoint(0, Transport.UDP, "203.0.113.10:5060"),
            Messages.listenPoint(1, Transport.UDP, "203.0.113.10:5080"),
            Messages.listenPoint(2, Transport.TCP, "203.0.113.10:5060"),
            Messages.listenPoint(3, Transport.UDP, "[2001:db8::10]:5060"));
    private static final String SECOND_VIA = "Via: SIP/2.0/UDP ua.example:5070;rport;branch=z9hG4bK%s";
    private final Branches branches = branches(Messages.KEYS);

    @Test
    void shouldBeSameWhenRequestIsRetransmittedBeforeAndAfterRestart() {
        final SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 10_000; i++) {
            final String request = request("INVITE", Long.toHexString(random.nextLong()), random.nextInt(1 << 30), "");
            final Source source =
                    Messages.source("198.51.100." + random.nextInt(256) + ':' + (1 + random.nextInt(65_535)));

            final long key = branches.key(Messages.parse(request), source, 0);
            final int loopHash = branches.loopHash(Messages.parse(request), null);

            final Branches restarted = i % 100 == 0 ? branches(Messages.KEYS) : branches;
            assertEquals(key, restarted.key(Messages.parse(request), source, 0));
            assertEquals(loopHash, restarted.loopHash(Messages.parse(request), null));
        }
    }

    @Test
    void shouldBeSameWhenCancelOrAckFollowsInvite() {
        final Source source = Messages.source("198.51.100.1:5070");
        final SipMessage invite = Messages.parse(request("INVITE", "abc", 7, ""));
        final SipMessage cancel = Messages.parse(request("CANCEL", "abc", 7, ""));
        final SipMessage ack = Messages.parse(request("ACK", "abc", 7, ";tag=callee"));

        assertEquals(branches.key(invite, source, 0), branches.key(cancel, source, 0));
        assertEquals(branches.key(invite, source, 0), branches.key(ack, source, 0));
        assertEquals(branches.loopHash(invite, null), branches.loopHash(cancel, null));
        assertEquals(branches.loopHash(invite, null), branches.loopHash(ack, null));
    }

    @Test
    void shouldDifferWhenTransactionForkSourceOrKeyIsAnother() {
        final Source source = Messages.source("198.51.100.1:5070");
        final SipMessage request = Messages.parse(request("INVITE", "abc", 7, ""));
        final long key = branches.key(request, source, 0);

        assertNotEquals(key, branches.key(request, source, 1));
        assertNotEquals(key, branches.key(Messages.parse(request("INVITE", "abd", 7, "")), source, 0));
        assertNotEquals(key, branches.key(Messages.parse(request("INVITE", "abc", 8, "")), source, 0));
        assertNotEquals(key, branches.key(request, Messages.source("198.51.100.2:5070"), 0));
        assertNotEquals(key, branches.key(request, Messages.source("198.51.100.1:5071"), 0));
        assertNotEquals(key, branches.key(request, Messages.source(Transport.UDP, 1, "198.51.100.1:5070"), 0));
        assertNotEquals(key, branches(new ShardContext.Keys(1, 3, 3, 4)).key(request, source, 0));
    }

    @Test
    void shouldHashLoopByWhatRoutingLooksAt() {
        final String request = request("INVITE", "abc", 7, "");
        final int hash = branches.loopHash(Messages.parse(request), null);
        final Trunk pbx = Messages.trunk(0, "pbx", List.of(), List.of());

        assertNotEquals(hash, branches.loopHash(Messages.parse(request.replace("sip:bob@", "sip:bill@")), null));
        assertNotEquals(hash,
                branches.loopHash(Messages.parse(request.replace("To:", "Route: <sip:a;lr>\nTo:")), null));
        assertNotEquals(hash, branches.loopHash(Messages.parse(request), pbx));
        assertEquals(hash,
                branches.loopHash(Messages.parse(request.replace("branch=z9hG4bKabc", "branch=z9hG4bKx")), null));
    }

    @Test
    void shouldReadWhatWasWritten() {
        final String via = via(Branches.STATEFUL, 0x0123_4567_89ab_cdefL, 0x89ab_cdef, 0);

        assertTrue(read(via));

        assertEquals("SIP/2.0/UDP 203.0.113.10:5060;branch=z9hG4bKt0123456789abcdef89abcdef", via);
        assertEquals('t', branches.mode());
        assertEquals(0x0123_4567_89ab_cdefL, branches.key());
        assertEquals(0x89ab_cdef, branches.loopHash());
        assertEquals(Places.NONE, branches.place());
    }

    @Test
    void shouldReadShardSlotAndGenerationBesideTheBranch() {
        final long place = 0x0100_002a_0000_0007L;
        final String via = via(Branches.STATEFUL, 1, 2, place, 0x1f);

        assertTrue(via.contains("00000002;tk=0100002a00000007;i=1f"), via);
        assertTrue(read(via));
        assertEquals(place, branches.place());
        assertTrue(read(via.replace("tk=0100002a", "tk=0100002g")));
        assertEquals(Places.NONE, branches.place());
        assertTrue(read(via.substring(0, via.indexOf(";tk=") + 12)));
        assertEquals(Places.NONE, branches.place());
        assertTrue(read(via(Branches.STATEFUL, 1, 2, 0) + ";rport=5060" + ";tk=0100002a00000007"));
        assertEquals(Places.NONE, branches.place());
    }

    @Test
    void shouldReadTheConnectionBehindAPlace() {
        final Source source = Messages.source(Transport.TCP, 2, "198.51.100.1:50000");
        final long key = branches.key(Messages.parse(request("INVITE", "abc", 7, "")), source, 0);
        final String next = "Via: SIP/2.0/TCP ua.example:5070;rport=50000;received=198.51.100.1;branch=z9hG4bKabc";

        assertTrue(verifies(via(Branches.STATEFUL, key, 5, 0x0100_002a_0000_0007L, 0x1f), next, 7));

        assertEquals(0x1f, branches.responseDestination().connection);
    }

    @Test
    void shouldNotReadWhenFormIsNotOurs() {
        final String via = via(Branches.STATELESS, 1, 2, 0);

        assertTrue(read(via));
        assertFalse(read(via.replace("z9hG4bKs", "z9hG4bKx")));
        assertFalse(read(via.replace("z9hG4bKs", "Z9hG4bKs")));
        assertFalse(read(via + "0"));
        assertFalse(read(via.substring(0, via.length() - 1)));
        assertFalse(read(via.replace("0001", "000g")));
        assertFalse(read("SIP/2.0/UDP 203.0.113.10:5060;branch=z9hG4bK"));
        assertFalse(read("SIP/2.0/UDP 203.0.113.10:5060"));
    }

    @Test
    void shouldVerifyResponseOnTheListenPointItsRequestCameInOn() {
        verified(0, Transport.UDP, "198.51.100.1:50000", "ua.example:5070;rport",
                "ua.example:5070;rport=50000;received=198.51.100.1", 50_000);
        verified(1, Transport.UDP, "198.51.100.1:50000", "ua.example:5070", "ua.example:5070;received=198.51.100.1",
                5_070);
        verified(1, Transport.UDP, "198.51.100.1:50000", "198.51.100.1", "198.51.100.1", 5_060);
        verified(2, Transport.TCP, "198.51.100.1:50000", "198.51.100.1:5070", "198.51.100.1:5070", 5_070);
        verified(3, Transport.UDP, "[2001:db8::7]:50000", "[2001:DB8::7]:5070", "[2001:db8:0::7]:5070", 5_070, false);
        verified(3, Transport.UDP, "[2001:db8::7]:50000", "[2001:DB8::7]:5070", "[2001:db8::7]:5070", 5_070);
    }

    @Test
    void shouldRefuseResponseWhenBranchIsForgedOrNextViaChanged() {
        final Source source = Messages.source("198.51.100.1:5070");
        final SipMessage request = Messages.parse(request("INVITE", "abc", 7, ""));
        final String via = via(Branches.STATELESS, branches.key(request, source, 0), 5, 0);
        final String next = "Via: SIP/2.0/UDP ua.example:5070;rport=5070;received=198.51.100.1;branch=z9hG4bKabc";
        assertTrue(verifies(via, next, 7));

        assertFalse(verifies(via, next, 8));
        assertFalse(verifies(via, next.replace("198.51.100.1", "198.51.100.2"), 7));
        assertFalse(verifies(via, next.replace("rport=5070", "rport=5071"), 7));
        assertFalse(verifies(via, next.replace("z9hG4bKabc", "z9hG4bKabd"), 7));
        assertFalse(verifies(via, next.replace("received=198.51.100.1", "x=y"), 7));
        assertFalse(verifies(via, "Subject: no second Via", 7));
        final SplittableRandom random = new SplittableRandom(2);
        for (int i = 0; i < 10_000; i++) {
            assertFalse(verifies(via(Branches.STATELESS, random.nextLong(), random.nextInt(), 0), next, 7));
        }
    }

    @Test
    void shouldNameConnectionWhenRequestCameOverOne() {
        final Source source = Messages.source(Transport.TCP, 2, "198.51.100.1:50000");
        final SipMessage request = Messages.parse(request("INVITE", "abc", 7, ""));
        final long key = branches.key(request, source, 0);
        final String next = "Via: SIP/2.0/TCP ua.example:5070;rport=50000;received=198.51.100.1;branch=z9hG4bKabc";

        for (final long connection : new long[] {1, 0x1f, 0x1234_5678_9abcL, Long.MAX_VALUE, -1L}) {
            final String via = via(Branches.STATELESS, key, 5, connection);
            assertTrue(verifies(via, next, 7), via);
            assertEquals(connection, branches.responseDestination().connection);
            assertTrue(verifies(via + ";received=10.0.0.1", next, 7));
            assertEquals(connection, branches.responseDestination().connection);

            final int digit = via.indexOf(";i=") + 3;
            final String tampered = via.substring(0, digit) + (via.charAt(digit) == '2' ? '3' : '2')
                    + via.substring(digit + 1);
            assertTrue(verifies(tampered, next, 7));
            assertEquals(0, branches.responseDestination().connection);
        }
    }

    private void verified(final int listenPoint, final Transport transport, final String from, final String sentBy,
            final String inResponse, final int port) {
        verified(listenPoint, transport, from, sentBy, inResponse, port, true);
    }

    private void verified(final int listenPoint, final Transport transport, final String from, final String sentBy,
            final String inResponse, final int port, final boolean expected) {
        final Source source = Messages.source(transport, listenPoint, from);
        final String text = request("INVITE", "abc", 7, "").replace("SIP/2.0/UDP ua.example:5070;rport",
                "SIP/2.0/" + transport + ' ' + sentBy);
        final String via = via(Branches.STATELESS, branches.key(Messages.parse(text), source, 0), 5, 0);

        assertEquals(expected,
                verifies(via, "Via: SIP/2.0/" + transport + ' ' + inResponse + ";branch=z9hG4bKabc", 7));

        if (expected) {
            assertEquals(listenPoint, branches.responseDestination().listenPoint);
            assertEquals(transport, branches.responseDestination().transport);
            assertEquals(port, branches.responseDestination().port);
            assertEquals(source.addressLow, branches.responseDestination().addressLow);
            assertEquals(source.addressHigh, branches.responseDestination().addressHigh);
        }
    }

    private boolean verifies(final String via, final String nextVia, final int cseq) {
        final SipMessage response = Messages.parse("SIP/2.0 200 OK\nVia: " + via + '\n' + nextVia
                + "\nFrom: <sip:a@a.example>;tag=caller\nTo: <sip:b@b.example>;tag=callee\nCall-ID: c1@a\nCSeq: " + cseq
                + " INVITE\nContent-Length: 0\n\n");
        return branches.read(response, response.topVia()) && branches.verifies(response);
    }

    private boolean read(final String via) {
        final SipMessage message = Messages.parse(request("INVITE", "x", 1, "").replaceFirst("Via: .*", "Via: " + via));
        return branches.read(message, message.topVia());
    }

    private String via(final char mode, final long key, final int loopHash, final long connection) {
        return via(mode, key, loopHash, Places.NONE, connection);
    }

    private String via(final char mode, final long key, final int loopHash, final long place, final long connection) {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[256]);
        final AsciiWriter writer = new AsciiWriter().wrap(buffer, 0);
        writer.put("SIP/2.0/UDP 203.0.113.10:5060;branch=".getBytes(StandardCharsets.US_ASCII));
        branches.write(writer, mode, key, loopHash);
        Branches.writePlace(writer, place);
        final Source source = new Source();
        source.connection = connection;
        branches.writeConnection(writer, key, source);
        return buffer.getStringWithoutLengthAscii(0, writer.position());
    }

    private static String request(final String method, final String branch, final int cseq, final String toParameters) {
        return method + " sip:bob@b.example SIP/2.0\n" + SECOND_VIA.formatted(branch)
                + "\nFrom: <sip:a@a.example>;tag=caller\nTo: <sip:b@b.example>" + toParameters
                + "\nCall-ID: c1@a\nCSeq: " + cseq + ' ' + method + "\nContent-Length: 0\n\n";
    }

    private static Branches branches(final ShardContext.Keys keys) {
        return new Branches(Messages.context(POINTS, new Messages.Silence(),
                Messages.policy(Mode.STATELESS, List.of(), List.of()), keys));
    }
}
