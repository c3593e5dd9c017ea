package org.tandemsip.testkit.wire;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * One Via value (RFC 3261 section 20.42).
 *
 * @param transport upper case
 * @param sentBy    host and optional port as written
 * @param params    names in lower case; a parameter without a value maps to the empty string
 * @param raw       the value as written
 */
public record WireVia(String transport, String sentBy, Map<String, String> params, String raw) {
    /** Reads one value. */
    public static WireVia parse(final String raw) {
        final String[] parts = raw.split(";");
        final String[] head = parts[0].trim().split("\\s+", 2);
        final String[] protocol = head[0].split("/");
        if (head.length != 2 || protocol.length != 3 || !"SIP".equalsIgnoreCase(protocol[0])) {
            throw new WireFormatException("Via: " + raw);
        }
        final Map<String, String> params = new LinkedHashMap<>();
        for (int i = 1; i < parts.length; i++) {
            final int equals = parts[i].indexOf('=');
            final String name = (equals < 0 ? parts[i] : parts[i].substring(0, equals)).trim();
            final String value = equals < 0 ? "" : parts[i].substring(equals + 1).trim();
            if (params.put(name.toLowerCase(Locale.ROOT), value) != null) {
                throw new WireFormatException("Via parameter twice: " + raw);
            }
        }
        return new WireVia(protocol[2].toUpperCase(Locale.ROOT), head[1].trim(), params, raw);
    }

    /** The branch, or the empty string. */
    public String branch() {
        return params.getOrDefault("branch", "");
    }

    /** Host of sent-by. */
    public String host() {
        final int colon = sentBy.lastIndexOf(':');
        return colon < 0 || sentBy.endsWith("]") ? sentBy : sentBy.substring(0, colon);
    }

    /** Port of sent-by; 5060 when there is none. */
    public int port() {
        final int colon = sentBy.lastIndexOf(':');
        return colon < 0 || sentBy.endsWith("]") ? 5060 : Integer.parseInt(sentBy.substring(colon + 1));
    }
}
