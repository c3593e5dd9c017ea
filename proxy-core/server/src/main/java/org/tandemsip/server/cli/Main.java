package org.tandemsip.server.cli;

import java.io.PrintWriter;
import java.nio.file.Path;

/** Entry point of the process. */
public final class Main {
    private Main() {}

    /** Runs the command line and ends the process. */
    public static void main(final String[] args) {
        final int code = run(args, new PrintWriter(System.out, true), new PrintWriter(System.err, true));
        System.exit(code);
    }

    /**
     * Runs one command line.
     *
     * @param out where results go
     * @param err where errors go
     * @return an {@link ExitCode}
     */
    public static int run(final String[] args, final PrintWriter out, final PrintWriter err) {
        final int code = isPlainRun(args) ? ServerProcess.run(ConfigOptions.of(Path.of(args[2])).source(), err)
                : TandemCommand.run(args, out, err);
        out.flush();
        err.flush();
        return code;
    }

    /**
     * Whether it is {@code run -c FILE}, as services start us. It is not worth the fifth of a second that picocli takes
     * to load, and is not in the AOT cache: its classes are of a format too old for that.
     */
    private static boolean isPlainRun(final String[] args) {
        return args.length == 3 && args[0].equals("run") && args[1].equals("-c");
    }
}
