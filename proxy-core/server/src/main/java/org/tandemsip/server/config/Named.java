package org.tandemsip.server.config;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import tools.jackson.core.JsonGenerator;

/**
 * A mapping whose keys are names that the user picks.
 *
 * @param what    what a name stands for, for example {@code trunk}
 * @param section what stands under each name
 */
record Named(String what, Section section) implements Type<Map<String, Bound>> {
    private static final String NAME = "[A-Za-z0-9][A-Za-z0-9_.-]{0,63}";
    private static final Pattern NAME_PATTERN = Pattern.compile(NAME);

    @Override
    public Map<String, Bound> bind(final Reading reading, final Node node, final String path, final String where) {
        final Map<String, Bound> byName = new LinkedHashMap<>();
        if (!(node instanceof final MappingNode mapping)) {
            reading.problem(ErrorCode.WRONG_SHAPE, node, "a mapping of " + what + " names belongs here");
            return null;
        }
        boolean good = true;
        for (final NodeTuple tuple : mapping.getValue()) {
            final Node nameNode = tuple.getKeyNode();
            final String name = nameNode instanceof final ScalarNode scalar ? scalar.getValue() : "";
            if (!NAME_PATTERN.matcher(name).matches()) {
                reading.problem(ErrorCode.BAD_NAME, nameNode, "'" + name + "' cannot name a " + what
                        + "; use letters, digits, '-', '_' and '.', at most 64");
                good = false;
            } else if (byName.containsKey(name)) {
                reading.problem(ErrorCode.DUPLICATE_KEY, nameNode, what + " '" + name + "' is defined twice");
                good = false;
            } else {
                final Bound bound = section.bind(reading,
                        Documents.isEmpty(tuple.getValueNode()) ? Documents.emptyMapping(nameNode)
                                : tuple.getValueNode(),
                        path + '.' + name, "in " + what + " '" + name + "'");
                good &= bound != null;
                byName.put(name, bound);
            }
        }
        return good ? byName : null;
    }

    @Override
    public String values() {
        return "a mapping of " + what + " names; each: " + section.values();
    }

    @Override
    public void schema(final JsonGenerator json) {
        json.writeStartObject();
        json.writeStringProperty("type", "object");
        json.writeObjectPropertyStart("propertyNames");
        json.writeStringProperty("pattern", "^" + NAME + "$");
        json.writeEndObject();
        json.writeName("additionalProperties");
        section.schema(json);
        json.writeEndObject();
    }
}
