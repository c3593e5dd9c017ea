package org.tandemsip.server.admin;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Where the admin socket is when nobody says: the same answer for server and client. */
public final class SocketPath {
    private static final Path SYSTEM = Path.of("/run/tandem/admin.sock");
    private static final String OWNER_ONLY = "rwx------";

    private SocketPath() {}

    /** The usual places, best first. */
    public static List<Path> usualPlaces(final UnaryOperator<String> environment) {
        final List<Path> places = new ArrayList<>();
        places.add(SYSTEM);
        final String runtime = environment.apply("XDG_RUNTIME_DIR");
        if (runtime != null && !runtime.isBlank()) {
            places.add(Path.of(runtime, "tandem.sock"));
        }
        places.add(Path.of(System.getProperty("java.io.tmpdir"), "tandem-" + System.getProperty("user.name"),
                "admin.sock"));
        return places;
    }

    /** The socket a client should try: the first that exists, else the last of the usual places. */
    public static Path toConnect(final UnaryOperator<String> environment) {
        final List<Path> places = usualPlaces(environment);
        return places.stream().filter(Files::exists).findFirst().orElse(places.getLast());
    }

    /**
     * The socket a server should make: the first whose folder it may write to. The folder under the temp folder is made
     * private, since anybody may make one of that name before us.
     *
     * @throws IOException none will do
     */
    public static Path toListen(final UnaryOperator<String> environment) throws IOException {
        for (final Path place : usualPlaces(environment)) {
            if (place.equals(SYSTEM) && System.getProperty("user.name").equals("root")
                    && Files.isWritable(SYSTEM.getParent().getParent())) {
                Files.createDirectories(SYSTEM.getParent());
            }
            if (Files.isWritable(place.getParent())) {
                final boolean shared = place.startsWith(System.getProperty("java.io.tmpdir"));
                if (!shared || isPrivate(place.getParent())) {
                    return place;
                }
            }
        }
        final Path last = usualPlaces(environment).getLast();
        Files.createDirectory(last.getParent(),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(OWNER_ONLY)));
        return last;
    }

    private static boolean isPrivate(final Path directory) throws IOException {
        return Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)
                && Files.getOwner(directory, LinkOption.NOFOLLOW_LINKS).getName()
                        .equals(System.getProperty("user.name"))
                && PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)).equals(OWNER_ONLY);
    }

    /**
     * Removes a socket that its server left behind.
     *
     * @throws IOException a server answers on it, or something else stands there
     */
    static void removeStale(final Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
                || Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException(path + " is not a socket");
        }
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(path));
        } catch (final IOException nobodyThere) {
            Files.delete(path);
            return;
        }
        throw new IOException(path + " is in use by another server");
    }
}
