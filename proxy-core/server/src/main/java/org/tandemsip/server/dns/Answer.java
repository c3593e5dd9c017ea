package org.tandemsip.server.dns;

import java.util.List;

/**
 * The answer to a {@link Question}.
 *
 * @param kind      what kind of answer it is
 * @param records   for {@link Kind#FOUND}, at most {@link #MAX_RECORDS} of them, in the order of the message
 * @param expiresNs when its time to live runs out, on the clock of the cache
 * @param stale     whether it had run out already, and is used because nobody answers (RFC 8767)
 * @param detail    why there is nothing, for people; else empty
 */
public record Answer(Kind kind, List<Rdata> records, long expiresNs, boolean stale, String detail) {
    /** Most records taken from one answer. */
    public static final int MAX_RECORDS = 128;

    /** Kinds of answers. */
    public enum Kind {
        /** There are records. */
        FOUND,
        /** There is no such name, or it has no record of this type (RFC 2308 section 2). */
        NONE,
        /** Nobody answered, or nothing that could be understood. */
        FAILED
    }

    /** Whether there are records. */
    public boolean found() {
        return kind == Kind.FOUND;
    }
}
