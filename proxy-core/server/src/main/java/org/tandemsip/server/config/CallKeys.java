package org.tandemsip.server.config;

import java.util.List;
import java.util.Map;
import org.tandemsip.engine.routing.CallRules;

/** The keys by which calls with two dialogs are treated on the side of a trunk. */
final class CallKeys {
    private static final long SECOND_NS = 1_000_000_000L;

    static final Key<Long> SESSION_TIMER = Key.of("session-timer", Scalars.durationOr("off", "90s", "24h"), "30m",
            "Session-Expires asked for (RFC 4028): a side that is gone is found by then, and the other one released."
                    + " Who knows no session timers is asked by a request of ours inside the dialog.");
    static final Key<Long> MIN_SESSION = Key.of("min-session", Scalars.duration("90s", "24h"), "90s",
            "Min-SE: who wants to refresh more often than that is answered 422.");
    static final Key<Bound> B2BUA = new Key<>("b2bua", new Section(List.of(SESSION_TIMER, MIN_SESSION)), null, false,
            "How calls in mode b2bua are treated on the side of this trunk.", null);

    private CallKeys() {}

    /** The rules of a trunk. */
    static CallRules rules(final Reading reading, final Bound trunk) {
        final Bound bound = trunk.get(B2BUA);
        if (bound == null || bound.get(SESSION_TIMER) == null || bound.get(MIN_SESSION) == null) {
            // Wrong, and told already.
            return CallRules.DEFAULTS;
        }
        final int session = seconds(bound.get(SESSION_TIMER));
        final int shortest = seconds(bound.get(MIN_SESSION));
        if (session > 0 && session < shortest) {
            reading.problem(ErrorCode.CONTRADICTION, bound.at(MIN_SESSION), "min-session is longer than session-timer");
        }
        return new CallRules(session, shortest, CallRules.Refer.PASS, false, false, List.of(), Map.of());
    }

    private static int seconds(final long ns) {
        return Math.toIntExact(ns / SECOND_NS);
    }
}
