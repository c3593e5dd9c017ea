package org.tandemsip.server.config;

import java.util.LinkedHashMap;
import java.util.Map;
import org.snakeyaml.engine.v2.nodes.Node;

/** The values of one section, each with the node it was read from. */
final class Bound {
    private record Value(Object value, Node node) {}

    private final Section section;
    private final Node node;
    private final Map<Key<?>, Value> values = new LinkedHashMap<>();

    Bound(final Section section, final Node node) {
        this.section = section;
        this.node = node;
    }

    Section section() {
        return section;
    }

    /** The mapping that the section was read from; {@code null} when it is absent from the file. */
    Node node() {
        return node;
    }

    void put(final Key<?> key, final Object value, final Node from) {
        values.put(key, new Value(value, from));
    }

    /** Value of a key, its default when absent; {@code null} when it is absent and has none, or is wrong. */
    @SuppressWarnings("unchecked") // put by Section.bind with what the key's own type returned
    <T> T get(final Key<T> key) {
        final Value value = values.get(key);
        return value == null ? null : (T) value.value();
    }

    /** Where the value of a key stands, to point at it; the section itself when the key has its default. */
    Node at(final Key<?> key) {
        final Value value = values.get(key);
        return value == null || value.node() == null || value.node().getStartMark().isEmpty() ? node : value.node();
    }

    /** The node of a key's value or default; {@code null} when there is neither. */
    Node nodeOf(final Key<?> key) {
        final Value value = values.get(key);
        return value == null ? null : value.node();
    }
}
