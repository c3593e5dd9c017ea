package org.tandemsip.server.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.tandemsip.server.admin.Json;
import org.tandemsip.server.admin.SocketPath;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A verb that speaks with a running server. */
abstract class AdminVerb implements Callable<Integer> {
    /** Variable that holds the bearer token, as it does for the server. */
    private static final String TOKEN_VARIABLE = "TANDEM_ADMIN_TOKEN";

    @Spec
    private CommandSpec spec;

    @Option(names = "--socket", paramLabel = "PATH", description = "Unix socket of the server.")
    private Path socket;

    @Option(names = "--admin", paramLabel = "URL",
            description = "Address of the server, such as http://127.0.0.1:8060.")
    private URI admin;

    @Option(names = "--token-file", paramLabel = "FILE",
            description = "File with the bearer token for --admin; else environment variable " + TOKEN_VARIABLE + ".")
    private Path tokenFile;

    /** Does what the verb is for; returns an {@link ExitCode}. */
    abstract int run(AdminClient client) throws IOException;

    /** Does it without a server, where its options say so; returns {@code null} where they do not. */
    Integer runAlone() {
        return null;
    }

    @Override
    public final Integer call() throws IOException {
        final Integer alone = runAlone();
        if (alone != null) {
            return alone;
        }
        final AdminClient client = optionsInForce().client();
        try {
            return run(client);
        } catch (final Refusal e) {
            return e.exitCode;
        } catch (final IOException e) {
            final String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            final boolean denied = reason.contains("ermission denied");
            return Failure.say(spec, denied ? ExitCode.NOT_PERMITTED : ExitCode.UNREACHABLE,
                    "no server answers at " + client.name() + ": " + reason);
        }
    }

    /** Where the server is said to be: in the options of this verb, or in those of the one it is part of. */
    private AdminVerb optionsInForce() {
        final Object parent = spec.parent().userObject();
        return socket == null && admin == null && parent instanceof final AdminVerb verb ? verb : this;
    }

    private AdminClient client() throws IOException {
        if (admin == null) {
            return AdminClient.ofSocket(socket == null ? SocketPath.toConnect(System::getenv) : socket);
        }
        if (!"http".equals(admin.getScheme()) || admin.getHost() == null || admin.getPort() < 0) {
            throw new ParameterException(spec.commandLine(), "--admin must be http://HOST:PORT");
        }
        final String token = tokenFile == null ? System.getenv(TOKEN_VARIABLE) : Files.readString(tokenFile).strip();
        return AdminClient.ofAddress(admin, token);
    }

    final PrintWriter out() {
        return spec.commandLine().getOut();
    }

    final CommandSpec spec() {
        return spec;
    }

    /** The body of a good answer; any other answer ends the verb with its message and exit code. */
    final String body(final AdminClient.Answer answer) throws Refusal {
        if (answer.ok()) {
            return answer.body();
        }
        final String detail = detail(answer);
        final int exitCode = switch (answer.status()) {
            case 401, 403 -> ExitCode.NOT_PERMITTED;
            case 422 -> ExitCode.BAD_CONFIG;
            default -> ExitCode.FAILED;
        };
        if (exitCode == ExitCode.BAD_CONFIG) {
            spec.commandLine().getErr().print(detail);
            spec.commandLine().getErr().flush();
        } else {
            Failure.say(spec, exitCode, detail);
        }
        throw new Refusal(exitCode);
    }

    private static String detail(final AdminClient.Answer answer) {
        try {
            return Json.parse(answer.body()) instanceof final Map<?, ?> problem
                    && problem.get("detail") instanceof final String detail ? detail : answer.body();
        } catch (final IllegalArgumentException e) {
            return "status " + answer.status();
        }
    }

    /** An answer that ends the verb; its message was printed. */
    static final class Refusal extends IOException {
        private static final long serialVersionUID = 1L;
        private final int exitCode;

        Refusal(final int exitCode) {
            this.exitCode = exitCode;
        }
    }
}
