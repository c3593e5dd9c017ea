package org.tandemsip.server.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.tandemsip.linux.CompilerThreads;
import org.tandemsip.server.EventLog;
import org.tandemsip.server.LogSetup;
import org.tandemsip.server.Signals;
import org.tandemsip.server.StartException;
import org.tandemsip.server.Tandem;
import org.tandemsip.server.admin.Control;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.config.ConfigException;

/** The life of a process that is a server: starts it, listens to signals, and ends it when it is told to. */
final class ServerProcess {
    private static final int COMPILER_NICE = 10;

    private ServerProcess() {}

    /**
     * Runs the server until it is told to stop.
     *
     * @param source where the configuration comes from, now and at each reload
     * @param err    where errors of the start go
     * @return an {@link ExitCode}
     */
    static int run(final Tandem.Source source, final PrintWriter err) {
        // It takes as long as reading the configuration, and everything after that logs.
        Thread.ofPlatform().daemon().name("tandem-log-start").start(LogSetup::load);
        final Config config;
        try {
            config = source.read();
            LogSetup.apply(config.log());
        } catch (final ConfigException e) {
            return Failure.badConfig(err, e);
        } catch (final IOException e) {
            return Failure.say(err, ExitCode.NOT_PERMITTED, "log.file: " + e.getMessage());
        }
        try (Tandem tandem = Tandem.start(config, Optional.of(source))) {
            listenToSignals(tandem);
            CompilerThreads.giveWay(COMPILER_NICE);
            // Half of the heap is what starting left behind: collected now, it is given back before the first rush.
            System.gc();
            tandem.awaitStop();
            return ExitCode.OK;
        } catch (final StartException e) {
            return Failure.say(err, switch (e.reason()) {
                case CANNOT_BIND -> ExitCode.CANNOT_BIND;
                case NOT_PERMITTED -> ExitCode.NOT_PERMITTED;
                case FAILED -> ExitCode.FAILED;
            }, e.getMessage());
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return ExitCode.FAILED;
        }
    }

    private static void listenToSignals(final Tandem tandem) {
        final AtomicInteger stops = new AtomicInteger();
        final Runnable stop = () -> {
            if (stops.incrementAndGet() > 1) {
                Runtime.getRuntime().halt(ExitCode.FAILED);
            }
            tandem.end();
        };
        Signals.on("TERM", stop);
        Signals.on("INT", stop);
        Signals.on("HUP", () -> reload(tandem));
        Signals.on("USR1", ServerProcess::reopen);
    }

    private static void reload(final Tandem tandem) {
        try {
            tandem.reload();
        } catch (final ConfigException | Control.Refused e) {
            // Logged where it happened; what runs goes on as it was.
            EventLog.warn("reload", "msg", "the running configuration was not changed");
        }
    }

    private static void reopen() {
        try {
            LogSetup.reopen();
        } catch (final IOException e) {
            EventLog.error("log", "msg", "cannot open the log file again", "cause", e);
        }
    }
}
