package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.auth.Challenge;
import org.tandemsip.engine.auth.Credentials;
import org.tandemsip.engine.auth.DigestClient;
import org.tandemsip.engine.client.Challenges;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;

/**
 * Answers the challenges of trunks with our credentials for them (RFC 3261 section 22.2): what was challenged is sent
 * once more, in the same dialog with the next number, and a third time when only the nonce was too old. A challenge is
 * answered at once or never, so that none is kept. Shard thread only.
 */
final class LegAuth {
    private final DigestClient client;
    private final Counters counters;
    private final Challenge challenge = new Challenge();
    private Credentials credentials;

    LegAuth(final ShardContext context) {
        client = new DigestClient(context);
        counters = context.counters();
    }

    /**
     * Whether a response to a request of {@code leg} is a challenge that we can answer: {@link #write} does it then.
     * Who has called us from a trunk may be anybody behind it.
     *
     * @param answers how often a challenge of it was answered already
     * @param asked   where the request went
     * @param from    where the response has come from
     */
    boolean takes(final Leg leg, final SipMessage response, final int answers, final Destination asked,
            final Source from) {
        final int code = response.statusCode();
        if (code != 401 && code != 407 || !Challenges.concern(leg.trunk)) {
            return false;
        }
        credentials = leg.trunk.account().credentials();
        if (!leg.trunk.mayBeAnswered(asked, from) || !leg.wasCalled() && !credentials.holdInside(false)) {
            counters.increment(Counter.CHALLENGES_STRANGER);
            return false;
        }
        final Counter verdict =
                Challenges.verdict(client.read(response, credentials, false, challenge), challenge, answers);
        counters.increment(verdict);
        return verdict == Counter.CHALLENGES_ANSWERED;
    }

    /** Most bytes that {@link #write} writes. */
    int maxLength(final int uriBytes) {
        return DigestClient.maxLength(challenge, credentials, uriBytes);
    }

    /** Writes the row that answers the challenge taken last. */
    void write(final AsciiWriter out, final DirectBuffer bytes, final long method, final long uri) {
        client.write(out, challenge, credentials, bytes, method, uri, Slice.NONE);
    }
}
