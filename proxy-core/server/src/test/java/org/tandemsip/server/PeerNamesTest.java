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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
        read("peers: [carrier.test]", "pbx: {peers: [10.0.0.11]}");
    }

    private void read(String carrier, String other) throws Exception {
        config = new ConfigReader(Map.of()).read("test", """
                listen: [udp://127.0.0.1:0]
                trunks:
                  carrier: {%s}
                  %s
                  house: {peers: [10.9.0.1]}
                routes:
                  - {from: house, to: carrier}
                """.formatted(carrier, other));
        peerNames = new PeerNames(names, (domain, _, located) -> {
            answer = domain.equals(CARRIER) ? located : answer;
        }, PeerNames.reach(config),
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

    @ParameterizedTest(name = "{0}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
            a peer of another trunk                | pbx: {peers: [192.0.2.1]}                       | 0
            its host by another port               | pbx: {peers: ["192.0.2.1:5070"]}                | 0
            a source of another trunk              | pbx: {allow: [192.0.2.0/24]}                    | 0
            a source of a public trunk             | pbx: {allow: [0.0.0.0/0], zone: public}         | 1
            a peer of a public trunk               | pbx: {peers: [192.0.2.1], zone: public}         | 0
            nobody's                               | pbx: {peers: [192.0.2.2], allow: [192.0.3.0/24]} | 1
            another trunk's by the same name       | pbx: {peers: ["carrier.test:5070"]}                  | 1
            """)
    void shouldNotBeLedToAnotherTrunk(String whose, String other, int peers) throws Exception {
        read("peers: [carrier.test]", other);

        give(Answer.Kind.FOUND, HOPS, 0);

        assertEquals(peers, peers());
        assertEquals(1 - peers, names.counters().forbiddenAddresses());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            peers: [carrier.test], allow: [192.0.2.0/28]  | 1
            peers: [carrier.test, "192.0.2.1:5090"]       | 2
            """)
    void shouldShareAnAddressWithAnotherTrunkWhereTheFileSaysSo(String carrier, int peers) throws Exception {
        read(carrier, "pbx: {peers: [\"192.0.2.1:5070\"], allow: [192.0.2.0/24]}");

        give(Answer.Kind.FOUND, HOPS, 0);

        assertEquals(peers, peers());
        assertEquals(0, names.counters().forbiddenAddresses());
    }

    @Test
    void shouldBelieveTheHostsFileAboutAnotherTrunk() throws Exception {
        read("peers: [carrier.test]", "pbx: {peers: [192.0.2.1]}");

        answer.accept(new Located(CARRIER, Answer.Kind.FOUND, HOPS, names.nowNs(), false, true, List.of()));

        assertEquals(1, peers());
    }

    @Test
    void shouldTellAndCountARefusedAddressOncePerAnswer() throws Exception {
        read("peers: [carrier.test]", "pbx: {peers: [192.0.2.1]}");
        give(Answer.Kind.FOUND, HOPS, 0);

        peers();
        peers();
        assertEquals(1, names.counters().forbiddenAddresses());

        give(Answer.Kind.NONE, List.of(), 0);
        give(Answer.Kind.FOUND, HOPS, 0);
        peers();
        assertEquals(2, names.counters().forbiddenAddresses());
    }

    private void give(Answer.Kind kind, List<Hop> hops, long ttlNs) {
        answer.accept(new Located(CARRIER, kind, hops, names.nowNs() + ttlNs, false, false, List.of()));
    }

    private int peers() {
        return peerNames.resolve(config).trunks().getFirst().peers().size();
    }
}
