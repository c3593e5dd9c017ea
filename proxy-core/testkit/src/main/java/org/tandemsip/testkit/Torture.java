package org.tandemsip.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.tandemsip.codec.ParseError;

/**
 * One torture message of RFC 4475 or RFC 5118 and what it must cause, as the table {@code torture-expectations.txt}
 * says it. Tests at every level read the same table; its head explains the columns.
 *
 * @param suite       folder of the corpus: {@code rfc4475} or {@code rfc5118}
 * @param file        name of the file
 * @param udp         what the parser says of it as a datagram
 * @param stream      what the framer makes of it: {@code =}, {@code 2}, {@code MORE} or {@code BROKEN:} with a
 *                    ParseError
 * @param proxyUdp    what a proxy does: {@code forwarded}, a status code, {@code dropped}
 * @param proxyStream the same over a stream: {@code =}, {@code close}, {@code wait}, or a status and {@code ,close}
 * @param section     section of the RFC
 * @param note        why, in a few words; may be empty
 */
public record Torture(String suite, String file, ParseError udp, String stream, String proxyUdp, String proxyStream,
        String section, String note) {
    private static final String TABLE = "torture-expectations.txt";
    private static final int COLUMNS = 8;

    /** All rows of the table. */
    public static List<Torture> all() {
        final List<Torture> rows = new ArrayList<>();
        for (final String line : table().lines().toList()) {
            if (!line.isBlank() && !line.startsWith("#")) {
                final String[] columns = line.split(" {2,}", COLUMNS);
                rows.add(new Torture(columns[0], columns[1], ParseError.valueOf(columns[2]), columns[3], columns[4],
                        columns[5], columns[6], columns.length == COLUMNS ? columns[7] : ""));
            }
        }
        return rows;
    }

    /**
     * The folder that holds the corpora {@code rfc4475} and {@code rfc5118}: {@code $TANDEM_SHARED/corpora}, or
     * {@code ../shared/corpora} beside the repository. Empty when neither is there, and when the variable names a
     * folder without them, an error.
     */
    public static Optional<Path> corpora() {
        final String shared = System.getenv("TANDEM_SHARED");
        if (shared != null) {
            final Path corpora = Path.of(shared, "corpora");
            if (!Files.isDirectory(corpora)) {
                throw new IllegalStateException("TANDEM_SHARED is " + shared + " but holds no corpora");
            }
            return Optional.of(corpora);
        }
        Path folder = Path.of("").toAbsolutePath();
        while (folder != null && !Files.isDirectory(folder.resolve("proxy-core"))) {
            folder = folder.getParent();
        }
        return Optional.ofNullable(folder).map(root -> root.resolve("../shared/corpora").normalize())
                .filter(Files::isDirectory);
    }

    /**
     * Whether the corpora are there, so that a test can be skipped without them. In continuous integration (CI=true in
     * the environment) they must be: an error, since these tests do not pass by not running.
     */
    public static boolean present() {
        final boolean present = corpora().isPresent();
        if (!present && "true".equals(System.getenv("CI"))) {
            throw new IllegalStateException("CI=true, but the corpora of RFC 4475 and RFC 5118 are not there: put them"
                    + " into ../shared/corpora, or name the folder above them in TANDEM_SHARED");
        }
        return present;
    }

    /** The bytes of the message, which must be there. */
    public byte[] bytes() {
        final Path folder = corpora().orElseThrow(() -> new IllegalStateException("the corpora are not there"));
        try {
            return Files.readAllBytes(folder.resolve(suite).resolve(file));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return suite + '/' + file;
    }

    private static String table() {
        try (InputStream in = Torture.class.getResourceAsStream(TABLE)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
