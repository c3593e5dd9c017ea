package org.tandemsip.server.admin;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.tandemsip.engine.registrar.AddressOfRecord;
import org.tandemsip.engine.registrar.Binding;
import org.tandemsip.engine.registrar.Bindings;
import org.tandemsip.engine.registrar.Flow;
import org.tandemsip.engine.registrar.LocationTable;
import org.tandemsip.server.config.Config;
import tools.jackson.core.JsonGenerator;

/** Who has registered, and where from, as JSON. */
final class RegistrationView {
    /** Most users shown at a time. */
    private static final int MOST = 1_000;

    private record User(String name, Bindings bindings) {}

    private RegistrationView() {}

    /** Users whose name contains {@code part}, in the order of their names, {@value #MOST} at most. */
    static String of(final LocationTable table, final String part) {
        final long nowMs = System.currentTimeMillis();
        final List<User> users = new ArrayList<>();
        table.forEach((user, bindings) -> add(users, user, bindings, part, nowMs));
        users.sort(Comparator.comparing(User::name));
        return Json.object(json -> {
            json.writeNumberProperty("users", table.users());
            json.writeNumberProperty("contacts", table.contacts());
            json.writeArrayPropertyStart("registrations");
            for (final User user : users) {
                json.writeStartObject();
                json.writeStringProperty("user", user.name());
                json.writeArrayPropertyStart("contacts");
                for (int i = 0; i < user.bindings().size(); i++) {
                    if (user.bindings().get(i).isLive(nowMs)) {
                        json.writeStartObject();
                        contact(json, user.bindings().get(i), nowMs);
                        json.writeEndObject();
                    }
                }
                json.writeEndArray();
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }

    private static void add(final List<User> users, final AddressOfRecord user, final Bindings bindings,
            final String part, final long nowMs) {
        final String name = user.toString();
        if (users.size() < MOST && name.contains(part) && bindings.isLive(nowMs)) {
            users.add(new User(name, bindings));
        }
    }

    private static void contact(final JsonGenerator json, final Binding binding, final long nowMs) {
        json.writeStringProperty("uri", text(binding.contact()));
        json.writeNumberProperty("q", binding.q() / 1_000.0);
        json.writeNumberProperty("expires_seconds", (binding.expiresAtMs() - nowMs + 999) / 1_000);
        final Flow flow = binding.flow();
        if (flow != null) {
            json.writeStringProperty("transport", flow.transport().name().toLowerCase(Locale.ROOT));
            json.writeStringProperty("address",
                    Config.hostPort(flow.addressHigh(), flow.addressLow(), flow.port()));
        }
        if (binding.path().length > 0) {
            json.writeStringProperty("path", text(binding.path()));
        }
        if (binding.instance().length > 0) {
            json.writeStringProperty("instance", text(binding.instance()));
            json.writeNumberProperty("reg_id", binding.regId());
        }
        json.writeStringProperty("call_id", text(binding.callId()));
        json.writeNumberProperty("cseq", binding.cseq());
    }

    private static String text(final byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
