package org.tandemsip.server.transport;

import java.util.List;
import org.tandemsip.codec.ParseError;

/** The last malformed messages, for the {@code errors} verb: which source, what is wrong, and where. Any thread. */
public final class BadMessages {
    /** Most messages kept; older ones are overwritten. */
    public static final int KEPT = 32;
    /** Most bytes kept of each. */
    public static final int KEPT_BYTES = 2_048;

    /**
     * One malformed message.
     *
     * @param epochMs   wall-clock time in milliseconds since 1970
     * @param transport {@code UDP} or {@code TCP}
     * @param source    address and port it came from, as text
     * @param error     what is wrong with it
     * @param offset    offset of the offending byte
     * @param length    size of the whole message in bytes
     * @param bytes     its first bytes, at most {@link #KEPT_BYTES}; raw wire bytes, to be escaped before they are
     *                  shown
     */
    public record BadMessage(long epochMs, String transport, String source, ParseError error, int offset, int length,
            byte[] bytes) {}

    /** The messages kept, latest first. */
    public List<BadMessage> latest() {
        throw new UnsupportedOperationException();
    }
}
