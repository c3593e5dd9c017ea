package org.tandemsip.testkit.judge;

/** What must be so when everything is over: I-20 to I-24. */
final class RestRules {
    private RestRules() {}

    /** I-20. Every handler holds nothing (transactions, response contexts) and no timer is armed. */
    static void i20NothingLives(final NodeFacts node, final Findings findings) {
        if (node.live() != 0 || node.armedTimers() != 0) {
            findings.add("I-20", node.name(), null, node.live() + " live, " + node.armedTimers() + " timers armed");
        }
    }

    /**
     * I-21. There are no reference-counted buffers below the server, so what exists is checked: all memory claimed from
     * the egress was sent or given up by the next claim in the same turn, and what was sent was handed over by a flush.
     * (That nobody writes into memory after sending it shows in I-10: the egress overwrites it at once.)
     */
    static void i21NoMemoryHeld(final NodeFacts node, final Findings findings) {
        if (node.openClaims() != 0) {
            findings.add("I-21", node.name(), null, node.openClaims() + " messages sent but never flushed");
        }
    }

    /**
     * I-22. No trunk and no peer says that it carries calls, and none ever said that it carries more than its limit or
     * fewer than none; transactions, response contexts and calls of a shard never
     * exceed their bound at the end of any turn.
     */
    static void i22LimitsHold(final NodeFacts node, final Findings findings) {
        if (node.calls() != 0) {
            findings.add("I-22", node.name(), null, node.calls() + " calls counted that are over");
        }
        if (node.excess() > 0) {
            findings.add("I-22", node.name(), null, node.excess() + " calls past a limit");
        }
        if (node.mostLive() > node.maxLive()) {
            findings.add("I-22", node.name(), null, node.mostLive() + " live, limit " + node.maxLive());
        }
    }

    /**
     * I-23. received = forwarded + answered + absorbed + dropped by cause, exactly; received is what the network
     * delivered to this life of the node; no handler has thrown.
     */
    static void i23AccountsBalance(final NodeFacts node, final Findings findings) {
        final long fates = node.count("FORWARDED") + node.count("ANSWERED") + node.count("ABSORBED")
                + node.sum("DROPPED_");
        if (node.count("RECEIVED") != fates || node.count("RECEIVED") != node.offered()) {
            findings.add("I-23", node.name(), null, "delivered " + node.offered() + ", counters " + node.counters());
        }
        if (!node.faults().isEmpty()) {
            findings.add("I-23", node.name(), null, "handlers threw: " + node.faults());
        }
    }

    /** I-24. Rings and command queues are empty, and every turn took all that was waiting. */
    static void i24RingsEmpty(final NodeFacts node, final Findings findings) {
        if (!node.idle() || node.lateTurns() != 0) {
            findings.add("I-24", node.name(), null, "idle " + node.idle() + ", late turns " + node.lateTurns());
        }
    }
}
