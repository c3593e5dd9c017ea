package org.tandemsip.server.cli;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Shows who has registered, and where from. */
@Command(name = "registrations", description = "Show the users that have registered, and how they are reached.")
final class RegistrationsVerb extends ReadVerb {
    @Parameters(index = "0", arity = "0..1", paramLabel = "USER", defaultValue = "",
            description = "Show users whose name contains this; default: all, the first thousand.")
    private String user;

    @Override
    String path() {
        return "/api/v1/registrations" + (user.isEmpty() ? ""
                : "?user=" + URLEncoder.encode(user, StandardCharsets.UTF_8));
    }

    @Override
    void table(final Map<String, Object> view) {
        final List<Map<String, Object>> users = list(view, "registrations");
        out().println(view.get("users") + " users, " + view.get("contacts") + " contacts");
        if (!users.isEmpty()) {
            out().printf("%-30s %-40s %-9s %-26s %5s %s%n", "USER", "CONTACT", "TRANSPORT", "ADDRESS", "Q", "EXPIRES");
        }
        for (final Map<String, Object> each : users) {
            for (final Map<String, Object> contact : ReadVerb.<Map<String, Object>>list(each, "contacts")) {
                out().printf("%-30s %-40s %-9s %-26s %5s %s s%n", each.get("user"), contact.get("uri"),
                        contact.getOrDefault("transport", "-"),
                        contact.getOrDefault("address", contact.getOrDefault("path", "-")), contact.get("q"),
                        contact.get("expires_seconds"));
            }
        }
    }
}
