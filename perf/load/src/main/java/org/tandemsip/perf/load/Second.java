package org.tandemsip.perf.load;

/**
 * How one second of a run went.
 *
 * @param atS             its end, in seconds since the first attempt was due
 * @param lengthS         its length in seconds
 * @param offered         attempts that fell due
 * @param begun           attempts begun
 * @param answered        attempts that got their 2xx
 * @param succeeded       attempts that came to the end they should
 * @param failed          attempts that did not
 * @param retransmissions messages sent again by either side
 * @param p50Ns           due to 2xx, nanoseconds, median of what was answered in this second
 * @param p99Ns           99th percentile of it
 * @param p999Ns          99.9th percentile of it
 * @param maxNs           largest of it
 * @param usage           what the watched process has used since it was started, or {@code null}
 */
public record Second(double atS, double lengthS, long offered, long begun, long answered, long succeeded, long failed,
        long retransmissions, long p50Ns, long p99Ns, long p999Ns, long maxNs, ProcessUsage usage) {}
