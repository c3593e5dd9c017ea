/**
 * The judge: asserts the invariants of a proxy from what was seen on the wire, and at the end from counters. It knows
 * the RFC and the topology, never the state of the element it judges.
 *
 * <p>{@link org.tandemsip.testkit.judge.WireView} puts the log in order by transactions; each invariant is one method
 * whose name begins with its number (I-01 is {@code i01...}) and whose comment says precisely what is checked.
 */
package org.tandemsip.testkit.judge;
