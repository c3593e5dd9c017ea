package org.tandemsip.server.records;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.server.admin.Json;

/** Records on their way from the file into SQLite, and back to who asks for them. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class CallHistoryTest {
    @TempDir
    Path folder;

    private final List<String> told = new CopyOnWriteArrayList<>();
    private final RecordReports reports = new RecordReports() {
        @Override
        public void failed(final String what, final String where, final String cause) {
            told.add(what + ": " + cause);
        }

        @Override
        public void recovered(final String what, final String where) {
            told.add(what);
        }

        @Override
        public void lost(final long count) {
            told.add("lost");
        }
    };

    private Path file() {
        return folder.resolve("cdr.jsonl");
    }

    private CallHistory open(final Path database) throws IOException {
        return new CallHistory(file(), Optional.of(database), Optional.empty(), Optional.empty(), Json::parse,
                reports);
    }

    static String line(final int number) {
        return ("{\"id\":\"%05d\",\"call_id\":\"a%d\",\"xcid\":\"b%d\",\"start\":\"2026-11-23T04:%02d:%02d.000Z\","
                + "\"end\":null,\"duration_ms\":%d,\"from\":\"sip:\\u0000\\\"alice\",\"code\":200,\"node\":\"n\"}\n")
                .formatted(number, number, number, number / 60 % 60, number % 60, number * 10);
    }

    private void append(final String text) throws IOException {
        Files.writeString(file(), text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private static void await(final BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            Thread.sleep(10);
        }
    }

    private static List<String> ids(final List<String> lines) {
        return lines.stream().map(RecordFile::id).toList();
    }

    @Test
    void shouldShowTheLastCallsOfTheFileAloneWhereThereIsNoDatabase() throws IOException {
        append(line(1) + "no record\n" + line(2) + line(3) + "{\"id\":\"4");
        try (CallHistory history = new CallHistory(file(), Optional.empty(), Optional.empty(), Optional.empty(),
                Json::parse, reports)) {
            assertEquals(List.of("00003", "00002"), ids(history.last(2, "")));
            assertEquals(List.of("00001"), ids(history.last(10, "b1")));
        }
    }

    @Test
    void shouldFindACallByTheIdThatItHadWhileItWasUp() throws Exception {
        final String cd = "00000000cd047c42-1a20bc7796a";
        append(line(1) + line(2).replace("00002", cd) + line(3).replace("00003", "00000000cd047c43-1a20bc7796a"));
        try (CallHistory file = new CallHistory(file(), Optional.empty(), Optional.empty(), Optional.empty(),
                Json::parse, reports); CallHistory database = open(folder.resolve("calls.db"))) {
            await(() -> database.databases().getFirst().stored() == 3);
            for (final CallHistory history : List.of(file, database)) {
                assertEquals(List.of(cd), ids(history.last(10, "cd047c42")));
                assertEquals(List.of(cd), ids(history.last(10, cd)));
                assertEquals(List.of(), ids(history.last(10, "d047c42")));
                assertEquals(List.of(), ids(history.last(10, "%")));
            }
        }
    }

    @Test
    void shouldCopyEachRecordOnceOverRollsRestartsAndLinesThatAreNone() throws Exception {
        final Path database = folder.resolve("calls.db");
        try (CallHistory history = open(database)) {
            for (int i = 0; i < 2_500; i++) {
                append(line(i));
            }
            append("rubbish\n{\"id\":\"x\",\"start\":\n");
            await(() -> history.databases().getFirst().stored() == 2_500);
            await(() -> history.databases().getFirst().skipped() == 2);
            Files.move(file(), folder.resolve("cdr.jsonl.20261123T040000Z"));
            append(line(2_500));
            await(() -> history.databases().getFirst().stored() == 2_501);
        }
        append(line(2_501));
        Files.move(file(), folder.resolve("cdr.jsonl.20261123T050000Z"));
        append(line(2_502) + line(0));
        try (CallHistory history = open(database)) {
            await(() -> history.databases().getFirst().behindBytes() == 0);
            assertEquals(2_503, history.last(10_000, "").size());
            assertEquals(List.of("00007"), ids(history.last(10, "a7")));
            assertEquals(line(7).strip(), history.last(10, "00007").getFirst());
        }
        // Nothing is known of how far it has come: all of it once more, and nothing twice.
        Files.delete(folder.resolve("cdr.jsonl.sqlite.position"));
        try (CallHistory history = open(database)) {
            await(() -> history.databases().getFirst().behindBytes() == 0);
            assertEquals(2_503, history.last(10_000, "").size());
        }
        assertEquals(List.of(), told);
    }

    @Test
    void shouldKeepRecordsInTheFileWhileTheDatabaseCannotBeUsed() throws Exception {
        final Path database = Files.createDirectory(folder.resolve("calls.db"));
        try (CallHistory history = open(database)) {
            append(line(1));
            await(() -> history.databases().getFirst().failure() != null);
            assertTrue(history.databases().getFirst().behindBytes() > 0);
            assertTrue(history.databases().getFirst().errors() > 0);
            assertTrue(told.getFirst().startsWith("the database takes no records; they wait in "), told.toString());
            Files.delete(database);
            await(() -> history.databases().getFirst().stored() == 1);
            await(() -> history.databases().getFirst().failure() == null);
            assertNull(history.databases().getFirst().failure());
            assertEquals("the database takes records again", told.getLast());
        }
    }

    @Test
    void shouldReadAFileFromItsBeginningThatWasEmptied() throws Exception {
        try (CallHistory history = open(folder.resolve("calls.db"))) {
            append(line(1) + line(2) + line(3));
            await(() -> history.databases().getFirst().stored() == 3);
            await(() -> history.databases().getFirst().behindBytes() == 0);
            Files.writeString(file(), line(4));
            await(() -> history.databases().getFirst().stored() == 4);
            assertEquals(List.of("00004"), ids(history.last(10, "a4")));
        }
    }

    @Test
    void shouldTellWhyTheDatabaseTakesNothing() throws Exception {
        final Path database = folder.resolve("calls.db");
        open(database).close();
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + database);
                Statement statement = connection.createStatement()) {
            // Like a full disk, it ends the transaction by itself.
            statement.execute("CREATE TRIGGER full BEFORE INSERT ON tandem_cdr BEGIN SELECT RAISE(ROLLBACK, 'no room');"
                    + " END");
        }
        try (CallHistory history = open(database)) {
            append(line(1));
            await(() -> history.databases().getFirst().failure() != null);
            assertTrue(told.getFirst().contains("no room"), told.toString());
        }
    }
}
