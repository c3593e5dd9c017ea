package org.tandemsip.server.registrar;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.registrar.AddressReader;
import org.tandemsip.engine.registrar.Binding;
import org.tandemsip.engine.registrar.Bindings;
import org.tandemsip.engine.registrar.Flow;
import org.tandemsip.engine.registrar.LocationTable;

/** What is left of registrations when the process is not. */
@Timeout(120)
class RegistrationStoreTest {
    private static final ShardContext.Keys KEYS = new ShardContext.Keys(1, 2, 3, 4);
    private static final long NOW = 1_700_000_000_000L;
    private static final int SMALL = 1 << 14;

    @TempDir
    Path folder;

    private static final class House {
        final LocationTable table = new LocationTable(KEYS, 1_000_000);
        final AddressReader reader = new AddressReader(table);
        RegistrationStore store;

        /** Puts contacts in place as the registrar does. */
        boolean register(final String user, final Binding... bindings) {
            final byte[] name = user.getBytes(StandardCharsets.UTF_8);
            assertTrue(reader.read(new UnsafeBuffer(name), 0, name.length));
            Bindings before;
            Bindings after;
            do {
                before = table.find(reader.user());
                after = new Bindings(List.of(bindings), table.nextVersion());
            } while (table.replace(reader.user(), before, after) == LocationTable.Outcome.CHANGED);
            return store.append(reader.user(), after);
        }

        Map<String, Bindings> users() {
            final Map<String, Bindings> users = new TreeMap<>();
            table.forEach((user, bindings) -> users.put(user.toString(), bindings));
            return users;
        }
    }

    private static Binding binding(final String contact, final long seconds) {
        return new Binding(contact.getBytes(StandardCharsets.UTF_8), 500, NOW + seconds * 1_000,
                "call-1".getBytes(StandardCharsets.UTF_8), 0xFFFF_FFFFL,
                "<sip:edge;lr>".getBytes(StandardCharsets.UTF_8),
                "\"<urn:uuid:1>\"".getBytes(StandardCharsets.UTF_8), 2,
                new Flow(Transport.TCP, 77, 5, 6, 5060, 99, true));
    }

    private House open(final Path path, final int segmentBytes) throws IOException {
        final House house = new House();
        house.store = RegistrationStore.open(path, house.table, segmentBytes, NOW);
        return house;
    }

    /** A copy of the folder as it is now: what a process that is killed at this moment leaves. */
    private Path killed() throws IOException {
        final Path copy = Files.createTempDirectory(folder.getParent(), "killed");
        try (Stream<Path> files = Files.list(folder)) {
            for (final Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        return copy;
    }

    @Test
    void shouldFindAllThatWasWrittenWhenTheProcessIsKilled() throws IOException {
        final House house = open(folder, SMALL);
        house.register("alice@pbx.example", binding("sip:alice@10.0.0.1", 60), binding("sip:alice@10.0.0.2", 0));
        house.register("bob@", binding("sip:bob@10.0.0.1", 60));
        house.register("bob@");
        house.register("carol@", binding("sip:carol@10.0.0.1", 60));
        house.register("carol@", binding("sip:carol@10.0.0.9", 60));

        final House next = open(killed(), SMALL);

        assertEquals(List.of("alice@pbx.example", "carol@"), List.copyOf(next.users().keySet()));
        assertEquals(2, next.store.recovered());
        assertEquals(0, next.store.damaged());
        final Bindings alice = next.users().get("alice@pbx.example");
        assertEquals(1, alice.size(), "one has run out");
        final Binding before = house.users().get("alice@pbx.example").get(0);
        final Binding after = alice.get(0);
        assertArrayEquals(before.contact(), after.contact());
        assertArrayEquals(before.callId(), after.callId());
        assertArrayEquals(before.path(), after.path());
        assertArrayEquals(before.instance(), after.instance());
        assertEquals(before.q(), after.q());
        assertEquals(before.cseq(), after.cseq());
        assertEquals(before.regId(), after.regId());
        assertEquals(before.expiresAtMs(), after.expiresAtMs());
        assertEquals(new Flow(Transport.TCP, 77, 5, 6, 5060, 0, true), after.flow(), "its connection is gone");
        assertEquals("sip:carol@10.0.0.9",
                new String(next.users().get("carol@").get(0).contact(), StandardCharsets.UTF_8));
        next.store.close();
        house.store.close();
    }

    @Test
    void shouldPassOverWhatWasNotFinished() throws IOException {
        final House house = open(folder, SMALL);
        house.register("alice@", binding("sip:alice@10.0.0.1", 60));
        house.register("bob@", binding("sip:bob@10.0.0.1", 60));
        house.register("carol@", binding("sip:carol@10.0.0.1", 60));
        final Path killed = killed();
        final Path journal;
        try (Stream<Path> files = Files.list(killed)) {
            journal = files.filter(file -> file.toString().endsWith(".journal")).sorted().findFirst().orElseThrow();
        }
        try (RandomAccessFile file = new RandomAccessFile(journal.toFile(), "rw")) {
            file.seek(40);
            file.write('#');
        }

        final House next = open(killed, SMALL);

        assertEquals(List.of("bob@", "carol@"), List.copyOf(next.users().keySet()));
        assertTrue(next.store.damaged() >= 1);
        next.store.close();
        house.store.close();
    }

    @Test
    void shouldGoOnWithoutASnapshotThatIsNone() throws IOException {
        Files.writeString(folder.resolve("registrations.snapshot"), "not at all a snapshot");

        final House house = open(folder, SMALL);

        assertEquals(0, house.store.recovered());
        assertEquals(1, house.store.damaged());
        house.store.close();
    }

    @Test
    void shouldKeepEverythingOverManySegmentsAndRestarts() throws Exception {
        final long seed = System.nanoTime();
        final RandomGenerator random = RandomGeneratorFactory.of("Xoshiro256PlusPlus").create(seed);
        Path path = folder;
        Map<String, Bindings> expected = Map.of();
        for (int life = 0; life < 3; life++) {
            final House house = open(path, SMALL);
            assertEquals(names(expected), names(house.users()), "seed " + seed + ", life " + life);
            for (int i = 0; i < 2_000; i++) {
                final String user = "user" + random.nextInt(200) + '@';
                final boolean goes = random.nextInt(4) == 0;
                while (!(goes ? house.register(user)
                        : house.register(user, binding("sip:" + i + "@10.0.0." + life, 60)))) {
                    // The thread that makes segments has not had its turn.
                    TimeUnit.MILLISECONDS.sleep(5);
                }
            }
            expected = house.users();
            path = copyOf(path);
            house.store.close();
            try (Stream<Path> files = Files.list(path)) {
                assertTrue(files.count() < 12, "old segments are deleted");
            }
        }
        final House last = open(path, SMALL);
        assertEquals(names(expected), names(last.users()), "seed " + seed);
        last.store.close();
    }

    private Path copyOf(final Path path) throws IOException {
        final Path copy = Files.createTempDirectory(folder.getParent(), "killed");
        try (Stream<Path> files = Files.list(path)) {
            for (final Path file : files.filter(Files::exists).toList()) {
                try {
                    Files.copy(file, copy.resolve(file.getFileName()));
                } catch (final java.nio.file.NoSuchFileException e) {
                    // A segment that a snapshot has just made needless.
                }
            }
        }
        return copy;
    }

    private static Map<String, String> names(final Map<String, Bindings> users) {
        final Map<String, String> names = new TreeMap<>();
        users.forEach((user, bindings) -> names.put(user,
                new String(bindings.get(0).contact(), StandardCharsets.UTF_8)));
        return names;
    }

    @Test
    void shouldKeepTheLatestWhenManyThreadsWriteAtOnce() throws Exception {
        final House house = open(folder, 1 << 20);
        final List<Thread> threads = IntStream.range(0, 4).mapToObj(number -> Thread.ofPlatform().start(() -> {
            final AddressReader reader = new AddressReader(house.table);
            for (int i = 0; i < 500; i++) {
                final byte[] name = ("user" + i % 7 + '@').getBytes(StandardCharsets.UTF_8);
                assertTrue(reader.read(new UnsafeBuffer(name), 0, name.length));
                Bindings before;
                Bindings after;
                do {
                    before = house.table.find(reader.user());
                    after = new Bindings(List.of(binding("sip:" + number + '-' + i + "@10.0.0.1", 60)),
                            house.table.nextVersion());
                } while (house.table.replace(reader.user(), before, after) != LocationTable.Outcome.DONE);
                assertTrue(house.store.append(reader.user(), after));
            }
        })).toList();
        for (final Thread thread : threads) {
            thread.join();
        }

        final House next = open(killed(), 1 << 20);

        assertEquals(names(house.users()), names(next.users()));
        next.store.close();
        house.store.close();
    }

    @Test
    void shouldSayNoWhenThereIsNoRoom() throws IOException {
        final House house = open(folder, 256);
        boolean full = false;
        for (int i = 0; i < 1_000 && !full; i++) {
            full = !house.register("alice@", binding("sip:alice@10.0.0.1", 60));
        }
        assertTrue(full, "segments of one record cannot be made as fast as it is written");
        house.store.close();
    }

    @Test
    void shouldLetOneProcessUseTheFolder() throws IOException {
        final House house = open(folder, SMALL);

        final IOException refusal = assertThrows(IOException.class, () -> open(folder, SMALL));
        assertTrue(refusal.getMessage().contains("in use by another process"));
        house.store.close();
        final House next = open(folder, SMALL);
        assertFalse(next.store.recovered() > 0);
        next.store.close();
    }
}
