package org.tandemsip.server.admin;

/** What became of settlements with the credit service. Any thread. */
public interface CreditBooks {
    /** Requests under way. */
    int inFlight();

    /** Settlements that have not arrived yet. */
    int unsettled();

    /** Settlements that have arrived. */
    long settled();

    /** Settlements that the service does not want. */
    long refused();

    /** Settlements that were given up: too many waited, or the server has stopped. */
    long lost();

    /** Settlements that were sent again. */
    long retries();
}
