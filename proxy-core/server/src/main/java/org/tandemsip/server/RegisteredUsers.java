package org.tandemsip.server;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.tandemsip.engine.registrar.LocationTable;
import org.tandemsip.engine.routing.Route.Inside;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.registrar.RegistrationStore;

/**
 * Looks after the table of users once a route needs it: fills it with what the state folder holds, has it kept there,
 * and takes out who has gone.
 */
final class RegisteredUsers implements AutoCloseable {
    private static final long SWEEP_SECONDS = 5;

    private final LocationTable table;
    private final CountDownLatch closing = new CountDownLatch(1);
    private RegistrationStore store;
    private boolean open;

    RegisteredUsers(final LocationTable table) {
        this.table = table;
    }

    /** Begins, if {@code config} has a route to the registrar or its users and it has not begun before. */
    synchronized void open(final Config config) throws IOException {
        if (open || config.routes().stream().allMatch(route -> route.inside() == Inside.NOTHING)) {
            return;
        }
        final Optional<Path> folder = TokenKey.folder(config, System::getenv);
        if (folder.isPresent()) {
            store = RegistrationStore.open(folder.get(), table, RegistrationStore.SEGMENT_BYTES,
                    System.currentTimeMillis());
            EventLog.info("registrations", "path", folder.get(), "users", store.recovered(), "damaged",
                    store.damaged());
        } else {
            EventLog.warn("registrations", "msg", "no folder to keep them in: they will not survive a restart");
        }
        open = true;
        Thread.ofVirtual().name("tandem-registrations").start(this::sweep);
    }

    private void sweep() {
        boolean failing = false;
        try {
            while (!closing.await(SWEEP_SECONDS, TimeUnit.SECONDS)) {
                table.sweep(System.currentTimeMillis());
                final IOException failure = store == null ? null : store.failure();
                if (failure != null && !failing) {
                    EventLog.error("registrations", "msg", "cannot be kept: " + failure.getMessage());
                }
                failing = failure != null;
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public synchronized void close() {
        closing.countDown();
        if (store != null) {
            store.close();
        }
    }
}
