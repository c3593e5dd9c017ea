package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Programs of this machine that tests talk to. */
final class Programs {
    private Programs() {}

    /**
     * Sees that one of {@code places} exists. Where not, the test fails in continuous integration, and is left out on a
     * developer's machine.
     */
    static Path require(final String packages, final String... places) {
        return Arrays.stream(places).map(Path::of).filter(Files::exists).findFirst().orElseGet(() -> {
            final String missing = places[0] + " is missing; install it: apt-get install " + packages;
            return "true".equals(System.getenv("CI")) ? fail(missing) : abort(missing);
        });
    }
}
