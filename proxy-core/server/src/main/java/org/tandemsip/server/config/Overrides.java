package org.tandemsip.server.config;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * Values that win over the file: flags first, then environment variables. The variable of key {@code admin.listen} is
 * {@code TANDEM_ADMIN_LISTEN}; lists are separated by commas.
 */
final class Overrides {
    private final Map<String, String> flags;
    private final UnaryOperator<String> environment;

    /** @param flags values of flags by key path, for example {@code mode} */
    Overrides(final Map<String, String> flags, final UnaryOperator<String> environment) {
        this.flags = new HashMap<>(flags);
        this.environment = environment;
    }

    /** Name of the environment variable of a key. */
    static String variable(final String path) {
        return "TANDEM_" + path.replace('.', '_').replace('-', '_').toUpperCase(Locale.ROOT);
    }

    /** The value given for a key outside the file, as the node the file would hold; {@code null} when there is none. */
    Node find(final Reading reading, final String path, final Type<?> type) {
        final String flag = flags.get(path);
        final String text = flag == null ? environment.apply(variable(path)) : flag;
        if (text == null) {
            return null;
        }
        final String source = flag == null ? variable(path) : "--" + path;
        final Node node = type.flat(source, text);
        if (node != null) {
            reading.source(source, text);
        }
        return node;
    }

    static Node scalar(final String source, final String text, final int from, final int to) {
        return new ScalarNode(Tag.STR, true, text.substring(from, to).strip(), ScalarStyle.PLAIN,
                Optional.of(mark(source, text, from)), Optional.of(mark(source, text, to)));
    }

    static Mark mark(final String source, final String text, final int index) {
        return new Mark(source, index, 0, index, text.toCharArray(), index);
    }
}
