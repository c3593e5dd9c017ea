package org.tandemsip.server.dns;

import java.util.Locale;

/**
 * What is asked of DNS.
 *
 * @param name domain name, lower case, without a dot at its end
 * @param type type of the records wanted
 */
public record Question(String name, RecordType type) {
    /** Writes the name as the same name is always written. */
    public Question {
        final String lower = name.toLowerCase(Locale.ROOT);
        name = lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
    }
}
