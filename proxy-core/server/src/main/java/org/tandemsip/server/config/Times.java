package org.tandemsip.server.config;

import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tandemsip.engine.routing.TimeWindow;
import org.tandemsip.server.config.Scalar.BadValue;
import org.tandemsip.server.config.Scalar.Shape;

/** Days, hours and time zones. */
final class Times {
    private static final List<String> NAMES = List.of("mon", "tue", "wed", "thu", "fri", "sat", "sun");
    private static final String DAY = "(mon|tue|wed|thu|fri|sat|sun)";
    private static final Pattern DAYS_PATTERN = Pattern.compile(DAY + "(?:-" + DAY + ")?");
    private static final String TIME = "([01][0-9]|2[0-4]):([0-5][0-9])";
    private static final Pattern HOURS_PATTERN = Pattern.compile(TIME + "-" + TIME);
    private static final int DAY_SECONDS = 86_400;

    /** A day, or those from one to another; 0 is Monday. */
    static final Scalar<Set<Integer>> DAYS = new Scalar<>("a day or days, such as mon or mon-fri",
            new Shape.Text("^" + DAYS_PATTERN.pattern() + "$"), Times::days);
    /** Hours of a day. */
    static final Scalar<TimeWindow.Hours> HOURS = new Scalar<>("hours, such as 08:00-18:00 or 22:00-06:00",
            new Shape.Text("^" + HOURS_PATTERN.pattern() + "$"), Times::hours);
    /** A place of the time zone database. */
    static final Scalar<ZoneId> ZONE = new Scalar<>("a time zone, such as Europe/Berlin or UTC",
            new Shape.Text("^[A-Za-z0-9/_+-]+$"), Times::zone);

    private Times() {}

    private static Set<Integer> days(final String text) throws BadValue {
        final Matcher matcher = DAYS_PATTERN.matcher(text);
        if (!matcher.matches()) {
            throw new BadValue(ErrorCode.BAD_VALUE, "is not a day; write mon, tue, wed, thu, fri, sat, sun or mon-fri");
        }
        final int last = NAMES.indexOf(matcher.group(2) == null ? matcher.group(1) : matcher.group(2));
        final Set<Integer> days = new TreeSet<>();
        int day = NAMES.indexOf(matcher.group(1));
        days.add(day);
        while (day != last) {
            day = (day + 1) % NAMES.size();
            days.add(day);
        }
        return days;
    }

    private static TimeWindow.Hours hours(final String text) throws BadValue {
        final Matcher matcher = HOURS_PATTERN.matcher(text);
        final boolean wellFormed = matcher.matches();
        final int from = wellFormed ? seconds(matcher.group(1), matcher.group(2)) : 0;
        final int to = wellFormed ? seconds(matcher.group(3), matcher.group(4)) : 0;
        if (from == to || from >= DAY_SECONDS || to > DAY_SECONDS) {
            throw new BadValue(ErrorCode.BAD_VALUE, "are not hours; write HH:MM-HH:MM, 00:00 to 24:00");
        }
        return new TimeWindow.Hours(from, to);
    }

    private static int seconds(final String hours, final String minutes) {
        return Integer.parseInt(hours) * 3_600 + Integer.parseInt(minutes) * 60;
    }

    private static ZoneId zone(final String text) throws BadValue {
        try {
            return ZoneId.of(text);
        } catch (final DateTimeException e) {
            throw new BadValue(ErrorCode.BAD_VALUE, "is not a time zone; write a name such as Europe/Berlin, or UTC");
        }
    }
}
