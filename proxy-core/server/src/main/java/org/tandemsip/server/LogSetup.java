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
import org.apache.logging.log4j.core.config.DefaultConfiguration;
import org.apache.logging.log4j.core.config.Property;
import org.tandemsip.server.config.Config;

/** Points log4j at where the configuration wants lines to go. */
public final class LogSetup {
    private static Output output;

    private LogSetup() {}

    /**
     * Takes over format, level and file.
     *
     * @throws IOException the file cannot be opened
     */
    public static synchronized void apply(final Config.Log log) throws IOException {
        final Output next = new Output(log);
        final LoggerContext context = LoggerContext.getContext(false);
        final Configuration configuration = new DefaultConfiguration();
        configuration.getRootLogger().getAppenders().keySet().forEach(configuration.getRootLogger()::removeAppender);
        next.start();
        configuration.addAppender(next);
        configuration.getRootLogger().addAppender(next, null, null);
        final Level level = Level.valueOf(log.level().name());
        configuration.getRootLogger().setLevel(level);
        context.setConfiguration(configuration);
        context.updateLoggers();
        EventLog.format(log.format());
        if (output != null) {
            output.close();
        }
        output = next;
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
        private final Config.LogFormat format;
        private final Optional<Path> file;
        private OutputStream stream;

        Output(final Config.Log log) throws IOException {
            super("tandem", null, null, true, Property.EMPTY_ARRAY);
            this.format = log.format();
            this.file = log.file();
            this.stream = open();
        }

        private OutputStream open() throws IOException {
            return file.isEmpty()
                    ? new FileOutputStream(FileDescriptor.err)
                    : Files.newOutputStream(file.get(), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }

        synchronized void reopen() throws IOException {
            final OutputStream next = open();
            close();
            stream = next;
        }

        synchronized void close() throws IOException {
            if (file.isPresent()) {
                stream.close();
            }
        }

        @Override
        public void append(final LogEvent event) {
            final boolean pairs = event.getMarker() != null && event.getMarker().getName().equals(EventLog.MARKER);
            final String text = event.getThrown() == null || pairs
                    ? event.getMessage().getFormattedMessage()
                    : event.getMessage().getFormattedMessage() + ": " + event.getThrown();
            final byte[] line = EventLog.line(format, event.getTimeMillis(), event.getLevel().name(),
                    event.getLoggerName(), pairs, text).getBytes(StandardCharsets.UTF_8);
            synchronized (this) {
                try {
                    stream.write(line);
                } catch (final IOException e) {
                    // Nowhere left to say so; the server goes on.
                    error("cannot write the log", event, e);
                }
            }
        }
    }
}
