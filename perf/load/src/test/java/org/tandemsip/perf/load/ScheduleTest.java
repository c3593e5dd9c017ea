package org.tandemsip.perf.load;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScheduleTest {
    @ParameterizedTest
    @CsvSource({"1,10", "2,10", "3,10", "4,3", "7,1"})
    void shouldBeOneScheduleWhateverTheNumberOfLoops(final int loops, final long attempts) {
        final List<Long> dueNs = new ArrayList<>();
        for (int loop = 0; loop < loops; loop++) {
            final Schedule schedule = new Schedule(1_000, attempts, loops, loop);
            for (long k = 0; k < schedule.size(); k++) {
                dueNs.add(schedule.dueNs(k));
            }
        }

        assertEquals(LongStream.range(0, attempts).mapToObj(n -> n * 1_000).toList(), dueNs.stream().sorted().toList());
    }

    @ParameterizedTest
    @CsvSource({"0,1", "999,1", "1000,2", "2500,3", "8999,9", "9000,10", "99000,10"})
    void shouldCountWhatHasFallenDueOverAllLoops(final long sinceStartNs, final long due) {
        for (final int loops : new int[] {1, 2, 3, 16}) {
            assertEquals(due, IntStream.range(0, loops)
                    .mapToLong(loop -> new Schedule(1_000, 10, loops, loop).dueBy(sinceStartNs)).sum());
        }
    }

    @Test
    void shouldGiveEachLoopItsTurn() {
        assertEquals(2_000, new Schedule(1_000, 10, 3, 2).dueNs(0));
        assertEquals(5_000, new Schedule(1_000, 10, 3, 2).dueNs(1));
        assertEquals(0, new Schedule(1_000, 2, 3, 2).size());
    }
}
