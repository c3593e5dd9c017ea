package org.tandemsip.server.dns;

import java.util.List;
import java.util.stream.Stream;
import org.tandemsip.engine.routing.Cidr;

/**
 * Which addresses may be taken from DNS. Whoever answers for a name may answer anything, and an answer of 127.0.0.1
 * would aim us at what listens on this machine for nobody else (DNS rebinding). So an address that belongs to no other
 * host is taken only where the configuration itself names it.
 */
public final class HostAddresses {
    private static final List<Cidr> NO_HOST = Stream.of("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3",
            "::/96", "64:ff9b::/96", "fe80::/10", "ff00::/8").map(Cidr::parse).toList();

    private HostAddresses() {}

    /**
     * Whether an address is one of another host: not this machine, the link, a group, the unspecified one, reserved, or
     * an IPv4 address in disguise.
     */
    public static boolean isHost(final long high, final long low) {
        for (final Cidr range : NO_HOST) {
            if (range.contains(high, low)) {
                return false;
            }
        }
        return true;
    }

    /** Whether an address may be taken: that of a host, or one inside {@code allowed}. */
    public static boolean mayBeTaken(final long high, final long low, final List<Cidr> allowed) {
        return isHost(high, low) || allowed.stream().anyMatch(range -> range.contains(high, low));
    }
}
