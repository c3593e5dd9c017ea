package org.tandemsip.engine.routing;

import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.Hex;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
import org.tandemsip.codec.Via;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Places;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;

/**
 * Our branch parameter: {@code z9hG4bK} + mode (1 character) + key (16 hexadecimal digits) + loop hash (8).
 *
 * <pre>
 *   z9hG4bK t 0123456789abcdef 89abcdef [;tk=0100002a00000007] [;i=1f89abcdef]
 *           | |                |             |                    | |
 *           | |                |             |                    | +-- MAC over key and connection
 *           | |                |             |                    +---- connection that the request came over, if any
 *           | |                |             +-- shard (2), slot (6) and generation (8) of the client transaction
 *           | |                +-- hash of what routing looks at (RFC 5393 section 4.2): tells a loop from a spiral
 *           | +------------------- MAC over where the response goes next (topmost Via below ours: sent-by, branch,
 *           |                      received address and port, and the listen point to answer from), Call-ID, From
 *           |                      tag, CSeq number and fork index. Finds the client transaction; recomputed from a
 *           |                      stateless response, so that none can be forged or reflected
 *           +--------------------- s stateless, t stateful, b a call with two dialogs, p a ping of our own: who
 *                                  handles the response, whatever the mode is by then
 * </pre>
 *
 * A pure function of the request as received and the token key: a retransmission gets the same branch, before and after
 * a restart and on another node with the same key (RFC 3261 section 16.11), and so do the CANCEL and ACK that follow
 * when all state is lost. That is why shard, slot and generation stand beside the branch and not in it: they are
 * another's after a restart. A response (which must repeat the Via, section 8.2.6.2) finds its transaction by them at
 * once, and only if the key fits what is there; where that is not so, or they are cut off, the key finds it in a table.
 *
 * <p>The method takes no part, nor does the To tag, so that CANCEL and the ACK for a failure get the branch of their
 * INVITE. The listen point that a stateless response must leave from (RFC 3581 section 4) is not written down: it is
 * the one for which the MAC comes out right. The connection stands beside the branch and not in it, because a client
 * that has lost its connection sends the CANCEL over another. Shard thread only.
 */
public final class Branches {
    /** Bytes of a branch of ours. */
    public static final int LENGTH = 7 + 1 + 16 + 8;
    /** Mode character of a branch whose response needs no state. */
    public static final char STATELESS = 's';
    /** Mode character of a branch that belongs to a client transaction. */
    public static final char STATEFUL = 't';
    /** Mode character of a branch that belongs to a call with two dialogs. */
    public static final char B2BUA = 'b';
    /** Mode character of a branch of our own, of which nothing is kept. */
    public static final char PING = 'p';
    /** Bytes that {@link #writePlace} writes. */
    public static final int PLACE_LENGTH = 4 + 16;
    /** Most bytes that {@link #writeConnection} writes. */
    public static final int CONNECTION_LENGTH = 3 + 16 + 8;

    private static final byte[] COOKIE = "z9hG4bK".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] PLACE = ";tk=".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CONNECTION = ";i=".getBytes(StandardCharsets.US_ASCII);
    /** One label per use of the token key: a MAC made for one purpose must be worth nothing for another. */
    private static final long BRANCH_LABEL = 0x6272_616e_6368L;
    private static final long LOOP_LABEL = 0x6c6f_6f70L;
    private static final long CONNECTION_LABEL = 0x636f_6e6eL;

    private final KeyedHash hash;
    private final ListenPoints listenPoints;
    private final IpAddress address = new IpAddress();
    private final UnsafeBuffer quoted = new UnsafeBuffer();
    private final Destination responseDestination = new Destination();
    private char mode;
    private long key;
    private int loopHash;
    private long place;
    private long connection;

    /** Uses the token key and the listen points of {@code context}. */
    public Branches(final ShardContext context) {
        hash = new KeyedHash(context.keys().token0(), context.keys().token1());
        listenPoints = new ListenPoints(context.listenPoints());
    }

    /** Key for the copy number {@code fork} (0 for the first) of a request as received from {@code source}. */
    public long key(final SipMessage request, final Source source, final int fork) {
        final Via via = request.topVia();
        final int port = source.transport == Transport.UDP && via.hasRport() ? source.port
                : sentByPort(via, source.transport);
        return key(request, via, source.addressHigh, source.addressLow, port, source.listenPoint, fork);
    }

    private long key(final SipMessage message, final Via via, final long addressHigh, final long addressLow,
            final int port, final int listenPoint, final int fork) {
        final DirectBuffer bytes = message.bytes();
        return hash.begin().add(BRANCH_LABEL).add((long) fork << 32 | message.cseqNumber())
                .addLowerCase(bytes, Slice.offset(via.host()), Slice.length(via.host())).addSlice(bytes, via.branch())
                .add((long) sentByPort(via, via.transport()) << 32 | port).add(addressHigh).add(addressLow)
                .add(listenPoints.identity(listenPoint)).addSlice(bytes, message.callId())
                .addSlice(bytes, message.fromTag()).end();
    }

    private static int sentByPort(final Via via, final Transport transport) {
        return via.port() == Via.NOT_GIVEN ? transport.defaultPort() : via.port();
    }

    /**
     * Hash over what decides where a request as received goes (RFC 5393 section 4.2.1): Request-URI, Route set, the
     * trunk it comes from, and the call. Not the method, nor what CANCEL or the ACK for a failure have otherwise than
     * their INVITE: To tag and Proxy-Require.
     *
     * @param from trunk that the request comes from, or {@code null}. A request that a PBX hands back to us unchanged,
     *             for another trunk to take, is a spiral
     */
    public int loopHash(final SipMessage request, final Trunk from) {
        final DirectBuffer bytes = request.bytes();
        hash.begin().add(LOOP_LABEL)
                .add((long) (from == null ? 0 : from.name().hashCode()) << 32 | request.cseqNumber())
                .addSlice(bytes, request.callId()).addSlice(bytes, request.fromTag())
                .addSlice(bytes, request.requestUri());
        for (int row = request.firstRow(HeaderName.ROUTE); row != SipMessage.NO_ROW; row = request.nextRow(row)) {
            hash.addSlice(bytes, request.rowValue(row));
        }
        return (int) hash.end();
    }

    /** Writes a branch value. */
    public void write(final AsciiWriter out, final char mode, final long key, final int loopHash) {
        out.put(COOKIE).put(mode).putHex(key, 16).putHex(loopHash & 0xFFFF_FFFFL, 8);
    }

    /** Writes behind a branch the parameter that names the place of its client transaction; nothing without one. */
    public static void writePlace(final AsciiWriter out, final long place) {
        if (place != Places.NONE) {
            out.put(PLACE).putHex(place, 16);
        }
    }

    /** Writes behind that the parameter that names the connection the request came over; nothing for UDP. */
    public void writeConnection(final AsciiWriter out, final long key, final Source source) {
        if (source.connection != 0) {
            final int digits = Math.max(1, (67 - Long.numberOfLeadingZeros(source.connection)) / 4);
            out.put(CONNECTION).putHex(source.connection, digits).putHex(connectionMac(key, source.connection), 8);
        }
    }

    private long connectionMac(final long branchKey, final long value) {
        return hash.begin().add(CONNECTION_LABEL).add(branchKey).add(value).end() & 0xFFFF_FFFFL;
    }

    /**
     * Reads the branch of a Via that may be ours; {@code false} when it does not have the form of one. Then the
     * accessors below hold its parts.
     */
    public boolean read(final SipMessage message, final Via via) {
        final long slice = via.branch();
        if (!Slice.exists(slice) || Slice.length(slice) != LENGTH) {
            return false;
        }
        final DirectBuffer bytes = message.bytes();
        final int start = Slice.offset(slice);
        if (!read(bytes, start)) {
            return false;
        }
        place = readPlace(bytes, start + LENGTH, via.end());
        connection = readConnection(bytes, start + LENGTH + (place == Places.NONE ? 0 : PLACE_LENGTH), via.end());
        return true;
    }

    /**
     * Reads the branch out of the beginning of a request that we have sent: ours is the first in it. {@code false} when
     * there is none in what is left of it. Then {@link #mode} and {@link #key} tell it.
     */
    public boolean readQuoted(final byte[] request) {
        quoted.wrap(request);
        for (int i = 0; i + COOKIE.length + 1 <= request.length; i++) {
            if (request[i] == COOKIE[0] && startsWith(quoted, i, COOKIE)) {
                place = Places.NONE;
                connection = 0;
                return i + LENGTH <= request.length && read(quoted, i);
            }
        }
        return false;
    }

    private static boolean startsWith(final DirectBuffer bytes, final int start, final byte[] expected) {
        for (int i = 0; i < expected.length; i++) {
            if (bytes.getByte(start + i) != expected[i]) {
                return false;
            }
        }
        return true;
    }

    private boolean read(final DirectBuffer bytes, final int start) {
        if (!startsWith(bytes, start, COOKIE)) {
            return false;
        }
        mode = (char) bytes.getByte(start + 7);
        final long high = Hex.parse8(bytes, start + 8);
        final long low = Hex.parse8(bytes, start + 16);
        final long loop = Hex.parse8(bytes, start + 24);
        if (high == Hex.NONE || low == Hex.NONE || loop == Hex.NONE) {
            return false;
        }
        key = high << 32 | low;
        loopHash = (int) loop;
        return mode == STATELESS || mode == STATEFUL || mode == B2BUA || mode == PING;
    }

    /** The place named behind the branch; {@link Places#NONE} when there is none, as we write it. */
    private static long readPlace(final DirectBuffer bytes, final int start, final int end) {
        if (end - start < PLACE_LENGTH || !startsWith(bytes, start, PLACE)) {
            return Places.NONE;
        }
        final long high = Hex.parse8(bytes, start + PLACE.length);
        final long low = Hex.parse8(bytes, start + PLACE.length + 8);
        return high == Hex.NONE || low == Hex.NONE ? Places.NONE : high << 32 | low;
    }

    /** The connection named behind the branch; 0 when there is none or it is not as we wrote it. */
    private long readConnection(final DirectBuffer bytes, final int start, final int end) {
        if (end - start < CONNECTION.length + 9 || !startsWith(bytes, start, CONNECTION)) {
            return 0;
        }
        long value = 0;
        long mac = 0;
        int digits = 0;
        for (int i = start + CONNECTION.length; i < end && digits <= 24; i++, digits++) {
            final int digit = hexDigit(bytes.getByte(i));
            if (digit < 0) {
                break;
            }
            value = value << 4 | mac >>> 28;
            mac = mac << 4 & 0xFFFF_FFFFL | digit;
        }
        return digits >= 9 && digits <= 24 && mac == connectionMac(key, value) ? value : 0;
    }

    private static int hexDigit(final int b) {
        if (b >= '0' && b <= '9') {
            return b - '0';
        }
        return b >= 'a' && b <= 'f' ? b - 'a' + 10 : -1;
    }

    /** Mode character of the branch read last. */
    public char mode() {
        return mode;
    }

    /** Key of the branch read last. */
    public long key() {
        return key;
    }

    /** Place of the client transaction named beside the branch read last, or {@link Places#NONE}. */
    public long place() {
        return place;
    }

    /** Loop hash of the branch read last. */
    public int loopHash() {
        return loopHash;
    }

    /**
     * Whether the key of the branch read last is the one that fork 0 of this response's request got: recomputed from
     * the response's second Via, Call-ID and CSeq. Then {@link #responseDestination()} says where the response goes.
     */
    public boolean verifies(final SipMessage response) {
        if (response.viaValues() < 2) {
            return false;
        }
        final Via nextVia = response.nextVia();
        final long received = nextVia.received();
        final long host = Slice.exists(received) ? received : nextVia.host();
        if (!address.parse(response.bytes(), Slice.offset(host), Slice.end(host))) {
            return false;
        }
        for (int i = 0; i < listenPoints.size(); i++) {
            final Transport transport = listenPoints.get(i).transport();
            final int sentByPort = sentByPort(nextVia, transport);
            final int port = transport == Transport.UDP && nextVia.rport() != Via.NOT_GIVEN ? nextVia.rport()
                    : sentByPort;
            if (key(response, nextVia, address.high(), address.low(), port, i, 0) == key) {
                responseDestination.transport = transport;
                responseDestination.listenPoint = i;
                responseDestination.addressHigh = address.high();
                responseDestination.addressLow = address.low();
                responseDestination.port = port;
                responseDestination.connection = connection;
                return true;
            }
        }
        return false;
    }

    /** Where the response verified last goes (RFC 3261 section 18.2.2, RFC 3581 section 4). */
    public Destination responseDestination() {
        return responseDestination;
    }
}
