package org.tandemsip.server.media;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.engine.handler.MediaRelay;
import org.tandemsip.engine.handler.MediaRelay.Command;
import org.tandemsip.engine.handler.MediaRelay.Outcome;

/** Daemons played by hand: each is a socket of the test. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class RtpengineTest implements Rtpengine.Listener {
    private static final long SECOND = 1_000_000_000L;
    private static final byte[] SDP = "v=0\r\n".getBytes(StandardCharsets.US_ASCII);

    private final BlockingQueue<MediaRelay.Answer> answers = new LinkedBlockingQueue<>();
    private final List<DatagramSocket> daemons = new ArrayList<>();
    private volatile long ticket;
    private Rtpengine rtpengine;

    @AfterEach
    void close() {
        rtpengine.close();
        daemons.forEach(DatagramSocket::close);
    }

    @Override
    public void reply(final int shard, final long to, final MediaRelay.Answer answer) {
        ticket = to;
        answers.add(answer);
    }

    @Override
    public void changed(final String node, final boolean up, final String cause) {
        // Seen in the statistics.
    }

    @Test
    void shouldGiveTheAnswerToTheShardThatAsked() throws Exception {
        // given
        start(1, 5 * SECOND, 60 * SECOND);
        final MediaRelay.Side srtp = new MediaRelay.Side("RTP/SAVP", "remove", "out",
                List.of("trust-address", "DTLS=off", "rtcp-mux=demux"));

        // when
        final MediaRelay.Request request = new MediaRelay.Request(3, 77, Command.OFFER, -1, "call", "a", null,
                new MediaRelay.Side(null, null, "in", List.of()), srtp, SDP);
        assertTrue(rtpengine.ask(request));
        final String asked = answer(0, "offer", "d6:result2:ok3:sdp3:newe");

        // then
        assertEquals(
                "d7:command5:offer7:call-id4:call8:from-tag1:a3:sdp5:v=0\r\n7:replacel6:origin18:session-connectione"
                        + "18:transport-protocol8:RTP/SAVP3:ICE6:remove9:directionl2:in3:oute4:DTLS3:off8:rtcp-muxl5:demuxe"
                        + "5:flagsl13:trust-addressee",
                asked);
        final MediaRelay.Answer answer = answers.take();
        assertEquals(77, ticket);
        assertEquals(Outcome.DONE, answer.outcome());
        assertEquals(node(0), answer.node());
        assertEquals("new", new String(answer.sdp(), StandardCharsets.US_ASCII));
        assertEquals(1, rtpengine.stats().getFirst().results(Command.OFFER, NodeStats.Result.OK));
    }

    @Test
    void shouldAskAgainWhenADatagramIsLost() throws Exception {
        // given
        start(1, 30 * SECOND, 60 * SECOND);
        rtpengine.ask(request(Command.ANSWER, node(0)));

        // when: the first one gets no answer
        final DatagramPacket first = receive(0, "answer");
        final DatagramPacket second = receive(0, "answer");
        reply(0, second, "d6:result2:ok3:sdp1:xe");
        reply(0, first, "d6:result2:ok3:sdp1:ye");

        // then: it was the same one, and the second answer to it is of no use
        assertEquals(text(first), text(second));
        assertEquals("x", new String(answers.take().sdp(), StandardCharsets.US_ASCII));
        await(() -> rtpengine.stats().getFirst().drops(NodeStats.Drop.COOKIE) == 1);
        assertTrue(rtpengine.stats().getFirst().retransmissions() > 0);
        assertTrue(answers.isEmpty());
    }

    /** As a call of an earlier process may have it, which had more of them. */
    @Test
    void shouldSayThatANodeIsNotThere() throws Exception {
        start(1, 5 * SECOND, 60 * SECOND);
        pong(0);

        rtpengine.ask(request(Command.DELETE, 7));
        rtpengine.ask(request(Command.OFFER, 7));

        assertEquals(Outcome.UNREACHABLE, answers.take().outcome());
        rtpengine.ask(request(Command.OFFER, -1));
        answer(0, "offer", "d6:result2:ok3:sdp1:xe");
        assertEquals(Outcome.DONE, answers.take().outcome());
    }

    /** A list that was changed while nobody was there: calls are where they were. */
    @Test
    void shouldFindTheNodeThatHasACallWhereverItStandsInTheList() throws Exception {
        // given: the second one has taken a call
        start(3, 60 * SECOND, 60 * SECOND);
        rtpengine.ask(request(Command.OFFER, -1));
        answer(1, "offer", "d6:result2:ok3:sdp1:xe");
        final int node = answers.take().node();
        rtpengine.close();

        // when
        rtpengine = new Rtpengine(new Rtpengine.Settings(List.of(address(2), address(1)), 60 * SECOND, 60 * SECOND),
                this);
        rtpengine.ask(request(Command.OFFER, node));

        // then
        answer(1, "offer", "d6:result2:ok3:sdp1:ye");
        assertEquals(node, answers.take().node());
        rtpengine.ask(request(Command.DELETE, node));
        answer(1, "delete", "d6:result2:oke");
    }

    @Test
    void shouldGoToTheNextNodeWhenOneIsSilent() throws Exception {
        // given: the first to be asked says nothing
        start(2, SECOND / 2, 60 * SECOND);
        pong(0);
        pong(1);
        rtpengine.ask(request(Command.OFFER, -1));
        receive(1, "offer");

        // when
        final String asked = answer(0, "offer", "d6:result2:ok3:sdp1:xe");

        // then: the silent one gets no more calls, and forgets this one should it wake up
        final MediaRelay.Answer answer = answers.take();
        assertEquals(node(0), answer.node());
        assertTrue(asked.contains("5:offer"));
        assertFalse(rtpengine.stats().get(1).up());
        assertEquals(1, rtpengine.stats().get(1).results(Command.OFFER, NodeStats.Result.TIMEOUT));
        assertTrue(text(receive(1, "delete")).endsWith(" d7:command6:delete7:call-id4:call12:delete-delayi0ee"));
        for (int i = 0; i < 3; i++) {
            rtpengine.ask(request(Command.OFFER, -1));
            answer(0, "offer", "d6:result2:ok3:sdp1:xe");
            assertEquals(node(0), answers.take().node());
        }
    }

    @Test
    void shouldGoToTheNextNodeWhenOneHasNoRoom() throws Exception {
        start(2, 5 * SECOND, 60 * SECOND);
        rtpengine.ask(request(Command.OFFER, -1));
        answer(1, "offer", "d6:result10:load limite");
        answer(0, "offer", "d6:result2:ok3:sdp1:xe");
        assertEquals(Outcome.DONE, answers.take().outcome());
        assertTrue(rtpengine.stats().get(1).up(), "full is not gone");
    }

    @Test
    void shouldFailAtOnceWhenNobodyIsThere() throws Exception {
        // given: the port is closed, which ICMP tells
        start(1, 60 * SECOND, 60 * SECOND);
        daemons.getFirst().close();
        rtpengine.ask(request(Command.OFFER, -1));

        // then
        assertEquals(Outcome.UNREACHABLE, answers.take().outcome());
        rtpengine.ask(request(Command.OFFER, -1));
        assertEquals(Outcome.UNREACHABLE, answers.take().outcome());
        rtpengine.ask(request(Command.ANSWER, node(0)));
        assertEquals(Outcome.UNREACHABLE, answers.take().outcome());
        assertFalse(rtpengine.stats().getFirst().up());
    }

    @Test
    void shouldUseANodeAgainThatAnswersAPing() throws Exception {
        // given
        start(1, 2 * SECOND, SECOND);
        rtpengine.ask(request(Command.OFFER, -1));
        final String lost = text(receive(0, "offer")).substring(0, 16);
        assertEquals(Outcome.UNREACHABLE, answers.take().outcome());

        // when
        while (!rtpengine.stats().getFirst().up()) {
            final DatagramPacket packet = receive(0, "");
            reply(0, packet, "d6:result4:ponge");
        }

        // then
        rtpengine.ask(request(Command.OFFER, -1));
        DatagramPacket offer = receive(0, "offer");
        while (text(offer).startsWith(lost)) {
            offer = receive(0, "offer"); // what was sent again of the first
        }
        reply(0, offer, "d6:result2:ok3:sdp1:xe");
        assertEquals(Outcome.DONE, answers.take().outcome());
        assertTrue(rtpengine.stats().getFirst().changes() >= 2);
    }

    @Test
    void shouldTellWhenTheNodeRefuses() throws Exception {
        start(1, 5 * SECOND, 60 * SECOND);
        rtpengine.ask(request(Command.OFFER, -1));
        answer(0, "offer", "d6:result5:error12:error-reason19:Failed to parse SDPe");
        assertEquals(Outcome.REFUSED, answers.take().outcome());
        // and when it says ok but no description
        rtpengine.ask(request(Command.ANSWER, node(0)));
        answer(0, "answer", "d6:result2:oke");
        assertEquals(Outcome.REFUSED, answers.take().outcome());
    }

    @Test
    void shouldBelieveNothingButTheAnswerOfTheNode() throws Exception {
        // given
        start(1, 30 * SECOND, 60 * SECOND);
        rtpengine.ask(request(Command.OFFER, -1));
        final DatagramPacket packet = receive(0, "offer");
        final String cookie = text(packet).substring(0, 16);

        // when: a wrong cookie, none, no bencode, no result, too much, and somebody else who knows the cookie
        final String good = " d6:result2:ok3:sdp4:fakee";
        raw(0, packet, "0123456789abcdef" + good);
        raw(0, packet, "x");
        raw(0, packet, "");
        raw(0, packet, cookie);
        raw(0, packet, cookie + " rubbish");
        raw(0, packet, cookie + " d3:sdp4:fakee");
        raw(0, packet, cookie + " d6:result2:ok3:sdp40000:" + "x".repeat(40_000) + "e");
        try (DatagramSocket stranger = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"))) {
            final byte[] bytes = (cookie + good).getBytes(StandardCharsets.US_ASCII);
            stranger.send(new DatagramPacket(bytes, bytes.length, packet.getSocketAddress()));
        }
        reply(0, packet, "d6:result2:ok3:sdp4:truee");

        // then
        assertEquals("true", new String(answers.take().sdp(), StandardCharsets.US_ASCII));
        final NodeStats stats = rtpengine.stats().getFirst();
        assertEquals(3, stats.drops(NodeStats.Drop.COOKIE));
        assertEquals(2, stats.drops(NodeStats.Drop.BENCODE));
        assertEquals(1, stats.drops(NodeStats.Drop.SIZE));
        await(() -> stats.inFlight() <= 1);
    }

    @Test
    void shouldRefuseToAskWhenTooMuchIsUnderWay() throws Exception {
        // given: nobody takes answers
        start(1, 60 * SECOND, 60 * SECOND);
        int taken = 0;
        while (rtpengine.ask(request(Command.OFFER, -1))) {
            taken++;
        }

        // then: there is a bound, and deletes still go
        assertEquals(4_096, taken);
        assertEquals(1, rtpengine.refused());
        assertTrue(rtpengine.ask(request(Command.DELETE, node(0))));
        daemons.getFirst().close();
        for (int i = 0; i < taken; i++) {
            assertNotEquals(Outcome.DONE, answers.take().outcome());
        }
        assertTrue(rtpengine.ask(request(Command.OFFER, -1)));
    }

    // The daemons.

    private void start(final int count, final long timeoutNs, final long pingNs) throws IOException {
        final List<InetSocketAddress> addresses = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            final DatagramSocket socket = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"));
            socket.setSoTimeout(60_000);
            daemons.add(socket);
            addresses.add(address(i));
        }
        rtpengine = new Rtpengine(new Rtpengine.Settings(addresses, timeoutNs, pingNs), this);
    }

    private InetSocketAddress address(final int daemon) {
        return (InetSocketAddress) daemons.get(daemon).getLocalSocketAddress();
    }

    private int node(final int daemon) {
        return RtpengineNode.id("127.0.0.1:" + daemons.get(daemon).getLocalPort());
    }

    /** The next datagram of that command; pings before it are left unanswered. */
    private DatagramPacket receive(final int daemon, final String command) throws IOException {
        while (true) {
            final DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
            daemons.get(daemon).receive(packet);
            if (text(packet).contains("7:command" + (command.isEmpty() ? "" : command.length() + ":" + command))) {
                return packet;
            }
        }
    }

    /** Answers the next request of that command. @return the request, without its cookie */
    private String answer(final int daemon, final String command, final String dictionary) throws IOException {
        final DatagramPacket packet = receive(daemon, command);
        reply(daemon, packet, dictionary);
        return text(packet).substring(17);
    }

    private void pong(final int daemon) throws IOException {
        reply(daemon, receive(daemon, "ping"), "d6:result4:ponge");
    }

    private void reply(final int daemon, final DatagramPacket to, final String dictionary) throws IOException {
        raw(daemon, to, text(to).substring(0, 17) + dictionary);
    }

    private void raw(final int daemon, final DatagramPacket to, final String text) throws IOException {
        final byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        daemons.get(daemon).send(new DatagramPacket(bytes, bytes.length, to.getSocketAddress()));
    }

    private static String text(final DatagramPacket packet) {
        return new String(packet.getData(), 0, packet.getLength(), StandardCharsets.US_ASCII);
    }

    private static MediaRelay.Request request(final Command command, final int node) {
        return new MediaRelay.Request(0, 1, command, node, "call", "a", "b", MediaRelay.Side.PLAIN,
                MediaRelay.Side.PLAIN, SDP);
    }

    private static void await(final BooleanSupplier condition) throws InterruptedException {
        final long deadlineNs = System.nanoTime() + 60 * SECOND;
        while (!condition.getAsBoolean()) {
            assertTrue(deadlineNs - System.nanoTime() > 0, "in vain");
            Thread.sleep(5);
        }
    }
}
