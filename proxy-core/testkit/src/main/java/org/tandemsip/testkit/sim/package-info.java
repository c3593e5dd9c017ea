/**
 * The deterministic simulator: a network of lossy paths, nodes that run the real shards and proxies, scripted user
 * agents with small transaction state machines of their own, and seeded runs that are judged from the wire.
 *
 * <p>Everything is single-threaded and driven by one event queue ({@link org.tandemsip.testkit.sim.SimLoop}); the same
 * seed gives the same bytes at the same nanosecond.
 */
package org.tandemsip.testkit.sim;
