package org.tandemsip.server.config;

import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import tools.jackson.core.JsonGenerator;

/** A password, which must not stand in the file itself: only a reference to it. */
record Secret() implements Type<String> {
    private static final String REFERENCE = "^\\$\\{(env|file):[^}]+}$";
    private static final Scalar<String> TEXT =
            Scalars.text("${env:NAME} or ${file:PATH}", "[^\\p{Cntrl}]{1,256}", "a password");

    @Override
    public String bind(final Reading reading, final Node node, final String path, final String where) {
        if (node instanceof final ScalarNode scalar && !References.isReference(scalar.getValue())) {
            reading.problem(ErrorCode.LITERAL_SECRET, scalar,
                    "a secret must not stand here itself; write ${env:NAME} or ${file:PATH}");
            return null;
        }
        return TEXT.bind(reading, node, path, where);
    }

    @Override
    public String values() {
        return TEXT.values();
    }

    @Override
    public void schema(final JsonGenerator json) {
        json.writeStartObject();
        json.writeStringProperty("type", "string");
        json.writeStringProperty("pattern", REFERENCE);
        json.writeEndObject();
    }
}
