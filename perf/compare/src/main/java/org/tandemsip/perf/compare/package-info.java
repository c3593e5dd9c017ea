/**
 * {@code tandem compare}: servers side by side on one machine. Every server under test is a process of its own, pinned
 * to one core, and so is the generator ({@code tandem bench}) on another; this process only starts, asks and writes
 * down.
 *
 * <pre>
 *   core 0: Tandem | Kamailio | null forwarder | yours      core 1: tandem bench, caller and answerer
 * </pre>
 */
package org.tandemsip.perf.compare;
