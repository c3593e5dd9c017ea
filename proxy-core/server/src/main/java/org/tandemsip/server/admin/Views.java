package org.tandemsip.server.admin;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.metrics.Stage;
import org.tandemsip.engine.routing.CallStatus;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.Expression;
import org.tandemsip.engine.routing.Gb28181;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.Registration;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.config.Effective;
import org.tandemsip.server.transport.BadMessages;
import org.tandemsip.server.transport.LoopStatus;
import org.tandemsip.server.transport.Network;
import tools.jackson.core.JsonGenerator;

/** What the API shows, as JSON. */
final class Views {
    private static final double[] PERCENTILES = {50, 90, 99, 99.9, 99.99, 100};

    private final Control control;

    Views(final Control control) {
        this.control = control;
    }

    String status() {
        final Network network = control.network();
        final Collection<Counters> counters = network.counters();
        return Json.object(json -> {
            json.writeStringProperty("state", control.ready() ? "running"
                    : control.policy().drainSeconds() > 0 ? "draining" : "stopping");
            json.writeStringProperty("mode", word(control.policy().mode()));
            json.writeStringProperty("config", control.config().source());
            json.writeStringProperty("version", Version.number());
            json.writeNumberProperty("pid", ProcessHandle.current().pid());
            json.writeNumberProperty("uptime_seconds", (System.currentTimeMillis() - control.startedEpochMs()) / 1_000);
            Json.texts(json, "listen", listen());
            json.writeNumberProperty("trunks", control.policy().trunks().size());
            json.writeNumberProperty("routes", control.policy().routes().size());
            json.writeNumberProperty("shards", network.shards());
            json.writeNumberProperty("live", network.live());
            json.writeNumberProperty("connections", network.connections());
            json.writeObjectPropertyStart("overload");
            json.writeBooleanProperty("active", network.loops().stream().anyMatch(LoopStatus::overloaded));
            json.writeNumberProperty("queue_ms",
                    network.loops().stream().mapToLong(LoopStatus::queueNs).max().orElse(0) / 1_000_000.0);
            json.writeNumberProperty("refused", Counters.sum(counters, Counter.OVERLOAD_REFUSED));
            json.writeNumberProperty("dropped", Counters.sum(counters, Counter.OVERLOAD_DROPPED));
            json.writeEndObject();
            json.writeObjectPropertyStart("messages");
            json.writeNumberProperty("received", Counters.sum(counters, Counter.RECEIVED));
            json.writeNumberProperty("forwarded", Counters.sum(counters, Counter.FORWARDED));
            json.writeNumberProperty("answered", Counters.sum(counters, Counter.ANSWERED));
            json.writeNumberProperty("absorbed", Counters.sum(counters, Counter.ABSORBED));
            json.writeNumberProperty("dropped", Counters.dropped(counters));
            json.writeNumberProperty("forged", Counters.sum(counters, Counter.DROPPED_FORGED));
            json.writeEndObject();
            final Histogram overrun = control.calls().cutOffs().overruns();
            json.writeObjectPropertyStart("cut_off");
            json.writeNumberProperty("calls", overrun.getTotalCount());
            json.writeNumberProperty("overrun_p99_ms", overrun.getValueAtPercentile(99) / 1e6);
            json.writeNumberProperty("overrun_p999_ms", overrun.getValueAtPercentile(99.9) / 1e6);
            json.writeNumberProperty("overrun_max_ms", overrun.getMaxValue() / 1e6);
            json.writeNumberProperty("one_sided", Counters.sum(counters, Counter.BYES_UNSENT));
            json.writeEndObject();
            RecordView.status(json, control.records(), control.history());
            final Control.ReloadState reload = control.lastReload();
            json.writeObjectPropertyStart("last_reload");
            json.writeBooleanProperty("successful", reload.successful());
            json.writeStringProperty("in_force_since", Instant.ofEpochMilli(reload.successEpochMs()).toString());
            json.writeEndObject();
        });
    }

    private List<String> listen() {
        return control.network().listenPoints().stream()
                .map(point -> word(point.transport()) + "://" + hostPort(point) + advertised(point)).toList();
    }

    private static String advertised(final ListenPoint point) {
        final String sentBy = new String(point.sentBy(), StandardCharsets.US_ASCII);
        return sentBy.equals(hostPort(point)) ? "" : " advertise " + sentBy;
    }

    private static String hostPort(final ListenPoint point) {
        return hostPort(point.addressHigh(), point.addressLow(), point.port());
    }

    private static String hostPort(final long high, final long low, final int port) {
        final String host = IpAddress.toString(high, low);
        return (host.indexOf(':') < 0 ? host : '[' + host + ']') + ':' + port;
    }

    String version() {
        return Json.object(json -> {
            json.writeStringProperty("version", Version.number());
            json.writeStringProperty("java", Runtime.version().toString());
            json.writeStringProperty("vm", System.getProperty("java.vm.name"));
            json.writeStringProperty("os", System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                    + System.getProperty("os.arch"));
        });
    }

    String config() {
        return Json.object(json -> {
            json.writeStringProperty("source", control.config().source());
            json.writeArrayPropertyStart("keys");
            for (final Effective.Entry entry : control.config().effective().entries()) {
                json.writeStartObject();
                json.writeStringProperty("key", entry.path());
                json.writeStringProperty("value", entry.value());
                json.writeStringProperty("origin", entry.origin());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeStringProperty("given", control.config().effective().toYaml(false));
            json.writeStringProperty("effective", control.config().effective().toYaml(true));
        });
    }

    /** What a reload has changed, or would. */
    String reload(final Control.ReloadResult result, final boolean applied) {
        return Json.object(json -> {
            json.writeBooleanProperty("applied", applied);
            Json.texts(json, "changed", result.changed());
            Json.texts(json, "needs_restart", result.needsRestart());
            json.writeArrayPropertyStart("differences");
            for (final Control.Difference difference : result.differences()) {
                json.writeStartObject();
                json.writeStringProperty("key", difference.key());
                json.writeStringProperty("before", difference.before());
                json.writeStringProperty("after", difference.after());
                json.writeBooleanProperty("live", difference.live());
                json.writeStringProperty("text", difference.toString());
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }

    String mode() {
        return Json.object(json -> {
            json.writeStringProperty("mode", word(control.policy().mode()));
            json.writeArrayPropertyStart("routes");
            for (final Route route : control.policy().routes()) {
                json.writeStartObject();
                json.writeStringProperty("name", route.name());
                json.writeStringProperty("mode", word(control.policy().modeOf(route)));
                json.writeBooleanProperty("own", route.mode() != null);
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }

    String routes() {
        return Json.object(json -> {
            json.writeArrayPropertyStart("routes");
            for (final Route route : control.policy().routes()) {
                json.writeStartObject();
                json.writeStringProperty("name", route.name());
                json.writeStringProperty("from", route.from() == null ? "any" : route.from().name());
                Json.texts(json, "to", route.toRequestUri() ? List.of("request-uri")
                        : route.inside() != Route.Inside.NOTHING ? List.of(word(route.inside()))
                                : route.to().stream().map(Trunk::name).toList());
                Json.texts(json, "then", route.then().stream().map(Trunk::name).toList());
                Json.texts(json, "within", route.within().stream().map(Views::range).toList());
                json.writeObjectPropertyStart("match");
                pattern(json, "to", route.match().to());
                pattern(json, "from", route.match().from());
                pattern(json, "method", route.match().method());
                expression(json, "to", route.match().toExpression());
                expression(json, "from", route.match().fromExpression());
                if (!route.match().headers().isEmpty()) {
                    json.writeObjectPropertyStart("header");
                    route.match().headers().forEach(
                            header -> json.writeStringProperty(header.name().toString(), header.text()));
                    json.writeEndObject();
                }
                json.writeEndObject();
                if (route.prefixes() != null) {
                    json.writeNumberProperty("prefixes", route.prefixes().prefixes());
                }
                json.writeBooleanProperty("timed", route.when() != null);
                json.writeStringProperty("mode", word(control.policy().modeOf(route)));
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }

    private static void pattern(final JsonGenerator json, final String name, final byte[] bytes) {
        if (bytes != null) {
            json.writeStringProperty(name, new String(bytes, StandardCharsets.UTF_8));
        }
    }

    private static void expression(final JsonGenerator json, final String name, final Expression expression) {
        if (expression != null) {
            json.writeStringProperty(name, "/" + expression + "/");
        }
    }

    private static String range(final Cidr cidr) {
        final int cut = IpAddress.isIpv4(cidr.high(), cidr.low()) && cidr.prefixBits() >= 96 ? 96 : 0;
        return IpAddress.toString(cidr.high(), cidr.low()) + "/" + (cidr.prefixBits() - cut);
    }

    String trunks() {
        return Json.object(json -> {
            json.writeArrayPropertyStart("trunks");
            for (final Trunk trunk : control.policy().trunks()) {
                json.writeStartObject();
                trunk(json, trunk);
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }

    /** The calls with two dialogs. */
    String calls() {
        return Json.object(json -> {
            json.writeArrayPropertyStart("calls");
            for (final CallStatus call : control.calls().all()) {
                json.writeStartObject();
                call(json, call);
                json.writeEndObject();
            }
            json.writeEndArray();
            QueryView.write(json, control.policy().trunks(), System.nanoTime());
        });
    }

    /** One call; {@code null} when there is none of that id. */
    String call(final String id) {
        return control.calls().all().stream().filter(call -> call.id().equals(id)).findFirst()
                .map(call -> Json.object(json -> call(json, call))).orElse(null);
    }

    private static void call(final JsonGenerator json, final CallStatus call) {
        json.writeStringProperty("id", call.id());
        json.writeStringProperty("state", call.state());
        json.writeStringProperty("call_id", call.callIdA());
        if (call.callIdB() != null) {
            json.writeStringProperty("xcid", call.callIdB());
        }
        json.writeStringProperty("from", call.from());
        json.writeStringProperty("to", call.to());
        json.writeStringProperty("trunk_in", call.trunkIn());
        if (call.trunkOut() != null) {
            json.writeStringProperty("trunk_out", call.trunkOut());
        }
        json.writeNumberProperty("age_ms", call.ageMs());
        if (call.answeredMs() >= 0) {
            json.writeNumberProperty("answered_ms", call.answeredMs());
        }
        if (call.leftMs() >= 0) {
            json.writeNumberProperty("remaining_ms", call.leftMs());
        }
    }

    /** One trunk; {@code null} when there is none of that name. */
    String trunk(final String name) {
        return control.policy().trunks().stream().filter(trunk -> trunk.name().equals(name)).findFirst()
                .map(trunk -> Json.object(json -> trunk(json, trunk))).orElse(null);
    }

    private void trunk(final JsonGenerator json, final Trunk trunk) {
        json.writeStringProperty("name", trunk.name());
        json.writeStringProperty("balance", word(trunk.balance()).replace('_', '-'));
        json.writeNumberProperty("calls", trunk.state().calls());
        json.writeStringProperty("zone", word(trunk.trust().zone()));
        json.writeBooleanProperty("trust_identity", trunk.trust().identity());
        json.writeNumberProperty("max_calls", trunk.maxCalls());
        json.writeNumberProperty("refused", trunk.state().refusedCalls() + trunk.state().refusedRate());
        final Gb28181 gb28181 = trunk.profile().gb28181();
        if (gb28181 != null) {
            final long nowNs = System.nanoTime();
            json.writeObjectPropertyStart("gb28181");
            json.writeNumberProperty("devices", gb28181.devices().count(nowNs));
            json.writeNumberProperty("queries_waiting", gb28181.queries().waiting(nowNs));
            json.writeNumberProperty("queries_answered", gb28181.queries().answered());
            json.writeEndObject();
        }
        json.writeArrayPropertyStart("peers");
        for (final Peer peer : trunk.peers()) {
            json.writeStartObject();
            json.writeStringProperty("name", peer.name());
            json.writeStringProperty("address",
                    hostPort(peer.addressHigh(), peer.addressLow(), peer.port()));
            json.writeStringProperty("transport", peer.transport() == null ? "auto" : word(peer.transport()));
            json.writeStringProperty("state", word(peer.state().state()));
            json.writeNumberProperty("calls", peer.state().calls());
            json.writeNumberProperty("priority", peer.priority());
            json.writeNumberProperty("weight", peer.weight());
            json.writeObjectPropertyStart("ways");
            for (long left = peer.state().known(); left != 0; left &= left - 1) {
                final int way = Long.numberOfTrailingZeros(left);
                json.writeStringProperty(control.config().listen().get(way).toString(),
                        word(peer.state().state(way)));
            }
            json.writeEndObject();
            if (peer.state().lastRoundTripNs() >= 0) {
                json.writeNumberProperty("rtt_ms", peer.state().lastRoundTripNs() / 1e6);
                json.writeNumberProperty("rtt_p99_ms", peer.state().roundTripUs(99) / 1e3);
            }
            json.writeEndObject();
        }
        withoutAddress(trunk).forEach(name -> {
            json.writeStartObject();
            json.writeStringProperty("name", name);
            json.writeStringProperty("address", "-");
            json.writeStringProperty("transport", "-");
            json.writeStringProperty("state", "unresolved");
            json.writeNumberProperty("calls", 0);
            json.writeEndObject();
        });
        json.writeEndArray();
        if (trunk.account().registration() != null) {
            registration(json, trunk.account().registration(), System.nanoTime());
        }
        Json.texts(json, "allow", trunk.allow().stream().map(Views::range).toList());
        json.writeArrayPropertyStart("failover");
        for (final int code : trunk.failover()) {
            json.writeNumber(code);
        }
        json.writeEndArray();
    }

    private static void registration(final JsonGenerator json, final Registration registration, final long nowNs) {
        json.writeObjectPropertyStart("registration");
        json.writeStringProperty("address", registration.address());
        json.writeStringProperty("state", word(registration.state(nowNs)));
        if (registration.peer() != null) {
            json.writeStringProperty("peer", registration.peer().hostPort());
        }
        json.writeNumberProperty("left_seconds", registration.leftNs(nowNs) / 1_000_000_000L);
        json.writeNumberProperty("next_seconds", registration.untilDueNs(nowNs) / 1_000_000_000L);
        json.writeNumberProperty("code", registration.lastCode());
        json.writeStringProperty("reason", registration.lastReason());
        json.writeNumberProperty("failures", registration.failures());
        json.writeEndObject();
    }

    /** Names of peers of {@code trunk} that DNS knows no address of now. */
    private Stream<String> withoutAddress(final Trunk trunk) {
        return control.config().trunks().stream().filter(each -> each.name().equals(trunk.name()))
                .flatMap(each -> each.peers().stream()).map(Config.Peer::name)
                .filter(name -> trunk.peers().stream().noneMatch(peer -> peer.name().equals(name)));
    }

    String errors() {
        return Json.object(json -> {
            json.writeArrayPropertyStart("errors");
            for (final BadMessages.BadMessage bad : control.network().badMessages().latest()) {
                json.writeStartObject();
                json.writeStringProperty("at", Instant.ofEpochMilli(bad.epochMs()).toString());
                json.writeStringProperty("transport", bad.transport());
                json.writeStringProperty("source", bad.source());
                json.writeStringProperty("error", word(bad.error()));
                json.writeNumberProperty("offset", bad.offset());
                json.writeNumberProperty("length", bad.length());
                // Bytes as characters of the same number, so that offsets hold; JSON escapes what is not printable.
                json.writeStringProperty("message", new String(bad.bytes(), StandardCharsets.ISO_8859_1));
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }

    String loops() {
        return Json.object(json -> {
            json.writeArrayPropertyStart("loops");
            for (final LoopStatus loop : control.network().loops()) {
                json.writeStartObject();
                json.writeStringProperty("name", loop.name());
                json.writeNumberProperty("last_beat_ms", loop.lastBeatMs());
                json.writeNumberProperty("stalls", loop.stalls());
                json.writeNumberProperty("max_stall_ms", loop.maxStallMs());
                json.writeNumberProperty("queue_ms", loop.queueNs() / 1_000_000.0);
                json.writeBooleanProperty("overloaded", loop.overloaded());
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }

    String latency(final int windowSeconds) {
        return Json.object(json -> {
            json.writeNumberProperty("window_seconds", windowSeconds);
            json.writeObjectPropertyStart("stages");
            for (final Stage stage : Stage.values()) {
                final Histogram histogram = control.network().latency(stage, windowSeconds);
                json.writeObjectPropertyStart(word(stage));
                json.writeNumberProperty("count", histogram.getTotalCount());
                for (final double percentile : PERCENTILES) {
                    final String name = percentile == 100 ? "max_us"
                            : "p" + String.valueOf(percentile).replaceFirst("\\.0$", "") + "_us";
                    json.writeNumberProperty(name, histogram.getTotalCount() == 0
                            ? 0
                            : histogram.getValueAtPercentile(percentile) / 1e3);
                }
                json.writeEndObject();
            }
            json.writeEndObject();
        });
    }

    private static String word(final Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
