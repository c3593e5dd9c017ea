package org.tandemsip.engine.handler;

import org.tandemsip.codec.SipMessage;

/**
 * Decides what happens to each message of the calls that one shard owns: a mode. Called on the shard thread only.
 *
 * <p>Messages and sources are flyweights of the caller, valid until the call returns.
 */
public interface MessageHandler {
    /** Handles a well-formed request; says what became of it. */
    Disposition onRequest(SipMessage request, Source source, long nowNs);

    /** Handles a well-formed response; says what became of it. */
    Disposition onResponse(SipMessage response, Source source, long nowNs);

    /** Handles an order or report from outside the shard. */
    void onCommand(ShardCommand command, long nowNs);

    /** Number of transactions, calls and timers held, by which tests and drain see that nothing is left. */
    int live();
}
