package org.tandemsip.engine.routing;

import java.util.List;
import org.tandemsip.codec.Status;

/**
 * Failures of a trunk that callers are told as others. Immutable.
 *
 * @param entries each code once
 */
public record ResponseMap(List<Entry> entries) {
    /** Nothing is told as anything else. */
    public static final ResponseMap NONE = new ResponseMap(List.of());

    /** One failure. @param code as the trunk answers it @param status as callers are told it */
    public record Entry(int code, Status status) {}

    /**
     * Whether a code means what it says only together with the header fields beside it, or with a CANCEL before it, so
     * that it neither becomes another nor another becomes it: challenges (RFC 3261 section 22), 405, 415, 420, 421 and
     * 423, which list what is allowed or missing, 422 (RFC 4028 section 6), 494 (RFC 3329), and 487 (RFC 3261 sections
     * 9.2, 15.1.2).
     */
    public static boolean isBound(final int code) {
        return switch (code) {
            case 401, 405, 407, 415, 420, 421, 422, 423, 487, 494 -> true;
            default -> false;
        };
    }

    /** What callers are told in the place of {@code code}, or {@code null} for that itself. Allocates nothing. */
    public Status of(final int code) {
        for (int i = 0; i < entries.size(); i++) {
            if (entries.get(i).code() == code) {
                return entries.get(i).status();
            }
        }
        return null;
    }
}
