package org.tandemsip.engine.routing;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
import org.tandemsip.codec.Via;
import org.tandemsip.engine.handler.ListenPoint;

/**
 * Our own addresses: whether a host and port in a message mean us, and which of them reaches a remote address. There
 * are a few, so all look-ups are plain loops. Shard thread only, for its scratch address.
 */
public final class ListenPoints {
    /** Index that means "none of ours". */
    public static final int NONE = -1;

    private static final int IPV4_SUBNET_BITS = 96 + 24;
    private static final int IPV6_SUBNET_BITS = 64;

    private final ListenPoint[] points;
    private final byte[][] hosts;
    private final int[] ports;
    private final long[] identities;
    /** Whether every IPv4 listen point writes its own address as sent-by, so that comparing text finds them all. */
    private final boolean textIsEnough;
    private final IpAddress address = new IpAddress();

    /** Takes the listen points of the process, in the order of their index. */
    public ListenPoints(final List<ListenPoint> listenPoints) {
        points = listenPoints.toArray(new ListenPoint[0]);
        hosts = new byte[points.length][];
        ports = new int[points.length];
        identities = new long[points.length];
        for (int i = 0; i < points.length; i++) {
            final String sentBy = new String(points[i].sentBy(), StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT);
            final int colon = sentBy.lastIndexOf(':');
            final boolean hasPort = colon > sentBy.lastIndexOf(']') && colon >= 0;
            hosts[i] = (hasPort ? sentBy.substring(0, colon) : sentBy).getBytes(StandardCharsets.US_ASCII);
            ports[i] = hasPort ? Integer.parseInt(sentBy.substring(colon + 1)) : points[i].transport().defaultPort();
            identities[i] = identity(points[i]);
        }
        textIsEnough = listenPoints.stream().allMatch(ListenPoints::writesItself);
    }

    private static boolean writesItself(final ListenPoint point) {
        final String text = IpAddress.toString(point.addressHigh(), point.addressLow()) + ':' + point.port();
        return !IpAddress.isIpv4(point.addressHigh(), point.addressLow())
                || text.equals(new String(point.sentBy(), StandardCharsets.US_ASCII));
    }

    /** Number of listen points. */
    public int size() {
        return points.length;
    }

    /** Listen point number {@code index}. */
    public ListenPoint get(final int index) {
        return points[index];
    }

    /**
     * What goes into a MAC for listen point {@code index}: its transport, address and port, so not its place in a list.
     */
    public long identity(final int index) {
        return identities[index];
    }

    /** Whether the sent-by of {@code via} is one that we put into requests (RFC 3261 section 18.1.2). */
    public boolean isOurs(final DirectBuffer bytes, final Via via) {
        final int port = via.port() == Via.NOT_GIVEN ? via.transport().defaultPort() : via.port();
        for (int i = 0; i < points.length; i++) {
            if (ports[i] == port && points[i].transport() == via.transport() && isHost(bytes, via.host(), hosts[i])) {
                return true;
            }
        }
        return false;
    }

    /**
     * The listen point that a sip or sips URI names, by what we write as sent-by or by address; without a transport
     * parameter a UDP one before others.
     *
     * @return index, or {@link #NONE}
     */
    public int find(final DirectBuffer bytes, final SipUri uri) {
        return find(bytes, uri.host(), uri);
    }

    /**
     * Whether a URI without a port has a host of ours, whatever port that listens on: a domain of users has none.
     */
    public boolean isDomain(final DirectBuffer bytes, final SipUri uri) {
        final long host = uri.host();
        if (!Slice.exists(host) || uri.port() != SipUri.NOT_GIVEN) {
            return false;
        }
        final boolean literal = address.parse(bytes, Slice.offset(host), Slice.end(host));
        for (int i = 0; i < points.length; i++) {
            if (isHost(bytes, host, hosts[i]) || literal && points[i].addressHigh() == address.high()
                    && points[i].addressLow() == address.low()) {
                return true;
            }
        }
        return false;
    }

    /** As {@link #find}, for the host in {@code maddr} in place of the URI's own. */
    public int findMaddr(final DirectBuffer bytes, final SipUri uri) {
        return find(bytes, uri.maddr(), uri);
    }

    private int find(final DirectBuffer bytes, final long host, final SipUri uri) {
        if (!Slice.exists(host)) {
            return NONE;
        }
        final Transport wanted = uri.transport();
        final int port = uri.port() == SipUri.NOT_GIVEN ? defaultPort(uri, wanted) : uri.port();
        // Parsing costs more than all the rest here, and is needed only where an address may be written in several
        // ways.
        final boolean literal = !(textIsEnough && bytes.getByte(Slice.offset(host)) != '[')
                && address.parse(bytes, Slice.offset(host), Slice.end(host));
        int found = NONE;
        for (int i = 0; i < points.length; i++) {
            final ListenPoint point = points[i];
            if (!fits(uri, wanted, point.transport())) {
                continue;
            }
            final boolean named = ports[i] == port && isHost(bytes, host, hosts[i]);
            final boolean addressed = literal && point.port() == port && point.addressHigh() == address.high()
                    && point.addressLow() == address.low();
            if (named || addressed) {
                if (wanted != null || point.transport() == Transport.UDP) {
                    return i;
                }
                found = found == NONE ? i : found;
            }
        }
        return found;
    }

    /**
     * Whether a URI may mean a listen point of {@code transport}. With sips whatever is secure, and ws means WebSocket
     * with or without TLS (RFC 7118 section 5.2): the port tells them apart.
     */
    private static boolean fits(final SipUri uri, final Transport wanted, final Transport transport) {
        if (uri.scheme() == SipUri.Scheme.SIPS) {
            return transport.secure();
        }
        return wanted == null || wanted == transport || wanted == Transport.WS && transport == Transport.WSS;
    }

    /** Whether anything can be sent or received over TLS. */
    public boolean hasSecure() {
        for (final ListenPoint point : points) {
            if (point.transport().secure()) {
                return true;
            }
        }
        return false;
    }

    /**
     * The listen point to send from: same transport and address family as the remote side; of those the one in its
     * subnet if any (as RFC 6724 section 5 rule 8 chooses a source address), else {@code preferred} if it is one of
     * them, else the first.
     *
     * @param preferred index that the request came in on, or {@link #NONE}
     * @return index, or {@link #NONE} when the remote side cannot be reached
     */
    public int select(final Transport transport, final long addressHigh, final long addressLow, final int preferred) {
        return select(transport, addressHigh, addressLow, preferred, -1);
    }

    /** As above. @param among a bit for each listen point, by its index, that may be used; all are below 64 */
    public int select(final Transport transport, final long addressHigh, final long addressLow, final int preferred,
            final long among) {
        int best = NONE;
        int bestBits = -1;
        for (int i = 0; i < points.length; i++) {
            if ((among >>> i & 1) == 0 || points[i].transport() != transport
                    || IpAddress.isIpv4(points[i].addressHigh(),
                            points[i].addressLow()) != IpAddress.isIpv4(addressHigh, addressLow)) {
                continue;
            }
            final int bits = commonSubnetBits(points[i], addressHigh, addressLow);
            if (bits > bestBits || bits == bestBits && i == preferred) {
                best = i;
                bestBits = bits;
            }
        }
        return best;
    }

    /** A bit for each of those that the above may select from {@code among}, whatever is preferred. */
    public long selectable(final Transport transport, final long addressHigh, final long addressLow,
            final long among) {
        long all = 0;
        for (int i = 0; i < points.length; i++) {
            all |= select(transport, addressHigh, addressLow, i, among) == i ? 1L << i : 0;
        }
        return all;
    }

    /** The listen point that {@link #identity} calls {@code wanted}; {@code otherwise}, where none is so called. */
    public int of(final long wanted, final int otherwise) {
        for (int i = 0; i < points.length; i++) {
            if (identities[i] == wanted) {
                return i;
            }
        }
        return otherwise;
    }

    /** Leading bits that both share, up to the size of a usual subnet: what lies behind that is chance. */
    private static int commonSubnetBits(final ListenPoint point, final long high, final long low) {
        final long differentHigh = point.addressHigh() ^ high;
        final int bits = differentHigh != 0 ? Long.numberOfLeadingZeros(differentHigh)
                : 64 + Long.numberOfLeadingZeros(point.addressLow() ^ low);
        return Math.min(bits, IpAddress.isIpv4(high, low) ? IPV4_SUBNET_BITS : IPV6_SUBNET_BITS);
    }

    private static int defaultPort(final SipUri uri, final Transport wanted) {
        if (uri.scheme() == SipUri.Scheme.SIPS) {
            return Transport.TLS.defaultPort();
        }
        return wanted == null ? Transport.UDP.defaultPort() : wanted.defaultPort();
    }

    private static boolean isHost(final DirectBuffer bytes, final long slice, final byte[] lowerCase) {
        if (Slice.length(slice) != lowerCase.length) {
            return false;
        }
        final int offset = Slice.offset(slice);
        for (int i = 0; i < lowerCase.length; i++) {
            int b = bytes.getByte(offset + i);
            if (b >= 'A' && b <= 'Z') {
                b |= 0x20;
            }
            if (b != lowerCase[i]) {
                return false;
            }
        }
        return true;
    }

    private static long identity(final ListenPoint point) {
        long identity = point.transport().ordinal() * 0x9E37_79B9_7F4A_7C15L + point.port();
        identity = identity * 0x9E37_79B9_7F4A_7C15L + point.addressHigh();
        return identity * 0x9E37_79B9_7F4A_7C15L + point.addressLow();
    }
}
