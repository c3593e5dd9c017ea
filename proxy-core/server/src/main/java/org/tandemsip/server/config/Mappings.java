package org.tandemsip.server.config;

import tools.jackson.core.JsonGenerator;

/** Mappings whose keys are the user's. */
final class Mappings {
    private Mappings() {}

    /** Writes the schema of a mapping from any key to values of these JSON types. */
    static void schema(final JsonGenerator json, final String... types) {
        json.writeStartObject();
        json.writeStringProperty("type", "object");
        json.writeObjectPropertyStart("additionalProperties");
        json.writeArrayPropertyStart("type");
        for (final String type : types) {
            json.writeString(type);
        }
        json.writeEndArray();
        json.writeEndObject();
        json.writeEndObject();
    }
}
