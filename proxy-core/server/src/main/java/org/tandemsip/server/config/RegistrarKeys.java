package org.tandemsip.server.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The keys under {@code registrar}. */
final class RegistrarKeys {
    static final Key<List<Item<String>>> DOMAINS = Key.of("domains",
            new ListOf<>(Scalars.text("a host name", "[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?", "a host name"),
                    64),
            "[]", "[pbx.example]",
            "Hosts in the addresses of users, besides our own addresses, which stand for the first of them. The same"
                    + " user name in another domain is another user.");
    static final Key<Long> EXPIRES = Key.of("expires", Scalars.duration("1s", "24h"), "1h",
            "How long a contact is good that asks for no time.");
    static final Key<Long> MIN_EXPIRES = Key.of("min-expires", Scalars.duration("1s", "1h"), "60s",
            "Shortest time that a contact may ask for; for less the answer is 423.");
    static final Key<Long> MAX_EXPIRES = Key.of("max-expires", Scalars.duration("1s", "240h"), "1h",
            "Longest time that a contact gets, whatever it asks for.");
    static final Key<Integer> CONTACTS = Key.of("contacts", Scalars.number(1, 10), "10",
            "Most contacts of one user; over it 403.");
    static final Key<Integer> USERS = Key.of("users", Scalars.number(1, 10_000_000), "100000",
            "Most users that may be registered at a time, some 500 bytes each; over it 503.");
    static final Key<Long> PING = Key.of("ping", Scalars.durationOr("never", "1s", "1h"), "30s",
            "How often a phone behind a NAT that has registered over UDP is sent an OPTIONS, so that the way to it"
                    + " stays open. Phones with a flow of their own (RFC 5626) do that themselves.");
    static final Key<Bound> REGISTRAR = new Key<>("registrar",
            new Section(List.of(DOMAINS, EXPIRES, MIN_EXPIRES, MAX_EXPIRES, CONTACTS, USERS, PING)), null, false,
            "Where phones register (RFC 3261 section 10): requests of routes with 'to: registrar'. Calls get to them by"
                    + " routes with 'to: location'.",
            null);

    private RegistrarKeys() {}

    /** What the registrar is told; {@code null} when that is wrong. */
    static Config.Registrar registrar(final Reading reading, final Bound top) {
        final Bound bound = top.get(REGISTRAR);
        if (bound == null || reading.failed()) {
            return null;
        }
        final int expires = seconds(bound, EXPIRES);
        final int min = seconds(bound, MIN_EXPIRES);
        final int max = seconds(bound, MAX_EXPIRES);
        if (min > max || expires < min || expires > max) {
            reading.problem(ErrorCode.CONTRADICTION, bound.at(min > max ? MIN_EXPIRES : EXPIRES),
                    "registrar.expires must lie between registrar.min-expires and registrar.max-expires");
        }
        final List<String> domains = new ArrayList<>();
        for (final Item<String> item : bound.get(DOMAINS)) {
            final String domain = item.value().toLowerCase(Locale.ROOT);
            if (domains.contains(domain)) {
                reading.problem(ErrorCode.CONTRADICTION, item.node(), "'" + domain + "' is listed twice");
            }
            domains.add(domain);
        }
        return new Config.Registrar(List.copyOf(domains), expires, min, max, bound.get(CONTACTS), bound.get(USERS),
                bound.get(PING));
    }

    private static int seconds(final Bound bound, final Key<Long> key) {
        return Math.toIntExact(Math.max(1, bound.get(key) / 1_000_000_000L));
    }
}
