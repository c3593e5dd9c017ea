package org.tandemsip.server.admin;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tandemsip.engine.metrics.LatencyWindow;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.server.config.ConfigException;
import org.tandemsip.server.config.Problem;

/** The admin API without its transport: from method, path and body to an answer. GET never changes anything. */
final class Api {
    private static final String BASE = "/api/v1/";
    private static final String CALL = BASE + "calls/";
    private static final String JSON = "application/json";
    /** Value of Reason in the BYEs (RFC 3326): normal call clearing. */
    private static final String ENDED_BY_ORDER = "Q.850;cause=16;text=\"Ended by the operator\"";
    private static final long MOST_REMAINING_MS = 7 * 86_400_000L;
    private static final Pattern PEERS = Pattern.compile(BASE + "trunks/([^/:]+)(?:/peers/([^/]+?))?(:ping)?");
    private static final Pattern USER = Pattern.compile("(?:.*&)?user=([^&]*)(?:&.*)?");
    private static final Pattern WINDOW = Pattern.compile("(?:.*&)?window=(\\d{1,4})s?(?:&.*)?");

    /**
     * An answer.
     *
     * @param allow methods to name in the Allow header; {@code null} for none
     * @param after runs when the answer was sent
     */
    record Answer(int status, String contentType, String body, String allow, Runnable after) {
        Answer(final int status, final String contentType, final String body) {
            this(status, contentType, body, null, () -> {});
        }
    }

    private final Control control;
    private final Views views;
    private final Map<String, Supplier<Answer>> gets = new TreeMap<>();

    Api(final Control control) {
        this.control = control;
        this.views = new Views(control);
        gets.put("/live", () -> new Answer(200, "text/plain", "ok\n"));
        gets.put("/ready", () -> control.ready()
                ? new Answer(200, "text/plain", "ok\n")
                : new Answer(503, "text/plain", "stopping\n"));
        gets.put("/metrics", () -> new Answer(200, Metrics.CONTENT_TYPE, Metrics.of(control)));
        gets.put(BASE + "status", () -> json(views.status()));
        gets.put(BASE + "version", () -> json(views.version()));
        gets.put(BASE + "config", () -> json(views.config()));
        gets.put(BASE + "routes", () -> json(views.routes()));
        gets.put(BASE + "mode", () -> json(views.mode()));
        gets.put(BASE + "trunks", () -> json(views.trunks()));
        gets.put(BASE + "calls", () -> json(views.calls()));
        gets.put(BASE + "errors", () -> json(views.errors()));
        gets.put(BASE + "loops", () -> json(views.loops()));
    }

    /** Serves one request. Never throws. */
    Answer handle(final String method, final String uri, final String body) {
        final String[] parts = uri.split("\\?", 2);
        final String query = parts.length == 2 ? parts[1] : "";
        try {
            return handle(method, parts[0], query, body);
        } catch (final ConfigException e) {
            return problem(e);
        } catch (final Control.Refused e) {
            return problem(409, e.getMessage());
        } catch (final IllegalArgumentException e) {
            return problem(400, e.getMessage());
        } catch (final RuntimeException e) {
            return problem(500, "internal fault: " + e);
        }
    }

    private Answer handle(final String method, final String path, final String query, final String body)
            throws ConfigException, Control.Refused {
        final boolean get = method.equals("GET") || method.equals("HEAD");
        if (get && path.equals(BASE + "calls") && RecordView.isHistory(query)) {
            return json(RecordView.history(control.history(), query));
        }
        final Supplier<Answer> view = gets.get(path);
        if (get && view != null) {
            return view.get();
        }
        final Matcher peers = PEERS.matcher(path);
        if (peers.matches()) {
            return peers(method, peers.group(1), decoded(peers.group(2)), peers.group(3) != null, body);
        }
        if (path.startsWith(CALL)) {
            return call(method, get, decoded(path.substring(CALL.length())), body);
        }
        return switch (path) {
            case BASE + "registrations" -> get ? json(RegistrationView.of(control.policy().registry().table(),
                    user(query))) : notAllowed("GET");
            case BASE + "latency" -> get ? json(views.latency(window(query))) : notAllowed("GET");
            case BASE + "mode" -> method.equals("PUT") ? setMode(body) : notAllowed("GET, PUT");
            case BASE + "config:validate" -> method.equals("POST") ? validate(body) : notAllowed("POST");
            case BASE + "config:compare" -> method.equals("POST") ? compare() : notAllowed("POST");
            case BASE + "config:reload" -> method.equals("POST") ? reload() : notAllowed("POST");
            case BASE + "dns:resolve" -> method.equals("POST") ? resolve(body) : notAllowed("POST");
            case BASE + "routes:test" -> method.equals("POST") ? testRoutes(body) : notAllowed("POST");
            case BASE + "drain" -> method.equals("POST") ? drain(body) : notAllowed("POST");
            case BASE + "shutdown" -> method.equals("POST") ? shutdown() : notAllowed("POST");
            default -> view == null ? problem(404, "there is nothing at " + path) : notAllowed("GET");
        };
    }

    private static String user(final String query) {
        final Matcher matcher = USER.matcher(query);
        return matcher.matches() ? decoded(matcher.group(1)) : "";
    }

    static String decoded(final String part) {
        return part == null ? null : URLDecoder.decode(part, StandardCharsets.UTF_8);
    }

    private Answer peers(final String method, final String trunk, final String peer, final boolean ping,
            final String body) throws Control.Refused {
        if (ping) {
            if (!method.equals("POST")) {
                return notAllowed("POST");
            }
            control.peers(trunk, peer, null);
            return json(views.trunks());
        }
        if (peer == null && (method.equals("GET") || method.equals("HEAD"))) {
            final String view = views.trunk(trunk);
            return view != null ? json(view) : problem(404, "there is no trunk '" + trunk + "'");
        }
        if (!method.equals("PATCH")) {
            return notAllowed(peer == null ? "GET, PATCH" : "PATCH");
        }
        final PeerState.Order order = switch (Json.parse(body) instanceof final Map<?, ?> map
                && map.get("state") instanceof final String state ? state : "") {
            case "ready" -> PeerState.Order.ENABLE;
            case "drain" -> PeerState.Order.DRAIN;
            case "disabled" -> PeerState.Order.DISABLE;
            default -> null;
        };
        if (order == null) {
            return problem(400, "write {\"state\": \"ready\"}, drain or disabled");
        }
        control.peers(trunk, peer, order);
        return json(views.trunks());
    }

    private Answer call(final String method, final boolean get, final String id, final String body) {
        if (method.equals("DELETE")) {
            return control.calls().hangUp(id, ENDED_BY_ORDER)
                    ? new Answer(202, JSON, Json.object(json -> json.writeStringProperty("ending", id)))
                    : problem(404, "there is no call '" + id + "'");
        }
        if (method.equals("PATCH")) {
            return Json.parse(body) instanceof final Map<?, ?> order
                    && order.get("remaining_ms") instanceof final Long ms && ms >= 0 && ms <= MOST_REMAINING_MS
                            ? limit(id, ms) : problem(400, "write {\"remaining_ms\": 30000}, from 0 to a week");
        }
        final String view = get ? views.call(id) : null;
        return !get ? notAllowed("GET, PATCH, DELETE") : view != null ? json(view)
                : problem(404, "there is no call '" + id + "'");
    }

    private Answer limit(final String id, final long remainingMs) {
        if (!control.calls().limit(id, remainingMs * 1_000_000)) {
            return problem(404, "there is no call '" + id + "' that has been answered");
        }
        final String view = views.call(id);
        return view != null ? json(view) : problem(404, "the call '" + id + "' has just ended");
    }

    private Answer drain(final String body) throws Control.Refused {
        final Object order = body.isBlank() ? Map.of() : Json.parse(body);
        final Object seconds = order instanceof final Map<?, ?> map ? map.get("seconds") : null;
        final long wanted = seconds instanceof final Number number ? number.longValue() : 30;
        if (wanted < 1 || wanted > 86_400) {
            return problem(400, "write {\"seconds\": 30}, from 1 to 86400");
        }
        control.drain((int) wanted);
        return new Answer(202, JSON, Json.object(json -> json.writeNumberProperty("draining_seconds", wanted)));
    }

    private Answer setMode(final String body) throws Control.Refused {
        if (!(Json.parse(body) instanceof final Map<?, ?> order) || !(order.get("mode") instanceof final String word)) {
            return problem(400, "write {\"mode\": \"stateless\"}, and \"route\": NAME for one route");
        }
        final Mode mode;
        try {
            mode = Mode.valueOf(word.toUpperCase(Locale.ROOT));
        } catch (final IllegalArgumentException e) {
            return problem(400, "there is no such mode; stateless, stateful or b2bua");
        }
        control.mode(mode, order.get("route") instanceof final String route ? route : null);
        return json(views.mode());
    }

    private Answer validate(final String body) throws ConfigException {
        control.validate(body);
        return json(Json.object(json -> json.writeBooleanProperty("valid", true)));
    }

    private Answer reload() throws ConfigException, Control.Refused {
        final Control.ReloadResult result = control.reload();
        return result.applied() ? json(views.reload(result, true))
                : problem(409, "needs restart: " + String.join(", ", result.needsRestart()) + ". Nothing was changed.");
    }

    private Answer compare() throws ConfigException, Control.Refused {
        return json(views.reload(control.compare(), false));
    }

    private Answer resolve(final String body) {
        return Json.parse(body) instanceof final Map<?, ?> order && order.get("target") instanceof final String target
                ? json(DnsView.of(control, target)) : problem(400, "write {\"target\": \"sip:HOST\"}");
    }

    private Answer testRoutes(final String body) {
        return Json.parse(body) instanceof final Map<?, ?> question ? json(RouteView.of(control.trial(), question))
                : problem(400, "write {\"from\": TRUNK, \"to\": \"sip:+49301234@example.org\"}");
    }

    private Answer shutdown() {
        return new Answer(202, JSON, Json.object(json -> json.writeBooleanProperty("stopping", true)), null,
                control::stop);
    }

    private static int window(final String query) {
        final Matcher matcher = WINDOW.matcher(query);
        if (!matcher.matches()) {
            if (query.isEmpty()) {
                return 10;
            }
            throw new IllegalArgumentException("write window=10s, 1 to " + LatencyWindow.SECONDS + " seconds");
        }
        return Math.clamp(Integer.parseInt(matcher.group(1)), 1, LatencyWindow.SECONDS);
    }

    private static Answer json(final String body) {
        return new Answer(200, JSON, body);
    }

    private static Answer notAllowed(final String allow) {
        final Answer answer = problem(405, "use " + allow);
        return new Answer(answer.status(), answer.contentType(), answer.body(), allow, answer.after());
    }

    /** An error in the form of RFC 9457. */
    static Answer problem(final int status, final String detail) {
        final Map<Integer, String> titles = new LinkedHashMap<>(Map.of(400, "Bad request", 401, "Unauthorized", 403,
                "Forbidden", 404, "Not found", 405, "Method not allowed", 409, "Conflict", 500, "Internal fault"));
        return new Answer(status, "application/problem+json", Json.object(json -> {
            json.writeStringProperty("type", "about:blank");
            json.writeStringProperty("title", titles.getOrDefault(status, "Error"));
            json.writeNumberProperty("status", status);
            json.writeStringProperty("detail", detail);
        }));
    }

    private static Answer problem(final ConfigException e) {
        return new Answer(422, "application/problem+json", Json.object(json -> {
            json.writeStringProperty("type", "about:blank");
            json.writeStringProperty("title", "Bad configuration");
            json.writeNumberProperty("status", 422);
            json.writeStringProperty("detail", e.report());
            json.writeArrayPropertyStart("errors");
            for (final Problem problem : e.problems()) {
                json.writeStartObject();
                json.writeStringProperty("code", problem.code().code());
                json.writeStringProperty("source", problem.source());
                json.writeNumberProperty("line", problem.line());
                json.writeNumberProperty("column", problem.column());
                json.writeStringProperty("message", problem.message());
                json.writeEndObject();
            }
            json.writeEndArray();
        }));
    }
}
