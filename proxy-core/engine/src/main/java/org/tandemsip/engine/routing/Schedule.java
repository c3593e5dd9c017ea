package org.tandemsip.engine.routing;

/**
 * When a route holds: a window, and the clock that it is held against.
 *
 * @param window days and hours
 * @param clock  time of day; not part of what makes two schedules equal
 */
public record Schedule(TimeWindow window, WallClock clock) {
    /** Whether the route holds at {@code nowNs}. */
    public boolean holds(final long nowNs) {
        return window.holds(clock.epochSecond(nowNs));
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof final Schedule schedule && window.equals(schedule.window);
    }

    @Override
    public int hashCode() {
        return window.hashCode();
    }
}
