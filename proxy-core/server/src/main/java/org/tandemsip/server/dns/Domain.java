package org.tandemsip.server.dns;

import java.util.Locale;
import org.tandemsip.codec.Transport;

/**
 * What a SIP URI or a peer of the configuration asks to be found.
 *
 * @param host      host name, lower case
 * @param port      port that was given, or 0
 * @param transport transport that was asked for, or {@code null}
 * @param secure    whether the URI is {@code sips:}
 */
public record Domain(String host, int port, Transport transport, boolean secure) {
    private static final int MAX_HOST = 253;
    private static final int MAX_LABEL = 63;

    /** Writes the host as the same host is always written. */
    public Domain {
        final String lower = host.toLowerCase(Locale.ROOT);
        host = lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
    }

    /**
     * Whether a host is a name that may be asked for (RFC 3261 section 25.1, {@code hostname}). Its last label begins
     * with a letter: what does not is a realm of digits (GB/T 28181), or an address in one of the forms that only some
     * can read, and is never looked up.
     */
    public static boolean isName(final String host) {
        final String name = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
        if (name.isEmpty() || name.length() > MAX_HOST) {
            return false;
        }
        int label = 0;
        for (int i = 0; i < name.length(); i++) {
            final char c = name.charAt(i);
            if (c == '.') {
                if (label == 0 || name.charAt(i - 1) == '-') {
                    return false;
                }
                label = 0;
            } else if (++label > MAX_LABEL || !isLabel(c) || label == 1 && c == '-') {
                return false;
            }
        }
        return label > 0 && isLetter(name.charAt(name.lastIndexOf('.') + 1)) && !name.endsWith("-");
    }

    private static boolean isLabel(final char c) {
        return isLetter(c) || c >= '0' && c <= '9' || c == '-' || c == '_';
    }

    private static boolean isLetter(final char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
    }

    @Override
    public String toString() {
        return (secure ? "sips:" : "sip:") + host + (port == 0 ? "" : ":" + port)
                + (transport == null ? "" : ";transport=" + transport.name().toLowerCase(Locale.ROOT));
    }
}
