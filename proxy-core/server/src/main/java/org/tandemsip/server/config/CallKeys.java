package org.tandemsip.server.config;

import java.util.List;
import org.tandemsip.codec.HeaderField;
import org.tandemsip.engine.routing.CallRules;
import org.tandemsip.engine.routing.ResponseMap;

/** The keys by which calls with two dialogs are treated on the side of a trunk. */
final class CallKeys {
    private static final long SECOND_NS = 1_000_000_000L;

    static final Key<Long> SESSION_TIMER = Key.of("session-timer", Scalars.durationOr("off", "90s", "24h"), "30m",
            "Session-Expires asked for (RFC 4028): a side that is gone is found by then, and the other one released."
                    + " Who knows no session timers is asked by a request of ours inside the dialog.");
    static final Key<Long> MIN_SESSION = Key.of("min-session", Scalars.duration("90s", "24h"), "90s",
            "Min-SE: who wants to refresh more often than that is answered 422.");
    static final Key<CallRules.Refer> REFER = Key.of("refer", Scalars.choice("way", CallRules.Refer.class), "pass",
            "What becomes of a REFER of this trunk. pass: the other side does it. handle: Tandem calls whom it names,"
                    + " by the routes of this trunk, says by NOTIFY how that goes, and brings the two together; until"
                    + " then the call stays as it is. release: likewise, but whoever asked for it is let go at once."
                    + " With Replaces the two calls are joined; where another loop has the second call, whom the"
                    + " referrer has there gets an INVITE with Replaces, which its user agent has to know (RFC 3891)."
                    + " Calls with a trunk that has media.anchor or media.codecs are left out, and so is what leads to"
                    + " one: such REFERs are passed on.");
    static final Key<Boolean> REFER_HOLD = Key.of("refer-hold", Scalars.flag(), "false",
            "Whether the side that stays is put on hold while Tandem does a REFER of this trunk.");
    static final Key<List<Item<HeaderField>>> PASS_HEADERS = Key.of("pass-headers",
            new ListOf<>(HeaderFields.PASSED, 64),
            "[]", "[X-Account, P-Charging-Vector]",
            "Header fields that calls take from this trunk to others and back, besides those that they take anyway; but"
                    + " Refer-To and Replaces, which are always translated, and Join, which names what only one side"
                    + " knows.");
    static final Key<CallRules.Redirect> REDIRECT = Key.of("redirect", Scalars.choice("way", CallRules.Redirect.class),
            "pass",
            "What becomes of a 300, 301 or 302 of this trunk to a call that is set up. pass: the caller gets it,"
                    + " with our host in the place of addresses in its Contacts: whoever calls them comes here, and"
                    + " goes where the routes lead. follow: Tandem calls the Contacts, those with the highest q"
                    + " first, where the routes of the caller lead there, and only who is in a trunk.");
    static final Key<CallRules.EarlyDialogs> EARLY_DIALOGS = Key.of("early-dialogs",
            Scalars.choice("way", CallRules.EarlyDialogs.class), "one",
            "What callers of this trunk see of a fork behind Tandem while it rings. one: one early dialog, whoever"
                    + " rings. each: one for each branch, eight at a time at most, by a To tag of ours for each of"
                    + " them: their descriptions, PRACK, UPDATE, INFO and BYE are kept apart. Calls with a trunk that"
                    + " has media.anchor show one.");
    static final Key<ResponseMap> MAP_RESPONSES = Key.of("map-responses", new StatusCodes(), "{}",
            "{604: 404, 480: 486}",
            "Failures of calls to this trunk that callers are told as others, with the usual reason phrase. Records of"
                    + " calls have what was received.");
    static final Key<Bound> B2BUA = new Key<>("b2bua",
            new Section(List.of(SESSION_TIMER, MIN_SESSION, REFER, REFER_HOLD, REDIRECT, EARLY_DIALOGS, MAP_RESPONSES,
                    PASS_HEADERS)),
            null, false,
            "How calls in mode b2bua are treated on the side of this trunk.", null);

    private CallKeys() {}

    /** The rules of a trunk. */
    static CallRules rules(final Reading reading, final Bound trunk) {
        final Bound bound = trunk.get(B2BUA);
        if (bound == null || bound.get(SESSION_TIMER) == null || bound.get(MIN_SESSION) == null
                || bound.get(REFER) == null || bound.get(REDIRECT) == null
                || bound.get(MAP_RESPONSES) == null || bound.get(EARLY_DIALOGS) == null) {
            // Wrong, and told already.
            return CallRules.DEFAULTS;
        }
        final int session = seconds(bound.get(SESSION_TIMER));
        final int shortest = seconds(bound.get(MIN_SESSION));
        if (session > 0 && session < shortest) {
            reading.problem(ErrorCode.CONTRADICTION, bound.at(MIN_SESSION), "min-session is longer than session-timer");
        }
        return new CallRules(session, shortest, bound.get(REFER), Boolean.TRUE.equals(bound.get(REFER_HOLD)),
                ConfigBuilder.values(bound.get(PASS_HEADERS)), bound.get(REDIRECT), bound.get(MAP_RESPONSES),
                bound.get(EARLY_DIALOGS));
    }

    private static int seconds(final long ns) {
        return Math.toIntExact(ns / SECOND_NS);
    }
}
