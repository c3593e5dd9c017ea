/**
 * Timers of a shard. SIP has about ten durations, so a timer is an entry in a first-in first-out lane per duration.
 * Time is always an argument ({@code nowNs}).
 */
package org.tandemsip.engine.timer;
