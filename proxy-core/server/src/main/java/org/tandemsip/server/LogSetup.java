package org.tandemsip.server;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.DefaultConfiguration;
import org.apache.logging.log4j.core.config.Property;
import org.tandemsip.server.config.Config;

/** Points log4j at where the configuration wants lines to go. */
public final class LogSetup {
    private static Output output;

    private LogSetup() {}

    /** Loads log4j, which {@link #apply} would wait for else; it may run meanwhile. */
    public static void load() {
        LoggerContext.getContext(false);
    }

    /**
     * Takes over format, level and file.
     *
     * <p>log4j is configured once; later calls change where the one appender writes. To swap log4j's configuration
     * while lines are on their way through its ring can lose them.
     *
     * @throws IOException the file cannot be opened; what was in force stays
     */
    public static synchronized void apply(final Config.Log log) throws IOException {
        final Level level = Level.valueOf(log.level().name());
        if (output != null) {
            output.redirect(log);
            Configurator.setRootLevel(level);
        } else {
            output = new Output(log);
            install(output, level);
        }
        EventLog.format(log.format());
    }

    private static void install(final Output appender, final Level level) {
        final LoggerContext context = LoggerContext.getContext(false);
        final Configuration configuration = new DefaultConfiguration();
        configuration.getRootLogger().getAppenders().keySet().forEach(configuration.getRootLogger()::removeAppender);
        appender.start();
        configuration.addAppender(appender);
        configuration.getRootLogger().addAppender(appender, null, null);
        configuration.getRootLogger().setLevel(level);
        context.setConfiguration(configuration);
        context.updateLoggers();
    }

    /** Opens the log file again under its name, after it was rotated away. */
    public static synchronized void reopen() throws IOException {
        if (output != null) {
            output.reopen();
        }
    }

    /**
     * Writes whole lines to a file or standard error. Its lock is taken by the log's own thread only, and on reopening.
     */
    private static final class Output extends AbstractAppender {
        private Config.LogFormat format;
        private Optional<Path> file;
        private OutputStream stream;

        Output(final Config.Log log) throws IOException {
            super("tandem", null, null, true, Property.EMPTY_ARRAY);
            format = log.format();
            file = log.file();
            stream = open(file);
        }

        private static OutputStream open(final Optional<Path> file) throws IOException {
            return file.isEmpty()
                    ? new FileOutputStream(FileDescriptor.err)
                    : Files.newOutputStream(file.get(), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }

        synchronized void reopen() throws IOException {
            writeTo(file);
        }

        synchronized void redirect(final Config.Log log) throws IOException {
            writeTo(log.file());
            format = log.format();
        }

        private void writeTo(final Optional<Path> next) throws IOException {
            final OutputStream opened = open(next);
            if (file.isPresent()) {
                stream.close();
            }
            stream = opened;
            file = next;
        }

        @Override
        public void append(final LogEvent event) {
            final boolean pairs = event.getMarker() != null && event.getMarker().getName().equals(EventLog.MARKER);
            final String text = event.getThrown() == null || pairs
                    ? event.getMessage().getFormattedMessage()
                    : event.getMessage().getFormattedMessage() + ": " + event.getThrown();
            synchronized (this) {
                try {
                    stream.write(EventLog.line(format, event.getTimeMillis(), event.getLevel().name(),
                            event.getLoggerName(), pairs, text).getBytes(StandardCharsets.UTF_8));
                } catch (final IOException e) {
                    // Nowhere left to say so; the server goes on.
                    error("cannot write the log", event, e);
                }
            }
        }
    }
}
