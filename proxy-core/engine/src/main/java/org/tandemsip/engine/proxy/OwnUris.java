package org.tandemsip.engine.proxy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.handler.ListenPoint;

/** Writes URIs that lead to our listen points. Immutable. */
final class OwnUris {
    private static final byte[] SIP = ascii("sip:");
    private static final byte[] SIPS = ascii("sips:");
    private static final byte[] NOTHING = {};

    private final byte[][] sentBys;
    private final byte[][] transports;

    OwnUris(final List<ListenPoint> listenPoints) {
        sentBys = listenPoints.stream().map(ListenPoint::sentBy).toArray(byte[][]::new);
        transports = listenPoints.stream().map(point -> ascii(switch (point.transport()) {
            case UDP -> "";
            // RFC 7118 section 5.2 has this word for both.
            case WS, WSS -> ";transport=ws";
            case TCP, TLS, SCTP, OTHER -> ";transport=" + point.transport().name().toLowerCase(Locale.ROOT);
        })).toArray(byte[][]::new);
    }

    /** Writes {@code sip:user@us;transport=...}. @param user of {@code bytes}, or {@link Slice#NONE} */
    void write(final AsciiWriter out, final int listenPoint, final boolean secure, final DirectBuffer bytes,
            final long user) {
        out.put(secure ? SIPS : SIP);
        if (Slice.exists(user)) {
            out.putSlice(bytes, user).put('@');
        }
        out.put(sentBys[listenPoint]).put(secure ? NOTHING : transports[listenPoint]);
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
