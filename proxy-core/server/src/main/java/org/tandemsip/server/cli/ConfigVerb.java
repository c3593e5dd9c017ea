package org.tandemsip.server.cli;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.Callable;
import org.tandemsip.server.admin.Json;
import org.tandemsip.server.config.ConfigException;
import org.tandemsip.server.config.Reference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What there is to know about the configuration. */
@Command(name = "config", description = "Write, show and explain the configuration.",
        subcommands = {ConfigVerb.InitVerb.class, ConfigVerb.ShowVerb.class, ConfigVerb.ExplainVerb.class,
            ConfigVerb.SchemaVerb.class})
final class ConfigVerb implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Tell what: init, show, explain or schema.");
    }

    /** Writes a file to start from. */
    @Command(name = "init", description = "Write a configuration to start from; an existing file is not touched.")
    static final class InitVerb implements Callable<Integer> {
        @Spec
        private CommandSpec spec;
        @Parameters(arity = "0..1", paramLabel = "FILE", defaultValue = "tandem.yaml",
                description = "File to write, - for standard output; default: ${DEFAULT-VALUE}.")
        private String file;
        @Option(names = "--listen", paramLabel = "ADDRESS", defaultValue = "127.0.0.1:5060",
                description = "Local address and port; default: ${DEFAULT-VALUE}.")
        private String listen;
        @Option(names = "--carrier", paramLabel = "HOST[:PORT]", defaultValue = "127.0.0.1:5070",
                description = "Peer of the trunk carrier; default: ${DEFAULT-VALUE}.")
        private String carrier;
        @Option(names = "--pbx", paramLabel = "HOST[:PORT]", defaultValue = "127.0.0.1:5080",
                description = "Peer of the trunk pbx; default: ${DEFAULT-VALUE}.")
        private String pbx;
        @Option(names = "--all", description = "Write every key with its meaning, values and default.")
        private boolean all;

        @Override
        public Integer call() throws IOException {
            final String text = all ? Reference.annotatedFile() : """
                    # Tandem. Every key: tandem config init --all -, or tandem config explain KEY.
                    listen: ["udp://%s", "tcp://%s"]
                    mode: stateful                 # stateless | stateful; tandem mode set switches it live
                    trunks:
                      carrier:
                        peers: ["%s"]
                      pbx:
                        peers: ["%s"]
                        zone: core               # what it says of its users is believed
                    routes:
                      - {from: carrier, to: pbx}
                      - {from: pbx, to: carrier}
                    """.formatted(listen, listen, carrier, pbx);
            if (file.equals("-")) {
                spec.commandLine().getOut().print(text);
                spec.commandLine().getOut().flush();
                return ExitCode.OK;
            }
            try {
                Files.writeString(Path.of(file), text, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            } catch (final FileAlreadyExistsException e) {
                return Failure.say(spec, ExitCode.FAILED, file + " exists; it was not touched");
            }
            spec.commandLine().getOut().println("wrote " + file + "; check it with: tandem check -c " + file);
            return ExitCode.OK;
        }
    }

    /** Shows the configuration of the running server, or of a file. */
    @Command(name = "show", description = {"Show the configuration of a file, or without one of the running server.",
        "Each key comes with where its value is from."})
    static final class ShowVerb extends AdminVerb {
        @Option(names = {"-c", "--config"}, paramLabel = "FILE", description = "File to show.")
        private Path file;
        @Option(names = "--effective", description = "Show the defaults of keys that nobody set as well.")
        private boolean effective;
        @Option(names = {"-o", "--output"}, paramLabel = "table|json", defaultValue = "table",
                description = "Form of the output; default: ${DEFAULT-VALUE}.")
        private ReadVerb.Form form;

        @Override
        int run(final AdminClient client) throws IOException {
            if (file != null) {
                return showFile();
            }
            final String body = body(client.get("/api/v1/config"));
            if (form == ReadVerb.Form.json) {
                out().print(body);
            } else if (Json.parse(body) instanceof final Map<?, ?> view) {
                out().print(view.get(effective ? "effective" : "given"));
            }
            out().flush();
            return ExitCode.OK;
        }

        private int showFile() {
            try {
                out().print(new org.tandemsip.server.config.ConfigReader(Map.of()).read(file).effective()
                        .toYaml(effective));
                out().flush();
                return ExitCode.OK;
            } catch (final ConfigException e) {
                return Failure.badConfig(spec(), e);
            }
        }
    }

    /** Explains keys. */
    @Command(name = "explain", description = "Explain a key; without one, list all keys.")
    static final class ExplainVerb implements Callable<Integer> {
        @Spec
        private CommandSpec spec;
        @Parameters(arity = "0..1", paramLabel = "KEY",
                description = "For example trunks.carrier.peers or limits.idle.")
        private String key;

        @Override
        public Integer call() {
            if (key == null) {
                Reference.paths().forEach(spec.commandLine().getOut()::println);
                return ExitCode.OK;
            }
            final String text = Reference.explain(key);
            if (text == null) {
                return Failure.say(spec, ExitCode.USAGE, "there is no key '" + key + "'" + Reference.hint(key));
            }
            spec.commandLine().getOut().print(text);
            spec.commandLine().getOut().flush();
            return ExitCode.OK;
        }
    }

    /** Writes the JSON Schema. */
    @Command(name = "schema", description = "Print the JSON Schema (2020-12) of the configuration file, for editors.")
    static final class SchemaVerb implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Override
        public Integer call() {
            spec.commandLine().getOut().print(Reference.schema());
            spec.commandLine().getOut().flush();
            return ExitCode.OK;
        }
    }
}
