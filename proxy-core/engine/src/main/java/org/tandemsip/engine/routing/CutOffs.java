package org.tandemsip.engine.routing;

/** Is told of each call that was ended since its time was up, to know how exactly. Called on shard threads. */
@FunctionalInterface
public interface CutOffs {
    /** Does not care. */
    CutOffs NONE = _ -> {};

    /** A call that had to end at {@code dueNs} has been ended on both sides just now. */
    void ended(long dueNs);
}
