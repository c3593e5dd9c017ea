package org.tandemsip.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.server.admin.Json;
import org.tandemsip.server.config.Config;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class EventLogTest {
    @Test
    void shouldWriteOnePlainLinePerEvent() {
        assertEquals("ts=1970-01-01T00:00:01Z level=info event=log logger=io.netty msg=\"a b\"\n",
                EventLog.line(Config.LogFormat.LOGFMT, 1_000, "INFO", "io.netty", false, "a b"));
        assertEquals("ts=1970-01-01T00:00:01Z level=warn event=stop uptime_seconds=3\n",
                EventLog.line(Config.LogFormat.LOGFMT, 1_000, "WARN", "tandem", true, "event=stop uptime_seconds=3"));
    }

    @Test
    void shouldStayOneLineWhateverTheTextHolds() {
        // given
        final long seed = new Random().nextLong();
        final Random random = new Random(seed);
        final String[] parts =
                {"\r\n", "\u001b[31m", "${jndi:ldap://x}", "=cmd", "<script>", "\"", "\\", "\0", "\u2028",
                    "\ud800", "é", " ", "x=y", "event=stop"};

        for (int i = 0; i < 20_000; i++) {
            // given
            final StringBuilder hostile = new StringBuilder();
            for (int n = random.nextInt(8); n >= 0; n--) {
                hostile.append(parts[random.nextInt(parts.length)]);
            }

            // when
            final String plain = EventLog.line(Config.LogFormat.LOGFMT, 0, "INFO", "wire", false, hostile.toString());
            final String json = EventLog.line(Config.LogFormat.JSON, 0, "INFO", "wire", false, hostile.toString());

            // then
            assertEquals(plain.length() - 1, plain.indexOf('\n'), "seed " + seed);
            assertTrue(plain.chars().allMatch(c -> c == '\n' || c >= ' ' && c < 127), "seed " + seed);
            assertEquals(json.length() - 1, json.indexOf('\n'), "seed " + seed);
            assertEquals(hostile.toString(), ((Map<?, ?>) Json.parse(json)).get("msg"), "seed " + seed);
        }
    }

    @Test
    void shouldCutLongValues() {
        assertTrue(
                EventLog.line(Config.LogFormat.JSON, 0, "INFO", "wire", false, "\n".repeat(100_000)).length() < 4_096);
        assertTrue(
                EventLog.line(Config.LogFormat.LOGFMT, 0, "INFO", "wire", false, "x".repeat(100_000)).length() < 4_096);
    }
}
