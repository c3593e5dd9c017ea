package org.tandemsip.engine.routing;

import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.ShardContext;

/**
 * Our Record-Route URI (RFC 3261 section 16.6 step 4).
 *
 * <pre>
 *   sip:203.0.113.10:5060;transport=tcp;lr;tk=0123456789abcdef
 *       |                 |                |
 *       |                 |                +-- MAC over Call-ID, the tag of the side that sent the dialog's first
 *       |                 |                    request, and this listen point
 *       |                 +------------------- unless it is UDP (RFC 5658 section 6.2)
 *       +------------------------------------- sent-by of the listen point
 * </pre>
 *
 * The token says that this dialog was let through by the route table once, so requests inside it need no route of their
 * own: they go where their Route set or Request-URI points. It holds in its own dialog only. A Route that somebody has
 * made up, or borrowed from another call, is ours to remove but opens no way. All of it is in the URI, so it is as good
 * after a restart or on another node with the same token key. Shard thread only.
 */
public final class RecordRoutes {
    /** Bytes of a Record-Route row of ours beyond the listen point's sent-by. */
    public static final int OVERHEAD = 64;

    private static final byte[] SIP = ascii("<sip:");
    private static final byte[] TRANSPORT = ascii(";transport=");
    private static final byte[] LR = ascii(";lr;tk=");
    private static final byte[] TOKEN = ascii("tk");
    private static final int TOKEN_DIGITS = 16;
    private static final long LABEL = 0x7272_6f75_7465L;

    private final KeyedHash hash;
    private final ListenPoints listenPoints;

    /** Uses the token key and the listen points of {@code context}. */
    public RecordRoutes(final ShardContext context) {
        hash = new KeyedHash(context.keys().token0(), context.keys().token1());
        listenPoints = new ListenPoints(context.listenPoints());
    }

    /** Writes the value {@code <sip:...>} for {@code listenPoint} into a request that may begin a dialog. */
    public void write(final AsciiWriter out, final SipMessage request, final int listenPoint) {
        final ListenPoint point = listenPoints.get(listenPoint);
        out.put(SIP).put(point.sentBy());
        if (point.transport() != Transport.UDP) {
            out.put(TRANSPORT);
            for (final byte b : point.transport().token()) {
                out.put((char) (b | 0x20));
            }
        }
        out.put(LR).putHex(token(request, request.fromTag(), listenPoint), TOKEN_DIGITS).put('>');
    }

    /**
     * Whether {@code uri}, which names {@code listenPoint}, is one that we put into the dialog of {@code request}: its
     * token fits one of the two tags, since either side may be asking.
     */
    public boolean verifies(final SipMessage request, final SipUri uri, final int listenPoint) {
        final long value = uri.parameter(TOKEN);
        if (!Slice.exists(value) || Slice.length(value) != TOKEN_DIGITS) {
            return false;
        }
        long token = 0;
        final DirectBuffer bytes = request.bytes();
        for (int i = Slice.offset(value); i < Slice.end(value); i++) {
            final int digit = Character.digit(bytes.getByte(i), 16);
            if (digit < 0) {
                return false;
            }
            token = token << 4 | digit;
        }
        return token == token(request, request.fromTag(), listenPoint)
                || token == token(request, request.toTag(), listenPoint);
    }

    private long token(final SipMessage request, final long tag, final int listenPoint) {
        final DirectBuffer bytes = request.bytes();
        return hash.begin().add(LABEL).add(listenPoints.identity(listenPoint)).addSlice(bytes, request.callId())
                .addSlice(bytes, tag).end();
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
