package org.tandemsip.engine.transaction;

/**
 * Order of preference of final responses, lowest first (RFC 3261 section 16.7 step 6): 6xx, then by class; within 4xx
 * those that tell how to send the request again, and in each class last what says least.
 */
public final class ResponseRank {
    private ResponseRank() {}

    /** Rank of a failure. @param cancelled whether the caller has sent a CANCEL: then 487 is what it waits for */
    public static int of(final int statusCode, final boolean cancelled) {
        if (statusCode >= 600) {
            return 0;
        }
        final int preference = switch (statusCode) {
            case 401, 407 -> 1;
            case 415, 420, 484 -> 2;
            case 487 -> cancelled ? 0 : 4;
            case 408, 503 -> 4;
            default -> 3;
        };
        return statusCode / 100 * 10 + preference;
    }
}
