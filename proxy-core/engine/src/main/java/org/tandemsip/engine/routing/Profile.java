package org.tandemsip.engine.routing;

/**
 * Who it is that a trunk speaks with, where RFC 3261 alone does not say enough.
 *
 * @param t1Ns      T1 towards it; 0 for the global one
 * @param timeoutNs timers B and F towards it; 0 for 64*T1
 * @param gb28181   what is known of its devices; {@code null} when it is not one of GB/T 28181
 * @param hidesTopology whether it is to see nothing of what lies behind us
 */
public record Profile(long t1Ns, long timeoutNs, Gb28181 gb28181, boolean hidesTopology) {
    /** RFC 3261 alone. */
    public static final Profile NONE = new Profile(0, 0, null, false);

    /** A trunk of GB/T 28181. @param t1Ns 0 for its usual one */
    public static Profile gb28181(final long t1Ns, final Gb28181 known) {
        final long t1 = t1Ns == 0 ? Gb28181.T1_NS : t1Ns;
        return new Profile(t1, Gb28181.TIMEOUT_T1S * t1, known, false);
    }

    /** This profile, hiding what lies behind us or not. */
    public Profile hiding(final boolean hides) {
        return new Profile(t1Ns, timeoutNs, gb28181, hides);
    }
}
