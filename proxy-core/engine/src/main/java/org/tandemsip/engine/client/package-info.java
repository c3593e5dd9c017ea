/**
 * Requests that this node sends for itself: OPTIONS to see whether a peer is alive, REGISTER to have a trunk's calls
 * come here, OPTIONS to phones so that a NAT keeps the way to them open. When to send is for the control plane to say,
 * by {@link org.tandemsip.engine.handler.ShardCommand}; a mode hands those orders on, and the final responses and ICMP
 * reports of what has an {@link org.tandemsip.engine.client.OwnRequest} as its user.
 *
 * <pre>
 *   control plane --> ShardCommand.Probe    --> Probes        --> client transaction --> peer
 *                     ShardCommand.Register --> TrunkRegistrations   |
 *                     ShardCommand.PingPhones --> PhonePings ------ no transaction ----------> phone
 *   PeerState, Registration &lt;----------------- OwnRequest &lt;----------+ final response, timeout, ICMP
 * </pre>
 *
 * Control rate: plain readable Java, that allocates. Only {@link org.tandemsip.engine.client.Challenges} is on the path
 * of messages: it answers trunks that challenge what a mode has sent them.
 */
package org.tandemsip.engine.client;
