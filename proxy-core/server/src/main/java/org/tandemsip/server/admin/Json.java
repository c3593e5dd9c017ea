package org.tandemsip.server.admin;

import java.io.StringWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** JSON by streaming: no reflection, no bindings. */
public final class Json {
    private static final JsonFactory FACTORY = new JsonFactory();

    private Json() {}

    /** Writes an object; {@code properties} writes what is in it. */
    public static String object(final Consumer<JsonGenerator> properties) {
        final StringWriter out = new StringWriter();
        try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), out)) {
            json.writeStartObject();
            properties.accept(json);
            json.writeEndObject();
        }
        return out.append('\n').toString();
    }

    /** Writes a property that holds a list of texts. */
    public static void texts(final JsonGenerator json, final String name, final Iterable<?> values) {
        json.writeArrayPropertyStart(name);
        for (final Object value : values) {
            json.writeString(String.valueOf(value));
        }
        json.writeEndArray();
    }

    /**
     * Reads a text.
     *
     * @return maps (in order), lists, {@link String}, {@link Long}, {@link Double}, {@link Boolean} or {@code null}
     * @throws IllegalArgumentException it is not JSON
     */
    public static Object parse(final String text) {
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), text)) {
            parser.nextToken();
            final Object value = value(parser);
            if (parser.nextToken() != null) {
                throw new IllegalArgumentException("text after the end of the JSON value");
            }
            return value;
        } catch (final JacksonException e) {
            throw new IllegalArgumentException("not JSON: " + e.getOriginalMessage(), e);
        }
    }

    private static Object value(final JsonParser parser) {
        return switch (parser.currentToken()) {
            case START_OBJECT -> {
                final Map<String, Object> map = new LinkedHashMap<>();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    final String name = parser.currentName();
                    parser.nextToken();
                    map.put(name, value(parser));
                }
                yield map;
            }
            case START_ARRAY -> {
                final List<Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(parser));
                }
                yield list;
            }
            case VALUE_STRING -> parser.getString();
            case VALUE_NUMBER_INT -> parser.getLongValue();
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_TRUE -> Boolean.TRUE;
            case VALUE_FALSE -> Boolean.FALSE;
            case VALUE_NULL -> null;
            case null, default -> throw new IllegalArgumentException("not JSON: it ends too early");
        };
    }
}
