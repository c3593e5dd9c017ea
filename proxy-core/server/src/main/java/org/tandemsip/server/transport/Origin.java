package org.tandemsip.server.transport;

import org.tandemsip.codec.Transport;

/** Who sent a message and when: what a failure report and the stage times need. Mutable flyweight. */
final class Origin {
    /** Shard of {@link #shard} for messages that no shard sent: answers of a loop to malformed requests. */
    static final int NO_SHARD = -1;
    /** For {@link #sentNs}: {@link Outbound#sentBy} will tell. */
    static final long NOT_TIMED = Long.MIN_VALUE;

    /** Number of the shard that sent it, or {@link #NO_SHARD}. */
    int shard = NO_SHARD;
    /** What the sender gave to {@link org.tandemsip.engine.handler.Egress#send}, 0 for no report. */
    long correlation;
    /** When the message that caused it was read, or 0. */
    long receivedNs;
    /** When the sender sent it, or {@link #NOT_TIMED}. */
    long sentNs;
    /** What it is, as {@link org.tandemsip.engine.metrics.Traffic#kindOf} says, and by which transport it goes. */
    int kind;
    Transport transport;

    Origin set(final int newShard, final long newCorrelation, final long newReceivedNs, final long newSentNs) {
        shard = newShard;
        correlation = newCorrelation;
        receivedNs = newReceivedNs;
        sentNs = newSentNs;
        return this;
    }
}
