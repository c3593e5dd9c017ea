package org.tandemsip.server.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import tools.jackson.core.JsonGenerator;

/**
 * A list of values; where it has only one, that may stand alone.
 *
 * @param max most values
 */
record ListOf<T>(Type<T> item, int max) implements Type<List<Item<T>>> {
    @Override
    public List<Item<T>> bind(final Reading reading, final Node node, final String path, final String where) {
        final List<Item<T>> items = new ArrayList<>();
        final List<Node> nodes = node instanceof final SequenceNode sequence ? sequence.getValue() : List.of(node);
        if (node instanceof MappingNode && !(item instanceof Section) && !(item instanceof PeerType)) {
            reading.problem(ErrorCode.WRONG_SHAPE, node, "a list belongs here " + where);
            return null;
        }
        if (nodes.size() > max) {
            reading.problem(ErrorCode.OUT_OF_RANGE, node, "at most " + max + " values may stand " + where);
            return null;
        }
        boolean good = true;
        for (int i = 0; i < nodes.size(); i++) {
            final String here = item instanceof Section ? "in " + singular(path) + " " + (i + 1) : where;
            final T value = item.bind(reading, nodes.get(i), path + '.' + i, here);
            good &= value != null;
            items.add(new Item<>(value, nodes.get(i)));
        }
        return good ? List.copyOf(items) : null;
    }

    private static String singular(final String path) {
        return path.endsWith("s") ? path.substring(0, path.length() - 1) : path;
    }

    @Override
    public Node flat(final String source, final String text) {
        final List<Node> nodes = new ArrayList<>();
        int from = 0;
        while (from <= text.length()) {
            final int comma = text.indexOf(',', from);
            final int to = comma < 0 ? text.length() : comma;
            if (!text.substring(from, to).isBlank()) {
                nodes.add(Overrides.scalar(source, text, from, to));
            }
            from = to + 1;
        }
        return item instanceof Section ? null
                : new SequenceNode(Tag.SEQ, true, nodes, FlowStyle.FLOW,
                        Optional.of(Overrides.mark(source, text, 0)),
                        Optional.of(Overrides.mark(source, text, text.length())));
    }

    @Override
    public String values() {
        return item instanceof Section ? "a list; each: " + item.values()
                : "a list (or one alone) of: " + item.values();
    }

    @Override
    public void schema(final JsonGenerator json) {
        json.writeStartObject();
        json.writeArrayPropertyStart("anyOf");
        item.schema(json);
        json.writeStartObject();
        json.writeStringProperty("type", "array");
        json.writeNumberProperty("maxItems", max);
        json.writeName("items");
        item.schema(json);
        json.writeEndObject();
        json.writeEndArray();
        json.writeEndObject();
    }
}
