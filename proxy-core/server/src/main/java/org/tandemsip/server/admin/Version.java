package org.tandemsip.server.admin;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.jar.JarFile;
import java.util.jar.Manifest;

/** Which Tandem this is. */
public final class Version {
    private static final String UNKNOWN = "unknown";
    private static final String COMMIT = readCommit();

    private Version() {}

    /** Version as the build named it; {@code development} where classes run from a folder. */
    public static String number() {
        final String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    /** Commit that it was built from, as the build named it; {@code unknown} where it did not. */
    public static String commit() {
        return COMMIT;
    }

    private static String readCommit() {
        final URL place = Version.class.getProtectionDomain().getCodeSource().getLocation();
        if (!place.getPath().endsWith(".jar")) {
            return UNKNOWN;
        }
        try (JarFile jar = new JarFile(Path.of(place.toURI()).toFile())) {
            final Manifest manifest = jar.getManifest();
            final String commit = manifest == null ? null : manifest.getMainAttributes().getValue("Tandem-Commit");
            return commit == null ? UNKNOWN : commit;
        } catch (final IOException | URISyntaxException unreadable) {
            return UNKNOWN;
        }
    }
}
