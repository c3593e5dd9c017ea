/**
 * Sockets, and the threads that read and write them: the only package on the message path that knows Netty.
 *
 * <pre>
 *   threading: shared                              threading: dedicated
 *
 *   loop 0            loop 1                       loop 0              shard 0
 *   sockets           sockets                      sockets             own thread
 *   parser            parser                       parser  --ring-->   handler
 *   ring 0 &lt;---------- parser                      sockets &lt;-queue--   egress
 *   shard 0           ring 1, shard 1
 * </pre>
 * {@link org.tandemsip.server.transport.Network} starts and stops it all. Each
 * {@link org.tandemsip.server.transport.Loop} has one UDP socket and one TCP listener per listen point, which share
 * their address with those of the other loops, and the connections it has accepted or opened. What it reads it parses
 * where it lies, refuses what is malformed by itself, and copies the rest once, into the ring of the shard that owns
 * the call.
 *
 * <p>Every cycle of the event loop ends with a turn: what other threads want sent, the loop's own shard, one flush, and
 * one wake-up for each thread that was given something. Nothing polls; a shard with timers asks its loop to be woken
 * for the next one.
 */
package org.tandemsip.server.transport;
