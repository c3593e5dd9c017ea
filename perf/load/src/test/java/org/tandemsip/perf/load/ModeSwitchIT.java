package org.tandemsip.perf.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.server.Tandem;
import org.tandemsip.server.config.ConfigReader;

/** The mode is switched to and fro while calls run through the proxy. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class ModeSwitchIT {
    private static final int SWITCHES = 20;

    @Test
    void shouldLoseNoCallWhenTheModeIsSwitched20TimesUnder500CallsPerSecond(@TempDir final Path state)
            throws Exception {
        // given
        final InetAddress loopback = InetAddress.getByName("127.0.0.1");
        final InetSocketAddress any = new InetSocketAddress(loopback, 0);
        final InetSocketAddress proxy;
        try (DatagramSocket free = new DatagramSocket(any)) {
            proxy = (InetSocketAddress) free.getLocalSocketAddress();
        }
        final String config = """
                listen: [udp://%s]
                mode: stateless
                trunks: {agents: {allow: [127.0.0.0/8]}}
                routes: [{from: agents, to: request-uri, within: [127.0.0.0/8]}]
                state-dir: %s
                admin: {socket: none}
                """.formatted(LoadRun.hostPort(proxy), state);
        // Calls are held for a second, so that every switch finds established ones and ones being set up.
        final LoadPlan plan = new LoadPlan(any, any, null, 500, 11_000_000_000L, 1_000_000_000L, 0);
        try (LoadRun run = new LoadRun(plan);
                Tandem tandem = Tandem.start(new ConfigReader(Map.of()).read("test", config))) {
            // when
            final CompletableFuture<LoadResult> calls = new CompletableFuture<>();
            Thread.ofPlatform().start(() -> {
                try {
                    calls.complete(run.run(proxy, 0, LoadRun.Progress.NONE));
                } catch (final Exception e) {
                    calls.completeExceptionally(e);
                }
            });
            for (int i = 0; i < SWITCHES; i++) {
                Thread.sleep(500); // spreads the switches over the run
                tandem.mode(i % 2 == 0 ? Mode.STATEFUL : Mode.STATELESS);
            }

            // then
            final LoadResult result = calls.get();
            assertEquals(5_500, result.begun());
            assertTrue(result.clean(), result::summary);
        }
    }
}
