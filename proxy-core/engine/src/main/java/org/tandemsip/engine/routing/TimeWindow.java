package org.tandemsip.engine.routing;

import java.time.Instant;
import java.time.ZoneId;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Days and hours in which a route holds, in the time of a place. Immutable; asking allocates nothing, since the changes
 * of that place's clocks are worked out beforehand for years.
 *
 * <p>Hours that go past midnight belong to the day on which they begin.
 */
public final class TimeWindow {
    private static final int DAY_SECONDS = 86_400;
    /** 1970-01-01 was a Thursday. */
    private static final int FIRST_DAY = 3;
    /** Two changes a year, for twenty years. */
    private static final int MOST_CHANGES = 40;

    /**
     * Hours of a day.
     *
     * @param from second of the day
     * @param to   second of the day after the last, or of the next day when it is not later than {@code from}
     */
    public record Hours(int from, int to) {}

    private final ZoneId zone;
    private final Set<Integer> days;
    private final List<Hours> hours;
    private final boolean[] onDay = new boolean[7];
    private final int[] starts;
    private final int[] ends;
    private final long[] changes;
    private final int[] offsets;

    /**
     * Makes a window.
     *
     * @param zone  place whose time counts
     * @param days  0 for Monday to 6 for Sunday; empty for all
     * @param hours empty for all of the day
     * @param now   from when on the window will be asked
     */
    public TimeWindow(final ZoneId zone, final Set<Integer> days, final List<Hours> hours, final Instant now) {
        this.zone = zone;
        this.days = Set.copyOf(days);
        this.hours = List.copyOf(hours);
        Arrays.fill(onDay, days.isEmpty());
        days.forEach(day -> onDay[day] = true);
        starts = hours.isEmpty() ? new int[] {0} : hours.stream().mapToInt(Hours::from).toArray();
        ends = hours.isEmpty() ? new int[] {DAY_SECONDS}
                : hours.stream().mapToInt(each -> each.to <= each.from ? each.to + DAY_SECONDS : each.to).toArray();
        final ZoneRules rules = zone.getRules();
        final List<Long> times = new ArrayList<>();
        final List<Integer> seconds = new ArrayList<>(List.of(rules.getOffset(now).getTotalSeconds()));
        ZoneOffsetTransition next = rules.nextTransition(now);
        for (int i = 0; i < MOST_CHANGES && next != null; i++) {
            times.add(next.toEpochSecond());
            seconds.add(next.getOffsetAfter().getTotalSeconds());
            next = rules.nextTransition(next.getInstant());
        }
        changes = times.stream().mapToLong(Long::longValue).toArray();
        offsets = seconds.stream().mapToInt(Integer::intValue).toArray();
    }

    /** Whether the window is open at a time, in seconds since 1970. */
    public boolean holds(final long epochSecond) {
        int change = 0;
        while (change < changes.length && changes[change] <= epochSecond) {
            change++;
        }
        final long local = epochSecond + offsets[change];
        final int day = (int) Math.floorMod(Math.floorDiv(local, DAY_SECONDS) + FIRST_DAY, 7L);
        final int second = (int) Math.floorMod(local, (long) DAY_SECONDS);
        for (int i = 0; i < starts.length; i++) {
            if (onDay[day] && second >= starts[i] && second < ends[i]
                    || onDay[(day + 6) % 7] && second + DAY_SECONDS < ends[i]) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof final TimeWindow window && zone.equals(window.zone) && days.equals(window.days)
                && hours.equals(window.hours);
    }

    @Override
    public int hashCode() {
        return zone.hashCode() + days.hashCode() * 31 + hours.hashCode();
    }
}
