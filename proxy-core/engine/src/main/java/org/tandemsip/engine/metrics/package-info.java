/**
 * Counters and histograms that one shard writes and anybody may read.
 */
package org.tandemsip.engine.metrics;
