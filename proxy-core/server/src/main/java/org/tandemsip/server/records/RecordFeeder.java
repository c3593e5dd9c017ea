package org.tandemsip.server.records;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Copies the lines of the file of records into a database, in groups, each in one transaction. A database that is away
 * is tried again after a second, then after twice as long each time, up to a minute; meanwhile the lines are in their
 * file. Its position is written after the transaction: what comes again after a crash has an id that is known there.
 */
final class RecordFeeder implements AutoCloseable {
    private static final int MOST_LINES = 1_000;
    private static final long LOOK_MS = 200;
    private static final long RETRY_MS = 1_000;
    private static final long LONGEST_RETRY_MS = 60_000;

    private final RecordDatabase database;
    private final Path file;
    private final RecordReader reader;
    private final Function<String, Object> parser;
    private final RecordReports reports;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;
    private Connection connection;
    private volatile long stored;
    private volatile long skipped;
    private volatile long errors;
    private volatile String failure;

    RecordFeeder(final RecordDatabase database, final Path file, final Function<String, Object> parser,
            final RecordReports reports) throws IOException {
        this.database = database;
        this.file = file;
        this.parser = parser;
        this.reports = reports;
        reader = new RecordReader(file, database.name());
        thread = Thread.ofPlatform().daemon().name("tandem-cdr-" + database.name()).start(this::run);
    }

    RecordDatabase database() {
        return database;
    }

    /** Records put into the database. */
    long stored() {
        return stored;
    }

    /** Lines that are no records, or which the database does not take. */
    long skipped() {
        return skipped;
    }

    /** Times that the database was not to be had. */
    long errors() {
        return errors;
    }

    /** Why it is not to be had at present; {@code null} when all is well. */
    String failure() {
        return failure;
    }

    /** Bytes of the file that are not in the database yet. */
    long behind() {
        return RecordReader.behind(file, reader);
    }

    private void run() {
        long waitMs = 0;
        long retryMs = RETRY_MS;
        while (!await(waitMs)) {
            try {
                waitMs = turn() ? 0 : LOOK_MS;
                retryMs = RETRY_MS;
                if (failure != null) {
                    failure = null;
                    reports.recovered("the database takes records again", database.where());
                }
            } catch (final SQLException | IOException e) {
                disconnect();
                errors++;
                if (failure == null) {
                    reports.failed(e instanceof SQLException ? "the database takes no records; they wait in " + file
                            : "the database gets no records: " + file + " cannot be read, or how far cannot be noted",
                            database.where(), text(e));
                }
                failure = text(e);
                waitMs = retryMs;
                retryMs = Math.min(LONGEST_RETRY_MS, 2 * retryMs);
            }
        }
        try {
            // What is there already by now, but without waiting for anybody.
            if (failure == null) {
                turn();
            }
        } catch (final SQLException | IOException e) {
            reports.failed("the database has not got the last records; it will after the next start",
                    database.where(), text(e));
        }
        disconnect();
    }

    private static String text(final Exception e) {
        final String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
        return message.startsWith("No suitable driver") ? "this build has no driver for it" : message;
    }

    private boolean await(final long ms) {
        try {
            return closing.await(ms, TimeUnit.MILLISECONDS);
        } catch (final InterruptedException e) {
            return true;
        }
    }

    /** Copies some lines; returns whether there may be more. */
    private boolean turn() throws SQLException, IOException {
        if (connection == null) {
            connection = database.connect();
        }
        final List<String> lines = reader.read(MOST_LINES);
        if (lines.isEmpty()) {
            return false;
        }
        try {
            put(lines);
        } catch (final SQLException e) {
            rollBack(e);
            putOneByOne(lines);
        }
        reader.passed();
        return true;
    }

    /** Goes on where the record is at fault, else throws {@code cause}: the connection is closed then. */
    private void rollBack(final SQLException cause) throws SQLException {
        if (!isOfData(cause)) {
            throw cause;
        }
        connection.rollback();
    }

    /** Whether it is the record's fault: classes 22 and 23 of SQL states. */
    private static boolean isOfData(final SQLException e) {
        return e.getSQLState() != null && (e.getSQLState().startsWith("22") || e.getSQLState().startsWith("23"));
    }

    private void put(final List<String> lines) throws SQLException {
        long wrong = 0;
        try (PreparedStatement insert = database.insert(connection)) {
            for (final String line : lines) {
                if (bind(insert, line)) {
                    insert.addBatch();
                } else {
                    wrong++;
                }
            }
            insert.executeBatch();
        }
        connection.commit();
        stored += lines.size() - wrong;
        skipped += wrong;
    }

    private void putOneByOne(final List<String> lines) throws SQLException {
        for (final String line : lines) {
            try {
                put(List.of(line));
            } catch (final SQLException e) {
                rollBack(e);
                skipped++;
            }
        }
    }

    private boolean bind(final PreparedStatement insert, final String line) throws SQLException {
        try {
            if (line.startsWith(RecordFile.LINE_START) && parser.apply(line) instanceof final Map<?, ?> record) {
                database.bind(insert, record, line);
                return true;
            }
        } catch (final IllegalArgumentException | java.time.DateTimeException e) {
            // It is counted by whoever asked.
        }
        return false;
    }

    private void disconnect() {
        if (connection != null) {
            try {
                connection.close();
            } catch (final SQLException e) {
                // It is gone already.
            }
            connection = null;
        }
    }

    /** Copies what is there and ends. */
    @Override
    public void close() {
        closing.countDown();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(5));
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
