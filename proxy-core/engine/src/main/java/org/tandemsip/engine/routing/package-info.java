/**
 * Where a request goes next, and what is ours when it comes back.
 *
 * <pre>
 *   Source --> RoutingPolicy.trunkOf --> Trunk --> Route (first match) --> Trunk --> Rendezvous --> Peer
 *
 *   ListenPoints   which host and port is us, and from which of ours a remote address is reached
 *   Branches       our Via branch: a MAC, so that a response is known to be genuine without state; beside it the place
 *                  of the client transaction, so that it is found without a search
 *   RecordRoutes   our Record-Route: a MAC, so that a request inside a dialog is known without state; behind it the
 *                  place of the call, where that counts
 * </pre>
 *
 * Nothing here remembers a message. Branches, Record-Routes and the choice of a peer are functions of the request, the
 * configuration and the token key, which makes a retransmission, a restarted process and a second node agree (RFC 3261
 * section 16.11). {@link org.tandemsip.engine.routing.RoutingPolicy} is shared by all shards and immutable; everything
 * else has scratch memory and belongs to one shard.
 */
package org.tandemsip.engine.routing;
