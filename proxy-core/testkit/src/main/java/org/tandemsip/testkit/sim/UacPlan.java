package org.tandemsip.testkit.sim;

/**
 * What an agent does when told to start something.
 *
 * @param kind          the behaviour
 * @param cancelAfterMs when {@link Kind#CANCEL} gives up, counted from the INVITE
 * @param holdMs        how long a call stays up before its caller or callee hangs up or changes it
 * @param calleeHangsUp whether the caller leaves hanging up to the callee
 * @param bodyBytes     size of the body
 * @param patienceMs    when any caller gives up ringing
 * @param maxForwards   value of Max-Forwards; -1 for none
 * @param shaped        whether the request is written with folds, compact names and so on
 */
public record UacPlan(Kind kind, long cancelAfterMs, long holdMs, boolean calleeHangsUp, int bodyBytes,
        long patienceMs, int maxForwards, boolean shaped) {
    /** Behaviours of the calling side. */
    public enum Kind {
        /** INVITE, ACK, BYE. */
        CALL,
        /** A call with a re-INVITE by the caller in the middle. */
        REINVITE,
        /** A call in which both sides send a re-INVITE at once (RFC 3261 section 14.1). */
        GLARE,
        /** A call given up after a while. */
        CANCEL,
        /** Never acknowledges a 2xx. */
        NO_ACK,
        /** A call whose INVITE comes once more, long after it was answered. */
        LATE_RETRANSMISSION,
        /** OPTIONS outside a dialog. */
        OPTIONS,
        /** MESSAGE outside a dialog. */
        MESSAGE
    }
}
