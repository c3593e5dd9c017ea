package org.tandemsip.server.cli;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.tandemsip.server.EventLog;
import org.tandemsip.server.LogSetup;
import org.tandemsip.server.Signals;
import org.tandemsip.server.StartException;
import org.tandemsip.server.Tandem;
import org.tandemsip.server.admin.Control;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.config.ConfigException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Runs the server until it is told to stop. */
@Command(name = "run", description = {"Run the server.",
    "Signals: TERM and INT stop it, a second one at once; HUP reloads the configuration; USR1 opens the log file"
            + " again."})
final class RunVerb implements Callable<Integer> {
    @Spec
    private CommandSpec spec;
    @Mixin
    private ConfigOptions options;

    @Override
    public Integer call() throws InterruptedException {
        final Tandem.Source source = options.source();
        final Config config;
        try {
            config = source.read();
            LogSetup.apply(config.log());
        } catch (final ConfigException e) {
            return Failure.badConfig(spec, e);
        } catch (final IOException e) {
            return Failure.say(spec, ExitCode.NOT_PERMITTED, "log.file: " + e.getMessage());
        }
        try (Tandem tandem = Tandem.start(config, Optional.of(source))) {
            listenToSignals(tandem);
            // Half of the heap is what starting left behind: collected now, it is given back before the first rush.
            System.gc();
            tandem.awaitStop();
            return ExitCode.OK;
        } catch (final StartException e) {
            return Failure.say(spec, switch (e.reason()) {
                case CANNOT_BIND -> ExitCode.CANNOT_BIND;
                case NOT_PERMITTED -> ExitCode.NOT_PERMITTED;
                case FAILED -> ExitCode.FAILED;
            }, e.getMessage());
        }
    }

    private static void listenToSignals(final Tandem tandem) {
        final AtomicInteger stops = new AtomicInteger();
        final Runnable stop = () -> {
            if (stops.incrementAndGet() > 1) {
                Runtime.getRuntime().halt(ExitCode.FAILED);
            }
            tandem.stop();
        };
        Signals.on("TERM", stop);
        Signals.on("INT", stop);
        Signals.on("HUP", () -> reload(tandem));
        Signals.on("USR1", RunVerb::reopen);
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
