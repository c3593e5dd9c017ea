package org.tandemsip.engine.handler;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.agrona.DirectBuffer;

/**
 * Tells emergency calls by their Request-URI: the service URN {@code urn:service:sos} with its sub-services (RFC 5031),
 * and numbers that the configuration names, as user part of a SIP URI or number of a tel URI. Such calls are never
 * refused for a limit. Works on the raw bytes, so that an I/O loop can ask before anything is parsed. Immutable;
 * allocates nothing.
 */
public final class Emergencies {
    /** The service URN alone. */
    public static final Emergencies URN_ONLY = new Emergencies(List.of());

    private static final byte[] SERVICE = ascii("urn:service:sos");
    private static final byte[] SIP = ascii("sip:");
    private static final byte[] SIPS = ascii("sips:");
    private static final byte[] TEL = ascii("tel:");

    private final byte[][] numbers;

    /** Makes one for these numbers besides the service URN. */
    public Emergencies(final List<String> numbers) {
        this.numbers = numbers.stream().map(Emergencies::ascii).toArray(byte[][]::new);
    }

    /** Whether all of them are the service URN: there are no numbers. */
    public boolean areServices() {
        return numbers.length == 0;
    }

    /** Whether the URI in {@code bytes[start, end)}, which may have more behind it after a blank, is one. */
    public boolean includes(final DirectBuffer bytes, final int start, final int end) {
        if (isService(bytes, start, end)) {
            return true;
        }
        if (numbers.length == 0) {
            return false;
        }
        if (startsWith(bytes, start, end, TEL)) {
            return isNumber(bytes, start + TEL.length, end, true);
        }
        return startsWith(bytes, start, end, SIP) && isNumber(bytes, start + SIP.length, end, false)
                || startsWith(bytes, start, end, SIPS) && isNumber(bytes, start + SIPS.length, end, false);
    }

    /** Whether the URI in {@code bytes[start, end)} is the service URN or a sub-service of it. */
    public static boolean isService(final DirectBuffer bytes, final int start, final int end) {
        final int at = start + SERVICE.length;
        return startsWith(bytes, start, end, SERVICE) && (isEnd(bytes, at, end) || bytes.getByte(at) == '.');
    }

    private boolean isNumber(final DirectBuffer bytes, final int start, final int end, final boolean tel) {
        for (int i = 0; i < numbers.length; i++) {
            final int at = start + numbers[i].length;
            if (startsWith(bytes, start, end, numbers[i])) {
                final boolean whole = tel ? isEnd(bytes, at, end) : at < end && bytes.getByte(at) == '@';
                if (whole || at < end && bytes.getByte(at) == ';') {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean isEnd(final DirectBuffer bytes, final int at, final int end) {
        return at == end || bytes.getByte(at) == ' ';
    }

    private static boolean startsWith(final DirectBuffer bytes, final int from, final int end, final byte[] prefix) {
        if (end - from < prefix.length) {
            return false;
        }
        for (int i = 0; i < prefix.length; i++) {
            final byte b = bytes.getByte(from + i);
            if ((b >= 'A' && b <= 'Z' ? b | 0x20 : b) != prefix[i]) {
                return false;
            }
        }
        return true;
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
