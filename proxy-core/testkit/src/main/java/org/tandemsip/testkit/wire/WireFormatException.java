package org.tandemsip.testkit.wire;

/** Says why bytes are not a SIP message that a strict reader accepts. */
public final class WireFormatException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /** Makes one with a sentence for people. */
    public WireFormatException(final String message) {
        super(message);
    }
}
