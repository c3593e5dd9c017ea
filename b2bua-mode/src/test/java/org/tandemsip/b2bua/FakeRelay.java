package org.tandemsip.b2bua;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.tandemsip.engine.handler.MediaRelay;
import org.tandemsip.engine.handler.ShardCommand;

/** A media relay played by hand: keeps what it is asked until the test says what came of it. */
final class FakeRelay implements MediaRelay {
    final List<Request> asked = new ArrayList<>();
    final List<Request> deleted = new ArrayList<>();
    boolean refuses;
    private final CallFixture net;
    private int port = 30_000;

    FakeRelay(final CallFixture net, final boolean passesOn) {
        this.net = net;
        net.b2bua.media(this, passesOn);
    }

    @Override
    public boolean ask(final Request request) {
        if (request.command() == Command.DELETE) {
            return deleted.add(request);
        }
        return !refuses && asked.add(request);
    }

    /** Answers the oldest request as rtpengine would: addresses and ports are its own. */
    Request done() {
        final Request request = asked.removeFirst();
        final String sdp = new String(request.sdp(), StandardCharsets.ISO_8859_1);
        if (sdp.contains("\r\ny=")) {
            throw new AssertionError("rtpengine would not take " + sdp);
        }
        port += 2;
        reply(request, Outcome.DONE, 0, sdp.replaceAll("(192\\.0\\.2|10\\.0\\.0)\\.\\d+", "203.0.113.99")
                .replaceAll("m=audio \\d+", "m=audio " + port) + "a=rtcp:" + (port + 1) + "\r\n");
        return request;
    }

    /** Says so of the oldest request. */
    Request fail(final Outcome outcome) {
        final Request request = asked.removeFirst();
        reply(request, outcome, request.node(), "");
        return request;
    }

    void reply(final Request request, final Outcome outcome, final int node, final String sdp) {
        net.proxy.onCommand(new ShardCommand.Replied(request.ticket(),
                new Answer(outcome, node, sdp.getBytes(StandardCharsets.ISO_8859_1))), net.nowNs);
    }
}
