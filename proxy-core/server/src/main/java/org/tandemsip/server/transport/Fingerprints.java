package org.tandemsip.server.transport;

/**
 * The last 65,536 requests of a kind, as far as they did not overwrite each other: enough for the second or so until a
 * request is sent again. All loops share it, since a retransmission may arrive on another than the first copy did. Any
 * thread, without order: what one loop misses of another costs a refusal at worst.
 */
final class Fingerprints {
    private static final int PLACES = 1 << 16;

    private int[] places;

    boolean has(final long fingerprint) {
        final int[] known = places;
        return known != null && known[(int) fingerprint & PLACES - 1] == (int) (fingerprint >>> 32);
    }

    void add(final long fingerprint) {
        int[] known = places;
        if (known == null) {
            // Once, and never where there is no overload.
            known = new int[PLACES];
            places = known;
        }
        known[(int) fingerprint & PLACES - 1] = (int) (fingerprint >>> 32);
    }
}
