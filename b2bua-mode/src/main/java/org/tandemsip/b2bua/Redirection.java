package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.SipUri;
import org.tandemsip.engine.routing.Target;
import org.tandemsip.engine.routing.Targets;
import org.tandemsip.engine.transaction.MessageMemory;

/**
 * Where one call was redirected to, and has not been yet: what came last is tried first, before anything else, since
 * who redirects is reached there. Part of a {@link Setup}; shard thread only.
 */
final class Redirection {
    /** Responses that are followed in one call. */
    static final int MOST = 5;
    /** URIs of one call that are remembered, so that none is tried twice. */
    private static final int MOST_TRIED = 64;

    /** One place, and the Request-URI to ask for there. */
    private static final class Place {
        private final Target target = new Target();
        private final KeptBytes uri;
        private boolean elsewhere;

        private Place(final MessageMemory memory) {
            uri = new KeptBytes(memory);
        }
    }

    private final Hashes hashes;
    private final long[] tried = new long[MOST_TRIED];
    private final Place[] left = new Place[Targets.MAX];
    private Place present;
    private int triedCount;
    private int size;
    private int followed;
    private boolean on;

    Redirection(final B2bua owner) {
        hashes = owner.hashes;
        for (int i = 0; i < left.length; i++) {
            left[i] = new Place(owner.memory);
        }
        present = new Place(owner.memory);
    }

    /** Forgets all. */
    void clear() {
        for (final Place place : left) {
            place.uri.forget();
        }
        present.uri.forget();
        triedCount = 0;
        size = 0;
        followed = 0;
        on = false;
    }

    /** Counts one more response that is followed; {@code false} when there were too many. */
    boolean begin() {
        return followed++ < MOST;
    }

    /** Remembers a URI as tried; {@code false} when it was, or when no more can be remembered. */
    boolean tries(final DirectBuffer bytes, final SipUri uri) {
        final long hash = hashes.uri(bytes, uri);
        for (int i = 0; i < triedCount; i++) {
            if (tried[i] == hash) {
                return false;
            }
        }
        if (triedCount == MOST_TRIED) {
            return false;
        }
        tried[triedCount++] = hash;
        return true;
    }

    /** How many more places there is room for. */
    int room() {
        return left.length - size;
    }

    /**
     * Adds a place to be tried before all others.
     *
     * @param uri       what to ask for there, to be copied
     * @param elsewhere whether another trunk was asked first: what the caller has said is not for this one
     */
    void push(final Target target, final DirectBuffer bytes, final int uri, final int length,
            final boolean elsewhere) {
        final Place place = left[size];
        place.uri.keep(bytes, uri, length);
        if (place.uri.length() > 0) {
            place.target.set(target);
            place.elsewhere = elsewhere;
            size++;
        }
    }

    /** Whether there is a place left. */
    boolean hasNext() {
        return size > 0;
    }

    /** Goes on to the next place, if there is one. */
    Target next() {
        final Place before = present;
        present = left[--size];
        left[size] = before;
        before.uri.forget();
        on = true;
        return present.target;
    }

    /** What is tried now is no place that was redirected to. */
    void leave() {
        on = false;
    }

    /** Whether what is tried now was redirected to. */
    boolean on() {
        return on;
    }

    /** Whether another trunk was asked first: credentials of the caller are not for this one. */
    boolean elsewhere() {
        return on && present.elsewhere;
    }

    /** Reads what is asked for there. */
    boolean read(final SipUri into) {
        return on && present.uri.wrap(into);
    }

    /** Its bytes. */
    DirectBuffer buffer() {
        return present.uri.buffer();
    }
}
