package org.tandemsip.b2bua;

import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.transaction.ResponseRank;

/**
 * The best failure so far of a call that is tried at one peer after the other (RFC 3261 section 16.7 step 6): the
 * caller gets it when no other try ends better. Part of a {@link Setup}; shard thread only.
 */
final class BestAnswer {
    private final B2bua owner;
    private final KeptBytes response;
    private Trunk trunk;
    private Trunk trunkOut;
    private Peer peer;
    private int statusCode;

    BestAnswer(final B2bua owner) {
        this.owner = owner;
        response = new KeptBytes(owner.memory);
    }

    /** Keeps a failure of the present try unless a better one has come before; of two alike the later one counts. */
    void offer(final SipMessage failure, final Call call) {
        if (!isBetterThan(failure.statusCode())) {
            response.keep(failure.bytes(), Slice.offset(failure.startLine()), failure.length());
            trunk = call.legs[1].trunk;
            trunkOut = call.trunkOut;
            peer = call.peer;
            statusCode = failure.statusCode();
        }
    }

    /** Whether it says more than an answer with {@code code}. */
    boolean isBetterThan(final int code) {
        return response.length() > 0 && ResponseRank.of(statusCode, false) < ResponseRank.of(code, false);
    }

    /** Reads it again. */
    SipMessage read() {
        return response.read(owner.parser, owner.earlier);
    }

    /** Trunk that it has come from, or {@code null}. */
    Trunk trunk() {
        return trunk;
    }

    /** Trunk whose call that was, or {@code null}. */
    Trunk trunkOut() {
        return trunkOut;
    }

    /** Peer that has answered so, or {@code null}. */
    Peer peer() {
        return peer;
    }

    void forget() {
        response.forget();
    }
}
