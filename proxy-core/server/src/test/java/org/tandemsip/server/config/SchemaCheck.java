package org.tandemsip.server.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * Validates YAML against the part of JSON Schema 2020-12 that our schema uses; any other keyword is an error of the
 * test.
 */
final class SchemaCheck {
    private final Object schema;

    SchemaCheck(final Object schema) {
        this.schema = schema;
    }

    /** The first violation, or {@code null}. */
    String firstError(final String yaml) {
        final Object value = new Load(LoadSettings.builder().build()).loadFromString(yaml);
        return error(schema, value == null ? Map.of() : value, "");
    }

    private String error(final Object schemaNode, final Object value, final String path) {
        for (final Map.Entry<?, ?> entry : ((Map<?, ?>) schemaNode).entrySet()) {
            final String error = switch ((String) entry.getKey()) {
                case "$schema", "title", "description" -> null;
                case "type" -> (entry.getValue() instanceof final List<?> types
                        ? types.stream().anyMatch(type -> isType((String) type, value))
                        : isType((String) entry.getValue(), value)) ? null : path + " is no " + entry.getValue();
                case "properties", "additionalProperties" -> null;
                case "required" -> ((List<?>) entry.getValue()).stream()
                        .allMatch(name -> value instanceof final Map<?, ?> map && map.containsKey(name)) ? null
                                : path + " lacks a key";
                case "propertyNames" -> propertyNames((Map<?, ?>) entry.getValue(), value, path);
                case "allOf" ->
                        first(((List<?>) entry.getValue()).stream().map(part -> error(part, value, path)).toList());
                case "anyOf" -> ((List<?>) entry.getValue()).stream().anyMatch(part -> error(part, value, path) == null)
                        ? null
                        : path + " matches none";
                case "enum" ->
                        ((List<?>) entry.getValue()).contains(value) ? null : path + " is none of " + entry.getValue();
                case "pattern" -> !(value instanceof final String text)
                        || Pattern.compile((String) entry.getValue()).matcher(text).find() ? null
                                : path + " does not match";
                case "minimum" -> !(value instanceof final Number number)
                        || number.longValue() >= (Long) entry.getValue() ? null : path + " is too small";
                case "maximum" -> !(value instanceof final Number number)
                        || number.longValue() <= (Long) entry.getValue() ? null : path + " is too large";
                case "maxItems" -> !(value instanceof final List<?> list) || list.size() <= (Long) entry.getValue()
                        ? null
                        : path + " is too long";
                case "items" -> !(value instanceof final List<?> list) ? null
                        : first(list.stream().map(item -> error(entry.getValue(), item, path + "[]")).toList());
                default -> throw new AssertionError("keyword " + entry.getKey());
            };
            if (error != null) {
                return error;
            }
        }
        return value instanceof final Map<?, ?> map ? children((Map<?, ?>) schemaNode, map, path) : null;
    }

    private String children(final Map<?, ?> schemaNode, final Map<?, ?> value, final String path) {
        final Map<?, ?> properties = schemaNode.get("properties") instanceof final Map<?, ?> map ? map : Map.of();
        final Object rest = schemaNode.get("additionalProperties");
        final List<String> errors = new ArrayList<>();
        new LinkedHashMap<>(value).forEach((name, child) -> {
            final String childPath = path + "." + name;
            if (properties.containsKey(name)) {
                errors.add(error(properties.get(name), child, childPath));
            } else if (Boolean.FALSE.equals(rest)) {
                errors.add(childPath + " is unknown");
            } else if (rest != null) {
                errors.add(error(rest, child, childPath));
            }
        });
        return first(errors);
    }

    private static String propertyNames(final Map<?, ?> schema, final Object value, final String path) {
        final Pattern pattern = Pattern.compile((String) schema.get("pattern"));
        return !(value instanceof final Map<?, ?> map)
                || map.keySet().stream().allMatch(name -> pattern.matcher((String) name).find()) ? null
                        : path + " has a bad name";
    }

    private static String first(final List<String> errors) {
        for (final String error : errors) {
            if (error != null) {
                return error;
            }
        }
        return null;
    }

    private static boolean isType(final String type, final Object value) {
        return switch (type) {
            case "null" -> value == null;
            case "object" -> value instanceof Map;
            case "array" -> value instanceof List;
            case "string" -> value instanceof String;
            case "integer" -> value instanceof Integer || value instanceof Long;
            default -> throw new AssertionError("type " + type);
        };
    }
}
