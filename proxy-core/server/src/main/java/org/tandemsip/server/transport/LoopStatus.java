package org.tandemsip.server.transport;

/**
 * How one thread of the message path is doing.
 *
 * @param name       name of the thread
 * @param lastBeatMs milliseconds since it last showed a sign of life
 * @param stalls     times it answered a heartbeat more than a second late
 * @param maxStallMs longest such delay in milliseconds
 * @param queueNs    how long messages wait for the thread, as far as it reads sockets and leaves something unread; in
 *                   nanoseconds
 * @param overloaded whether it turns new requests away
 */
public record LoopStatus(String name, long lastBeatMs, long stalls, long maxStallMs, long queueNs,
        boolean overloaded) {}
