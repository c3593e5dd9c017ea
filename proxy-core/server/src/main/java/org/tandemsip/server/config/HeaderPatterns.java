package org.tandemsip.server.config;

import java.util.ArrayList;
import java.util.List;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.tandemsip.codec.HeaderField;
import org.tandemsip.engine.routing.Expression;
import org.tandemsip.engine.routing.HeaderMatch;
import tools.jackson.core.JsonGenerator;

/** What header fields must be: a mapping from their names to patterns. */
record HeaderPatterns() implements Type<List<HeaderMatch>> {
    private static final int MOST = 8;
    private static final Scalar<String> NAME =
            Scalars.text("a header name", "[A-Za-z0-9.!%_+`'~-]+", "the whole name of a header field");
    private static final Scalar<String> PATTERN = RuleKeys.pattern("[^*\\p{Cntrl}]");

    @Override
    public List<HeaderMatch> bind(final Reading reading, final Node node, final String path, final String where) {
        if (!(node instanceof final MappingNode mapping)) {
            reading.problem(ErrorCode.WRONG_SHAPE, node, "a mapping of header names to patterns belongs here " + where);
            return null;
        }
        final List<HeaderMatch> matches = new ArrayList<>();
        boolean good = true;
        for (final NodeTuple tuple : mapping.getValue()) {
            final String text = NAME.bind(reading, tuple.getKeyNode(), path, where);
            final String pattern = PATTERN.bind(reading, tuple.getValueNode(), path, where);
            good &= text != null && pattern != null;
            if (!good) {
                continue;
            }
            final HeaderField name = HeaderField.of(text);
            if (matches.stream().anyMatch(match -> match.name().equals(name))) {
                reading.problem(ErrorCode.DUPLICATE_KEY, tuple.getKeyNode(), "'" + name + "' is given twice " + where);
                good = false;
            }
            final Expression expression = Config.Route.expression(pattern);
            matches.add(new HeaderMatch(name, pattern, expression));
        }
        if (matches.size() > MOST) {
            reading.problem(ErrorCode.OUT_OF_RANGE, node, "at most " + MOST + " header fields may stand " + where);
            good = false;
        }
        return good ? List.copyOf(matches) : null;
    }

    @Override
    public String values() {
        return "a mapping of header names to patterns, such as {X-Tenant: acme, User-Agent: \"Foo*\", Subject: /sale/}";
    }

    @Override
    public void schema(final JsonGenerator json) {
        Mappings.schema(json, "string", "number", "boolean");
    }
}
