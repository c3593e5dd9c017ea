package org.tandemsip.engine.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Days and hours of a place, over the changes of its clocks. */
@Timeout(60)
class TimeWindowTest {
    private static final Instant NOW = Instant.parse("2026-01-05T00:00:00Z");

    @Test
    void shouldAgreeWithTheCalendar() {
        final long seed = System.nanoTime();
        final SplittableRandom random = new SplittableRandom(seed);
        for (final String zone : List.of("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
                "Asia/Kolkata", "Pacific/Kiritimati")) {
            for (int round = 0; round < 50; round++) {
                // given
                final Set<Integer> days = new HashSet<>();
                for (int day = 0; day < 7; day++) {
                    if (random.nextBoolean()) {
                        days.add(day);
                    }
                }
                final List<TimeWindow.Hours> hours = new ArrayList<>();
                for (int i = random.nextInt(3); i > 0; i--) {
                    hours.add(new TimeWindow.Hours(random.nextInt(1_440) * 60, 60 + random.nextInt(1_440) * 60));
                }
                final TimeWindow window = new TimeWindow(ZoneId.of(zone), days, hours, NOW);
                for (int i = 0; i < 500; i++) {
                    // when: any time within three years, which change the clocks six times
                    final long epochSecond = NOW.getEpochSecond() + random.nextLong(3 * 365 * 86_400L);

                    // then
                    assertEquals(expected(ZoneId.of(zone), days, hours, epochSecond), window.holds(epochSecond),
                            () -> "seed " + seed + ": " + zone + days + hours + Instant.ofEpochSecond(epochSecond));
                }
            }
        }
    }

    private static boolean expected(final ZoneId zone, final Set<Integer> days, final List<TimeWindow.Hours> hours,
            final long epochSecond) {
        final ZonedDateTime time = Instant.ofEpochSecond(epochSecond).atZone(zone);
        final int today = time.getDayOfWeek().getValue() - 1;
        final int yesterday = time.getDayOfWeek().minus(1).getValue() - 1;
        final int second = time.toLocalTime().toSecondOfDay();
        final boolean onToday = days.isEmpty() || days.contains(today);
        final boolean onYesterday = days.isEmpty() || days.contains(yesterday);
        if (hours.isEmpty()) {
            return onToday;
        }
        return hours.stream().anyMatch(each -> each.to() > each.from()
                ? onToday && second >= each.from() && second < each.to()
                : onToday && second >= each.from() || onYesterday && second < each.to());
    }

    @Test
    void shouldTellTheTimeOfDayByTheClockThatMessagesComeWith() {
        final WallClock clock = new WallClock();
        clock.set(NOW.toEpochMilli(), -5_000_000_000L);
        assertEquals(NOW.getEpochSecond(), clock.epochSecond(-5_000_000_000L));
        assertEquals(NOW.getEpochSecond() + 65, clock.epochSecond(60_000_000_000L));
    }
}
