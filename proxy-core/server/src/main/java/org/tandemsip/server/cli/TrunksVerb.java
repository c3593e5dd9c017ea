package org.tandemsip.server.cli;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.tandemsip.server.admin.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Shows the trunks, and takes peers out of use and back. */
@Command(name = "trunks", description = {"Show the trunks, their calls and the state of their peers.",
    "ping asks the peers by OPTIONS and renews a registration; drain gives them no new calls, disable no new requests"
            + " at all; enable ends both.",
    "NAME is a trunk, or TRUNK/PEER for one peer of it."})
final class TrunksVerb extends ReadVerb {
    /** What to do. */
    enum Action {
        show, ping, drain, disable, enable
    }

    @Parameters(index = "0", arity = "0..1", paramLabel = "show|ping|drain|disable|enable", defaultValue = "show",
            description = "What to do; default: ${DEFAULT-VALUE}.")
    private Action action;

    @Parameters(index = "1", arity = "0..1", paramLabel = "NAME", description = "The trunk, or TRUNK/PEER.")
    private String name;

    @Override
    String path() {
        return "/api/v1/trunks";
    }

    @Override
    int run(final AdminClient client) throws IOException {
        if (action != Action.show) {
            order(client);
        }
        return super.run(client);
    }

    private void order(final AdminClient client) throws IOException {
        if (name == null) {
            throw new ParameterException(spec().commandLine(), "Name a trunk, or TRUNK/PEER.");
        }
        final String[] parts = name.split("/", 2);
        final String resource = path() + '/' + parts[0] + (parts.length == 1 ? ""
                : "/peers/" + URLEncoder.encode(parts[1], StandardCharsets.UTF_8));
        final String state = switch (action) {
            case show, ping -> null;
            case drain -> "drain";
            case disable -> "disabled";
            case enable -> "ready";
        };
        if (state == null) {
            body(client.send("POST", resource + ":ping", ""));
        } else {
            body(client.send("PATCH", resource,
                    Json.object(json -> json.writeStringProperty("state", state))));
        }
    }

    /** What there is to be said of a registration: how long it holds, or why it does not. */
    private static String remark(final Map<?, ?> registration) {
        final Object reason = registration.get("reason");
        final Object why = "".equals(reason) ? registration.get("code") : reason;
        return switch (String.valueOf(registration.get("state"))) {
            case "registered" -> "for " + registration.get("left_seconds") + " s at " + registration.get("peer");
            case "failed", "refused" -> why + ", again in " + registration.get("next_seconds") + " s";
            default -> "";
        };
    }

    @Override
    void table(final Map<String, Object> view) {
        out().printf("%-16s %-30s %-26s %-9s %-10s %6s %s%n", "TRUNK", "PEER", "ADDRESS", "TRANSPORT", "STATE", "CALLS",
                "RTT");
        for (final Map<String, Object> trunk : ReadVerb.<Map<String, Object>>list(view, "trunks")) {
            if (name != null && !name.split("/", 2)[0].equals(trunk.get("name"))) {
                continue;
            }
            for (final Map<String, Object> peer : ReadVerb.<Map<String, Object>>list(trunk, "peers")) {
                out().printf("%-16s %-30s %-26s %-9s %-10s %6s %s%n", trunk.get("name"), peer.get("name"),
                        peer.get("address"), peer.get("transport"), peer.get("state"), peer.get("calls"),
                        peer.containsKey("rtt_ms") ? peer.get("rtt_ms") + " ms" : "-");
            }
            if (trunk.get("registration") instanceof final Map<?, ?> registration) {
                out().printf("%-16s %-30s %-26s %-9s %-10s %6s %s%n", trunk.get("name"), "(register)",
                        registration.get("address"), "-", registration.get("state"), "-", remark(registration));
            }
            for (final String range : ReadVerb.<String>list(trunk, "allow")) {
                out().printf("%-16s %-30s %-26s %s%n", trunk.get("name"), "(allow)", range, "-");
            }
        }
    }
}
