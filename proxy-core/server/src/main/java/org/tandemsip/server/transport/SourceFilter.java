package org.tandemsip.server.transport;

import org.tandemsip.engine.handler.Source;

/**
 * Whether some trunk claims a source. Malformed requests of unknown sources get no answer, and their connections are
 * given less time. Called on every I/O loop, so it must be thread-safe, and allocate nothing.
 */
@FunctionalInterface
public interface SourceFilter {
    /** Whether {@code source} (address and port) belongs to a trunk. */
    boolean known(Source source);
}
