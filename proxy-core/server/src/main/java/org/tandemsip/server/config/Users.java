package org.tandemsip.server.config;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import tools.jackson.core.JsonGenerator;

/** User names with a reference to the password of each. */
record Users() implements Type<List<Item<Config.User>>> {
    private static final int MOST = 100_000;
    static final Scalar<String> NAME = Scalars.text("a user name", "[^\\p{Cntrl}\"\\\\:]{1,128}",
            "a user name; up to 128 characters without quotes, colons, backslashes and control characters");
    private static final Secret PASSWORD = new Secret();

    @Override
    public List<Item<Config.User>> bind(final Reading reading, final Node node, final String path,
            final String where) {
        if (!(node instanceof final MappingNode mapping)) {
            reading.problem(ErrorCode.WRONG_SHAPE, node, "a mapping of user names to passwords belongs here " + where);
            return null;
        }
        final List<Item<Config.User>> users = new ArrayList<>();
        final Set<String> seen = new HashSet<>();
        boolean good = true;
        for (final NodeTuple tuple : mapping.getValue()) {
            final String name = NAME.bind(reading, tuple.getKeyNode(), path, where);
            if (name != null && !seen.add(name)) {
                reading.problem(ErrorCode.DUPLICATE_KEY, tuple.getKeyNode(), "user '" + name + "' is given twice");
                good = false;
            }
            final String password = PASSWORD.bind(reading, tuple.getValueNode(), path, where);
            good &= name != null && password != null;
            if (good) {
                users.add(new Item<>(new Config.User(name, password), tuple.getKeyNode()));
            }
        }
        if (users.size() > MOST) {
            reading.problem(ErrorCode.OUT_OF_RANGE, node, "at most " + MOST + " users may stand " + where);
            good = false;
        }
        return good ? List.copyOf(users) : null;
    }

    @Override
    public String values() {
        return "a mapping of user names to references, such as {alice: \"${env:ALICE}\"}";
    }

    @Override
    public void schema(final JsonGenerator json) {
        json.writeStartObject();
        json.writeStringProperty("type", "object");
        json.writeName("additionalProperties");
        PASSWORD.schema(json);
        json.writeEndObject();
    }
}
