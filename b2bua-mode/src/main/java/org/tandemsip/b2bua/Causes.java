package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.ValueCursor;

/**
 * Why a call has ended, by ITU-T Q.850: as Reason says (RFC 3326), in a response, too (RFC 6432), or as RFC 3398
 * section 8.2.6.1 makes it of a status code. Shard thread only.
 */
final class Causes {
    private static final byte[] Q850 = B2bua.ascii("q.850");
    private static final byte[] CAUSE = B2bua.ascii("cause=");
    private static final int LARGEST = 127;

    private final ValueCursor values = new ValueCursor();
    private final UnsafeBuffer own = new UnsafeBuffer(0, 0);

    /** The cause that a side gives in {@code message}, 0 for none. Values of other protocols may stand beside it. */
    int of(final SipMessage message) {
        values.reset(message, HeaderName.REASON);
        while (values.next()) {
            final int cause = q850(message.bytes(), Slice.between(values.start(), values.end()));
            if (cause > 0) {
                return cause;
            }
        }
        return 0;
    }

    /** The cause in a value of Reason of our own, or what its status code comes to; 0 for none. */
    int of(final byte[] reason) {
        if (reason == null) {
            return 0;
        }
        own.wrap(reason);
        final long value = Slice.of(0, reason.length);
        final int cause = q850(own, value);
        return cause > 0 ? cause : ofCode(Numbers.behind(own, value, CAUSE, 0));
    }

    private static int q850(final DirectBuffer bytes, final long value) {
        final int cause = Numbers.startsWith(bytes, value, Q850) ? Numbers.behind(bytes, value, CAUSE, 0) : 0;
        return cause > LARGEST ? 0 : cause;
    }

    /** What a final response comes to. */
    static int ofCode(final int code) {
        return switch (code) {
            case 200, 487 -> 16;
            case 486, 600 -> 17;
            case 480 -> 18;
            case 401, 402, 403, 407, 603 -> 21;
            case 404, 485, 604 -> 1;
            case 410 -> 22;
            case 482, 483 -> 25;
            case 484 -> 28;
            // The RFC asks Warning; without one it is a normal end that nothing more is known of.
            case 488, 606 -> 31;
            case 502 -> 38;
            case 400, 481, 500, 503 -> 41;
            case 405 -> 63;
            case 406, 415, 501 -> 79;
            case 408, 504 -> 102;
            default -> 127;
        };
    }
}
