package org.tandemsip.server.transport;

import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Emergencies;
import org.tandemsip.engine.handler.Source;

/**
 * Which trunk claims a source. Malformed requests of unknown sources get no answer, and their connections are given
 * less time; under overload, trunks share what there is. Called on every I/O loop, so it must be thread-safe, and
 * allocate nothing.
 */
@FunctionalInterface
public interface SourceFilter {
    /** What {@link #trunkOf} says of a source that no trunk claims. */
    int UNKNOWN = -1;

    /** Index of the trunk that {@code source} (address and port) belongs to, or {@link #UNKNOWN}. */
    int trunkOf(Source source);

    /** A response of {@code source} goes on to its shard. @param loop index of the loop that calls this */
    default void received(final Source source, final int statusCode, final int loop) {}

    /** A response goes to a socket. @param loop index of the loop that calls this */
    default void sent(final Destination destination, final int statusCode, final int loop) {}

    /** Name of the trunk that {@code source} belongs to; {@code null} for none, or where names do not matter. */
    default String nameOf(final Source source) {
        return null;
    }

    /** Whether some trunk claims {@code source}. */
    default boolean known(final Source source) {
        return trunkOf(source) != UNKNOWN;
    }

    /** Whether {@code source} is a load balancer, which begins its connections with a PROXY protocol header. */
    default boolean balancer(final Source source) {
        return false;
    }

    /** Requests that are let in whatever the load. */
    default Emergencies emergencies() {
        return Emergencies.URN_ONLY;
    }

    /** Whether there is any source whose messages are counted. */
    default boolean limitsSources() {
        return false;
    }

    /** Whether there is any source whose datagrams end where they end, whatever Content-Length says. */
    default boolean miscounts() {
        return false;
    }

    /** Whether the body of a MESSAGE of {@code source} over UDP is the rest of the datagram. */
    default boolean miscounts(final Source source) {
        return false;
    }

    /** Messages that {@code source} may send in a second; 0 for any number. */
    default int sourceRate(final Source source) {
        return 0;
    }
}
