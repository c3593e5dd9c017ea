package org.tandemsip.server.transport;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Which socket a loop may wait for without epoll. */
class SoleSocketTest {
    private final SoleSocket sole = new SoleSocket();
    private final Object trunk = new Object();
    private final Object other = new Object();
    private long nowNs;

    @Test
    void shouldExistAfterManyCyclesCloseTogether() {
        cycles(SoleSocket.CYCLES, trunk, SoleSocket.CYCLE_NS);
        assertFalse(sole.exists());
        cycles(SoleSocket.CYCLES, trunk, SoleSocket.CYCLE_NS);
        assertTrue(sole.exists());
    }

    @Test
    void shouldNotExistWhereDatagramsAreFarBetween() {
        cycles(3 * SoleSocket.CYCLES, trunk, SoleSocket.CYCLE_NS + 1_000);
        assertFalse(sole.exists());
    }

    @Test
    void shouldEndWhenDatagramsBecomeFew() {
        cycles(3 * SoleSocket.CYCLES, trunk, SoleSocket.CYCLE_NS / 2);
        assertTrue(sole.exists());
        cycles(2 * SoleSocket.CYCLES, trunk, SoleSocket.CYCLE_NS * 2);
        assertFalse(sole.exists());
    }

    @Test
    void shouldEndWithTheFirstThatComesLate() {
        cycles(3 * SoleSocket.CYCLES, trunk, SoleSocket.CYCLE_NS / 2);
        cycles(1, trunk, SoleSocket.GAP_NS);
        assertTrue(sole.exists());
        cycles(1, trunk, SoleSocket.GAP_NS + 1);
        assertFalse(sole.exists());
    }

    @Test
    void shouldNotExistBesideAnotherSocket() {
        for (int i = 0; i < 3 * SoleSocket.CYCLES; i++) {
            cycles(1, i % 2 == 0 ? trunk : other, SoleSocket.CYCLE_NS / 2);
        }
        assertFalse(sole.exists());
    }

    @Test
    void shouldEndWithTheFirstCycleInWhichMoreIsReady() {
        cycles(3 * SoleSocket.CYCLES, trunk, SoleSocket.CYCLE_NS / 2);
        sole.reads(trunk);
        sole.endCycle(2, nowNs);
        assertFalse(sole.exists());
    }

    @Test
    void shouldEndWithTheFirstEventThatIsNoDatagram() {
        cycles(3 * SoleSocket.CYCLES, trunk, SoleSocket.CYCLE_NS / 2);
        sole.endCycle(1, nowNs);
        assertFalse(sole.exists());
    }

    @Test
    void shouldNotMindTimers() {
        for (int i = 0; i < 3 * SoleSocket.CYCLES; i++) {
            cycles(1, trunk, SoleSocket.CYCLE_NS / 2);
            sole.endCycle(0, nowNs);
        }
        assertTrue(sole.exists());
    }

    @Test
    void shouldBeginAnewAfterARestart() {
        cycles(3 * SoleSocket.CYCLES, trunk, SoleSocket.CYCLE_NS / 2);
        sole.restart();
        assertFalse(sole.exists());
        cycles(SoleSocket.CYCLES, trunk, SoleSocket.CYCLE_NS / 2);
        assertFalse(sole.exists());
        cycles(1, trunk, SoleSocket.CYCLE_NS / 2);
        assertTrue(sole.exists());
    }

    private void cycles(final int count, final Object socket, final long eachNs) {
        for (int i = 0; i < count; i++) {
            nowNs += eachNs;
            sole.reads(socket);
            sole.endCycle(1, nowNs);
        }
    }
}
