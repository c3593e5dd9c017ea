package org.tandemsip.engine.routing;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.Places;
import org.tandemsip.engine.handler.ShardContext;

/**
 * Our Record-Route URI (RFC 3261 section 16.6 step 4).
 *
 * <pre>
 *   sip:203.0.113.10:5060;transport=tcp;lr;tk=0123456789abcdef[0100002a89abcdef][xc000020113c41f]
 *       |                 |                |                 |                 |
 *       |                 |                |                 |                 +-- where the callee (x) or caller (y)
 *       |                 |                |                 |                     is: address (8 or 32), port (4),
 *       |                 |                |                 |                     connection (0 to 16)
 *       |                 |                |                 +-- shard (2), slot (6) and generation (8) of the call,
 *       |                 |                |                     when it counts against a limit
 *       |                 |                +-- MAC over Call-ID, the tag of the side that sent the dialog's first
 *       |                 |                    request, this listen point, and all that stands behind it
 *       |                 +------------------- unless it is UDP (RFC 5658 section 6.2)
 *       +------------------------------------- sent-by of the listen point
 * </pre>
 *
 * The token says that this dialog was let through by the route table once, so requests inside it need no route of their
 * own: they go where their Route set or Request-URI points. It holds in its own dialog only. A Route that somebody has
 * made up, or borrowed from another call, is ours to remove but opens no way. All of it is in the URI, so it is as good
 * after a restart or on another node with the same token key. Shard thread only.
 *
 * <p>A flow says where to send what the other side sends in this dialog, whatever its Request-URI says: through a NAT,
 * or over the connection that a phone or browser keeps open (RFC 5626 section 5.3, RFC 7118 section 5).
 */
public final class RecordRoutes {
    /** Bytes of a Record-Route row of ours beyond the listen point's sent-by. */
    public static final int OVERHEAD = 80 + 1 + 32 + 4 + 16;

    private static final byte[] TOKEN = ascii("tk");
    private static final int TOKEN_DIGITS = 16;
    private static final int PLACE_DIGITS = 16;
    private static final int PORT_DIGITS = 4;
    private static final int IPV4_DIGITS = 8;
    private static final int IPV6_DIGITS = 32;
    private static final int MOST_CONNECTION_DIGITS = 16;
    private static final char NOBODY = 0;
    private static final char CALLEE = 'x';
    private static final char CALLER = 'y';
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
    private long readToken;
    private long readPlace;
    /** Whose flow the value read last has, and where it leads. */
    private char readSide;
    private final Destination readFlow = new Destination();
    /** Whether the caller has sent the request that {@link #readVerifies} was asked about last. */
    private boolean byCaller;

    /** Uses the token key and the listen points of {@code context}. */
    public RecordRoutes(final ShardContext context) {
        hash = new KeyedHash(context.keys().token0(), context.keys().token1());
        listenPoints = new ListenPoints(context.listenPoints());
        prefixes = context.listenPoints().stream().map(point -> prefix("sip:", point)).toArray(byte[][]::new);
        securePrefixes = context.listenPoints().stream()
                .map(point -> point.transport().secure() ? prefix("sips:", point) : null).toArray(byte[][]::new);
        hasSecure = listenPoints.hasSecure();
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
     * @param secure whether the request goes to a sips URI, so that this has to be one (RFC 3261 section 16.6 step 4)
     * @param flow   where requests of the other side must go, from {@code listenPoint}; {@code null} for none
     * @param caller whether that is where {@code request} comes from, and not where it goes to
     */
    public void write(final AsciiWriter out, final SipMessage request, final int listenPoint, final long call,
            final boolean secure, final Destination flow, final boolean caller) {
        final byte[] prefix =
                secure && securePrefixes[listenPoint] != null ? securePrefixes[listenPoint] : prefixes[listenPoint];
        final char side = flow == null ? NOBODY : caller ? CALLER : CALLEE;
        out.put(prefix).putHex(token(callSide(request, request.fromTag()), listenPoint, call, side, flow),
                TOKEN_DIGITS);
        if (call != Places.NONE) {
            out.putHex(call, PLACE_DIGITS);
        }
        if (flow != null) {
            putFlow(out.put(side), flow);
        }
        out.put('>');
    }

    private static void putFlow(final AsciiWriter out, final Destination flow) {
        if (IpAddress.isIpv4(flow.addressHigh, flow.addressLow)) {
            out.putHex(flow.addressLow, IPV4_DIGITS);
        } else {
            out.putHex(flow.addressHigh, 16).putHex(flow.addressLow, 16);
        }
        out.putHex(flow.port, PORT_DIGITS);
        if (flow.connection != 0) {
            out.putHex(flow.connection, (67 - Long.numberOfLeadingZeros(flow.connection)) / 4);
        }
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
        byCaller = readToken == token(callSide(request, request.fromTag()), listenPoint, readPlace, readSide, readFlow);
        return byCaller || readToken == token(callSide(request, request.toTag()), listenPoint, readPlace, readSide,
                readFlow);
    }

    /** Whether the value read last has a flow: then it has to verify, though one before it has. */
    public boolean readHasFlow() {
        return readSide != NOBODY;
    }

    /**
     * Where the request has to go that the value read last verifies for; {@code null} when that has no flow, or only
     * that of who sends the request. Valid until the next value is read.
     */
    public Destination readFlow() {
        return readSide == (byCaller ? CALLEE : CALLER) ? readFlow : null;
    }

    /** Whether the caller has sent the request that the value read last verifies for. */
    public boolean readIsByCaller() {
        return byCaller;
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
        readSide = NOBODY;
        if (end - start < TOKEN_DIGITS || !isHex(bytes, start, TOKEN_DIGITS)) {
            return false;
        }
        readToken = hex(bytes, start, TOKEN_DIGITS);
        readPlace = Places.NONE;
        int p = start + TOKEN_DIGITS;
        if (end - p >= PLACE_DIGITS && isHex(bytes, p, PLACE_DIGITS)) {
            readPlace = hex(bytes, p, PLACE_DIGITS);
            p += PLACE_DIGITS;
        }
        return p == end || readFlow(bytes, p, end);
    }

    private boolean readFlow(final DirectBuffer bytes, final int start, final int end) {
        final char side = (char) bytes.getByte(start);
        final int digits = end - start - 1;
        final boolean ipv4 = digits <= IPV4_DIGITS + PORT_DIGITS + MOST_CONNECTION_DIGITS;
        final int addressDigits = ipv4 ? IPV4_DIGITS : IPV6_DIGITS;
        final int connectionDigits = digits - addressDigits - PORT_DIGITS;
        if (side != CALLEE && side != CALLER || connectionDigits < 0 || connectionDigits > MOST_CONNECTION_DIGITS
                || !isHex(bytes, start + 1, digits)) {
            return false;
        }
        final int address = start + 1;
        final int port = address + addressDigits;
        readFlow.addressHigh = ipv4 ? 0 : hex(bytes, address, 16);
        readFlow.addressLow = ipv4 ? IpAddress.IPV4_PREFIX | hex(bytes, address, IPV4_DIGITS)
                : hex(bytes, address + 16, 16);
        readFlow.port = (int) hex(bytes, port, PORT_DIGITS);
        readFlow.connection = hex(bytes, port + PORT_DIGITS, connectionDigits);
        readSide = side;
        return true;
    }

    private static boolean isHex(final DirectBuffer bytes, final int start, final int digits) {
        for (int i = 0; i < digits; i++) {
            if (Character.digit(bytes.getByte(start + i), 16) < 0) {
                return false;
            }
        }
        return true;
    }

    private static long hex(final DirectBuffer bytes, final int start, final int digits) {
        long value = 0;
        for (int i = 0; i < digits; i++) {
            value = value << 4 | Character.digit(bytes.getByte(start + i), 16);
        }
        return value;
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

    private long token(final long callSide, final int listenPoint, final long call, final char side,
            final Destination flow) {
        hash.begin().add(LABEL).add(callSide).add(listenPoints.identity(listenPoint)).add(call);
        if (side != NOBODY) {
            hash.add(side).add(flow.addressHigh).add(flow.addressLow).add(flow.port).add(flow.connection);
        }
        return hash.end();
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
