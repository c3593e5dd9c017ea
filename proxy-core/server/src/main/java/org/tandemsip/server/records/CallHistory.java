package org.tandemsip.server.records;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/** The records of calls that are over, in databases and, without any, in the last part of their file. Any thread. */
public final class CallHistory implements AutoCloseable {
    private static final Pattern LIVE = Pattern.compile("[0-9a-f]{1,16}");

    /** How one database is doing. @param failure {@code null} when all is well @param behindBytes not there yet */
    public record Status(String name, String where, String failure, long stored, long skipped, long errors,
            long behindBytes) {}

    private final Path file;
    private final List<RecordFeeder> feeders = new ArrayList<>();

    /**
     * Begins to copy.
     *
     * @param parser makes a map of a line of JSON
     * @throws IOException a file beside that of the records cannot be read
     */
    public CallHistory(final Path file, final Optional<Path> sqlite, final Optional<String> postgres,
            final Optional<String> password, final Function<String, Object> parser, final RecordReports reports)
            throws IOException {
        this.file = file;
        if (sqlite.isPresent()) {
            feeders.add(new RecordFeeder(RecordDatabase.sqlite(sqlite.get()), file, parser, reports));
        }
        if (postgres.isPresent()) {
            feeders.add(new RecordFeeder(RecordDatabase.postgres(postgres.get(), password), file, parser, reports));
        }
    }

    /** How the databases are doing. */
    public List<Status> databases() {
        return feeders.stream().map(each -> new Status(each.database().name(), each.database().where(),
                each.failure(), each.stored(), each.skipped(), each.errors(), each.behind())).toList();
    }

    /**
     * The last records, newest first, each a line of JSON.
     *
     * @param id of the record or one of its calls; empty: any
     * @throws IOException the database does not answer, or the file cannot be read; the message is for people
     */
    public List<String> last(final int most, final String id) throws IOException {
        // A record's id is that of the call while it was up, in 16 digits, and when it began.
        final String beginning = LIVE.matcher(id).matches() ? "0".repeat(16 - id.length()) + id + '-' : "";
        if (!feeders.isEmpty()) {
            final RecordDatabase database = feeders.getFirst().database();
            try {
                return database.last(most, id, beginning);
            } catch (final SQLException e) {
                throw new IOException(database.where() + " does not answer: " + e.getMessage(), e);
            }
        }
        return RecordReader.last(file).stream()
                .filter(line -> id.isEmpty() || line.contains('"' + id + '"')
                        || !beginning.isEmpty() && line.contains("\"id\":\"" + beginning))
                .limit(most).toList();
    }

    @Override
    public void close() {
        feeders.forEach(RecordFeeder::close);
    }
}
