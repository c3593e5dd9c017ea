package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.server.interop.Phone.Dialog;

/**
 * Alice has called Bob and Carol through a real server in mode b2bua with two loops, and has the two brought together
 * (RFC 5589 section 7). Call-IDs decide by chance whether one loop has both calls: it is done until both ways were seen.
 */
@ExtendWith(Folders.class)
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class AttendedTransferIT {
    private static final int MOST = 60;
    private static final String PROXY = "127.0.41.1";
    private static final String CONFIG = """
            listen: [udp://127.0.41.1:5160]
            mode: b2bua
            loops: 2
            threading: shared
            trunks:
              alice: {peers: ["127.0.41.2:5070"], b2bua: {refer: %s}}
              bob: {peers: ["127.0.41.3:5070"]}
              carol: {peers: ["127.0.41.4:5070"]}
            routes:
              - {from: alice, to: bob, match: {to: "bob"}}
              - {from: alice, to: carol}
            """;

    @ParameterizedTest
    @ValueSource(strings = {"handle", "release"})
    void shouldBringTogetherWhoIsInTwoCallsWhicheverLoopsHaveThem(final String refer) throws Exception {
        final InetSocketAddress server = new InetSocketAddress(PROXY, 5160);
        try (ServerProcess process = ServerProcess.start(server, "127.0.41.2", CONFIG.formatted(refer));
                Phone alice = new Phone("alice", "127.0.41.2", server);
                Phone bob = new Phone("bob", "127.0.41.3", server);
                Phone carol = new Phone("carol", "127.0.41.4", server)) {
            int pairs = 0;
            while (pairs < 4 || carol.replaced.get() < 2 || carol.replaced.get() == pairs) {
                assertTrue(pairs++ < MOST, () -> "only " + carol.replaced + " crossed: " + process);

                // given
                final Dialog first = alice.call("first" + pairs + refer, "sip:bob@" + PROXY + ":5160");
                final Dialog second = alice.call("second" + pairs + refer, "sip:carol@" + PROXY + ":5160");

                // when: the URI is what a phone knows of Carol, our Contact
                assertEquals(202, alice.refer(first, second.target() + second.replaces()), process::toString);

                // then
                await(() -> alice.dialogs.isEmpty() && carol.dialogs.size() == 1, process);
                assertEquals(1, bob.dialogs.size(), process::toString);
                bob.hangUp(bob.dialogs.values().iterator().next());
                await(carol.dialogs::isEmpty, process);
            }
            await(() -> !process.verb("calls").contains("answered"), process);
            assertEquals("", process.verb("stats", "tandem_faults_total").replaceAll("(?m)^.* 0$", "").strip());
        }
    }

    @Test
    void shouldTellAboutItWhenTheSecondCallIsGone() throws Exception {
        final InetSocketAddress server = new InetSocketAddress(PROXY, 5160);
        try (ServerProcess process = ServerProcess.start(server, "127.0.41.2", CONFIG.formatted("handle"));
                Phone alice = new Phone("alice", "127.0.41.2", server);
                Phone bob = new Phone("bob", "127.0.41.3", server);
                Phone carol = new Phone("carol", "127.0.41.4", server)) {
            boolean crossed = false;
            for (int i = 0; !crossed; i++) {
                assertTrue(i < MOST, process::toString);

                // given
                final Dialog first = alice.call("first" + i, "sip:bob@" + PROXY + ":5160");
                final Dialog second = alice.call("second" + i, "sip:carol@" + PROXY + ":5160");
                alice.hangUp(second);
                await(carol.dialogs::isEmpty, process);

                // when: only the loop of the second call can tell that it is gone
                crossed = alice.refer(first, second.target() + second.replaces()) == 202;

                // then: the first call stands in either case
                assertEquals(1, bob.dialogs.size(), process::toString);
                alice.hangUp(first);
                await(bob.dialogs::isEmpty, process);
            }
            assertTrue(process.verb("stats", "tandem_replaces_refused_total").contains("unknown"), process::toString);
            await(() -> !process.verb("calls").contains("answered"), process);
        }
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void await(final Condition condition, final ServerProcess server) throws Exception {
        final long startNs = System.nanoTime();
        while (!condition.holds()) {
            assertTrue(System.nanoTime() - startNs < TimeUnit.SECONDS.toNanos(60), server::toString);
            Thread.sleep(5);
        }
    }
}
