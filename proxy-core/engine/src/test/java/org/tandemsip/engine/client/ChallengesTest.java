package org.tandemsip.engine.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.auth.Credentials;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.routing.Account;
import org.tandemsip.engine.routing.Messages;
import org.tandemsip.engine.routing.Trunk;

/** What is answered goes into one request and no other. */
@Timeout(10)
class ChallengesTest {
    private static final String REQUEST = "INVITE sip:1@carrier.example SIP/2.0\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\n"
            + "From: <sip:a@a.example>;tag=1\nTo: <sip:1@carrier.example>\nCall-ID: c\nCSeq: 1 INVITE\n"
            + "Content-Length: 4\n\nbody";

    private final Source peer = Messages.source("198.51.100.1:5060");
    private final Destination asked = new Destination().set(peer);
    private final Challenges challenges =
            new Challenges(Messages.context(Messages.listenPoint(0, Transport.UDP, "203.0.113.10:5060")));
    private final UnsafeBuffer copy = new UnsafeBuffer(new byte[2_000]);
    private final SipMessage request = Messages.parse(REQUEST);

    private static Trunk carrier(final Credentials credentials) {
        final Trunk plain = Messages.trunk(0, "carrier", List.of("198.51.100.1:5060"), List.of());
        return new Trunk(0, "carrier", plain.peers(), plain.allow(), plain.failover(), 0, plain.balance(), 0, 0,
                plain.ping(), plain.state(), plain.rules(), plain.trust(), false, new Account(credentials, true, null));
    }

    private boolean take(final Trunk trunk, final Source from) {
        return challenges.take(trunk, asked, 0, request, true,
                Messages.parse("SIP/2.0 407 Challenge\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\n"
                        + "From: <sip:a@a.example>;tag=1\nTo: <sip:1@carrier.example>;tag=2\nCall-ID: c\nCSeq: 1 INVITE\n"
                        + "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\"\nContent-Length: 0\n\n"),
                from);
    }

    private int put() {
        copy.putBytes(0, request.bytes(), 0, request.length());
        return challenges.put(copy, request.length(), request.bodyLength());
    }

    @Test
    void shouldAnswerOnceBehindTheHeaderFields() {
        assertTrue(take(carrier(new Credentials("u", "p", null)), peer));

        final int length = put();

        final String text = copy.getStringWithoutLengthAscii(0, length);
        assertTrue(text.matches("(?s)INVITE .*\r\nContent-Length: 4\r\nProxy-Authorization: Digest username=\"u\"[^\r]*"
                + "\r\n\r\nbody"), text);
        assertTrue(length <= request.length() + 400);
        assertEquals(request.length(), put(), "nothing more");
    }

    @Test
    void shouldAnswerNothingOnceItIsToForget() {
        assertTrue(take(carrier(new Credentials("u", "p", null)), peer));
        challenges.forget();

        assertEquals(0, challenges.maxAdded(request));
        assertEquals(request.length(), put());
    }

    @Test
    void shouldNotTakeWhatIsNotForUs() {
        assertFalse(take(null, peer));
        assertFalse(take(carrier(null), peer));
        assertFalse(take(carrier(new Credentials("u", "p", "other")), peer));
        assertFalse(take(carrier(new Credentials("u", "p", null)), Messages.source("192.0.2.1:5060")));
        assertEquals(request.length(), put());
    }

    @Test
    void shouldSayWhenThereIsNoRoom() {
        assertTrue(take(carrier(new Credentials("u", "p", null)), peer));
        final UnsafeBuffer tight = new UnsafeBuffer(REQUEST.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII));

        assertEquals(0, challenges.put(tight, tight.capacity(), request.bodyLength()));
    }
}
