package org.tandemsip.engine.handler;

/**
 * What a shard is told to register somewhere. The shard passes it on without knowing what is in it;
 * {@code engine.routing.Registration} is the one there is.
 */
public interface Registrable {}
