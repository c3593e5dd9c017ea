package org.tandemsip.server.admin;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.proxy.DryRun;
import org.tandemsip.engine.routing.CallMode;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.config.Modes;

/** What would become of a request, and why, as JSON: the answer to {@code routes:test}. */
public final class RouteView {
    private static final int SIP_PORT = 5_060;

    private RouteView() {}

    /**
     * Routes a made-up request.
     *
     * @param context  what a shard would be given
     * @param question {@code from} (a trunk) and {@code to} (a URI or number); {@code caller}, {@code method},
     *                 {@code at} (ISO 8601) and {@code headers} (a list of rows) where they matter
     * @throws IllegalArgumentException it makes no sense; the message says why
     */
    public static String of(final ShardContext context, final Map<?, ?> question) {
        final RoutingPolicy policy = (RoutingPolicy) context.policy();
        final String name = text(question, "from", null);
        final Trunk from = policy.trunks().stream().filter(trunk -> trunk.name().equals(name)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no trunk '" + name + "'"));
        final Source source = source(from, context.listenPoints(), policy.listenersOf(from));
        final String host = Config.hostPort(source.addressHigh, source.addressLow, source.port);
        final String request = request(question, host);
        final byte[] bytes = request.getBytes(StandardCharsets.UTF_8);
        final SipMessage message = new SipMessage(context.limits().headerRows());
        final SipParser parser = new SipParser(context.limits());
        final ParseError error = parser.parse(message.wrap(new UnsafeBuffer(bytes), 0, bytes.length), false);
        if (error != ParseError.NONE) {
            throw new IllegalArgumentException(
                    "that makes no request: " + error.name().toLowerCase(Locale.ROOT).replace('_', ' '));
        }
        final long nowNs = System.nanoTime();
        final long askedNs = nowNs + secondsUntil(text(question, "at", null)) * 1_000_000_000L;
        final CallMode calls =
                Modes.module(Mode.B2BUA).map(module -> (CallMode) module.create(context)).orElse(null);
        return json(from, request, new DryRun(context, calls).run(message, source, from, askedNs));
    }

    private static String text(final Map<?, ?> question, final String key, final String otherwise) {
        final Object value = question.get(key);
        if (value != null && !(value instanceof String)) {
            throw new IllegalArgumentException("'" + key + "' must be a text");
        }
        return value == null ? otherwise : printable((String) value);
    }

    private static String printable(final String text) {
        if (text.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("control characters have no place in a request");
        }
        return text;
    }

    private static String request(final Map<?, ?> question, final String host) {
        final String to = uri(text(question, "to", ""), host);
        final String caller = uri(text(question, "caller", "sip:anonymous@anonymous.invalid"), host);
        final String method = text(question, "method", "INVITE").toUpperCase(Locale.ROOT);
        final StringBuilder request = new StringBuilder();
        // Who registers stands in To; the Request-URI is where (RFC 3261 section 10.2).
        final String target = method.equals("REGISTER") ? to.replaceFirst("(?i)^(sips?:)[^@]*@", "$1") : to;
        request.append(method).append(' ').append(target).append(" SIP/2.0\r\nVia: SIP/2.0/UDP ").append(host)
                .append(";branch=z9hG4bKroutes-test\r\nMax-Forwards: 70\r\nFrom: <").append(caller)
                .append(">;tag=routes-test\r\nTo: <").append(to).append(">\r\nCall-ID: routes-test@").append(host)
                .append("\r\nCSeq: 1 ").append(method).append("\r\nContact: <sip:").append(host).append(">\r\n");
        if (question.get("headers") instanceof final List<?> rows) {
            rows.forEach(row -> request.append(printable(String.valueOf(row))).append("\r\n"));
        }
        return request.append("Content-Length: 0\r\n\r\n").toString();
    }

    private static String uri(final String text, final String host) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("write {\"from\": TRUNK, \"to\": \"sip:+49301234@example.org\"}");
        }
        final boolean hasScheme = text.matches("(?i)(sips?|tel|urn):.*");
        return hasScheme ? text : text.indexOf('@') >= 0 ? "sip:" + text : "sip:" + text + '@' + host;
    }

    /**
     * A source that counts as the trunk: its first peer, else the first address of its first range; one of an example
     * (RFC 5737) where the names of its peers have no address now.
     */
    private static Source source(final Trunk trunk, final List<ListenPoint> listenPoints, final long listeners) {
        final Source source = new Source();
        if (!trunk.peers().isEmpty()) {
            final Peer peer = trunk.peers().getFirst();
            source.addressHigh = peer.addressHigh();
            source.addressLow = peer.addressLow();
            source.port = peer.port();
        } else if (!trunk.allow().isEmpty()) {
            final Cidr range = trunk.allow().getFirst();
            source.addressHigh = range.high();
            source.addressLow = range.low();
            source.port = SIP_PORT;
        } else {
            final IpAddress example = new IpAddress();
            example.parse("192.0.2.1");
            source.addressHigh = example.high();
            source.addressLow = example.low();
            source.port = SIP_PORT;
        }
        final boolean ipv4 = IpAddress.isIpv4(source.addressHigh, source.addressLow);
        for (int i = listenPoints.size() - 1; i >= 0; i--) {
            final ListenPoint point = listenPoints.get(i);
            if (IpAddress.isIpv4(point.addressHigh(), point.addressLow()) == ipv4
                    && (listeners >>> point.index() & 1) != 0) {
                source.listenPoint = point.index();
                source.transport = point.transport();
            }
        }
        return source;
    }

    private static long secondsUntil(final String at) {
        if (at == null) {
            return 0;
        }
        try {
            final Instant time = at.matches(".*(Z|[+-]\\d\\d:\\d\\d)$") ? OffsetDateTime.parse(at).toInstant()
                    : LocalDateTime.parse(at).atZone(ZoneId.systemDefault()).toInstant();
            return time.getEpochSecond() - Instant.now().getEpochSecond();
        } catch (final DateTimeException e) {
            throw new IllegalArgumentException("'" + at + "' is not a time; write 2026-01-31T17:30 or"
                    + " 2026-01-31T17:30:00+01:00");
        }
    }

    private static String json(final Trunk from, final String request, final DryRun.Outcome outcome) {
        return Json.object(json -> {
            json.writeStringProperty("from", from.name());
            json.writeStringProperty("zone", from.trust().zone().name().toLowerCase(Locale.ROOT));
            json.writeBooleanProperty("trusted", from.trust().identity());
            json.writeStringProperty("request", request);
            if (outcome.realm() != null) {
                json.writeStringProperty("realm", outcome.realm());
            }
            if (outcome.number() != null) {
                json.writeStringProperty("number", outcome.number());
            }
            json.writeArrayPropertyStart("routes");
            for (final DryRun.Line line : outcome.lines()) {
                json.writeStartObject();
                json.writeStringProperty("name", line.route().name());
                json.writeBooleanProperty("matches", line.mismatch() == null);
                json.writeStringProperty("reason", reason(line, outcome.prefix()));
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeStringProperty("mode", outcome.mode().name().toLowerCase(Locale.ROOT));
            if (outcome.refusal() != null) {
                json.writeNumberProperty("status", outcome.refusal().code());
                json.writeStringProperty("answer", outcome.refusal().code() + " " + outcome.refusal().reason());
            }
            if (outcome.inside() != Route.Inside.NOTHING) {
                json.writeStringProperty("inside", outcome.inside().name().toLowerCase(Locale.ROOT));
            }
            json.writeBooleanProperty("look_up", outcome.awaited());
            json.writeArrayPropertyStart("hops");
            for (final DryRun.Hop hop : outcome.hops()) {
                json.writeStartObject();
                json.writeNumberProperty("try", hop.group() + 1);
                json.writeStringProperty("trunk", hop.trunk());
                json.writeStringProperty("peer", hop.peer());
                json.writeStringProperty("transport", hop.transport().toLowerCase(Locale.ROOT));
                json.writeStringProperty("address", hop.address());
                json.writeStringProperty("message", hop.message());
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }

    private static String reason(final DryRun.Line line, final String prefix) {
        return switch (line.mismatch()) {
            case FROM -> "is for requests from trunk '" + line.route().from().name() + "'";
            case METHOD -> "is for method " + new String(line.route().match().method(), StandardCharsets.UTF_8);
            case TO -> "the called party does not fit " + pattern(line.route().match().to(),
                    line.route().match().toExpression());
            case CALLER -> "the caller does not fit " + pattern(line.route().match().from(),
                    line.route().match().fromExpression());
            case HEADER -> "a header field does not fit " + line.route().match().headers().stream()
                    .map(Object::toString).collect(Collectors.joining(", "));
            case WHEN -> "it is not the time of 'when'";
            case PREFIXES -> "no prefix of its " + line.route().prefixes().prefixes() + " fits";
            case WITHIN -> switch (line.route().inside()) {
                case NOTHING -> "the host that the request names does not lie 'within'";
                case REGISTRAR -> "is for REGISTER requests to a domain of ours";
                case LOCATION -> "is for calls to users of the registrar";
            };
            case null -> prefix.isEmpty() ? "matches" : "matches by prefix " + prefix;
        };
    }

    private static String pattern(final byte[] text, final Object expression) {
        return text == null ? "/" + expression + "/" : new String(text, StandardCharsets.UTF_8);
    }
}
