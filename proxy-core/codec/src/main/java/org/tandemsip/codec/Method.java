package org.tandemsip.codec;

/**
 * Request methods that Tandem treats by name; every other token is an {@link #EXTENSION} and is relayed all the same.
 */
public enum Method {
    INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, PRACK, UPDATE, INFO, SUBSCRIBE, NOTIFY, REFER, MESSAGE, PUBLISH,
    /** A method that this list does not name; its bytes stand in the start line (RFC 3261 section 16.3: relay it). */
    EXTENSION;

    private final byte[] token = name().getBytes(java.nio.charset.StandardCharsets.US_ASCII);

    /** The method's wire bytes; not to be modified. Meaningless for {@link #EXTENSION}. */
    public byte[] token() {
        return token;
    }
}
