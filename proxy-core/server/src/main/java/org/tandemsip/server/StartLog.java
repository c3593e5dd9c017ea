package org.tandemsip.server;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.transport.Network;
import org.tandemsip.server.transport.Tls;

/** What the log says of a server that has started. */
final class StartLog {
    private StartLog() {}

    static void write(final Config config, final Tls tls, final RoutingPolicy policy, final Network network,
            final List<String> addresses, final Optional<Path> adminSocket) {
        for (final Config.Trunk trunk : config.trunks()) {
            if (trunk.access().allowUnauthenticated()) {
                EventLog.warn("zone", "trunk", trunk.name(), "msg", "whoever reaches this trunk may call out");
            }
        }
        for (final Config.Route route : config.routes()) {
            final Mode mode = route.mode() == null ? config.mode() : route.mode();
            if (route.maxDurationNs() > 0 && mode != Mode.B2BUA) {
                EventLog.warn("route", "route", route.name(), "msg",
                        "max-duration does nothing while the mode is not b2bua: a proxy cannot end a call");
            }
        }
        if (config.listen().stream().anyMatch(point -> point.transport().secure())) {
            EventLog.info("tls", "provider", tls.provider(), "certificates",
                    String.join(",", config.tls().all().map(credentials -> credentials.file().toString()).toList()),
                    "trust", config.tls().trust());
        }
        EventLog.info("start", "listen", String.join(",", addresses), "mode",
                policy.mode().name().toLowerCase(Locale.ROOT), "trunks",
                policy.trunks().size(), "routes", policy.routes().size(), "config", config.source(), "shards",
                network.shards(), "admin", adminSocket.map(Path::toString).orElse("none"), "pid",
                ProcessHandle.current().pid());
    }
}
