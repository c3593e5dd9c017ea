package org.tandemsip.engine.handler;

/**
 * Makes the handler of a mode, one instance per shard. Modes outside the engine are found by
 * {@link java.util.ServiceLoader}.
 */
public interface HandlerFactory {
    /** Name of the mode as written in the configuration: {@code stateless}, {@code stateful}, {@code b2bua}. */
    String mode();

    /** Makes the handler of one shard. */
    MessageHandler create(ShardContext context);
}
