/**
 * The way to rtpengine, which relays the media of calls: its {@code ng} protocol, a dictionary in bencode per datagram,
 * told apart by a cookie in front of it.
 *
 * <pre>
 *   shards ──ask──► queue ──► one thread: Rtpengine ──UDP──► RtpengineNode, one per daemon
 *     ▲                              │ again until it has answered, the next node when it does not
 *     └────── ShardCommand.Replied ──┘ ping: who is there
 * </pre>
 *
 * Shards never wait: what is asked comes back as an order to the shard. Nothing that arrives is believed but what
 * carries the cookie of a request under way, which cannot be foretold, and comes from the node that was asked.
 */
package org.tandemsip.server.media;
