package org.tandemsip.server.config;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import tools.jackson.core.JsonGenerator;

/** A mapping with a closed set of keys. */
record Section(List<Key<?>> keys) implements Type<Bound> {
    @Override
    public Bound bind(final Reading reading, final Node node, final String path, final String where) {
        if (node != null && !(node instanceof MappingNode)) {
            if (!Documents.isEmpty(node)) {
                reading.problem(ErrorCode.WRONG_SHAPE, node,
                        "a mapping of keys to values belongs here" + spaced(where));
                return null;
            }
        }
        final Set<String> meant = new HashSet<>();
        final Map<String, Node> given = node instanceof final MappingNode mapping
                ? given(reading, mapping, where, meant)
                : Map.of();
        meant.removeAll(given.keySet());
        final Bound bound = new Bound(this, node);
        for (final Key<?> key : keys) {
            // A key that is there, but misspelt, is wrong and not absent: nothing more is said about it.
            if (!meant.contains(key.name())) {
                bindKey(reading, key, given.get(key.name()), bound, path, where);
            }
        }
        return bound;
    }

    private Map<String, Node> given(final Reading reading, final MappingNode mapping, final String where,
            final Set<String> meant) {
        final List<String> names = keys.stream().map(Key::name).toList();
        final Map<String, Node> given = new HashMap<>();
        for (final NodeTuple tuple : mapping.getValue()) {
            final Node nameNode = tuple.getKeyNode();
            final String name = nameNode instanceof final ScalarNode scalar ? scalar.getValue() : null;
            if (name == null) {
                reading.problem(ErrorCode.WRONG_SHAPE, nameNode, "a key must be a plain name" + spaced(where));
            } else if (!names.contains(name)) {
                reading.problem(ErrorCode.UNKNOWN_KEY, nameNode,
                        "unknown key '" + name + "'" + spaced(where) + Suggestion.hint(name, names));
                meant.add(Suggestion.nearest(name, names));
            } else if (given.putIfAbsent(name, tuple.getValueNode()) != null) {
                reading.problem(ErrorCode.DUPLICATE_KEY, nameNode, "key '" + name + "' is given twice" + spaced(where));
            }
        }
        return given;
    }

    private static <T> void bindKey(final Reading reading, final Key<T> key, final Node inFile, final Bound bound,
            final String path, final String where) {
        final String keyPath = path.isEmpty() ? key.name() : path + '.' + key.name();
        if (key.type() instanceof Section) {
            bound.put(key, key.type().bind(reading, inFile, keyPath, "in '" + keyPath + "'"), inFile);
            return;
        }
        final Node override = reading.overrides().find(reading, keyPath, key.type());
        Node node = override == null ? inFile : override;
        if (node == null || Documents.isEmpty(node)) {
            if (key.required()) {
                reading.problem(ErrorCode.MISSING_KEY, bound.node(),
                        "key '" + key.name() + "' is missing" + spaced(where));
                return;
            }
            if (key.defaultText() == null) {
                return;
            }
            node = Documents.ofDefault(key.defaultText());
        }
        final String inner = key.type() instanceof Named ? where : spaced("in '" + key.name() + "'") + spaced(where);
        bound.put(key, key.type().bind(reading, node, keyPath, inner.strip()), node);
    }

    private static String spaced(final String where) {
        return where.isEmpty() ? "" : " " + where;
    }

    @Override
    public String values() {
        return "a mapping of " + String.join(", ", keys.stream().map(Key::name).toList());
    }

    @Override
    public void schema(final JsonGenerator json) {
        json.writeStartObject();
        json.writeArrayPropertyStart("type");
        json.writeString("object");
        // A section whose keys are all left out or commented out.
        json.writeString("null");
        json.writeEndArray();
        schemaProperties(json);
        json.writeEndObject();
    }

    /** Writes the properties of the schema object that is open. */
    void schemaProperties(final JsonGenerator json) {
        json.writeBooleanProperty("additionalProperties", false);
        if (keys.stream().anyMatch(Key::required)) {
            json.writeArrayPropertyStart("required");
            keys.stream().filter(Key::required).forEach(key -> json.writeString(key.name()));
            json.writeEndArray();
        }
        json.writeObjectPropertyStart("properties");
        for (final Key<?> key : keys) {
            json.writeName(key.name());
            json.writeStartObject();
            json.writeStringProperty("description", key.meaning() + (key.defaultText() == null
                    ? ""
                    : " Default: " + key.defaultText()));
            json.writeArrayPropertyStart("allOf");
            key.type().schema(json);
            json.writeEndArray();
            json.writeEndObject();
        }
        json.writeEndObject();
    }
}
