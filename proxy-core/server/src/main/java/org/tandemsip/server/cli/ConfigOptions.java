package org.tandemsip.server.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tandemsip.server.Tandem;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.config.ConfigException;
import org.tandemsip.server.config.ConfigReader;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Where the configuration comes from: a file, or flags that stand for the shortest useful one. */
final class ConfigOptions {
    private static final Path USUAL_FILE = Path.of("/etc/tandem/tandem.yaml");
    private static final String COMMAND_LINE = "(command line)";

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = {"-c", "--config"}, paramLabel = "FILE",
            description = "Configuration file; /etc/tandem/tandem.yaml when there is one.")
    private Path file;

    @Option(names = "--listen", paramLabel = "URL", split = ",",
            description = "Local address for SIP, such as udp://127.0.0.1:5060; several times for several.")
    private List<String> listen = List.of();

    @Option(names = "--mode", paramLabel = "MODE", description = "stateless, stateful or b2bua.")
    private String mode;

    @Option(names = "--carrier", paramLabel = "HOST[:PORT]", split = ",", description = "Peer of the trunk carrier.")
    private List<String> carrier = List.of();

    @Option(names = "--pbx", paramLabel = "HOST[:PORT]", split = ",", description = "Peer of the trunk pbx.")
    private List<String> pbx = List.of();

    @Option(names = "--allow", paramLabel = "CIDR", split = ",",
            description = "Sources that count as carrier, besides its peers.")
    private List<String> allow = List.of();

    @Option(names = "--socket", paramLabel = "PATH", description = "Unix socket of the admin API; none for no socket.")
    private String socket;

    @Option(names = "--admin", paramLabel = "URL",
            description = "Address of the admin API, such as http://127.0.0.1:8060.")
    private String admin;

    /** As if {@code -c file} was given and nothing else. */
    static ConfigOptions of(final Path file) {
        final ConfigOptions options = new ConfigOptions();
        options.file = file;
        return options;
    }

    /** The file in use, or what stands for it. */
    String name() {
        return file() == null ? COMMAND_LINE : file().toString();
    }

    private Path file() {
        return file != null ? file : trunksGiven() || !Files.exists(USUAL_FILE) ? null : USUAL_FILE;
    }

    private boolean trunksGiven() {
        return !carrier.isEmpty() || !pbx.isEmpty();
    }

    /** Whether anything says what the configuration is. */
    boolean given() {
        return file() != null || trunksGiven() || !listen.isEmpty();
    }

    /** Reads the configuration, as often as asked. */
    Tandem.Source source() {
        if (trunksGiven() && file != null) {
            throw new ParameterException(spec.commandLine(), "--carrier and --pbx stand for a file; leave out -c");
        }
        if (carrier.isEmpty() != pbx.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "--carrier and --pbx go together");
        }
        final ConfigReader reader = new ConfigReader(flags());
        return new Tandem.Source() {
            @Override
            public Config read() throws ConfigException {
                return file() == null ? reader.read(COMMAND_LINE, text()) : reader.read(file());
            }

            @Override
            public Config read(final String text) throws ConfigException {
                return reader.read(name(), text);
            }
        };
    }

    private Map<String, String> flags() {
        final Map<String, String> flags = new HashMap<>();
        if (!listen.isEmpty()) {
            flags.put("listen", String.join(",", listen));
        }
        put(flags, "mode", mode);
        put(flags, "admin.socket", socket);
        put(flags, "admin.listen", admin);
        return flags;
    }

    private static void put(final Map<String, String> flags, final String key, final String value) {
        if (value != null) {
            flags.put(key, value);
        }
    }

    private String text() {
        return !trunksGiven() ? "" : """
                trunks:
                  carrier: {peers: [%s], allow: [%s]}
                  pbx: {peers: [%s], zone: core}
                routes:
                  - {from: carrier, to: pbx}
                  - {from: pbx, to: carrier}
                """.formatted(quoted(carrier), quoted(allow), quoted(pbx));
    }

    private static String quoted(final List<String> values) {
        return String.join(", ", values.stream().map(value -> "'" + value.replace("'", "''") + "'").toList());
    }
}
