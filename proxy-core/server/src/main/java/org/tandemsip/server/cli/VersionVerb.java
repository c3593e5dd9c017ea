package org.tandemsip.server.cli;

import java.util.concurrent.Callable;
import org.tandemsip.server.admin.Json;
import org.tandemsip.server.admin.Version;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows the version of this program. */
@Command(name = "version", description = "Show the version of this program.")
final class VersionVerb implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = {"-o", "--output"}, paramLabel = "table|json", defaultValue = "table",
            description = "Form of the output; default: ${DEFAULT-VALUE}.")
    private ReadVerb.Form form;

    @Override
    public Integer call() {
        if (form == ReadVerb.Form.json) {
            spec.commandLine().getOut().print(Json.object(json -> {
                json.writeStringProperty("version", Version.number());
                json.writeStringProperty("java", Runtime.version().toString());
            }));
        } else {
            spec.commandLine().getOut().println("tandem " + Version.number() + " (Java " + Runtime.version() + ")");
        }
        spec.commandLine().getOut().flush();
        return ExitCode.OK;
    }
}
