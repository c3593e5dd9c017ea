package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.server.admin.Json;
import org.tandemsip.server.records.CallHistory;
import org.tandemsip.server.records.RecordReports;
import org.tandemsip.testkit.FreePorts;

/** Records in a real PostgreSQL, which is killed meanwhile. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class PostgresIT {
    @TempDir
    Path folder;

    private final List<String> told = new CopyOnWriteArrayList<>();
    private final RecordReports reports = new RecordReports() {
        @Override
        public void failed(final String what, final String where, final String cause) {
            told.add(what + ": " + where + ": " + cause);
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

    private void append(final int number) throws IOException {
        Files.writeString(folder.resolve("cdr.jsonl"), """
                {"id":"%06d","call_id":"a%d","start":"2026-11-23T04:00:00.%03dZ","answer":"2026-11-23T04:00:01.500Z",\
                "end":null,"duration_ms":%d,"from":"sip:\\u0000x@example.com","code":200,"node":"n"}
                """.formatted(number, number, number % 1_000, number), StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }

    @Test
    void shouldHaveEveryRecordOnceThoughTheDatabaseIsKilledMeanwhile() throws Exception {
        final int most = 3_000;
        try (Postgres server = Postgres.start(FreePorts.udpAndTcp("127.0.0.1"));
                CallHistory history = new CallHistory(folder.resolve("cdr.jsonl"), Optional.empty(),
                        Optional.of(server.address()), Optional.empty(), Json::parse, reports)) {
            for (int i = 0; i < most; i++) {
                append(i);
                if (i == most / 2) {
                    while (history.databases().getFirst().stored() == 0) {
                        Thread.sleep(10);
                    }
                    server.kill();
                }
            }
            while (history.databases().getFirst().failure() == null) {
                Thread.sleep(10);
            }
            assertTrue(history.databases().getFirst().behindBytes() > 0);
            server.begin();
            while (!server.query("SELECT count(*) FROM tandem_cdr").equals(String.valueOf(most))) {
                Thread.sleep(50);
            }
            assertEquals("t", server.query("SELECT \"start\" = '2026-11-23 04:00:00.007+00' AND \"end\" IS NULL"
                    + " AND duration_ms = 7 FROM tandem_cdr WHERE id = '000007'"));
            assertEquals(1, history.last(10, "a7").size());
            assertEquals(0, history.databases().getFirst().skipped());
        }
        assertTrue(told.getFirst().contains("they wait in"), told.toString());
        assertEquals("the database takes records again", told.getLast());
    }
}
