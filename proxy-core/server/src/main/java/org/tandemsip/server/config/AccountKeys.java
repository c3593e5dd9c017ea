package org.tandemsip.server.config;

import java.util.List;
import org.tandemsip.engine.routing.RoutingPolicy;

/** The keys by which we show a trunk who we are. */
final class AccountKeys {
    private static final Secret PASSWORD = new Secret();

    static final Key<String> AUTH_USER = Key.optional("user", Users.NAME, "trunk4711", "User name that we show.");
    static final Key<String> AUTH_PASSWORD = Key.optional("password", PASSWORD, "${env:CARRIER_PASSWORD}",
            "Its password, as a reference: ${env:NAME} or ${file:PATH}.");
    static final Key<String> AUTH_REALM = Key.optional("realm", AuthKeys.REALM_TEXT, "carrier.example",
            "The one realm that is answered. When absent: the first in which a peer challenges, and no other from then"
                    + " on.");
    static final Key<Boolean> AUTH_CALLERS = Key.optional("callers", Scalars.flag(), "true",
            "Whether a side that has called us by this trunk is answered, too, when it challenges a BYE or a re-INVITE"
                    + " to it. When absent: no, since anybody behind the trunk may be that, and guess at the password"
                    + " by what we answer.");
    static final Key<Bound> AUTH = new Key<>("auth",
            new Section(List.of(AUTH_USER, AUTH_PASSWORD, AUTH_REALM, AUTH_CALLERS)), null, false,
            "What we show this trunk's peers when they challenge what we send them (401, 407): Digest with SHA-256 or"
                    + " MD5. Not for stateless routes. When absent: what register has.",
            null);

    static final Key<String> REGISTER_USER = Key.optional("user",
            Scalars.text("the user part of an address", "[A-Za-z0-9_.!~*'()&=+$,;?/%#-]{1,128}",
                    "the user part of a SIP address"),
            "+4930123456", "User part of the address to register.");
    static final Key<String> REGISTER_PASSWORD = Key.optional("password", PASSWORD, "${env:CARRIER_PASSWORD}",
            "Its password, as a reference. When absent: user and password of auth.");
    static final Key<String> DOMAIN = Key.optional("domain",
            Scalars.text("a host name or address", "[A-Za-z0-9._-]{1,255}|\\[[0-9A-Fa-f:.]{2,64}]", "a host"),
            "carrier.example", "Host part of the address to register. When absent: the host of the first peer.");
    static final Key<Long> EXPIRES = Key.of("expires", Scalars.duration("10s", "24h"), "1h",
            "How long the registration is to hold; the carrier may say otherwise. It is renewed when 70 to 85 % of that"
                    + " time are over.");
    static final Key<Bound> REGISTER = new Key<>("register",
            new Section(List.of(REGISTER_USER, REGISTER_PASSWORD, DOMAIN, EXPIRES)), null, false,
            "Registers an address with this trunk (RFC 3261 section 10), so that its calls come here: at one peer, the"
                    + " next one when that fails. Only where user is given.",
            null);

    private AccountKeys() {}

    /** What we show a trunk. */
    static Config.Account account(final Reading reading, final Bound trunk) {
        final Bound auth = trunk.get(AUTH);
        final Bound register = trunk.get(REGISTER);
        return new Config.Account(auth == null ? null : login(reading, auth),
                register == null ? null : registration(reading, trunk, register));
    }

    private static Config.Login login(final Reading reading, final Bound auth) {
        final String user = auth.get(AUTH_USER);
        final String password = auth.get(AUTH_PASSWORD);
        final String realm = auth.get(AUTH_REALM);
        if (user != null && password != null) {
            return new Config.Login(user, password, realm, Boolean.TRUE.equals(auth.get(AUTH_CALLERS)));
        }
        final boolean complete = auth.nodeOf(AUTH_USER) != null && auth.nodeOf(AUTH_PASSWORD) != null;
        for (final Key<?> key : List.of(AUTH_USER, AUTH_PASSWORD, AUTH_REALM, AUTH_CALLERS)) {
            if (!complete && auth.get(key) != null) {
                reading.problem(ErrorCode.CONTRADICTION, auth.at(key), "auth needs both 'user' and 'password'");
                break;
            }
        }
        return null;
    }

    private static Config.Registration registration(final Reading reading, final Bound trunk, final Bound register) {
        final String user = register.get(REGISTER_USER);
        final Long expiresNs = register.get(EXPIRES);
        if (user == null) {
            for (final Key<?> key : List.of(REGISTER_PASSWORD, DOMAIN)) {
                if (register.nodeOf(REGISTER_USER) == null && register.get(key) != null) {
                    reading.problem(ErrorCode.CONTRADICTION, register.at(key), "register needs 'user' too");
                }
            }
            return null;
        }
        final List<Item<Peers.Spec>> peers = trunk.get(Keys.PEERS);
        if (peers != null && peers.isEmpty()) {
            reading.problem(ErrorCode.TRUNK_UNUSABLE, register.at(REGISTER_USER),
                    "there is no peer to register with: 'peers' is empty");
        }
        final boolean given = register.get(DOMAIN) != null || peers == null || peers.isEmpty();
        final String domain = given ? register.get(DOMAIN)
                : RoutingPolicy.hostOf(peers.getFirst().value().text());
        return new Config.Registration(user, register.get(REGISTER_PASSWORD), domain,
                expiresNs == null ? 0 : (int) (expiresNs / 1_000_000_000L));
    }
}
