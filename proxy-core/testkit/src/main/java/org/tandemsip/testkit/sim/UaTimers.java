package org.tandemsip.testkit.sim;

/** Timer values of RFC 3261 table 4 as the scripted agents use them, in nanoseconds. */
final class UaTimers {
    static final long MS = 1_000_000;
    static final long T1 = 500 * MS;
    static final long T2 = 4_000 * MS;
    static final long T4 = 5_000 * MS;
    static final long T1_64 = 64 * T1;

    private UaTimers() {}
}
