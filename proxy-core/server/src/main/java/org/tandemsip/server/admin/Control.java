package org.tandemsip.server.admin;

import java.util.List;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.config.ConfigException;
import org.tandemsip.server.dns.Names;
import org.tandemsip.server.dns.Reach;
import org.tandemsip.server.records.CallHistory;
import org.tandemsip.server.records.CallStore;
import org.tandemsip.server.transport.Network;

/** What the admin API sees of the server and may do to it. Any thread. */
public interface Control {
    /** The configuration in force. */
    Config config();

    /** What requests are routed by now: the configuration, and modes that were set since. */
    RoutingPolicy policy();

    /** What moves the messages. */
    Network network();

    /** What a shard would be given now, to try out what it would do; nothing can be sent with it. */
    ShardContext trial();

    /** What looks names up. */
    Names names();

    /** What this server can send with. */
    Reach reach();

    /** Wall-clock time of the start, in milliseconds since 1970. */
    long startedEpochMs();

    /** Whether all listen points are bound and the server is not stopping. */
    boolean ready();

    /** What keeps calls and writes their records; {@code null} where none are kept. */
    CallStore records();

    /** Records of calls that are over; {@code null} where none are written. */
    CallHistory history();

    /** How the last reload went. */
    ReloadState lastReload();

    /**
     * Switches the mode of new requests; what is under way finishes where it began.
     *
     * @param mode  mode of this build
     * @param route name of the route to switch, or {@code null} for the global mode
     * @throws Refused this build has no such mode, there is no such route, or a shard does not take orders
     */
    void mode(Mode mode, String route) throws Refused;

    /**
     * Reads the configuration again and takes it over, whole or not at all.
     *
     * @return what changed, or which keys stand in the way
     * @throws ConfigException the file holds mistakes; nothing was changed
     * @throws Refused         there is no file, or a shard does not take orders; nothing was changed
     */
    ReloadResult reload() throws ConfigException, Refused;

    /**
     * What {@link #reload} would do, without doing it.
     *
     * @throws ConfigException the file holds mistakes
     * @throws Refused         there is no file
     */
    ReloadResult compare() throws ConfigException, Refused;

    /** Checks a text as {@link #reload} would check the file. */
    void validate(String text) throws ConfigException;

    /**
     * Takes nothing new from now on, and stops after a time; returns at once. What is under way goes on until then.
     *
     * @param seconds 1 or more
     * @throws Refused it drains or stops already, or a shard does not take orders
     */
    void drain(int seconds) throws Refused;

    /**
     * Gives an order to peers, or asks whether they are alive.
     *
     * @param trunk name of the trunk
     * @param peer  name or address and port of a peer, or {@code null} for all of the trunk
     * @param order DRAIN, DISABLE or ENABLE; {@code null}: send a probe
     * @throws Refused there is no such trunk or peer
     */
    void peers(String trunk, String peer, PeerState.Order order) throws Refused;

    /** The calls with two dialogs. */
    LiveCalls calls();

    /** Begins to stop; returns at once. */
    void stop();

    /** An order that cannot be carried out; the message says why. */
    final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        /** Makes a refusal with its reason. */
        public Refused(final String reason) {
            super(reason, null, false, false);
        }
    }

    /**
     * What became of a reload.
     *
     * @param changed      keys whose new values are in force now
     * @param needsRestart keys that changed but cannot change while the server runs; when there are any, nothing was
     *                     changed
     * @param differences  what is different below those keys
     */
    record ReloadResult(List<String> changed, List<String> needsRestart, List<Difference> differences) {
        /** Whether the new configuration is in force. */
        public boolean applied() {
            return needsRestart.isEmpty();
        }
    }

    /**
     * One difference between the configuration in force and another. Secrets stay references.
     *
     * @param key    dotted path
     * @param before as YAML; {@code null}: nothing, or nothing of this in a list
     * @param after  the same
     * @param live   whether a running server can take it over
     */
    record Difference(String key, String before, String after, boolean live) {
        /** As one line for people. */
        @Override
        public String toString() {
            return key + ": "
                    + (before == null ? "+ " + after : after == null ? "- " + before : before + " -> " + after)
                    + (live ? "" : " (needs a restart)");
        }
    }

    /**
     * How reloads have gone.
     *
     * @param successful        whether the last one did, or none was tried
     * @param successEpochMs    when the configuration in force was taken over
     * @param succeeded         number of reloads that were applied
     * @param failed            number of reloads that were not
     */
    record ReloadState(boolean successful, long successEpochMs, long succeeded, long failed) {}
}
