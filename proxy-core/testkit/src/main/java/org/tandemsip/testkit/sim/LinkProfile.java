package org.tandemsip.testkit.sim;

/**
 * How a path treats datagrams. Delay is {@code minDelayNs} plus an exponential part with mean {@code meanDelayNs}; the
 * exponential part alone already reorders.
 *
 * @param loss        probability of loss, 0 to 1
 * @param duplication probability that a second copy arrives, 0 to 1
 * @param reordering  probability of an extra delay of {@code 10 * meanDelayNs}
 * @param minDelayNs  least delay
 * @param meanDelayNs mean of the exponential part
 */
public record LinkProfile(double loss, double duplication, double reordering, long minDelayNs, long meanDelayNs) {
    /** Loses nothing, keeps the order, 1 ms. */
    public static final LinkProfile CLEAN = new LinkProfile(0, 0, 0, 1_000_000, 0);
}
