package org.tandemsip.server.records;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.engine.routing.CallRecords;
import org.tandemsip.testkit.AllocationMeter;

/** States and records of calls on a disk that is good, full or broken, and in the hands of a process that is killed. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class CallStoreTest {
    private static final int SEGMENT = 1 << 16;
    private static final byte[] STATE = new byte[1_000];

    @TempDir
    Path folder;

    private final List<String> told = new CopyOnWriteArrayList<>();
    private final RecordReports reports = new RecordReports() {
        @Override
        public void failed(final String what, final String where, final String cause) {
            told.add("failed " + what);
        }

        @Override
        public void recovered(final String what, final String where) {
            told.add("recovered " + what);
        }

        @Override
        public void lost(final long count) {
            told.add("lost " + count);
        }
    };

    private CallStore open(final Path at, final boolean refuses) throws IOException {
        final CallStore store = CallStore.open(new CallStore.Settings(at.resolve("calls"),
                Optional.of(at.resolve("cdr.jsonl")), 1 << 18, refuses, "udp://\"here\"", SEGMENT), reports);
        // The reserve is there a moment later.
        await(() -> store.journalBytes() >= (CallJournal.MOST_SEGMENTS + 1L) * SEGMENT);
        return store;
    }

    private static String id(final long place) {
        return "%016x-%011x".formatted(place, 7);
    }

    private static boolean end(final CallRecords taker, final long place) {
        final byte[] bytes = ("\"id\":\"" + id(place) + "\",\"code\":200").getBytes(StandardCharsets.US_ASCII);
        return taker.write(place, new UnsafeBuffer(bytes), bytes.length);
    }

    private static void keep(final CallRecords taker, final long place) {
        final UnsafeBuffer state = new UnsafeBuffer(STATE.clone());
        state.putLong(0, place);
        taker.keep(place, state, STATE.length);
    }

    /** What another process sees of {@code from} when the one that writes there is killed now. */
    private Path killed(final Path from, final String name) throws IOException {
        final Path to = Files.createDirectories(folder.resolve(name));
        Files.createDirectories(to.resolve("calls"));
        // The journal first: what is in the file by then was in the journal before.
        for (final String part : List.of("calls", ".")) {
            try (Stream<Path> files = Files.list(from.resolve(part))) {
                for (final Path file : files.filter(Files::isRegularFile).toList()) {
                    Files.copy(file, to.resolve(part).resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
        return to;
    }

    private static Set<Long> left(final CallRecords taker) {
        final Set<Long> places = new TreeSet<>();
        taker.recover((place, state, length) -> {
            assertEquals(STATE.length, length);
            assertEquals(place, state.getLong(0));
            places.add(place);
        });
        return places;
    }

    private static List<String> lines(final Path at) throws IOException {
        final List<String> lines = new ArrayList<>();
        try (Stream<Path> files = Files.list(at)) {
            for (final Path file : files.filter(each -> each.getFileName().toString().startsWith("cdr.jsonl"))
                    .filter(Files::isRegularFile).toList()) {
                lines.addAll(Files.readAllLines(file));
            }
        }
        return lines;
    }

    private static void await(final BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            Thread.onSpinWait();
        }
    }

    @Test
    void shouldWriteOneLinePerCallAndRollTheFile() throws IOException {
        try (CallStore store = open(folder, false)) {
            final CallRecords taker = store.taker();
            for (long place = 1; place <= 10_000; place++) {
                keep(taker, place);
                final long each = place;
                await(() -> end(taker, each));
            }
            await(() -> store.written() == 10_000);
            await(() -> store.kept() == 0);
        }
        final List<String> lines = lines(folder);
        assertEquals(10_000, lines.size());
        assertEquals(10_000, new HashSet<>(lines).size());
        assertEquals("{\"id\":\"" + id(1) + "\",\"code\":200,\"node\":\"udp://here\"}", lines.stream().sorted().toList()
                .getFirst());
        assertFalse(RecordFile.aside(folder.resolve("cdr.jsonl")).isEmpty());
        assertTrue(RecordFile.aside(folder.resolve("cdr.jsonl")).size() > 1);
    }

    @Test
    void shouldHaveEachRecordOnceAndEachCallWheneverItIsKilled() throws IOException {
        final SplittableRandom random = new SplittableRandom(4);
        for (int round = 0; round < 20; round++) {
            final Path at = Files.createDirectories(folder.resolve("round" + round));
            final Set<Long> up = new TreeSet<>();
            final int over = 20 + random.nextInt(200);
            try (CallStore store = open(at, false)) {
                final CallRecords taker = store.taker();
                for (long place = 1; place <= over; place++) {
                    keep(taker, place);
                    if (random.nextInt(10) == 0) {
                        up.add(place);
                    } else {
                        assertTrue(end(taker, place));
                    }
                    if (random.nextInt(50) == 0) {
                        final long so = place * 3 / 4 - up.size();
                        await(() -> store.written() >= so);
                    }
                }

                // when
                final Path after = killed(at, "after" + round);
                try (CallStore next = open(after, false)) {
                    // then
                    assertEquals(up, left(next.taker()), "round " + round);
                    final long expected = over - up.size();
                    await(() -> {
                        try {
                            return lines(after).size() >= expected;
                        } catch (final IOException e) {
                            return false;
                        }
                    });
                }
                final List<String> lines = lines(after);
                assertEquals(over - up.size(), lines.size(), "round " + round);
                assertEquals(lines.size(), new HashSet<>(lines).size());
            }
        }
    }

    @Test
    void shouldKeepLongCallsInLittleRoomBesideManyShortOnes() throws IOException {
        final Set<Long> longCalls = new TreeSet<>();
        try (CallStore store = open(folder, false)) {
            final CallRecords taker = store.taker();
            for (long place = 1; place <= 5_000; place++) {
                final long each = place;
                keep(taker, place);
                if (place % 100 == 0) {
                    longCalls.add(place);
                } else {
                    assertTrue(end(taker, place));
                }
                await(() -> store.written() + 200 > each - longCalls.size());
                assertTrue(store.journalBytes() < 40L * SEGMENT, () -> "bytes " + store.journalBytes());
            }
            await(() -> store.kept() == longCalls.size());
            assertEquals(0, store.lost() + store.unkept());
            try (CallStore next = open(killed(folder, "after"), false)) {
                assertEquals(longCalls, left(next.taker()));
                assertEquals(0, next.damaged());
            }
        }
    }

    @Test
    void shouldRefuseCallsAndLoseNothingWhileTheDiskIsFull() throws IOException {
        // given
        Files.createSymbolicLink(folder.resolve("cdr.jsonl"), Path.of("/dev/full"));
        try (CallStore store = open(folder, true)) {
            final CallRecords taker = store.taker();
            assertTrue(taker.takesCalls());

            // when
            for (long place = 1; place <= 100; place++) {
                assertTrue(end(taker, place));
            }
            await(() -> store.failure() != null);

            // then
            assertFalse(taker.takesCalls());
            assertEquals(1, store.refused());
            assertTrue(store.failure().contains("No space left"), store.failure());

            // and when there is room again
            Files.delete(folder.resolve("cdr.jsonl"));
            await(() -> store.written() == 100);
            await(taker::takesCalls);
            assertEquals(0, store.lost());
        }
        assertEquals(100, lines(folder).size());
        assertEquals(List.of("failed records cannot be written; new calls are refused",
                "recovered records are written again"), told);
    }

    @Test
    void shouldCountWhatIsLostAndGoOnWhenCallsMayGoWithoutRecord() throws IOException {
        Files.createSymbolicLink(folder.resolve("cdr.jsonl"), Path.of("/dev/full"));
        long taken = 0;
        try (CallStore store = open(folder, false)) {
            final CallRecords taker = store.taker();
            for (long place = 1; place <= 20_000; place++) {
                taken += end(taker, place) ? 1 : 0;
                assertTrue(taker.takesCalls());
            }
            final long kept = taken;
            assertTrue(taken > 1_000 && taken < 20_000, "taken " + taken);
            assertEquals(20_000 - taken, store.lost());
            keep(taker, 77);
            assertEquals(1, store.unkept());
            Files.delete(folder.resolve("cdr.jsonl"));
            await(() -> store.written() == kept);
            await(() -> told.stream().anyMatch(line -> line.startsWith("lost")));
            // There is room again.
            await(() -> end(taker, 30_000));
        }
        assertEquals(taken + 1, lines(folder).size());
    }

    @Test
    void shouldNotBringBackACallWhoseRecordWasLost() throws IOException {
        Files.createSymbolicLink(folder.resolve("cdr.jsonl"), Path.of("/dev/full"));
        try (CallStore store = open(folder, false)) {
            final CallRecords taker = store.taker();
            for (long place = 1; place <= 10; place++) {
                keep(taker, place);
            }
            long other = 1_000;
            int lost = 0;
            for (long place = 1; place < 10; place++) {
                while (end(taker, other)) {
                    other++;
                }
                lost += end(taker, place) ? 0 : 1;
            }
            assertTrue(lost > 0);
            // when
            Files.delete(folder.resolve("cdr.jsonl"));

            // then
            await(() -> store.kept() == 1);
            try (CallStore next = open(killed(folder, "lost"), false)) {
                assertEquals(Set.of(10L), left(next.taker()));
            }
        }
    }

    @Test
    void shouldMendALineThatWasLeftUnfinished() throws IOException {
        Files.writeString(folder.resolve("cdr.jsonl"), "{\"id\":\"1\"}\n{\"id\":\"2\",\"co");
        try (CallStore store = open(folder, false)) {
            assertEquals(1, store.damaged());
            assertTrue(end(store.taker(), 3));
        }
        assertEquals(List.of("{\"id\":\"1\"}", "{\"id\":\"" + id(3) + "\",\"code\":200,\"node\":\"udp://here\"}"),
                lines(folder));
    }

    @Test
    void shouldBeginTheFileAnewWhenSomebodyHasMovedOrEmptiedIt() throws IOException {
        final Path file = folder.resolve("cdr.jsonl");
        try (CallStore store = open(folder, false)) {
            final CallRecords taker = store.taker();
            for (int i = 1; i <= 5; i++) {
                switch (i) {
                    case 2 -> Files.move(file, folder.resolve("moved"));
                    case 3 -> Files.delete(file);
                    case 5 -> Files.writeString(file, "");
                    default -> {
                        // It is left alone.
                    }
                }
                assertTrue(end(taker, i));
                final int written = i;
                await(() -> store.written() == written);
                assertEquals(i == 4 ? 2 : 1, Files.readAllLines(file).size());
                assertTrue(Files.readString(file).startsWith("{\"id\":\"" + id(i == 4 ? 3 : i)),
                        Files.readString(file));
            }
        }
        assertEquals(1, Files.readAllLines(folder.resolve("moved")).size());
        assertEquals(List.of(), told);
    }

    @Test
    void shouldMakeRoomOfWhatAnEarlierProcessHadReady() throws IOException {
        final Path after;
        try (CallStore store = open(folder, false)) {
            keep(store.taker(), 1);
            await(() -> store.kept() == 1);
            after = killed(folder, "after");
        }
        try (CallJournal journal = CallJournal.open(after.resolve("calls"), SEGMENT, (bytes, index, length) -> {},
                List.of()); Stream<Path> files = Files.list(after.resolve("calls"))) {
            assertEquals(1, journal.recovered());
            // That with the call, and a new one.
            assertEquals(2, files.filter(each -> each.toString().endsWith(".journal")).count());
        }
    }

    @Test
    void shouldReadWhatIsGoodOfADamagedJournal() throws IOException {
        final Path after;
        try (CallStore store = open(folder, false)) {
            final CallRecords taker = store.taker();
            for (long place = 1; place <= 20; place++) {
                keep(taker, place);
            }
            await(() -> store.kept() == 20);
            after = killed(folder, "after");
        }
        try (RandomAccessFile file = new RandomAccessFile(after.resolve("calls/calls-1.journal").toFile(), "rw")) {
            file.seek(24 + 5 * 1_024 + 100);
            file.write(0x55);
        }
        try (CallStore next = open(after, false)) {
            assertEquals(1, next.damaged());
            assertEquals(19, left(next.taker()).size());
        }
    }

    @Test
    void shouldLayAsideTheJournalOfAnotherVersionAndStart() throws IOException {
        final Path calls = Files.createDirectories(folder.resolve("calls"));
        Files.write(calls.resolve("calls-6.journal"), new byte[SEGMENT]);
        final byte[] other = new byte[SEGMENT];
        other[0] = 16;
        Files.write(calls.resolve("calls-7.journal"), other);
        Files.writeString(calls.resolve("calls-8.journal"), "of tomorrow");
        try (CallStore store = open(folder, false)) {
            assertEquals(2, store.foreign());
            assertFalse(Files.exists(calls.resolve("calls-6.journal")));
            assertEquals(0, store.recovered());
            assertTrue(end(store.taker(), 1));
        }
        assertTrue(Files.exists(calls.resolve("calls-8.journal.foreign")));
        assertEquals(1, lines(folder).size());
    }

    @Test
    void shouldLeaveTheJournalToTheProcessThatHasIt() throws IOException {
        try (CallStore store = open(folder, false)) {
            IOException refusal = null;
            try {
                open(folder, false);
            } catch (final IOException e) {
                refusal = e;
            }
            assertNotNull(refusal);
            assertTrue(refusal.getMessage().endsWith("is in use by another process"), refusal.getMessage());
            assertTrue(end(store.taker(), 1));
        }
    }

    @Test
    void shouldAllocateNothingOnTheShard() throws IOException {
        try (CallStore store = CallStore.open(new CallStore.Settings(folder.resolve("calls"),
                Optional.of(folder.resolve("cdr.jsonl")), 1 << 30, false, "here", 8 << 20), reports)) {
            final CallRecords taker = store.taker();
            final UnsafeBuffer state = new UnsafeBuffer(STATE);
            assertEquals(0, AllocationMeter.bytes(500, () -> {
                taker.keep(1, state, STATE.length);
                taker.write(1, state, STATE.length);
            }));
        }
    }
}
