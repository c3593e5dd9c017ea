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
 * @param busy       share of the last second that it ran, 0 to 1
 * @param batchSize  messages that it has handed to sockets per turn in which there were any; 0 where it has none
 */
public record LoopStatus(String name, long lastBeatMs, long stalls, long maxStallMs, long queueNs,
        boolean overloaded, double busy, double batchSize) {}
