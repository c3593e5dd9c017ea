package org.tandemsip.server.admin;

import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tandemsip.codec.Transport;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.dns.Answer;
import org.tandemsip.server.dns.Domain;
import org.tandemsip.server.dns.Hop;
import org.tandemsip.server.dns.Located;
import org.tandemsip.server.dns.Names;
import org.tandemsip.server.dns.Rdata;
import tools.jackson.core.JsonGenerator;

/** How a name is found, step by step, as JSON. */
final class DnsView {
    private static final long MAX_SECONDS = 60;
    private static final Pattern TARGET = Pattern
            .compile("(?:(sips?):)?(?:[^@;?]*@)?([A-Za-z0-9._-]+)(?::(\\d{1,5}))?(?:;transport=(udp|tcp|tls))?");

    private DnsView() {}

    /**
     * Looks up {@code HOST}, {@code HOST:PORT} or {@code sip:URI} as a request to it would be.
     *
     * @throws IllegalArgumentException it is none of these
     */
    static String of(final Control control, final String target) {
        final Matcher matcher = TARGET.matcher(target.toLowerCase(Locale.ROOT));
        if (!matcher.matches() || !Domain.isName(matcher.group(2))) {
            throw new IllegalArgumentException(
                    "'" + target + "' names no host to look up; write sip:HOST, sip:HOST:PORT"
                            + " or sip:HOST;transport=tcp");
        }
        final int port = matcher.group(3) == null ? 0 : Integer.parseInt(matcher.group(3));
        if (port > 65_535) {
            throw new IllegalArgumentException("the port must be 1 to 65535");
        }
        final Transport transport = matcher.group(4) == null ? null
                : Transport.valueOf(matcher.group(4).toUpperCase(Locale.ROOT));
        final Domain domain = new Domain(matcher.group(2), port, transport, "sips".equals(matcher.group(1)));
        final CompletableFuture<Located> located = new CompletableFuture<>();
        control.names().locate(domain, control.reach(), located::complete);
        try {
            return json(located.get(MAX_SECONDS, TimeUnit.SECONDS), control.names());
        } catch (final InterruptedException | ExecutionException | TimeoutException e) {
            throw new IllegalStateException("no end of the look-up", e);
        }
    }

    private static String json(final Located located, final Names names) {
        return Json.object(json -> {
            json.writeStringProperty("target", located.domain().toString());
            json.writeStringProperty("result", word(located.kind()));
            json.writeStringProperty("reason", located.reason());
            json.writeBooleanProperty("stale", located.stale());
            json.writeArrayPropertyStart("steps");
            for (final Located.Step step : located.steps()) {
                step(json, step, names.nowNs());
            }
            json.writeEndArray();
            json.writeArrayPropertyStart("targets");
            for (final Hop hop : located.hops()) {
                json.writeStartObject();
                json.writeNumberProperty("priority", hop.tier());
                json.writeNumberProperty("weight", hop.weight());
                json.writeStringProperty("transport",
                        hop.transport() == null ? "auto" : word(hop.transport()));
                json.writeStringProperty("address", Config.hostPort(hop.high(), hop.low(), hop.port()));
                json.writeStringProperty("name", hop.name());
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }

    private static void step(final JsonGenerator json, final Located.Step step, final long nowNs) {
        final Answer answer = step.answer();
        json.writeStartObject();
        json.writeStringProperty("name", step.question().name());
        json.writeStringProperty("type", step.question().type().name());
        json.writeStringProperty("answer", word(answer.kind()));
        json.writeNumberProperty("ttl", Math.max(0, Math.ceilDiv(answer.expiresNs() - nowNs, 1_000_000_000L)));
        json.writeBooleanProperty("stale", answer.stale());
        json.writeStringProperty("detail", answer.detail());
        Json.texts(json, "records", answer.records().stream().map(DnsView::printable).toList());
        json.writeEndObject();
    }

    /** Texts of NAPTR records may hold anything. */
    private static String printable(final Rdata data) {
        return data.toString().replaceAll("[^ -~]", "?");
    }

    private static String word(final Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
