package org.tandemsip.perf.load;

/** What one transaction or call of a {@link Scenario} is, and by which answer it succeeds. */
enum Kind {
    /** INVITE, 180, 200, ACK, BYE, 200. */
    ANSWERED,
    /** INVITE, 180, 486, ACK: the callee is busy. */
    BUSY,
    /** INVITE, 180, CANCEL, 200, 487, ACK: nobody answers, the caller gives up. */
    CANCELLED,
    /** OPTIONS, 200: the ping of trunks. */
    OPTIONS,
    /** MESSAGE, 200: the keep-alive of a camera (GB/T 28181, MANSCDP). */
    MESSAGE,
    /** REGISTER, 200: a phone binds its address, each one another. */
    REGISTER;

    /** Whether it begins with an INVITE. */
    boolean invite() {
        return this == ANSWERED || this == BUSY || this == CANCELLED;
    }

    /** Whether the final response {@code code} to the first request is the one that belongs to it. */
    boolean expects(final int code) {
        return switch (this) {
            case BUSY -> code == 486;
            case CANCELLED -> code == 487;
            case ANSWERED, OPTIONS, MESSAGE, REGISTER -> code >= 200 && code < 300;
        };
    }
}
