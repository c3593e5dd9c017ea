package org.tandemsip.server.cli;

/**
 * A verb of the command line that another module brings, found by {@link java.util.ServiceLoader} (list the
 * implementation in {@code META-INF/services/org.tandemsip.server.cli.Verb}).
 */
public interface Verb {
    /**
     * Makes the command: a fresh object whose class carries picocli's {@code @Command(name = ...)} and implements
     * {@link java.util.concurrent.Callable Callable&lt;Integer&gt;}; what it returns is the process's exit code, one of
     * {@link ExitCode}. It writes to {@code spec.commandLine().getOut()} and {@code getErr()} only.
     */
    Object command();
}
