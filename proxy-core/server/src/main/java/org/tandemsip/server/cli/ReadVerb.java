package org.tandemsip.server.cli;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.tandemsip.server.admin.Json;
import picocli.CommandLine.Option;

/** A verb that shows something of a running server, for people or as JSON. */
abstract class ReadVerb extends AdminVerb {
    /** Form of the output. */
    enum Form {
        table, json
    }

    @Option(names = {"-o", "--output"}, paramLabel = "table|json", defaultValue = "table",
            description = "Form of the output; default: ${DEFAULT-VALUE}.")
    private Form form;

    @Option(names = "--watch", description = "Show it again every second, until interrupted.")
    private boolean watch;

    /** Path of the view in the admin API. */
    abstract String path();

    /** Prints the view for people. */
    abstract void table(Map<String, Object> view);

    /** The view as JSON; as the server sent it unless overridden. */
    String json(final String body) {
        return body;
    }

    /** Reads what the server sent. */
    @SuppressWarnings("unchecked") // every view of the admin API is an object
    Map<String, Object> view(final String body) {
        return (Map<String, Object>) Json.parse(body);
    }

    @Override
    int run(final AdminClient client) throws IOException {
        show(client);
        while (watch && !Thread.currentThread().isInterrupted()) {
            try {
                Thread.sleep(1_000);
            } catch (final InterruptedException e) {
                break;
            }
            out().println();
            show(client);
        }
        return ExitCode.OK;
    }

    private void show(final AdminClient client) throws IOException {
        final String body = body(client.get(path()));
        if (form == Form.json) {
            out().print(json(body));
            out().flush();
        } else {
            table(view(body));
        }
    }

    /** Prints a name and its value. */
    final void line(final String name, final Object value) {
        out().printf("%-12s %s%n", name, value);
    }

    /** The list under a name; empty when there is none. */
    @SuppressWarnings("unchecked") // the caller knows what the server lists there
    static <T> List<T> list(final Map<String, Object> view, final String name) {
        return view.get(name) instanceof final List<?> list ? (List<T>) list : List.of();
    }

    /** The object under a name; empty when there is none. */
    @SuppressWarnings("unchecked") // the caller knows that an object stands there
    static Map<String, Object> object(final Map<String, Object> view, final String name) {
        return view.get(name) instanceof final Map<?, ?> map ? (Map<String, Object>) map : Map.of();
    }
}
