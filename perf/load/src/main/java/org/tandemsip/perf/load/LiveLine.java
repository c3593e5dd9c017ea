package org.tandemsip.perf.load;

import java.io.PrintWriter;

/** Prints one line a second while a run goes on. */
final class LiveLine implements LoadRun.Progress {
    private final PrintWriter out;
    private long failed;

    LiveLine(final PrintWriter out) {
        this.out = out;
        out.printf("%6s %9s %9s %8s %9s %9s %9s%n", "time", "calls/s", "answered", "failed", "p50 us", "p99 us",
                "p99.9 us");
        out.flush();
    }

    @Override
    public void onSecond(final Second second) {
        failed += second.failed();
        if (second.lengthS() < 0.5) {
            // What is left of the last second is not worth a line.
            return;
        }
        out.printf("%5.0fs %9d %9d %8d %9.0f %9.0f %9.0f%n", second.atS(), second.begun(), second.answered(), failed,
                second.p50Ns() / 1e3, second.p99Ns() / 1e3, second.p999Ns() / 1e3);
        out.flush();
    }
}
