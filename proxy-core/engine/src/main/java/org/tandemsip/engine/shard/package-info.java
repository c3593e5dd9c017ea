/**
 * A shard owns its calls: one thread, one inbound ring, one set of timers, one handler per mode.
 */
package org.tandemsip.engine.shard;
