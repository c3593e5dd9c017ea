package org.tandemsip.server.config;

import java.util.List;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import tools.jackson.core.JsonGenerator;

/**
 * One word or number, whose {@code ${env:NAME}} and {@code ${file:PATH}} are filled in before it is read.
 *
 * @param values  what is allowed, for people
 * @param shape   what is allowed, for the JSON Schema
 * @param reader  reads the text
 */
record Scalar<T>(String values, Shape shape, Reader<T> reader) implements Type<T> {
    /** Reads a text. */
    @FunctionalInterface
    interface Reader<T> {
        T read(String text) throws BadValue;
    }

    /** A text that cannot be read; the message follows the text, for example {@code is not a duration}. */
    static final class BadValue extends Exception {
        private static final long serialVersionUID = 1L;
        private final ErrorCode code;

        BadValue(final ErrorCode code, final String message) {
            super(message, null, false, false);
            this.code = code;
        }

        ErrorCode code() {
            return code;
        }
    }

    /** The JSON Schema of a scalar. */
    sealed interface Shape {
        /** A whole number. */
        record Whole(long min, long max) implements Shape {}

        /** One of some words. */
        record Choice(List<String> words) implements Shape {}

        /** Text that matches a regular expression. */
        record Text(String pattern) implements Shape {}

        /** Either of two shapes. */
        record Either(Shape one, Shape other) implements Shape {}
    }

    @Override
    public T bind(final Reading reading, final Node node, final String path, final String where) {
        if (!(node instanceof final ScalarNode scalar)) {
            reading.problem(ErrorCode.WRONG_SHAPE, node, "a single value belongs here " + where);
            return null;
        }
        final String text = References.fill(reading, scalar);
        if (text == null) {
            return null;
        }
        try {
            return reader.read(text);
        } catch (final BadValue e) {
            reading.problem(e.code(), node, "'" + scalar.getValue() + "' " + e.getMessage());
            return null;
        }
    }

    @Override
    public Node flat(final String source, final String text) {
        return Overrides.scalar(source, text, 0, text.length());
    }

    @Override
    public void schema(final JsonGenerator json) {
        json.writeStartObject();
        json.writeArrayPropertyStart("anyOf");
        writeShape(json, shape);
        // What a reference stands for is known at run time only.
        json.writeStartObject();
        json.writeStringProperty("type", "string");
        json.writeStringProperty("pattern", "\\$\\{(env|file):");
        json.writeEndObject();
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void writeShape(final JsonGenerator json, final Shape shape) {
        if (shape instanceof Shape.Either(final Shape one, final Shape other)) {
            writeShape(json, one);
            writeShape(json, other);
            return;
        }
        json.writeStartObject();
        switch (shape) {
            case Shape.Whole(final long min, final long max) -> {
                json.writeStringProperty("type", "integer");
                json.writeNumberProperty("minimum", min);
                json.writeNumberProperty("maximum", max);
            }
            case Shape.Choice(final List<String> words) -> {
                json.writeArrayPropertyStart("enum");
                for (final String word : words) {
                    if (word.equals("true") || word.equals("false")) {
                        json.writeBoolean(word.equals("true"));
                    } else {
                        json.writeString(word);
                    }
                }
                json.writeEndArray();
            }
            case Shape.Text(final String pattern) -> {
                json.writeStringProperty("type", "string");
                json.writeStringProperty("pattern", pattern);
            }
            case Shape.Either _ -> throw new AssertionError("handled above");
        }
        json.writeEndObject();
    }
}
