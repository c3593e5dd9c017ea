package org.tandemsip.server.config;

import java.net.URI;
import java.util.List;
import java.util.Optional;
import org.tandemsip.engine.routing.CreditPolicy;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Route.Inside;
import org.tandemsip.server.config.Scalar.BadValue;
import org.tandemsip.server.config.Scalar.Shape;

/** The keys under {@code credit}, and that of trunks. */
final class CreditKeys {
    static final Key<CreditPolicy> TRUNK = Key.of("credit", Scalars.choice("credit policy", CreditPolicy.class), "none",
            "Whether calls from this trunk need credit (see credit, below), and what becomes of them while the service"
                    + " fails. closed: they are answered 503, and those that stand end with what they have. open: they"
                    + " go on. Only where the routes are in mode b2bua: a proxy cannot end a call.");

    private static final Key<URI> URL = Key.optional("url", new Scalar<>("an http or https URL",
            new Shape.Text("^https?://.+$"), CreditKeys::url), "http://127.0.0.1:8070/credit",
            "Where the service is. It gets a POST of JSON: before a call goes out (\"action\":\"reserve\", with"
                    + " from, to, ruri, trunk_in, reserve_ms), before that time is used up (the same, with the next"
                    + " number and used_ms), and at the end (\"settle\", with used_ms). To reserve it answers"
                    + " {\"granted_ms\": 60000}, with \"last\": true when there is no more to come; 0, or status"
                    + " 402 or 403, is no credit: the call is answered 402. The same Idempotency-Key is the same"
                    + " request.");
    private static final Key<String> TOKEN = Key.optional("token", new Secret(), "${env:CREDIT_TOKEN}",
            "Bearer token that is shown to the service.");
    private static final Key<Long> RESERVE = Key.of("reserve", Scalars.duration("100ms", "24h"), "60s",
            "How much time is asked for at once.");
    private static final Key<Long> TOP_UP = Key.of("top-up", Scalars.duration("10ms", "1h"), "10s",
            "How long before the end of what is granted more is asked for, half of what was granted at most.");
    private static final Key<Long> TIMEOUT = Key.of("timeout", Scalars.duration("10ms", "30s"), "1s",
            "How long an answer is waited for.");
    private static final Key<Integer> IN_FLIGHT = Key.of("in-flight", Scalars.number(1, 10_000), "1000",
            "Most requests under way at a time; over it they count as failed.");
    static final Key<Bound> CREDIT = new Key<>("credit",
            new Section(List.of(URL, TOKEN, RESERVE, TOP_UP, TIMEOUT, IN_FLIGHT)), null, false,
            "The service that says how long calls may last, for trunks with credit: open or closed. Needs a restart to"
                    + " change.",
            null);

    private CreditKeys() {}

    private static URI url(final String text) throws BadValue {
        try {
            final URI uri = URI.create(text);
            if (("http".equals(uri.getScheme()) || "https".equals(uri.getScheme())) && uri.getHost() != null
                    && uri.getUserInfo() == null && uri.getFragment() == null) {
                return uri;
            }
        } catch (final IllegalArgumentException e) {
            // Falls through: no URL at all.
        }
        throw new BadValue(ErrorCode.BAD_VALUE, "is not an http or https URL of a host");
    }

    static Optional<Config.Credit> credit(final Bound top) {
        final Bound credit = top.get(CREDIT);
        final URI url = credit == null ? null : credit.get(URL);
        return url == null ? Optional.empty()
                : Optional.of(new Config.Credit(url, Optional.ofNullable(credit.get(TOKEN)), credit.get(RESERVE),
                        credit.get(TOP_UP), credit.get(TIMEOUT), credit.get(IN_FLIGHT)));
    }

    /** Sees that trunks whose calls need credit have a service to ask, and lead where calls can be ended. */
    static void check(final Reading reading, final Bound top, final Mode mode, final List<Config.Trunk> trunks,
            final List<Config.Route> routes) {
        for (final Config.Trunk trunk : trunks) {
            if (trunk.credit() == CreditPolicy.NONE) {
                continue;
            }
            if (credit(top).isEmpty()) {
                reading.problem(ErrorCode.CONTRADICTION, top.get(Keys.TRUNKS).get(trunk.name()).at(TRUNK),
                        "'credit' of trunk '" + trunk.name() + "' needs 'credit.url', the service to ask");
            }
            routes.stream().filter(route -> route.from() == null || route.from().equals(trunk.name()))
                    .filter(route -> route.inside() == Inside.NOTHING)
                    .filter(route -> route.matchMethod() == null || route.matchMethod().equals("INVITE"))
                    .filter(route -> (route.mode() == null ? mode : route.mode()) != Mode.B2BUA).findFirst()
                    .ifPresent(route -> reading.problem(ErrorCode.CONTRADICTION,
                            top.get(Keys.TRUNKS).get(trunk.name()).at(TRUNK),
                            "'credit' of trunk '" + trunk.name() + "' needs mode b2bua, since a proxy cannot end a"
                                    + " call; route '" + route.name() + "' has another one"));
        }
    }
}
