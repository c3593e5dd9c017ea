/**
 * Microbenchmarks of the paths that every message takes: parse, match, forward, answer.
 */
package org.tandemsip.perf.jmh;
