package org.tandemsip.server;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.server.config.Config;

/** What is different between two configurations, by top-level key. */
final class Changes {
    private Changes() {}

    /** Keys that differ and that a running server cannot take over. */
    static List<String> needsRestart(final Config a, final Config b) {
        final List<String> keys = new ArrayList<>();
        add(keys, "listen", a.listen(), b.listen());
        add(keys, "threading", a.threading(), b.threading());
        add(keys, "loops", a.loops(), b.loops());
        add(keys, "limits", List.of(a.limits(), a.streams(), a.socketBuffer(), a.ringSize(), a.transactions()),
                List.of(b.limits(), b.streams(), b.socketBuffer(), b.ringSize(), b.transactions()));
        add(keys, "limits", a.tlsLimits(), b.tlsLimits());
        add(keys, "admin", a.admin(), b.admin());
        add(keys, "state-dir", a.stateDir(), b.stateDir());
        add(keys, "dns", a.dns(), b.dns());
        return keys;
    }

    /** Keys that differ and that a running server takes over. @param mode mode in force, which an order may have set */
    static List<String> between(final Config a, final Config b, final Mode mode) {
        final List<String> keys = new ArrayList<>();
        // The mode may have been set since; the file decides again.
        add(keys, "mode", mode, b.mode());
        add(keys, "trunks", a.trunks(), b.trunks());
        add(keys, "routes", a.routes(), b.routes());
        add(keys, "timers", a.timing(), b.timing());
        add(keys, "cps", a.cps(), b.cps());
        add(keys, "emergency-numbers", a.emergencyNumbers(), b.emergencyNumbers());
        add(keys, "drain", a.drainNs(), b.drainNs());
        add(keys, "max-forwards", a.maxForwards(), b.maxForwards());
        add(keys, "record-route", a.recordRoute(), b.recordRoute());
        add(keys, "tls", a.tls(), b.tls());
        add(keys, "log", a.log(), b.log());
        return keys;
    }

    private static void add(final List<String> keys, final String key, final Object before, final Object after) {
        if (!Objects.equals(before, after)) {
            keys.add(key);
        }
    }
}
