/**
 * A shard owns its calls: one thread, one inbound ring, one set of timers, one message handler, one way out.
 *
 * <pre>
 *   I/O loop --+                        +--------------- Shard.doWork ----------------+
 *   I/O loop --+--> offer --> [ ring ] -+-> pollInbound -> MessageHandler -> Egress --+--> sockets
 *   anybody  -----> command -> [ queue ]+-> drainCommands      |                      |
 *                                       +-> timers.poll -------+                      |
 *                                       +---------------------------------------------+
 * </pre>
 * {@link org.tandemsip.engine.shard.Shards} sends all messages of one Call-ID to the same shard, so nothing inside a
 * shard is shared and nothing is locked. A slot of the ring holds a copy of the message and of its index; the copy is
 * the handler's to read until it returns. Full means full: the producer is told at once and decides what to do, it
 * never waits.
 */
package org.tandemsip.engine.shard;
