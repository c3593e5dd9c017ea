package org.tandemsip.server;

import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.shard.ShardReports;

/** What shards report, as log lines. The shards see to it that these are few. */
final class LogReports implements ShardReports {
    private static final int FRAMES = 12;

    @Override
    public void fault(final int shard, final Seam seam, final Throwable cause, final SipMessage message,
            final long suppressed) {
        EventLog.error("fault", "shard", shard, "seam", seam, "cause", cause, "stack", stack(cause), "suppressed",
                suppressed);
    }

    private static String stack(final Throwable cause) {
        final StringBuilder frames = new StringBuilder();
        final StackTraceElement[] trace = cause.getStackTrace();
        for (int i = 0; i < Math.min(trace.length, FRAMES); i++) {
            frames.append(i == 0 ? "" : " < ").append(trace[i].getClassName()).append('.')
                    .append(trace[i].getMethodName()).append(':').append(trace[i].getLineNumber());
        }
        return frames.toString();
    }

    @Override
    public void overload(final boolean begins, final long queueNs, final long turnedAway) {
        EventLog.warn(begins ? "overload" : "overload_end", "queue_ms", queueNs / 1_000_000, "turned_away",
                turnedAway);
    }

    @Override
    public void refused(final int shard, final Source source, final long suppressed) {
        final String host = IpAddress.toString(source.addressHigh, source.addressLow);
        EventLog.warn("refused", "src", (host.indexOf(':') < 0 ? host : '[' + host + ']') + ':' + source.port,
                "transport", source.transport, "reason", "unknown_source", "suppressed", suppressed);
    }
}
