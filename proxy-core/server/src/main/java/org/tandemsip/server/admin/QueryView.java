package org.tandemsip.server.admin;

import java.util.List;
import org.tandemsip.engine.routing.Gb28181;
import org.tandemsip.engine.routing.Queries;
import org.tandemsip.engine.routing.Trunk;
import tools.jackson.core.JsonGenerator;

/** What devices of GB/T 28181 were asked in the last minute, beside the calls: each query with what came of it. */
final class QueryView {
    /** Most that are shown of a trunk. */
    private static final int MOST = 200;

    private QueryView() {}

    /** Writes {@code queries}, latest first, where a trunk has the profile. */
    static void write(final JsonGenerator json, final List<Trunk> trunks, final long nowNs) {
        if (trunks.stream().allMatch(trunk -> trunk.profile().gb28181() == null)) {
            return;
        }
        json.writeArrayPropertyStart("queries");
        for (final Trunk trunk : trunks) {
            final Gb28181 gb28181 = trunk.profile().gb28181();
            if (gb28181 != null) {
                gb28181.queries().latest(MOST, nowNs).forEach(query -> write(json, trunk, query));
            }
        }
        json.writeEndArray();
    }

    private static void write(final JsonGenerator json, final Trunk trunk, final Queries.Query query) {
        json.writeStartObject();
        json.writeStringProperty("trunk", trunk.name());
        json.writeStringProperty("cmd_type", query.command().word());
        if (query.sn() != Queries.NO_NUMBER) {
            json.writeNumberProperty("sn", query.sn());
        }
        json.writeStringProperty("device_id", query.device());
        json.writeStringProperty("state", query.waitedNs() < 0 ? "waiting" : "answered");
        json.writeNumberProperty("age_ms", query.ageNs() / 1_000_000);
        if (query.waitedNs() >= 0) {
            json.writeNumberProperty("answered_ms", query.waitedNs() / 1_000_000);
        }
        json.writeEndObject();
    }
}
