package org.tandemsip.server.admin;

import java.util.List;
import java.util.function.ToDoubleFunction;
import org.tandemsip.server.records.CallHistory;
import org.tandemsip.server.records.CallStore;

/** Metrics of the records of calls. */
final class RecordMetrics {
    private final Metrics out;

    RecordMetrics(final Metrics out) {
        this.out = out;
    }

    void write(final CallStore store, final CallHistory history) {
        if (store == null) {
            return;
        }
        out.single("tandem_cdr_failing", "gauge", "Whether records cannot be written at present.",
                store.failure() == null ? 0 : 1);
        out.single("tandem_cdr_written_total", "counter", "Records written to their file.", store.written());
        out.single("tandem_cdr_lost_total", "counter",
                "Records lost, since neither their file nor the journal had room.", store.lost());
        out.single("tandem_cdr_refused_calls_total", "counter",
                "Calls refused while records could not be written (cdr.on-full).", store.refused());
        out.single("tandem_calls_kept", "gauge", "Calls in the journal: they outlive the process.", store.kept());
        out.single("tandem_calls_unkept_total", "counter", "States of calls that the journal had no room for.",
                store.unkept());
        out.single("tandem_calls_journal_bytes", "gauge", "Size of the journal of calls.", store.journalBytes());
        out.single("tandem_calls_journal_damaged_total", "counter",
                "Records of the journal, and last lines of the file, found damaged or unfinished at start.",
                store.damaged());
        out.single("tandem_calls_journal_foreign_total", "counter",
                "Files of the journal laid aside at start, since another version has written them.", store.foreign());
        if (history != null && !history.databases().isEmpty()) {
            stores(history.databases());
        }
    }

    private void stores(final List<CallHistory.Status> stores) {
        each(stores, "failing", "gauge", "Whether a database takes no records at present.",
                store -> store.failure() == null ? 0 : 1);
        each(stores, "records_total", "counter", "Records put into a database.", CallHistory.Status::stored);
        each(stores, "skipped_total", "counter", "Lines that are no records, or that a database does not take.",
                CallHistory.Status::skipped);
        each(stores, "errors_total", "counter", "Times that a database was not to be had.",
                CallHistory.Status::errors);
        each(stores, "behind_bytes", "gauge", "Records that wait in their file, in bytes.",
                CallHistory.Status::behindBytes);
    }

    private void each(final List<CallHistory.Status> stores, final String name, final String type, final String help,
            final ToDoubleFunction<CallHistory.Status> value) {
        out.head("tandem_cdr_store_" + name, type, help);
        stores.forEach(store -> out.line("tandem_cdr_store_" + name, "store=\"" + store.name() + '"',
                value.applyAsDouble(store)));
    }
}
