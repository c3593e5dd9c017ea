package org.tandemsip.testkit.judge;

import java.util.Map;

/**
 * What a proxy says of itself when all is over: the part of the evidence that is not on the wire.
 *
 * @param name          name in the wire log
 * @param live          transactions, calls and timers held by all handlers
 * @param calls         calls that all trunks and peers say they carry, those of a negative number too
 * @param armedTimers   timers running
 * @param idle          whether every shard says that it is idle
 * @param openClaims    memory claimed for sending and never sent
 * @param mostLive      most that a handler ever held at the end of a turn
 * @param excess        most calls that a trunk carried at the end of a turn above its limit, or below zero
 * @param maxLive       most transactions that a shard may hold
 * @param lateTurns     turns after which messages were left in a ring though the shard had been given time
 * @param counters      counters by name, summed over shards, of this life of the node
 * @param offered       messages that arrived at this life of the node
 * @param sentOnWire    messages that this life of the node put on the wire
 * @param faults        what handlers threw, one line each
 */
public record NodeFacts(String name, int live, int calls, int armedTimers, boolean idle, int openClaims, int mostLive,
        int excess, int maxLive, int lateTurns, Map<String, Long> counters, long offered, long sentOnWire,
        java.util.List<String> faults) {
    /** Value of a counter by the name of its constant; 0 when there is none. */
    long count(final String name) {
        return counters.getOrDefault(name, 0L);
    }

    /** Sum of all counters whose name begins so. */
    long sum(final String prefix) {
        return counters.entrySet().stream().filter(entry -> entry.getKey().startsWith(prefix))
                .mapToLong(Map.Entry::getValue).sum();
    }
}
