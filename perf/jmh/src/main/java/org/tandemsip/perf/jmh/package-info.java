/**
 * Microbenchmarks of the parse and forward paths.
 */
package org.tandemsip.perf.jmh;
