package org.tandemsip.engine.handler;

/**
 * What handlers route by: an immutable snapshot of the configuration. The shard passes it on without knowing what is in
 * it; {@code engine.routing.RoutingPolicy} is the one that the proxies use.
 */
public interface Policy {}
