package org.tandemsip.server.config;

import org.snakeyaml.engine.v2.nodes.Node;
import tools.jackson.core.JsonGenerator;

/**
 * How the value of a key is written, and what it becomes.
 *
 * @param <T> what it becomes
 */
interface Type<T> {
    /**
     * Reads a value. Mistakes are noted in {@code reading}.
     *
     * @param path  dotted path of the value, by which overrides are found
     * @param where the value's surroundings for people, for example {@code in trunk 'carrier'}; empty at the top
     * @return the value, or {@code null} when it is wrong
     */
    T bind(Reading reading, Node node, String path, String where);

    /** The values allowed, for people. */
    String values();

    /** Writes the value's JSON Schema, as one object. */
    void schema(JsonGenerator json);

    /**
     * The value from a flag or environment variable, as the node that the file would hold; {@code null} when it cannot
     * be so given.
     */
    default Node flat(final String source, final String text) {
        return null;
    }
}
