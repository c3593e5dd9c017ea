package org.tandemsip.server.config;

import java.nio.file.Path;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.snakeyaml.engine.v2.nodes.MappingNode;

/**
 * Reads configurations: flag before environment variable before file before default. The same reader serves
 * {@code run}, {@code check} and {@code reload}, so that what passes one passes all.
 */
public final class ConfigReader {
    private final Map<String, String> flags;
    private final UnaryOperator<String> environment;

    /**
     * Makes a reader.
     *
     * @param flags values given on the command line, by key path: {@code mode}, {@code admin.socket}
     */
    public ConfigReader(final Map<String, String> flags) {
        this(flags, System::getenv);
    }

    ConfigReader(final Map<String, String> flags, final UnaryOperator<String> environment) {
        this.flags = Map.copyOf(flags);
        this.environment = environment;
    }

    /**
     * Reads a file.
     *
     * @throws ConfigException it holds mistakes, all of which are named
     */
    public Config read(final Path file) throws ConfigException {
        final Reading reading = reading();
        return build(reading, Documents.read(reading, file), file.toString());
    }

    /**
     * Reads a text.
     *
     * @param source what mistakes name as the place of the text
     * @throws ConfigException it holds mistakes, all of which are named
     */
    public Config read(final String source, final String text) throws ConfigException {
        final Reading reading = reading();
        return build(reading, Documents.read(reading, source, text), source);
    }

    private Reading reading() {
        return new Reading(new Overrides(flags, environment), environment);
    }

    private Config build(final Reading reading, final MappingNode document, final String source)
            throws ConfigException {
        reading.check();
        final Bound top = Keys.TOP.bind(reading, document, "", "");
        // Relations are looked at even when single values are wrong, so that one run names as much as it can.
        final Config config = new ConfigBuilder(reading, top).build(source);
        reading.check();
        return config;
    }
}
