/**
 * Open-loop load: calls start when they are due, and latency counts from the intended send time.
 */
package org.tandemsip.perf.load;
