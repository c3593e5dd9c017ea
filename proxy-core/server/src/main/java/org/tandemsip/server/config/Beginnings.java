package org.tandemsip.server.config;

import java.util.LinkedHashMap;
import java.util.Map;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import tools.jackson.core.JsonGenerator;

/** What numbers begin with, and what replaces it: a mapping, which an empty key makes hold for all the others. */
record Beginnings() implements Type<Map<String, String>> {
    private static final int MOST = 256;
    private static final Scalar<String> PART = Scalars.text("digits", "[+0-9*#]{0,24}",
            "the beginning of a number; use digits, '+', '*' and '#', at most 24");

    @Override
    public Map<String, String> bind(final Reading reading, final Node node, final String path, final String where) {
        if (!(node instanceof final MappingNode mapping)) {
            reading.problem(ErrorCode.WRONG_SHAPE, node,
                    "a mapping of beginnings to what replaces them belongs here " + where);
            return null;
        }
        final Map<String, String> rules = new LinkedHashMap<>();
        boolean good = true;
        for (final NodeTuple tuple : mapping.getValue()) {
            final String from = PART.bind(reading, tuple.getKeyNode(), path, where);
            final String to = PART.bind(reading, tuple.getValueNode(), path, where);
            good &= from != null && to != null;
            if (good && rules.putIfAbsent(from, to) != null) {
                reading.problem(ErrorCode.DUPLICATE_KEY, tuple.getKeyNode(),
                        "'" + from + "' is given twice " + where);
                good = false;
            }
        }
        if (rules.size() > MOST) {
            reading.problem(ErrorCode.OUT_OF_RANGE, node, "at most " + MOST + " rules may stand " + where);
            good = false;
        }
        return good ? rules : null;
    }

    @Override
    public String values() {
        return "a mapping of beginnings to what replaces them, such as {\"00\": \"+\", \"0\": \"+49\"}";
    }

    @Override
    public void schema(final JsonGenerator json) {
        Mappings.schema(json, "string", "integer");
    }
}
