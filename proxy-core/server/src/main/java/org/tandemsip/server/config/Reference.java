package org.tandemsip.server.config;

import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.DefaultPrettyPrinter;

/** What the table of keys says to people and editors: explanations, the annotated file, the JSON Schema. */
public final class Reference {
    private static final int WIDTH = 110;

    private Reference() {}

    /** All keys as dotted paths, {@code *} for names that the user picks and for positions in lists. */
    public static List<String> paths() {
        final List<String> paths = new ArrayList<>();
        walk("", Keys.TOP, (path, key) -> paths.add(path));
        return paths;
    }

    /**
     * Meaning, values and default of a key.
     *
     * @param asked dotted path; a trunk's or route's own name is as good as {@code *}
     * @return text for people, or {@code null} when there is no such key
     */
    public static String explain(final String asked) {
        final StringBuilder out = new StringBuilder();
        walk("", Keys.TOP, (path, key) -> {
            if (matches(path, asked)) {
                out.append(path).append('\n');
                out.append("  ").append(key.meaning()).append('\n');
                out.append("  Values:      ").append(key.type().values()).append('\n');
                out.append("  Default:     ").append(defaultOf(key)).append('\n');
                if (settableOutside(path, key)) {
                    out.append("  Environment: ").append(Overrides.variable(path)).append('\n');
                }
            }
        });
        return out.isEmpty() ? null : out.toString();
    }

    /** {@code "; did you mean ...?"} for a key that {@link #explain} does not know. */
    public static String hint(final String asked) {
        return Suggestion.hint(asked, paths());
    }

    private static boolean matches(final String path, final String asked) {
        return asked.replace("[]", ".*").matches(path.replace(".", "\\.").replace("*", "[^.]+"));
    }

    private static boolean settableOutside(final String path, final Key<?> key) {
        return path.indexOf('*') < 0 && key.type().flat("", "") != null && key != Keys.INCLUDE;
    }

    private static String defaultOf(final Key<?> key) {
        return key.defaultText() != null ? key.defaultText()
                : key.required() ? "none, must be given"
                        : key.type() instanceof Section ? "see its keys"
                                : "none";
    }

    private static void walk(final String prefix, final Section section, final BiConsumer<String, Key<?>> visitor) {
        for (final Key<?> key : section.keys()) {
            final String path = prefix + key.name();
            visitor.accept(path, key);
            switch (key.type()) {
                case final Section inner -> walk(path + '.', inner, visitor);
                case Named(final String _, final Section inner) -> walk(path + ".*.", inner, visitor);
                case ListOf<?>(final Section inner, final int _) -> walk(path + ".*.", inner, visitor);
                case ListOf<?>(final PeerType _, final int _) -> walk(path + ".*.", PeerType.MAPPING, visitor);
                default -> {
                    // A single value or a list of them has no keys below it.
                }
            }
        }
    }

    /** A configuration with every key, its meaning, values and default; {@code config/tandem.yaml} is this. */
    public static String annotatedFile() {
        final StringBuilder out = new StringBuilder("""
                # yaml-language-server: $schema=tandem.schema.json
                #
                # Every key of the configuration with its meaning, values and default. A useful file needs only
                # listen, trunks and routes: `tandem config init` writes one. Durations: 500ms, 30s, 5m. Sizes: 1500,
                # 64KiB. Any value may hold ${env:NAME} or ${file:PATH}; secrets must. A flag wins over an environment
                # variable (TANDEM_MODE for mode, TANDEM_ADMIN_LISTEN for admin.listen), that over this file, and this
                # file over the default. Generated from the table of keys in org.tandemsip.server.config.Keys;
                # `tandem config explain KEY` reads the same.
                """);
        annotate(out, "", Keys.TOP);
        return out.toString();
    }

    private static void annotate(final StringBuilder out, final String indent, final Section section) {
        for (final Key<?> key : section.keys()) {
            if (key != section.keys().getFirst() || section == Keys.TOP) {
                out.append('\n');
            }
            comment(out, indent, key.meaning());
            if (!(key.type() instanceof Section)) {
                comment(out, indent, "Values: " + leafValues(key.type()) + ".");
                comment(out, indent, "Default: " + defaultOf(key));
            }
            final String inner = indent + "  ";
            switch (key.type()) {
                case final Section nested -> {
                    out.append(indent).append(key.name()).append(":\n");
                    annotate(out, inner, nested);
                }
                case Named(final String _, final Section nested) -> {
                    out.append(indent).append(key.name()).append(":\n").append(inner).append("carrier:\n");
                    annotate(out, inner + "  ", nested);
                    out.append('\n').append(inner).append("pbx:\n").append(inner)
                            .append("  peers: [10.0.0.11:5060, 10.0.0.12:5060]\n");
                }
                case ListOf<?>(final Section nested, final int _) when key != Keys.ROUTES -> {
                    // Names files, which are not there.
                    final StringBuilder one = new StringBuilder();
                    annotate(one, "  ", nested);
                    out.append(indent).append(key.name()).append(": ").append(key.defaultText()).append('\n')
                            .append(indent).append("# -\n");
                    one.toString().lines().forEach(line -> out.append((indent + "# " + line).stripTrailing())
                            .append('\n'));
                }
                case ListOf<?>(final Section nested, final int _) -> {
                    out.append(indent).append(key.name()).append(":\n").append(inner).append("-\n");
                    annotate(out, inner + "  ", nested);
                    if (key == Keys.ROUTES) {
                        out.append('\n').append(inner).append("- {from: pbx, to: carrier}\n");
                    }
                }
                default -> {
                    final boolean shown = key.required() || key.defaultText() != null;
                    out.append(indent).append(shown ? "" : "# ").append(key.name()).append(": ")
                            .append(key.example() == null ? key.defaultText() : key.example()).append('\n');
                }
            }
        }
    }

    private static String leafValues(final Type<?> type) {
        return switch (type) {
            case Named(final String what, final Section _) -> "a mapping of " + what + " names to the keys below";
            case ListOf<?>(final Section _, final int _) -> "a list; each with the keys below";
            default -> type.values();
        };
    }

    private static void comment(final StringBuilder out, final String indent, final String text) {
        StringBuilder line = new StringBuilder(indent).append('#');
        for (final String word : text.split(" ")) {
            if (line.length() + 1 + word.length() > WIDTH) {
                out.append(line).append('\n');
                line = new StringBuilder(indent).append('#');
            }
            line.append(' ').append(word);
        }
        out.append(line).append('\n');
    }

    /** The JSON Schema (2020-12) of the file, for editors; {@code config/tandem.schema.json} is this. */
    public static String schema() {
        final StringWriter out = new StringWriter();
        final ObjectWriteContext pretty = new ObjectWriteContext.Base() {
            @Override
            public tools.jackson.core.PrettyPrinter getPrettyPrinter() {
                return new DefaultPrettyPrinter();
            }
        };
        try (JsonGenerator json = new JsonFactory().createGenerator(pretty, out)) {
            json.writeStartObject();
            json.writeStringProperty("$schema", "https://json-schema.org/draft/2020-12/schema");
            json.writeStringProperty("title", "Tandem configuration");
            json.writeStringProperty("type", "object");
            Keys.TOP.schemaProperties(json);
            json.writeEndObject();
        }
        return out + "\n";
    }
}
