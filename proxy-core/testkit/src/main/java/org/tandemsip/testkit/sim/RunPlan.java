package org.tandemsip.testkit.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What a seed stands for: topology, modes, transports, faults and load. Drawn once, before anything runs, so that
 * people can read what a failing seed is about.
 */
final class RunPlan {
    /** Faults that a seed may switch on, each by itself (swarm testing). */
    final boolean lossy;
    final boolean crashing;
    final boolean switching;
    final boolean partitioned;
    final boolean cutting;
    final boolean targeted;
    final boolean attacked;
    final boolean translated;
    final boolean large;
    final boolean tight;
    /** Whether the trunks of stateful proxies count their calls, and balance by what they count. */
    final boolean counted;
    /** Whether those trunks take one call at a time, so that others are refused. */
    final boolean limited;
    /** Whether those proxies take two calls at a time over all trunks. */
    final boolean limitedInAll;

    final long seed;
    final int proxies;
    final int callers;
    final int callees;
    final boolean forking;
    final boolean[] stateful;
    final int shards;
    final int maxTransactions;
    final long jitterNs;
    final boolean callersStream;
    final boolean[] calleesStream;
    /** What the trunk to the callees says: 0 UDP, 1 TCP, 2 either. */
    final int trunkTransport;
    final boolean middleStream;
    final LinkProfile profile;
    final int calls;
    final SplittableRandom random;

    RunPlan(final long seed) {
        this.seed = seed;
        random = new SplittableRandom(seed);
        proxies = chance(35) ? 2 : 1;
        callers = 1 + random.nextInt(2);
        callees = 1 + random.nextInt(3);
        forking = callees > 1 && chance(50);
        stateful = new boolean[] {chance(65), chance(65)};
        shards = 1 + random.nextInt(2);
        jitterNs = chance(50) ? 0 : 3_000_000;
        callersStream = chance(25);
        trunkTransport = chance(60) ? 0 : 1 + random.nextInt(2);
        calleesStream = new boolean[callees];
        for (int i = 0; i < callees; i++) {
            calleesStream[i] = trunkTransport == 1 || trunkTransport == 2 && chance(50);
        }
        middleStream = chance(25);
        lossy = chance(60);
        crashing = chance(20);
        switching = !crashing && chance(25);
        partitioned = chance(15);
        cutting = chance(20);
        targeted = chance(20);
        attacked = chance(33);
        translated = !callersStream && chance(15);
        large = chance(20);
        tight = chance(10);
        maxTransactions = tight ? 2 + random.nextInt(6) : 256;
        profile = lossy
                ? new LinkProfile(random.nextInt(25) / 100.0, random.nextInt(6) / 100.0, random.nextInt(10) / 100.0,
                        1_000_000, random.nextInt(1, 40) * 1_000_000L)
                : new LinkProfile(0, 0, 0, 1_000_000, chance(50) ? 0 : 5_000_000);
        calls = 1 + random.nextInt(5);
        // Not drawn: what a seed stood for before there was this choice, it still does.
        counted = !switching && (seed * 0x9E37_79B9_7F4A_7C15L >>> 63) == 0;
        // Not with forks: a second 2xx is a call that is there already, and counts past the limit.
        limited = counted && !forking && (seed * 0x9E37_79B9_7F4A_7C15L >>> 61) == 1;
        limitedInAll = counted && (seed * 0x9E37_79B9_7F4A_7C15L >>> 61) == 2;
    }

    boolean chance(final int percent) {
        return random.nextInt(100) < percent;
    }

    /** Whether calls may find no room. */
    boolean refuses() {
        return tight || limited || limitedInAll;
    }

    /** Whether nothing is done to the network or the nodes, so that every call must end as its script says. */
    boolean clean() {
        return !refuses() && !lossy && !crashing && !switching && !partitioned && !cutting && !targeted;
    }

    @Override
    public String toString() {
        final List<String> words = new ArrayList<>();
        words.add("seed " + seed + ": " + callers + (callersStream ? " TCP" : " UDP") + " callers -> ");
        for (int i = 0; i < proxies; i++) {
            words.add((stateful[i] ? "stateful" : "stateless") + (i + 1 < proxies ? middleStream ? " =TCP=> " : " => "
                    : " => "));
        }
        words.add(callees + (forking ? " callees in parallel" : " callees in turn") + ", trunk "
                + (trunkTransport == 0 ? "UDP" : trunkTransport == 1 ? "TCP" : "either") + ", " + calls + " calls, "
                + shards + " shards; " + profile);
        add(words, crashing, "crash");
        add(words, switching, "switch");
        add(words, partitioned, "partition");
        add(words, cutting, "cut");
        add(words, targeted, "targeted loss");
        add(words, attacked, "attacker");
        add(words, translated, "NAT");
        add(words, large, "large messages");
        add(words, counted, "calls counted");
        add(words, limited, "one call per trunk");
        add(words, limitedInAll, "two calls in all");
        add(words, tight, "room for " + maxTransactions + " transactions");
        return String.join("", words);
    }

    private static void add(final List<String> words, final boolean on, final String word) {
        if (on) {
            words.add(" +" + word);
        }
    }
}
