package org.tandemsip.perf.load;

/**
 * What a run offers. The kind of each attempt follows from its number alone, so that both sides know it without a word
 * on the wire.
 */
public enum Scenario {
    /** Calls that are answered at once and end by BYE. */
    CALL(Kind.ANSWERED),
    /** Calls that ring and are cancelled. */
    CANCEL(Kind.CANCELLED),
    /** OPTIONS outside any dialog. */
    OPTIONS(Kind.OPTIONS),
    /** MESSAGE with the keep-alive of GB/T 28181. */
    MESSAGE(Kind.MESSAGE),
    /** REGISTER, each of an address-of-record of its own. */
    REGISTER(Kind.REGISTER),
    /** What a carrier sees: of 20 attempts 14 are answered, 2 busy, 3 cancelled, and 1 is an OPTIONS. */
    MIXED(Kind.ANSWERED, Kind.ANSWERED, Kind.CANCELLED, Kind.ANSWERED, Kind.ANSWERED, Kind.BUSY, Kind.ANSWERED,
            Kind.ANSWERED, Kind.ANSWERED, Kind.CANCELLED, Kind.ANSWERED, Kind.ANSWERED, Kind.OPTIONS, Kind.ANSWERED,
            Kind.BUSY, Kind.ANSWERED, Kind.ANSWERED, Kind.CANCELLED, Kind.ANSWERED, Kind.ANSWERED);

    private final Kind[] kinds;

    Scenario(final Kind... kinds) {
        this.kinds = kinds;
    }

    /** Kind of attempt {@code number}, counted from 0. */
    Kind kind(final int number) {
        return kinds[Integer.remainderUnsigned(number, kinds.length)];
    }
}
