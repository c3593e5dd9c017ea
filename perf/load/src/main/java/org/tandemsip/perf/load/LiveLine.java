package org.tandemsip.perf.load;

import java.io.PrintWriter;
import org.HdrHistogram.Histogram;

/** Prints one line a second while a run goes on. */
final class LiveLine implements LoadRun.Progress {
    private final PrintWriter out;

    LiveLine(final PrintWriter out) {
        this.out = out;
        out.printf("%6s %9s %9s %8s %9s %9s %9s%n", "time", "calls/s", "answered", "failed", "p50 us", "p99 us",
                "p99.9 us");
        out.flush();
    }

    @Override
    public void onSecond(final long second, final long begun, final long answered, final long failed,
            final Histogram lastSecond) {
        out.printf("%5ds %9d %9d %8d %9.0f %9.0f %9.0f%n", second, begun, answered, failed,
                lastSecond.getValueAtPercentile(50) / 1e3, lastSecond.getValueAtPercentile(99) / 1e3,
                lastSecond.getValueAtPercentile(99.9) / 1e3);
        out.flush();
    }
}
