package org.tandemsip.engine.routing;

import org.agrona.DirectBuffer;
import org.tandemsip.engine.auth.Credentials;

/**
 * Who we are to a trunk.
 *
 * @param credentials  what answers its challenges; {@code null} for nothing
 * @param explicit     whether the configuration gives them for calls, and not only for a registration
 * @param registration address that is registered with it, or {@code null}
 */
public record Account(Credentials credentials, boolean explicit, Registration registration) {
    /** Nobody that it knows. */
    public static final Account NONE = new Account(null, false, null);

    /** Whether a user part is ours there: what is registered, or who shows the password. Allocates nothing. */
    boolean isUser(final DirectBuffer bytes, final long user) {
        return registration != null && registration.isUser(bytes, user)
                || credentials != null && credentials.isUser(bytes, user);
    }
}
