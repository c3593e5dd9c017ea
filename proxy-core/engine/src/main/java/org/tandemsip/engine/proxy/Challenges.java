package org.tandemsip.engine.proxy;

import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.auth.Challenge;
import org.tandemsip.engine.auth.Credentials;
import org.tandemsip.engine.auth.DigestClient;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.routing.Trunk;

/**
 * Answers what trunks challenge of the requests that go to them, with our credentials there: the request is sent once
 * more, in another client transaction, and the caller hears nothing of it.
 *
 * <p>The CSeq stays as the caller has it, though RFC 3261 section 22.2 wants a client to raise it: it is the caller's
 * dialog, and whatever follows in it would have to be renumbered. Servers tell the two requests by their branch; for
 * those that do not there is the back-to-back user agent. Shard thread only.
 */
final class Challenges {
    /** Answers to the challenges of one branch: another one only to a nonce that has gone stale. */
    private static final int MOST_ANSWERS = 2;
    /** Longest row that can be written. */
    private static final int MOST_BYTES = 4_096;

    private final DigestClient client;
    private final Counters counters;
    private final Challenge challenge = new Challenge();
    private final UnsafeBuffer row = new UnsafeBuffer(new byte[MOST_BYTES]);
    private final AsciiWriter writer = new AsciiWriter();
    private Credentials credentials;

    Challenges(final ShardContext context) {
        client = new DigestClient(context);
        counters = context.counters();
    }

    /** Whether what is sent on a branch goes to a trunk that we have credentials for. */
    static boolean concern(final Branch branch) {
        return branch.target.sentTo != null && branch.target.sentTo.account().credentials() != null;
    }

    /**
     * Whether the challenge in a 401 or 407 can be answered: {@link #put} does so in the copy written next. One of
     * which the caller knows the realm is the caller's own affair.
     *
     * @param branch  whose copy of {@code request} was challenged, and that they {@link #concern}
     * @param request as received
     * @param from    who has sent the response
     */
    boolean take(final Branch branch, final SipMessage request, final SipMessage response, final Source from) {
        final Trunk trunk = branch.target.sentTo;
        credentials = null;
        if (!trunk.mayBeAnswered(branch.target.destination, from)) {
            counters.increment(Counter.CHALLENGES_STRANGER);
            return false;
        }
        switch (client.read(response, trunk.account().credentials(), true, challenge)) {
            case OTHER_REALM -> counters.increment(Counter.CHALLENGES_OTHER_REALM);
            case NOT_UNDERSTOOD -> counters.increment(Counter.CHALLENGES_NOT_UNDERSTOOD);
            case TAKEN -> {
                if (branch.answers > 0 && !(challenge.stale() && branch.answers < MOST_ANSWERS)) {
                    counters.increment(Counter.CHALLENGES_REJECTED);
                } else if (!client.isAnswered(request, challenge)) {
                    credentials = trunk.account().credentials();
                    counters.increment(Counter.CHALLENGES_ANSWERED);
                }
            }
        }
        return credentials != null;
    }

    /** Most bytes that {@link #put} adds to the copy written next; 0 where it has nothing to answer. */
    int maxAdded(final SipMessage request) {
        return credentials == null ? 0
                : DigestClient.maxLength(challenge, credentials, Slice.length(request.requestUri()));
    }

    /**
     * Puts the answer behind the header fields of a copy, where {@link #take} was called for it; otherwise nothing.
     *
     * @param bodyBytes size of the body at its end
     * @return size of the copy then; 0 when there is no room for it
     */
    int put(final MutableDirectBuffer copy, final int length, final int bodyBytes) {
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
