package org.tandemsip.server.config;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.tandemsip.codec.HeaderField;
import org.tandemsip.engine.routing.HeaderRules;
import tools.jackson.core.JsonGenerator;

/** Header fields with their values: a mapping from names to one value or a list of them. */
record HeaderFields() implements Type<List<Item<HeaderRules.Field>>> {
    private static final int MOST = 32;
    private static final int MAX_VALUE_BYTES = 512;
    private static final Scalar<String> VALUE =
            Scalars.text("text without control characters", "[^\\p{Cntrl}]*", "the value of a header field; it must not"
                    + " hold control characters");

    /** The name of a header field, to be taken out: {@code *} at its end stands for any rest. */
    static final Scalar<HeaderField> NAME =
            new Scalar<>("a header name, such as User-Agent, or X-* for all that begin so",
                    new Scalar.Shape.Text("^[A-Za-z0-9.!%_+`'~-]+\\*?$"), HeaderFields::name);

    /** The name of a header field that mode b2bua passes on; likewise. */
    static final Scalar<HeaderField> PASSED = new Scalar<>(NAME.values(), NAME.shape(), HeaderFields::passed);

    private static final HeaderField JOIN = HeaderField.of("Join");
    /** What names dialogs: the other side knows those by other names, so mode b2bua writes it anew, or not at all. */
    private static final List<HeaderField> TRANSLATED =
            List.of(HeaderField.of("Refer-To"), HeaderField.of("Replaces"), JOIN);

    private static HeaderField passed(final String text) throws Scalar.BadValue {
        final HeaderField field = name(text);
        for (final HeaderField each : TRANSLATED) {
            if (field.covers(each)) {
                throw new Scalar.BadValue(ErrorCode.OWNED_HEADER, (field.single() ? "" : "would hold for " + each
                        + ", which ")
                        + (each.equals(JOIN) ? "names a dialog that only one side of a call knows"
                                : "is always translated between the two dialogs of a call")
                        + ", and cannot be passed as it is");
            }
        }
        return field;
    }

    private static HeaderField name(final String text) throws Scalar.BadValue {
        final HeaderField field = HeaderField.of(text);
        if (field == null) {
            throw new Scalar.BadValue(ErrorCode.BAD_VALUE, "is not the name of a header field");
        }
        if (HeaderRules.owned(field)) {
            throw new Scalar.BadValue(ErrorCode.OWNED_HEADER, field.single()
                    ? "is a header field that the proxy itself needs, and cannot be changed"
                    : "would hold for header fields that the proxy itself needs");
        }
        return field;
    }

    @Override
    public List<Item<HeaderRules.Field>> bind(final Reading reading, final Node node, final String path,
            final String where) {
        if (!(node instanceof final MappingNode mapping)) {
            reading.problem(ErrorCode.WRONG_SHAPE, node, "a mapping of header names to values belongs here " + where);
            return null;
        }
        final List<Item<HeaderRules.Field>> fields = new ArrayList<>();
        boolean good = true;
        for (final NodeTuple tuple : mapping.getValue()) {
            final HeaderField name = NAME.bind(reading, tuple.getKeyNode(), path, where);
            if (name != null && !name.single()) {
                reading.problem(ErrorCode.BAD_VALUE, tuple.getKeyNode(), "a field to be put in needs its whole name");
            }
            good &= name != null && name.single();
            final Node valueNode = tuple.getValueNode();
            final List<Node> values =
                    valueNode instanceof final SequenceNode list ? list.getValue() : List.of(valueNode);
            for (final Node value : values) {
                final String text = value(reading, value, path, where);
                good &= text != null;
                if (good) {
                    fields.add(new Item<>(new HeaderRules.Field(name, text), value));
                }
            }
        }
        if (fields.size() > MOST) {
            reading.problem(ErrorCode.OUT_OF_RANGE, node, "at most " + MOST + " header fields may stand " + where);
            good = false;
        }
        return good ? List.copyOf(fields) : null;
    }

    private static String value(final Reading reading, final Node node, final String path, final String where) {
        final String text = VALUE.bind(reading, node, path, where);
        if (text != null && text.getBytes(StandardCharsets.UTF_8).length > MAX_VALUE_BYTES) {
            reading.problem(ErrorCode.OUT_OF_RANGE, node, "a value may have " + MAX_VALUE_BYTES + " bytes at most");
            return null;
        }
        return text == null ? null : text.strip();
    }

    @Override
    public String values() {
        return "a mapping of header names to values or lists of them, such as {User-Agent: Tandem}";
    }

    @Override
    public void schema(final JsonGenerator json) {
        Mappings.schema(json, "string", "number", "boolean", "array");
    }
}
