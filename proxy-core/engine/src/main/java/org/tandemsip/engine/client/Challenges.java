package org.tandemsip.engine.client;

import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.auth.Challenge;
import org.tandemsip.engine.auth.Credentials;
import org.tandemsip.engine.auth.DigestClient;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.routing.Trunk;

/**
 * Answers what trunks challenge of the requests that go to them, with our credentials there: the request is sent once
 * more, in another client transaction, and whoever it came from hears nothing of it. Who writes the request decides on
 * its CSeq: a user agent raises it (RFC 3261 section 22.2), a proxy cannot, since it is the caller's.
 *
 * <p>Allocates nothing once the realm is known. Shard thread only.
 */
public final class Challenges {
    /** Answers to the challenges of one request: another one only to a nonce that has gone stale. */
    private static final int MOST_ANSWERS = 2;
    /** Longest row that can be written. */
    private static final int MOST_BYTES = 4_096;

    private final DigestClient client;
    private final Counters counters;
    private final Challenge challenge = new Challenge();
    private final UnsafeBuffer row = new UnsafeBuffer(new byte[MOST_BYTES]);
    private final AsciiWriter writer = new AsciiWriter();
    private Credentials credentials;

    /** Makes those of one shard. */
    public Challenges(final ShardContext context) {
        client = new DigestClient(context);
        counters = context.counters();
    }

    /** Whether there are credentials for {@code trunk}, which may be {@code null}: else nothing is to be answered. */
    public static boolean concern(final Trunk trunk) {
        return trunk != null && trunk.account().credentials() != null;
    }

    /**
     * Whether the challenge in a 401 or 407 can be answered: {@link #put} does so in the copy written next. One of
     * which whoever has sent the request knows the realm is its own affair.
     *
     * @param trunk   trunk that the request went to, or {@code null}
     * @param asked   where it went
     * @param answers how often a challenge of it was answered already
     * @param request as received
     * @param called  whether it went to the side that was called
     * @param from    who has sent the response
     */
    public boolean take(final Trunk trunk, final Destination asked, final int answers, final SipMessage request,
            final boolean called, final SipMessage response, final Source from) {
        credentials = null;
        if (!concern(trunk)) {
            return false;
        }
        if (!trunk.mayBeAnswered(asked, from)
                || Slice.exists(request.toTag()) && !trunk.account().credentials().holdInside(called)) {
            counters.increment(Counter.CHALLENGES_STRANGER);
            return false;
        }
        final Counter verdict =
                verdict(client.read(response, trunk.account().credentials(), true, challenge), challenge, answers);
        if (verdict != Counter.CHALLENGES_ANSWERED) {
            counters.increment(verdict);
        } else if (!client.isAnswered(request, challenge)) {
            counters.increment(verdict);
            credentials = trunk.account().credentials();
        }
        return credentials != null;
    }

    /**
     * What becomes of a challenge that was read, as it is counted.
     *
     * @param answers how often one of the same request was answered already
     * @return {@code CHALLENGES_ANSWERED} where it may be answered
     */
    public static Counter verdict(final DigestClient.Reading reading, final Challenge challenge, final int answers) {
        return switch (reading) {
            case OTHER_REALM -> Counter.CHALLENGES_OTHER_REALM;
            case NOT_UNDERSTOOD -> Counter.CHALLENGES_NOT_UNDERSTOOD;
            case TAKEN -> answers > 0 && !(challenge.stale() && answers < MOST_ANSWERS) ? Counter.CHALLENGES_REJECTED
                    : Counter.CHALLENGES_ANSWERED;
        };
    }

    /** Has {@link #put} answer nothing: to be called when what {@link #take} was called for is sent, or is not. */
    public void forget() {
        credentials = null;
    }

    /** Most bytes that {@link #put} adds to the copy written next; 0 where it has nothing to answer. */
    public int maxAdded(final SipMessage request) {
        return credentials == null ? 0
                : DigestClient.maxLength(challenge, credentials, Slice.length(request.requestUri()));
    }

    /**
     * Puts the answer behind the header fields of a copy, where {@link #take} was called for it; otherwise nothing.
     *
     * @param bodyBytes size of the body at its end
     * @return size of the copy then; 0 when there is no room for it
     */
    public int put(final MutableDirectBuffer copy, final int length, final int bodyBytes) {
        if (credentials == null) {
            return length;
        }
        final int headersEnd = length - bodyBytes - 2;
        int methodEnd = 0;
        while (copy.getByte(methodEnd) != ' ') {
            methodEnd++;
        }
        int uriEnd = methodEnd + 1;
        while (copy.getByte(uriEnd) != ' ') {
            uriEnd++;
        }
        client.write(writer.wrap(row, 0), challenge, credentials, copy, Slice.of(0, methodEnd),
                Slice.between(methodEnd + 1, uriEnd), Slice.of(length - bodyBytes, bodyBytes));
        credentials = null;
        final int added = writer.position();
        if (writer.overflown() || length + added > copy.capacity() || copy.getByte(headersEnd) != '\r') {
            return 0;
        }
        copy.putBytes(headersEnd + added, copy, headersEnd, length - headersEnd);
        copy.putBytes(headersEnd, row, 0, added);
        return length + added;
    }
}
