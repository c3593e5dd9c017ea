package org.tandemsip.engine.registrar;

import java.util.Arrays;

/**
 * One contact of a user (RFC 3261 section 10). Immutable; the arrays are wire bytes, not to be modified.
 *
 * @param contact     the URI as it was written
 * @param q           preference, 0 to 1000
 * @param expiresAtMs when it ends, in milliseconds since 1970
 * @param callId      Call-ID of the REGISTER that made it what it is
 * @param cseq        CSeq number of that REGISTER
 * @param path        Path values of that REGISTER with commas between (RFC 3327), empty for none
 * @param instance    value of {@code +sip.instance} with its quotes (RFC 5626), empty for none
 * @param regId       {@code reg-id} of a binding that is told from others by instance and this; 0 for none
 * @param flow        how to reach it; {@code null}: by its Path, else by its URI
 */
public record Binding(byte[] contact, int q, long expiresAtMs, byte[] callId, long cseq, byte[] path, byte[] instance,
        int regId, Flow flow) {
    /** Highest preference, which a contact has that names none. */
    public static final int MAX_Q = 1_000;
    /** No bytes. */
    public static final byte[] NOTHING = new byte[0];

    /** Whether it is still good. */
    public boolean isLive(final long nowMs) {
        return expiresAtMs > nowMs;
    }

    /** Whether both are of the same user agent, as far as they say which one that is. */
    public boolean sameInstance(final Binding other) {
        return this == other || instance.length > 0 && Arrays.equals(instance, other.instance);
    }
}
