package org.tandemsip.engine.routing;

/** Whether calls of a trunk need credit, and what becomes of them while nobody can say whether there is any. */
public enum CreditPolicy {
    /** They need none. */
    NONE,
    /** They go on: what could not be asked counts as granted. */
    OPEN,
    /** They are refused, and those that stand end with what they have. */
    CLOSED
}
