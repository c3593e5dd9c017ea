package org.tandemsip.b2bua;

import org.tandemsip.engine.handler.Reply;

/** Who waits for the reply to a {@link Question}. Exactly one of these comes, once, unless it was forgotten. */
interface Asker {
    /** The reply has come. The question is free by now: another one may be asked here. */
    void onReply(Reply reply, long nowNs);

    /** None has come in time. Likewise. */
    void onNoReply(long nowNs);
}
