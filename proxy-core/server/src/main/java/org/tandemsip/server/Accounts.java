package org.tandemsip.server;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HexFormat;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.engine.auth.Credentials;
import org.tandemsip.engine.routing.Account;
import org.tandemsip.engine.routing.Registration;
import org.tandemsip.server.config.Config;

/** From the configuration to who we are to a trunk. What does not change keeps what it has come to. */
final class Accounts {
    private static final long TOKEN_LABEL = 0x7472_756e_6b63_6fL;
    private static final SecureRandom RANDOM = new SecureRandom();

    private Accounts() {}

    /**
     * Who we are to {@code trunk}: for calls what {@code auth} says, or else what a registration shows.
     *
     * @param hash keyed with the token key: all nodes, and this one after a restart, know the calls to a Contact
     */
    static Account of(final Config.Trunk trunk, final States states, final KeyedHash hash) {
        final Config.Login login = trunk.account().login();
        final Config.Registration register = trunk.account().registration();
        final Credentials auth = login == null ? null
                : states.credentials(trunk.name(),
                        new Credentials(login.user(), login.password(), login.realm(), login.callers()));
        if (register == null) {
            return auth == null ? Account.NONE : new Account(auth, true, null);
        }
        final Credentials own = register.password() == null ? auth
                : states.credentials(trunk.name() + " register",
                        new Credentials(register.user(), register.password(), null));
        final Registration.Settings settings = new Registration.Settings(trunk.name(), register.user(),
                register.domain(), register.expiresSeconds(), own);
        return new Account(auth == null ? own : auth, auth != null, states.registration(settings,
                () -> new Registration(settings, callId(), token(trunk.name(), hash), System.nanoTime())));
    }

    private static byte[] callId() {
        final byte[] bytes = new byte[12];
        RANDOM.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes).getBytes(StandardCharsets.US_ASCII);
    }

    private static long token(final String trunk, final KeyedHash hash) {
        final byte[] name = trunk.getBytes(StandardCharsets.UTF_8);
        return hash.begin().add(TOKEN_LABEL).add(new UnsafeBuffer(name), 0, name.length).end();
    }
}
