package org.tandemsip.server.config;

import java.util.List;
import org.tandemsip.engine.auth.DigestAlgorithm;

/** The keys by which a trunk wants to see credentials. */
final class AuthKeys {
    private static final String ANY_REALM = "tandem";

    static final Scalar<String> REALM_TEXT =
            Scalars.text("a realm, such as a host name", "[^\\p{Cntrl}\"\\\\]{1,128}",
                    "a realm; up to 128 characters without quotes, backslashes and control characters");
    static final Key<String> REALM =
            Key.of("realm", REALM_TEXT, ANY_REALM, "Realm of the challenges, for which phones keep their passwords.");
    static final Key<List<Item<Config.User>>> USERS = Key.of("users", new Users(), "{}",
            "Who may send requests, with a reference to each password: ${env:NAME} or ${file:PATH}.");
    static final Key<List<Item<DigestAlgorithm>>> ALGORITHMS = Key.of("algorithms",
            new ListOf<>(Scalars.choice("algorithm", DigestAlgorithm.class), 2), "[sha-256, md5]",
            "Hash functions to offer, best first (RFC 8760). A client takes the first that it knows.");
    static final Key<Long> NONCE_TTL = Key.of("nonce-ttl", Scalars.duration("5s", "1h"), "60s",
            "How long an answer to a challenge is good. After that the client is told so and answers another one"
                    + " without asking anybody for the password.");
    static final Key<Bound> REQUIRE_AUTH = new Key<>("require-auth",
            new Section(List.of(REALM, USERS, ALGORITHMS, NONCE_TTL)), null, false,
            "Digest authentication of requests from this trunk (RFC 3261 section 22, RFC 7616): without the right"
                    + " answer they get 407. ACK, CANCEL and what is inside a dialog that was let through pass.",
            null);

    private AuthKeys() {}

    /** Whether a trunk wants to see credentials. */
    static boolean isGiven(final Bound trunk) {
        final Bound bound = trunk.get(REQUIRE_AUTH);
        return bound != null && bound.get(USERS) != null && !bound.get(USERS).isEmpty();
    }

    /** What a trunk wants to see; {@code null} when it wants nothing. */
    static Config.RequiredAuth requiredAuth(final Reading reading, final Bound trunk) {
        final Bound bound = trunk.get(REQUIRE_AUTH);
        if (bound == null || bound.get(USERS) == null || bound.get(ALGORITHMS) == null || bound.get(REALM) == null) {
            // Wrong, and told already.
            return null;
        }
        final String realm = bound.get(REALM);
        final List<Config.User> users = ConfigBuilder.values(bound.get(USERS));
        final List<DigestAlgorithm> algorithms = ConfigBuilder.values(bound.get(ALGORITHMS));
        if (users.isEmpty()) {
            if (!realm.equals(ANY_REALM)) {
                reading.problem(ErrorCode.CONTRADICTION, bound.at(REALM), "require-auth needs 'users' too");
            }
            return null;
        }
        if (algorithms.isEmpty() || algorithms.stream().distinct().count() < algorithms.size()) {
            reading.problem(ErrorCode.CONTRADICTION, bound.at(ALGORITHMS), "each algorithm once, and at least one");
            return null;
        }
        final Long ttlNs = bound.get(NONCE_TTL);
        return new Config.RequiredAuth(realm, algorithms, ttlNs == null ? 0 : ttlNs, users);
    }
}
