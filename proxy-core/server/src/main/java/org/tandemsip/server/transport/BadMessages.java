package org.tandemsip.server.transport;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Source;

/**
 * The last malformed messages, for the {@code errors} verb: which source, what is wrong, and where. Any thread.
 *
 * <p>Recording copies into memory made at the start and never waits: when somebody reads the place at that very moment,
 * the message is not kept (it is counted all the same).
 */
public final class BadMessages {
    /** Most messages kept; older ones are overwritten. */
    public static final int KEPT = 32;
    /** Most bytes kept of each. */
    public static final int KEPT_BYTES = 2_048;

    private final Place[] places = new Place[KEPT];
    private final AtomicLong recorded = new AtomicLong();

    /** Makes room for all messages that will be kept. */
    BadMessages() {
        for (int i = 0; i < KEPT; i++) {
            places[i] = new Place();
        }
    }

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
        final TreeMap<Long, BadMessage> byNumber = new TreeMap<>(Comparator.reverseOrder());
        for (final Place place : places) {
            if (place.lock()) {
                try {
                    if (place.number > 0) {
                        byNumber.put(place.number, place.read());
                    }
                } finally {
                    place.unlock();
                }
            }
        }
        return List.copyOf(byNumber.values());
    }

    /**
     * Keeps {@code bytes[offset, offset + length)}, which came from {@code source} and is wrong at {@code errorOffset}.
     */
    void record(final Source source, final ParseError error, final int errorOffset, final DirectBuffer bytes,
            final int offset, final int length) {
        final long number = recorded.incrementAndGet();
        final Place place = places[(int) (number % KEPT)];
        if (place.lock()) {
            try {
                place.number = number;
                place.epochMs = System.currentTimeMillis();
                place.transport = source.transport;
                place.high = source.addressHigh;
                place.low = source.addressLow;
                place.port = source.port;
                place.error = error;
                place.errorOffset = errorOffset;
                place.length = length;
                bytes.getBytes(offset, place.bytes, 0, Math.min(length, KEPT_BYTES));
            } finally {
                place.unlock();
            }
        }
    }

    private static final class Place {
        private final AtomicBoolean locked = new AtomicBoolean();
        private final byte[] bytes = new byte[KEPT_BYTES];
        private long number;
        private long epochMs;
        private Transport transport;
        private long high;
        private long low;
        private int port;
        private ParseError error;
        private int errorOffset;
        private int length;

        boolean lock() {
            return locked.compareAndSet(false, true);
        }

        void unlock() {
            locked.set(false);
        }

        BadMessage read() {
            final String address = IpAddress.toString(high, low);
            final String source = (IpAddress.isIpv4(high, low) ? address : '[' + address + ']') + ':' + port;
            return new BadMessage(epochMs, transport.name(), source, error, errorOffset, length,
                    Arrays.copyOf(bytes, Math.min(length, KEPT_BYTES)));
        }
    }
}
