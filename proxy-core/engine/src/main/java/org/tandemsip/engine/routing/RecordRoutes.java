package org.tandemsip.engine.routing;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.Places;
import org.tandemsip.engine.handler.ShardContext;

/**
 * Our Record-Route URI (RFC 3261 section 16.6 step 4).
 *
 * <pre>
 *   sip:203.0.113.10:5060;transport=tcp;lr;tk=0123456789abcdef[0100002a89abcdef]
 *       |                 |                |                 |
 *       |                 |                |                 +-- shard (2), slot (6) and generation (8) of the call,
 *       |                 |                |                     when it counts against a limit
 *       |                 |                +-- MAC over Call-ID, the tag of the side that sent the dialog's first
 *       |                 |                    request, this listen point, and the place behind it
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
    public static final int OVERHEAD = 113;

    private static final byte[] TOKEN = ascii("tk");
    private static final int TOKEN_DIGITS = 16;
    private static final int PLACE_DIGITS = 16;
    private static final int FLOW_DIGITS = 16;
    private static final long LABEL = 0x7272_6f75_7465L;

    private final KeyedHash hash;
    private final ListenPoints listenPoints;
    /**
     * Per listen point what stands before the token: what we wrote comes back as it was, and is known without parsing.
     */
    private final byte[][] prefixes;
    /** The same with sips; {@code null} for listen points without TLS. */
    private final byte[][] securePrefixes;
    private final boolean hasSecure;
    /** A key of this process alone: a connection does not outlive it. */
    private final KeyedHash flowHash;
    private long readToken;
    private long readPlace;

    /** Uses the token key and the listen points of {@code context}. */
    public RecordRoutes(final ShardContext context) {
        hash = new KeyedHash(context.keys().token0(), context.keys().token1());
        listenPoints = new ListenPoints(context.listenPoints());
        prefixes = context.listenPoints().stream().map(point -> prefix("sip:", point)).toArray(byte[][]::new);
        securePrefixes = context.listenPoints().stream()
                .map(point -> point.transport().secure() ? prefix("sips:", point) : null).toArray(byte[][]::new);
        hasSecure = listenPoints.hasSecure();
        flowHash = new KeyedHash(context.keys().table0(), context.keys().table1());
    }

    private static byte[] prefix(final String scheme, final ListenPoint point) {
        final boolean sips = scheme.equals("sips:");
        final String transport = switch (point.transport()) {
            case UDP -> "";
            // RFC 7118 section 5.2 has this word for both.
            case WS, WSS -> ";transport=ws";
            case TLS -> sips ? "" : ";transport=tls";
            case TCP, SCTP, OTHER -> ";transport=" + point.transport().name().toLowerCase(Locale.ROOT);
        };
        return ascii('<' + scheme + new String(point.sentBy(), StandardCharsets.US_ASCII) + transport + ";lr;tk=");
    }

    /**
     * Writes the value {@code <sip:...>} for {@code listenPoint} into a request that may begin a dialog.
     *
     * @param call   place of the call that it begins, or {@link Places#NONE}
     * @param flow   connection that requests of the other side must take, since nobody can connect to where it came
     *               from (RFC 5626 section 5.3, RFC 7118 section 5): in the user part; 0 for none
     * @param secure whether the request goes to a sips URI, so that this has to be one (RFC 3261 section 16.6 step 4)
     */
    public void write(final AsciiWriter out, final SipMessage request, final int listenPoint, final long call,
            final long flow, final boolean secure) {
        final byte[] prefix =
                secure && securePrefixes[listenPoint] != null ? securePrefixes[listenPoint] : prefixes[listenPoint];
        if (flow == 0) {
            out.put(prefix);
        } else {
            final int user = prefix == securePrefixes[listenPoint] ? 6 : 5;
            put(out, prefix, 0, user).putHex(flow, FLOW_DIGITS).putHex(flowMac(flow), FLOW_DIGITS).put('@');
            put(out, prefix, user, prefix.length);
        }
        out.putHex(token(callSide(request, request.fromTag()), listenPoint, call),
                TOKEN_DIGITS);
        if (call != Places.NONE) {
            out.putHex(call, PLACE_DIGITS);
        }
        out.put('>');
    }

    /**
     * Looks whether a Route value is one of ours, byte for byte; then {@link #readVerifies} may be asked. A value that
     * has been written anew on its way needs {@link ListenPoints#find} and {@link #verifies}.
     *
     * @return the listen point it names, or {@link ListenPoints#NONE}
     */
    public int read(final DirectBuffer bytes, final int start, final int end) {
        final int found = read(bytes, start, end, prefixes);
        return found == ListenPoints.NONE && hasSecure ? read(bytes, start, end, securePrefixes) : found;
    }

    private int read(final DirectBuffer bytes, final int start, final int end, final byte[][] among) {
        for (int i = 0; i < among.length; i++) {
            if (among[i] == null) {
                continue;
            }
            final int tokenStart = start + among[i].length;
            if (end > tokenStart && bytes.getByte(end - 1) == '>' && startsWith(bytes, start, among[i])
                    && readToken(bytes, tokenStart, end - 1)) {
                return i;
            }
        }
        return ListenPoints.NONE;
    }

    /**
     * Whether the value read last, which names {@code listenPoint}, was put into the dialog of {@code request} by us.
     */
    public boolean readVerifies(final SipMessage request, final int listenPoint) {
        return readToken == token(callSide(request, request.fromTag()), listenPoint, readPlace)
                || readToken == token(callSide(request, request.toTag()), listenPoint, readPlace);
    }

    /**
     * The connection named in a URI of ours; 0 when there is none, or it is not as we wrote it. Depends on this
     * process, not on the dialog: whether that is ours is for {@link #verifies} to say.
     */
    public long flow(final DirectBuffer bytes, final SipUri uri) {
        final long user = uri.user();
        if (!Slice.exists(user) || Slice.length(user) != 2 * FLOW_DIGITS) {
            return 0;
        }
        long flow = 0;
        long mac = 0;
        for (int i = 0; i < 2 * FLOW_DIGITS; i++) {
            final int digit = Character.digit(bytes.getByte(Slice.offset(user) + i), 16);
            if (digit < 0) {
                return 0;
            }
            if (i < FLOW_DIGITS) {
                flow = flow << 4 | digit;
            } else {
                mac = mac << 4 | digit;
            }
        }
        return mac == flowMac(flow) ? flow : 0;
    }

    private static AsciiWriter put(final AsciiWriter out, final byte[] bytes, final int from, final int to) {
        for (int i = from; i < to; i++) {
            out.put((char) bytes[i]);
        }
        return out;
    }

    private long flowMac(final long flow) {
        return flowHash.begin().add(LABEL).add(flow).end();
    }

    /** Place of the call that the value read last names, or {@link Places#NONE}; to be believed once it verifies. */
    public long readPlace() {
        return readPlace;
    }

    /**
     * Whether {@code uri}, which names {@code listenPoint}, is one that we put into the dialog of {@code request}: its
     * token fits one of the two tags, since either side may be asking.
     */
    public boolean verifies(final SipMessage request, final SipUri uri, final int listenPoint) {
        final long value = uri.parameter(TOKEN);
        return Slice.exists(value) && readToken(request.bytes(), Slice.offset(value), Slice.end(value))
                && readVerifies(request, listenPoint);
    }

    private boolean readToken(final DirectBuffer bytes, final int start, final int end) {
        final int length = end - start;
        if (length != TOKEN_DIGITS && length != TOKEN_DIGITS + PLACE_DIGITS) {
            return false;
        }
        long token = 0;
        long place = Places.NONE;
        for (int i = 0; i < length; i++) {
            final int digit = Character.digit(bytes.getByte(start + i), 16);
            if (digit < 0) {
                return false;
            }
            if (i < TOKEN_DIGITS) {
                token = token << 4 | digit;
            } else {
                place = place << 4 | digit;
            }
        }
        readToken = token;
        readPlace = place;
        return true;
    }

    private static boolean startsWith(final DirectBuffer bytes, final int start, final byte[] prefix) {
        for (int i = 0; i < prefix.length; i++) {
            if (bytes.getByte(start + i) != prefix[i]) {
                return false;
            }
        }
        return true;
    }

    /** What the tokens of all listen points for one side of one call are made from. */
    private long callSide(final SipMessage request, final long tag) {
        final DirectBuffer bytes = request.bytes();
        return hash.begin().add(LABEL).addSlice(bytes, request.callId()).addSlice(bytes, tag).end();
    }

    private long token(final long callSide, final int listenPoint, final long call) {
        return hash.begin().add(LABEL).add(callSide).add(listenPoints.identity(listenPoint)).add(call).end();
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
