package org.tandemsip.server.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * Every key in force with its value as written and where it came from. References stay unfilled, so no secret is in it.
 *
 * @param entries in the order of the table of keys
 */
public record Effective(List<Entry> entries) {
    /**
     * One key.
     *
     * @param keys   names from the top down, for example {@code trunks}, {@code carrier}, {@code peers}
     * @param value  as YAML
     * @param items  its parts when it is a list, else empty
     * @param origin {@code FILE:LINE}, a variable, a flag, or {@code default}
     */
    public record Entry(List<String> keys, String value, List<String> items, String origin) {
        /** The names joined by dots. */
        public String path() {
            return String.join(".", keys);
        }

        /** Whether nobody gave the value. */
        public boolean isDefault() {
            return origin.equals(DEFAULT);
        }
    }

    private static final String DEFAULT = "default";

    static Effective of(final Bound top) {
        final List<Entry> entries = new ArrayList<>();
        add(entries, List.of(), top);
        return new Effective(List.copyOf(entries));
    }

    private static void add(final List<Entry> entries, final List<String> prefix, final Bound bound) {
        for (final Key<?> key : bound.section().keys()) {
            final List<String> path = append(prefix, key.name());
            final Object value = bound.get(key);
            if (value instanceof final Bound inner) {
                add(entries, path, inner);
            } else if (value instanceof final Map<?, ?> named && !named.isEmpty()) {
                named.forEach((name, inner) -> add(entries, append(path, (String) name), (Bound) inner));
            } else if (bound.nodeOf(key) != null) {
                final Node node = bound.nodeOf(key);
                entries.add(new Entry(path, flow(node), items(node), origin(node)));
            }
        }
    }

    private static List<String> append(final List<String> list, final String name) {
        final List<String> longer = new ArrayList<>(list);
        longer.add(name);
        return List.copyOf(longer);
    }

    private static String origin(final Node node) {
        return node.getStartMark().map(mark -> {
            final String name = mark.getName();
            return name.startsWith("TANDEM_") || name.startsWith("--") ? name : name + ':' + (mark.getLine() + 1);
        }).orElse(DEFAULT);
    }

    private static List<String> items(final Node node) {
        return node instanceof final SequenceNode list ? list.getValue().stream().map(Effective::flow).toList()
                : List.of();
    }

    /** A node on one line. */
    static String flow(final Node node) {
        return switch (node) {
            case final ScalarNode scalar -> scalar(scalar);
            case final SequenceNode list -> "[" + String.join(", ",
                    list.getValue().stream().map(Effective::flow).toList()) + "]";
            case final MappingNode map -> "{" + String.join(", ",
                    map.getValue().stream().map(Effective::pair).toList()) + "}";
            default -> "";
        };
    }

    private static String pair(final NodeTuple tuple) {
        return flow(tuple.getKeyNode()) + ": " + flow(tuple.getValueNode());
    }

    private static String scalar(final ScalarNode node) {
        final String text = Printable.of(node.getValue());
        final String mark = node.getStartMark().map(at -> at.getName()).orElse("");
        // A token given by environment variable stands in the node itself.
        if (mark.equals(Overrides.variable("admin.token"))) {
            return "'***'";
        }
        return text.matches("[A-Za-z0-9_./+:@-]+") && !text.endsWith(":") ? text : "'" + text.replace("'", "''") + "'";
    }

    /**
     * The configuration as YAML that can be read again, each key with its origin.
     *
     * @param defaults whether to list keys that nobody gave a value
     */
    public String toYaml(final boolean defaults) {
        final StringBuilder out = new StringBuilder();
        List<String> open = List.of();
        for (final Entry entry : entries) {
            if (entry.isDefault() && !defaults) {
                continue;
            }
            final List<String> parents = entry.keys().subList(0, entry.keys().size() - 1);
            for (int i = 0; i < parents.size(); i++) {
                if (open.size() <= i || !open.subList(0, i + 1).equals(parents.subList(0, i + 1))) {
                    out.append("  ".repeat(i)).append(parents.get(i)).append(":\n");
                }
            }
            open = parents;
            final String line = "  ".repeat(parents.size()) + entry.keys().getLast() + ": " + entry.value();
            out.append(String.format("%-59s # %s\n", line, entry.origin()));
        }
        return out.toString();
    }
}
