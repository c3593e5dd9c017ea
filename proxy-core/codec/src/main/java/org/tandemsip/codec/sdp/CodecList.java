package org.tandemsip.codec.sdp;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.agrona.DirectBuffer;

/**
 * Codecs by their names in {@code a=rtpmap} (RFC 8866 section 6.6), best first. Immutable.
 *
 * @param names as written: PCMA, telephone-event; upper and lower case are the same
 */
public record CodecList(List<String> names) {
    /** Any codec, in any order. */
    public static final CodecList ANY = new CodecList(List.of());
    /** What is of no use alone: tones, silence, repair of others. */
    private static final CodecList AUXILIARY =
            new CodecList(List.of("telephone-event", "CN", "rtx", "red", "ulpfec", "flexfec-03"));
    /** Names of payload types that need no rtpmap (RFC 3551 section 6). */
    private static final byte[][] STATIC = new byte[35][];

    static {
        known(0, "PCMU");
        known(3, "GSM", "G723", "DVI4", "DVI4", "LPC", "PCMA", "G722", "L16", "L16", "QCELP", "CN", "MPA", "G728",
                "DVI4", "DVI4", "G729");
        known(25, "CelB", "JPEG");
        known(28, "nv");
        known(31, "H261", "MPV", "MP2T", "H263");
    }

    private static void known(final int first, final String... names) {
        for (int i = 0; i < names.length; i++) {
            STATIC[first + i] = names[i].getBytes(StandardCharsets.US_ASCII);
        }
    }

    /** Takes names as they stand. */
    public CodecList {
        names = List.copyOf(names);
    }

    /** Whether every codec is in it. */
    public boolean isAny() {
        return names.isEmpty();
    }

    /** Place of a codec in the list, from 0; -1 when it is not there. A list of any has all at 0. */
    int rank(final DirectBuffer bytes, final int start, final int end) {
        for (int i = 0; i < names.size(); i++) {
            if (same(names.get(i), bytes, start, end)) {
                return i;
            }
        }
        return isAny() ? 0 : -1;
    }

    private static boolean same(final String name, final DirectBuffer bytes, final int start, final int end) {
        if (name.length() != end - start) {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            if (lower(name.charAt(i)) != lower((char) (bytes.getByte(start + i) & 0xFF))) {
                return false;
            }
        }
        return true;
    }

    private static char lower(final char c) {
        return c >= 'A' && c <= 'Z' ? (char) (c + 32) : c;
    }

    /** Whether a codec only goes along with others. */
    static boolean isAuxiliary(final DirectBuffer bytes, final int start, final int end) {
        return AUXILIARY.rank(bytes, start, end) >= 0;
    }

    /** Name of a static payload type, {@code null} when it has none. */
    static byte[] staticName(final int payloadType) {
        return payloadType < STATIC.length ? STATIC[payloadType] : null;
    }

    @Override
    public String toString() {
        return String.join(",", names).toUpperCase(Locale.ROOT);
    }
}
