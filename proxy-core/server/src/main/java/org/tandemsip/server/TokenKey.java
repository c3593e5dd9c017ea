package org.tandemsip.server;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.server.config.Config;

/**
 * The key behind branches, tags and Record-Route parameters, kept in a file so that they stay valid when the server
 * restarts: 32 hexadecimal digits, readable by the owner only, made at the first start. Nodes that stand for each other
 * are given the same file.
 */
final class TokenKey {
    private static final String FILE = "token.key";
    private static final int BYTES = 16;

    private TokenKey() {}

    /**
     * The keys of this process: the token key from its file, the table key fresh.
     *
     * @throws IOException the state folder that the configuration names cannot be used, or the file holds no key
     */
    static ShardContext.Keys load(final Config config, final UnaryOperator<String> environment) throws IOException {
        final SecureRandom random = new SecureRandom();
        final byte[] token = config.stateDir().isPresent()
                ? loadOrCreate(config.stateDir().get(), random)
                : fromUsualPlaces(environment, random);
        return new ShardContext.Keys(word(token, 0), word(token, 8), random.nextLong(), random.nextLong());
    }

    /** The folder that {@link #load} has found the key in, or made it; empty when there was none. */
    static Optional<Path> folder(final Config config, final UnaryOperator<String> environment) {
        return config.stateDir().isPresent() ? config.stateDir()
                : usualPlaces(environment).stream().filter(place -> Files.isReadable(place.resolve(FILE)))
                        .findFirst();
    }

    private static byte[] fromUsualPlaces(final UnaryOperator<String> environment, final SecureRandom random) {
        for (final Path directory : usualPlaces(environment)) {
            try {
                return loadOrCreate(directory, random);
            } catch (final IOException e) {
                EventLog.info("state-dir", "path", directory, "skipped", e.getMessage());
            }
        }
        EventLog.warn("state-dir", "msg", "no folder for the token key: calls in progress will not survive a restart");
        final byte[] token = new byte[BYTES];
        random.nextBytes(token);
        return token;
    }

    static List<Path> usualPlaces(final UnaryOperator<String> environment) {
        final List<Path> places = new ArrayList<>();
        final String systemd = environment.apply("STATE_DIRECTORY");
        if (systemd != null && !systemd.isBlank()) {
            places.add(Path.of(systemd.split(":")[0]));
        }
        final Path system = Path.of("/var/lib/tandem");
        if (Files.isWritable(system)) {
            places.add(system);
        }
        final String xdg = environment.apply("XDG_STATE_HOME");
        final String home = environment.apply("HOME");
        if (xdg != null && !xdg.isBlank()) {
            places.add(Path.of(xdg, "tandem"));
        } else if (home != null && !home.isBlank()) {
            places.add(Path.of(home, ".local", "state", "tandem"));
        }
        return places;
    }

    private static byte[] loadOrCreate(final Path directory, final SecureRandom random) throws IOException {
        final Path file = directory.resolve(FILE);
        if (!Files.exists(file)) {
            create(directory, file, random);
        }
        final String text = Files.readString(file, StandardCharsets.US_ASCII).strip();
        if (!text.matches("[0-9a-fA-F]{" + 2 * BYTES + "}")) {
            throw new IOException(file + " holds no key of " + 2 * BYTES + " hexadecimal digits");
        }
        return HexFormat.of().parseHex(text);
    }

    /** Written beside and then linked into place: another process that starts now sees a whole key or none. */
    private static void create(final Path directory, final Path file, final SecureRandom random) throws IOException {
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory,
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        final byte[] token = new byte[BYTES];
        random.nextBytes(token);
        final Path temporary = Files.createTempFile(directory, FILE, ".new",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            Files.writeString(temporary, HexFormat.of().formatHex(token) + "\n");
            Files.createLink(file, temporary);
        } catch (final FileAlreadyExistsException e) {
            // Another process was faster; its key is the key.
        } finally {
            Files.delete(temporary);
        }
    }

    private static long word(final byte[] bytes, final int offset) {
        return java.nio.ByteBuffer.wrap(bytes).getLong(offset);
    }
}
