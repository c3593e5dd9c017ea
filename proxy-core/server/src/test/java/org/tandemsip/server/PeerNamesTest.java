package org.tandemsip.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.codec.Transport;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.config.ConfigReader;
import org.tandemsip.server.dns.Answer;
import org.tandemsip.server.dns.Domain;
import org.tandemsip.server.dns.Hop;
import org.tandemsip.server.dns.Located;
import org.tandemsip.server.dns.Names;

@Timeout(20)
class PeerNamesTest {
    private static final Domain CARRIER = new Domain("carrier.test", 0, null, false);
    private static final List<Hop> HOPS =
            List.of(new Hop(Transport.UDP, 0, 0xFFFF_C000_0201L, 5060, 0, 1, "carrier.test"));
    private static final long HOUR_NS = TimeUnit.HOURS.toNanos(1);

    private final Names names = new Names(Names.Settings.DEFAULTS);
    private final AtomicInteger changes = new AtomicInteger();
    private PeerNames peerNames;
    private Config config;
    private Consumer<Located> answer = _ -> {};

    @BeforeEach
    void watch() throws Exception {
        config = new ConfigReader(Map.of()).read("test", """
                listen: [udp://127.0.0.1:0]
                trunks:
                  carrier: {peers: [carrier.test]}
                  pbx: {peers: [10.0.0.11]}
                routes:
                  - {from: pbx, to: carrier}
                """);
        peerNames = new PeerNames(names, (_, _, located) -> answer = located, PeerNames.reach(config),
                changes::incrementAndGet, false);
        peerNames.watch(config, 0);
    }

    @AfterEach
    void close() {
        names.close();
    }

    @Test
    void shouldKeepTheAddressesWhenNobodyAnswers() {
        give(Answer.Kind.FOUND, HOPS, 0);
        assertEquals(1, peers());

        give(Answer.Kind.FAILED, List.of(), 0);

        assertEquals(1, peers());
        assertEquals(1, changes.get());
    }

    @Test
    void shouldDropTheAddressesWhenTheNameIsGone() {
        give(Answer.Kind.FOUND, HOPS, 0);

        give(Answer.Kind.NONE, List.of(), 0);

        assertEquals(0, peers());
        assertEquals(2, changes.get());
    }

    @Test
    void shouldDropTheAddressesWhenNobodyHasAnsweredForTooLong() {
        give(Answer.Kind.FOUND, HOPS, -2 * HOUR_NS);
        assertEquals(1, peers());

        give(Answer.Kind.FAILED, List.of(), 0);

        assertEquals(0, peers());
    }

    private void give(Answer.Kind kind, List<Hop> hops, long ttlNs) {
        answer.accept(new Located(CARRIER, kind, hops, names.nowNs() + ttlNs, false, false, List.of()));
    }

    private int peers() {
        return peerNames.resolve(config).trunks().getFirst().peers().size();
    }
}
