package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.Hex;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.handler.ShardContext;

/**
 * Our tag in a dialog: it says where the call is, and nobody can make one up.
 *
 * <pre>
 *   B2B. 0123456789abcdef fedcba9876543210
 *        |                +-- MAC over the place of the call and the leg
 *        +------------------- that place, covered by a hash of the MAC: the tags of two legs have nothing in common
 * </pre>
 *
 * Where the callee's side forks, each early dialog of the caller may have a tag of its own, a variant. The last byte of
 * its MAC says which one it is, covered by the first byte. A request inside a dialog finds its call without a search,
 * and one that is made up finds nothing. Shard thread only.
 */
final class Tags {
    /** Digits of a tag. */
    static final int LENGTH = 36;
    /** What it begins with. */
    static final byte[] START = B2bua.ascii("B2B.");

    /** Most variants of one call. */
    static final int MOST_VARIANTS = 0xFF;

    /** Numbers behind those of legs. */
    private static final int FIRST_VARIANT = 16;
    private static final long MAC_LABEL = 0x6c65_6774_6167L;
    private static final long COVER_LABEL = 0x636f_7665_72L;

    private final KeyedHash hash;
    private long place;
    private long mac;
    private boolean ofCall;

    Tags(final ShardContext.Keys keys) {
        hash = new KeyedHash(keys.token0(), keys.token1());
    }

    /** Second half of the tag of leg {@code leg} of the call at {@code callPlace}; 2 and 3: of the subscription. */
    long mac(final long callPlace, final int leg) {
        return hash.begin().add(MAC_LABEL).add(callPlace).add(leg).end();
    }

    /** The same of a variant of the tag of the leg that has called. @param number 1 to {@link #MOST_VARIANTS} */
    long variant(final long callPlace, final int number) {
        final long full = mac(callPlace, FIRST_VARIANT + number);
        return full & ~0xFF | (full >>> 56 ^ number) & 0xFF;
    }

    /** First half of the tag with this second half. */
    long covered(final long callPlace, final long legMac) {
        return callPlace ^ hash.begin().add(COVER_LABEL).add(legMac).end();
    }

    /** Reads a tag; {@code false} when it is none of ours. Then the accessors below hold its parts. */
    boolean read(final DirectBuffer bytes, final long tag) {
        if (!Slice.exists(tag) || Slice.length(tag) != LENGTH) {
            return false;
        }
        for (int i = 0; i < START.length; i++) {
            if (bytes.getByte(Slice.offset(tag) + i) != START[i]) {
                return false;
            }
        }
        final int start = Slice.offset(tag) + START.length;
        final long a = Hex.parse8(bytes, start);
        final long b = Hex.parse8(bytes, start + 8);
        final long c = Hex.parse8(bytes, start + 16);
        final long d = Hex.parse8(bytes, start + 24);
        if (a == Hex.NONE || b == Hex.NONE || c == Hex.NONE || d == Hex.NONE) {
            return false;
        }
        mac = c << 32 | d;
        place = covered(a << 32 | b, mac);
        ofCall = mac == mac(place, 0) || mac == mac(place, 1) || isVariant();
        return ofCall || mac == mac(place, Subscription.FIRST_LEG) || mac == mac(place, Subscription.FIRST_LEG + 1);
    }

    private boolean isVariant() {
        final int number = (int) ((mac >>> 56 ^ mac) & 0xFF);
        return number > 0 && mac == variant(place, number);
    }

    /** Whether it is of a call, else of a subscription. */
    boolean isOfCall() {
        return ofCall;
    }

    /** Place of the call that the tag read last names. */
    long place() {
        return place;
    }

    /** Second half of the tag read last. */
    long mac() {
        return mac;
    }
}
