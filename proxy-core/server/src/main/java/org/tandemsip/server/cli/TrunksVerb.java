package org.tandemsip.server.cli;

import java.util.Map;
import picocli.CommandLine.Command;

/** Shows the trunks. */
@Command(name = "trunks", description = "Show the trunks and the addresses of their peers.")
final class TrunksVerb extends ReadVerb {
    @Override
    String path() {
        return "/api/v1/trunks";
    }

    @Override
    void table(final Map<String, Object> view) {
        out().printf("%-16s %-30s %-26s %s%n", "TRUNK", "PEER", "ADDRESS", "TRANSPORT");
        for (final Map<String, Object> trunk : ReadVerb.<Map<String, Object>>list(view, "trunks")) {
            for (final Map<String, Object> peer : ReadVerb.<Map<String, Object>>list(trunk, "peers")) {
                out().printf("%-16s %-30s %-26s %s%n", trunk.get("name"), peer.get("name"), peer.get("address"),
                        peer.get("transport"));
            }
            for (final String range : ReadVerb.<String>list(trunk, "allow")) {
                out().printf("%-16s %-30s %-26s %s%n", trunk.get("name"), "(allow)", range, "-");
            }
        }
    }
}
