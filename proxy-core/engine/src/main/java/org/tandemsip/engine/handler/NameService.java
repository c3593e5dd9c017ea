package org.tandemsip.engine.handler;

/** Who finds the addresses behind host names, somewhere else and in its own time. */
@FunctionalInterface
public interface NameService {
    /** Finds nothing: names cannot be sent to. */
    NameService NONE = (_, _) -> false;

    /**
     * Begins to look up a name; returns at once. Unless it is refused, the shard gets one
     * {@link ShardCommand.Resolved} for it within a bounded time, whatever comes of it. Shard threads.
     *
     * @return whether it was begun
     */
    boolean lookUp(int shard, HostName name);
}
