package org.tandemsip.codec;

import org.agrona.DirectBuffer;

/**
 * Request methods that Tandem treats by name; every other token is an {@link #EXTENSION} and is relayed all the same.
 */
public enum Method {
    INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, PRACK, UPDATE, INFO, SUBSCRIBE, NOTIFY, REFER, MESSAGE, PUBLISH,
    /** A method that this list does not name; its bytes stand in the start line (RFC 3261 section 16.3: relay it). */
    EXTENSION;

    private final byte[] token = name().getBytes(java.nio.charset.StandardCharsets.US_ASCII);

    private static final long SUBSCRIBE_WORD = Scan.word("SUBSCRIB");
    private static final Method[] KNOWN = values();

    private final long word = Scan.word(name().substring(0, Math.min(8, name().length())));

    /** The method whose token stands in {@code [start, end)}; methods are case-sensitive (RFC 3261 section 7.1). */
    static Method of(final DirectBuffer bytes, final int start, final int end) {
        final int length = end - start;
        if (length < 3 || length > 9) {
            return EXTENSION;
        }
        final long word = Scan.word(bytes, start, length);
        if (length == 9) {
            return word == SUBSCRIBE_WORD && bytes.getByte(end - 1) == 'E' ? SUBSCRIBE : EXTENSION;
        }
        for (final Method method : KNOWN) {
            if (method.word == word && method.token.length == length) {
                return method;
            }
        }
        return EXTENSION;
    }

    /** The method's wire bytes; not to be modified. Meaningless for {@link #EXTENSION}. */
    public byte[] token() {
        return token;
    }
}
