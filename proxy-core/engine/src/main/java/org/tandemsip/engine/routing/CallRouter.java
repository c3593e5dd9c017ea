package org.tandemsip.engine.routing;

import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.handler.Source;

/** Finds where a call may go that a {@link CallMode} begins by itself. Shard thread only. */
public interface CallRouter {
    /**
     * Looks an INVITE up in the route table, as if it had come from a trunk: what that trunk may not call is not called
     * for it either. Names are not looked up in the DNS.
     *
     * @param source where {@code from} has shown itself
     * @param into   gets the targets
     * @return {@code null} when there are any, else what to answer
     */
    Status locate(SipMessage invite, Source source, RoutingPolicy by, Trunk from, Targets into, long nowNs);
}
