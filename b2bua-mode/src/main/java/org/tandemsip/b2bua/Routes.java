package org.tandemsip.b2bua;

import java.nio.charset.StandardCharsets;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.ValueCursor;

/**
 * Makes the route set of a dialog out of the Record-Routes of a message, and its target out of the Contact (RFC 3261
 * section 12.1). Shard thread only.
 */
final class Routes {
    /** What a row begins with. */
    static final byte[] ROUTE = "Route: ".getBytes(StandardCharsets.US_ASCII);

    private final ValueCursor cursor = new ValueCursor();
    private final NameAddr nameAddr = new NameAddr();
    private final int[] starts;
    private final int[] ends;

    /** @param most most values, as the parser lets through */
    Routes(final int most) {
        starts = new int[most];
        ends = new int[most];
    }

    /** URI of the first Contact, or {@link Slice#NONE}. */
    long target(final SipMessage message) {
        if (message.firstRow(HeaderName.CONTACT) == SipMessage.NO_ROW) {
            return Slice.NONE;
        }
        return cursor.reset(message, HeaderName.CONTACT).next()
                && nameAddr.wrap(message.bytes(), cursor.start(), cursor.end()) ? nameAddr.uri() : Slice.NONE;
    }

    /**
     * Writes one Route row per Record-Route of {@code message}.
     *
     * @param reversed whether we are the side that called: the row nearest to us stands last then
     */
    void write(final SipMessage message, final boolean reversed, final AsciiWriter out) {
        if (message.firstRow(HeaderName.RECORD_ROUTE) == SipMessage.NO_ROW) {
            return;
        }
        int count = 0;
        cursor.reset(message, HeaderName.RECORD_ROUTE);
        while (count < starts.length && cursor.next()) {
            starts[count] = cursor.start();
            ends[count] = cursor.end();
            count++;
        }
        for (int i = 0; i < count; i++) {
            final int value = reversed ? count - 1 - i : i;
            out.put(ROUTE).put(message.bytes(), starts[value], ends[value] - starts[value]).crlf();
        }
    }
}
