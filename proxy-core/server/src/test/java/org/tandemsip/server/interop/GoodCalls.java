package org.tandemsip.server.interop;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How calls went, by the log of the SIPp that made them. */
final class GoodCalls {
    private static final Pattern LOGGED = Pattern.compile("(?m)^-{10,} (\\S+) (\\S+)$");
    private static final Pattern CALL_ID = Pattern.compile("(?mi)^Call-ID: *(\\S+)");

    /** Calls of which an INVITE was sent. */
    private final int begun;
    /** Of each that was answered the time from its first INVITE to the 200, ascending. */
    private final double[] setUpsMs;

    private GoodCalls(final int begun, final double[] setUpsMs) {
        this.begun = begun;
        this.setUpsMs = setUpsMs;
    }

    static GoodCalls of(final Sipp.Agent caller) throws IOException {
        final String log = new String(caller.messages(), StandardCharsets.ISO_8859_1);
        final Map<String, LocalDateTime> asked = new HashMap<>();
        final Map<String, Duration> answered = new HashMap<>();
        final Matcher logged = LOGGED.matcher(log);
        boolean more = logged.find();
        while (more) {
            final LocalDateTime at = LocalDateTime.parse(logged.group(1) + 'T' + logged.group(2));
            final int start = logged.end();
            more = logged.find();
            final String message = log.substring(start, more ? logged.start() : log.length());
            final Matcher callId = CALL_ID.matcher(message);
            if (callId.find() && message.contains("\nINVITE sip:")) {
                asked.putIfAbsent(callId.group(1), at);
            } else if (message.contains("\nSIP/2.0 200 ") && message.contains(" INVITE\r\n")) {
                answered.putIfAbsent(callId.group(1), Duration.between(asked.get(callId.group(1)), at));
            }
        }
        return new GoodCalls(asked.size(),
                answered.values().stream().mapToDouble(each -> each.toNanos() / 1e6).sorted().toArray());
    }

    @Override
    public String toString() {
        return "%d of %d lost, set-up p50 %.1f ms, p99 %.1f ms, largest %.1f ms".formatted(begun - setUpsMs.length,
                begun, percentile(50), percentile(99), percentile(100));
    }

    private double percentile(final int percent) {
        return setUpsMs.length == 0 ? Double.NaN
                : setUpsMs[Math.clamp((long) Math.ceil(setUpsMs.length * percent / 100.0) - 1, 0, setUpsMs.length - 1)];
    }
}
