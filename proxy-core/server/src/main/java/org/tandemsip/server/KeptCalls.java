package org.tandemsip.server;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.routing.CallMode;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.server.admin.Json;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.config.Modes;
import org.tandemsip.server.records.CallHistory;
import org.tandemsip.server.records.CallStore;
import org.tandemsip.server.records.RecordReports;
import org.tandemsip.server.transport.Network;

/**
 * Sees to it that calls with two dialogs are written down: from the start on where a route asks for such calls, records
 * are wanted, or a process before this one has left calls; else from the order on that switches to them. Control path;
 * any thread.
 */
final class KeptCalls implements AutoCloseable {
    private static final String JOURNAL = "calls";
    private static final String RECORDS = "cdr.jsonl";
    private static final int SEGMENT_BYTES = 8 << 20;

    private final Config config;
    private final Optional<Path> folder;
    private volatile CallStore store;
    private volatile CallHistory history;
    private boolean tried;

    /**
     * Opens journal and file, where that is known to be needed.
     *
     * @throws IOException the file cannot be written
     */
    KeptCalls(final Config config) throws IOException {
        this.config = config;
        folder = TokenKey.folder(config, System::getenv);
        if (Modes.available(Mode.B2BUA)
                && (config.cdr().on() || config.mode() == Mode.B2BUA
                        || config.routes().stream().anyMatch(route -> route.mode() == Mode.B2BUA)
                        || folder.isPresent() && CallStore.isIn(folder.get().resolve(JOURNAL)))) {
            open();
        }
    }

    /** Where calls are kept and recorded; {@code null} when they are not. */
    CallStore store() {
        return store;
    }

    /** Records of calls that are over; {@code null} when none are written. */
    CallHistory history() {
        return history;
    }

    private void open() throws IOException {
        tried = true;
        final Config.Cdr cdr = config.cdr();
        final Optional<Path> records = cdr.file().isPresent() || !cdr.on() ? cdr.file()
                : Optional.of(folder.orElse(Path.of(".")).resolve(RECORDS));
        final Optional<Path> beside =
                records.map(file -> file.resolveSibling(file.getFileName() + "." + JOURNAL));
        if (folder.isEmpty() && beside.isEmpty()) {
            return;
        }
        try {
            store = open(records, folder.map(state -> state.resolve(JOURNAL)).orElseGet(beside::get));
        } catch (final IOException e) {
            if (records.isPresent()) {
                // Another server of the same user may have that folder; records must not depend on it.
                store = open(records, beside.get());
            }
            EventLog.warn("calls", "msg", "calls of mode b2bua will not survive a restart", "cause", e.getMessage());
        }
    }

    private CallStore open(final Optional<Path> records, final Path journal) throws IOException {
        final CallStore opened = CallStore.open(new CallStore.Settings(journal, records, config.cdr().rollBytes(),
                config.cdr().onFull() == Config.OnFull.REFUSE, config.listen().getFirst().toString(), SEGMENT_BYTES),
                new LogRecordReports());
        if (records.isPresent()) {
            history = new CallHistory(records.get(), config.cdr().sqlite(), config.cdr().postgres(),
                    config.cdr().password(), Json::parse, new LogRecordReports());
        }
        if (opened.recovered() + opened.damaged() + opened.foreign() > 0) {
            EventLog.info("calls", "msg", "calls were found that had not ended", "calls", opened.recovered(),
                    "damaged", opened.damaged(), "of_another_version", opened.foreign());
        }
        return opened;
    }

    /** Has the calls of a new shard kept, whose thread does not run yet. */
    void attach(final CallMode mode) {
        if (store != null) {
            mode.records(store.taker(), System.nanoTime());
        }
    }

    /** All shards have begun. */
    void started() {
        if (store != null) {
            store.started();
        }
    }

    /** Begins, if {@code policy} asks for calls that are to be kept and none were before. */
    synchronized void prepare(final RoutingPolicy policy, final Network network, final List<CallMode> modes) {
        if (tried || policy.mode() != Mode.B2BUA
                && policy.routes().stream().noneMatch(route -> policy.modeOf(route) == Mode.B2BUA)) {
            return;
        }
        try {
            open();
        } catch (final IOException e) {
            EventLog.warn("calls", "msg", "calls of mode b2bua will not survive a restart", "cause", e.getMessage());
        }
        for (int shard = 0; store != null && shard < modes.size(); shard++) {
            final CallMode mode = modes.get(shard);
            network.command(shard, new ShardCommand.Inspect(() -> attach(mode)));
        }
    }

    /** Writes down what is left to be written. */
    @Override
    public void close() {
        if (store != null) {
            store.close();
        }
        if (history != null) {
            history.close();
        }
    }

    /** Tells in the log. */
    private static final class LogRecordReports implements RecordReports {
        @Override
        public void failed(final String what, final String where, final String cause) {
            EventLog.error("cdr", "msg", what, "where", where, "cause", cause);
        }

        @Override
        public void recovered(final String what, final String where) {
            EventLog.info("cdr", "msg", what, "where", where);
        }

        @Override
        public void lost(final long count) {
            EventLog.error("cdr", "msg", "records were lost", "lost", count);
        }
    }
}
