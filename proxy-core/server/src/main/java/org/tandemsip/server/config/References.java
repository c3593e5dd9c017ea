package org.tandemsip.server.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/** {@code ${env:NAME}} and {@code ${file:PATH}} in values, by which secrets stay out of the file. */
final class References {
    private static final Pattern REFERENCE = Pattern.compile("\\$\\{([^:}]*):?([^}]*)}");
    private static final long MAX_FILE_BYTES = 65_536;

    private References() {}

    /** Whether the text is one reference and nothing else. */
    static boolean isReference(final String text) {
        return REFERENCE.matcher(text).matches();
    }

    /** The node's text with its references filled in; {@code null} when one leads nowhere. */
    static String fill(final Reading reading, final ScalarNode node) {
        final String text = node.getValue();
        if (text.indexOf('$') < 0) {
            return text;
        }
        final Matcher matcher = REFERENCE.matcher(text);
        final StringBuilder filled = new StringBuilder();
        while (matcher.find()) {
            final String value = resolve(reading, node, matcher.group(1), matcher.group(2));
            if (value == null) {
                return null;
            }
            matcher.appendReplacement(filled, Matcher.quoteReplacement(value));
        }
        return matcher.appendTail(filled).toString();
    }

    private static String resolve(final Reading reading, final ScalarNode node, final String kind, final String name) {
        switch (kind) {
            case "env" -> {
                final String value = reading.environment(name);
                if (value == null) {
                    reading.problem(ErrorCode.BAD_REFERENCE, node, "environment variable '" + name + "' is not set");
                }
                return value;
            }
            case "file" -> {
                return readFile(reading, node, name);
            }
            default -> {
                reading.problem(ErrorCode.BAD_REFERENCE, node,
                        "'${" + kind + "...}' is not known; write ${env:NAME} or ${file:PATH}");
                return null;
            }
        }
    }

    private static String readFile(final Reading reading, final ScalarNode node, final String name) {
        try {
            final String source = node.getStartMark().map(mark -> mark.getName()).orElse("");
            final Path file = Path.of(source).resolveSibling(name);
            if (Files.size(file) > MAX_FILE_BYTES) {
                reading.problem(ErrorCode.BAD_REFERENCE, node, "file '" + name + "' is larger than 64 KiB");
                return null;
            }
            return Files.readString(file, StandardCharsets.UTF_8).strip();
        } catch (final IOException | IllegalArgumentException e) {
            reading.problem(ErrorCode.BAD_REFERENCE, node, "file '" + name + "' cannot be read");
            return null;
        }
    }
}
