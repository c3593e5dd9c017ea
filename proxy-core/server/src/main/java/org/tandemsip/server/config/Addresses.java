package org.tandemsip.server.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.Zone;
import org.tandemsip.server.config.Scalar.BadValue;
import org.tandemsip.server.config.Scalar.Shape;
import org.tandemsip.server.dns.Domain;

/** The kinds of values that are addresses: to listen on, to send to, to accept from. */
final class Addresses {
    private static final int DNS_PORT = 53;
    private static final String HOST = "\\[[0-9A-Fa-f:.]+]|[A-Za-z0-9][A-Za-z0-9._-]*";
    private static final Pattern HOST_PORT = Pattern.compile("(" + HOST + ")(?::(\\d{1,5}))?");
    private static final Pattern LISTEN = Pattern
            .compile("([a-z]+)://(\\[[0-9A-Fa-f:.]+]|[0-9.]+)(?::(\\d{1,5}))?(?:\\s+advertise\\s+(\\S+))?"
                    + "(?:\\s+zone\\s+(trunk|core|public))?");
    private static final Pattern RANGE = Pattern.compile("([0-9A-Fa-f:.]+)(?:/(\\d{1,3}))?");
    private static final Pattern SIP_URI = Pattern
            .compile("(sips?):(?:[^@;?]*@)?(" + HOST + ")(?::(\\d{1,5}))?(?:;transport=([A-Za-z]+))?");

    /** An address to listen on. */
    static final Scalar<Config.Listen> LISTEN_ADDRESS = new Scalar<>(
            "udp://ADDRESS:PORT, or tcp, tls, ws or wss in its place, ADDRESS being IPv4 or [IPv6]; followed by"
                    + " 'advertise HOST[:PORT]' where peers must use another address, and by 'zone trunk', 'zone core'"
                    + " or 'zone public' where only trunks of that zone are served",
            new Shape.Text("^(udp|tcp|tls|ws|wss)://.+$"), Addresses::listen);
    /** A range of addresses. */
    static final Scalar<Cidr> CIDR = new Scalar<>("an address or range, such as 198.51.100.0/24 or 2001:db8::/32",
            new Shape.Text("^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$"), Addresses::cidr);
    /** A peer, its host name not yet looked up. */
    static final Scalar<Peers.Spec> PEER = new Scalar<>("HOST, HOST:PORT, IPv4[:PORT], [IPv6][:PORT] or sip:URI",
            new Shape.Text("^\\S+$"), Addresses::peer);
    /** The address of the admin API. */
    static final Scalar<Config.HttpAddress> HTTP = new Scalar<>("http://ADDRESS:PORT, ADDRESS being IPv4 or [IPv6]",
            new Shape.Text("^http://.+:[0-9]{1,5}/?$"), Addresses::http);

    /** A DNS server. */
    static final Scalar<InetSocketAddress> DNS_SERVER = new Scalar<>("an address, or ADDRESS:PORT",
            new Shape.Text("^\\S+$"), Addresses::dnsServer);

    private Addresses() {}

    private static InetSocketAddress dnsServer(final String text) throws BadValue {
        final Matcher matcher = HOST_PORT.matcher(text);
        final IpAddress address = new IpAddress();
        if (address.parse(text)) {
            return new InetSocketAddress(InetAddress.ofLiteral(text), DNS_PORT);
        }
        if (!matcher.matches() || !address.parse(matcher.group(1))) {
            throw new BadValue(ErrorCode.BAD_VALUE, "is not the address of a DNS server; write IPV4, IPV4:PORT or"
                    + " [IPV6]:PORT");
        }
        final String host = matcher.group(1).replace("[", "").replace("]", "");
        return new InetSocketAddress(InetAddress.ofLiteral(host),
                matcher.group(2) == null ? DNS_PORT : port(matcher.group(2), 1));
    }

    private static Config.Listen listen(final String text) throws BadValue {
        final Matcher matcher = LISTEN.matcher(text.strip());
        if (!matcher.matches()) {
            throw new BadValue(ErrorCode.BAD_LISTEN,
                    "is not an address to listen on; write udp://IPV4:PORT, tcp://[IPV6]:PORT");
        }
        final Transport transport = switch (matcher.group(1)) {
            case "udp" -> Transport.UDP;
            case "tcp" -> Transport.TCP;
            case "tls" -> Transport.TLS;
            case "ws" -> Transport.WS;
            case "wss" -> Transport.WSS;
            default -> throw new BadValue(ErrorCode.BAD_LISTEN, "names transport '" + matcher.group(1)
                    + "', which this build does not have; use udp, tcp, tls, ws or wss");
        };
        final IpAddress address = new IpAddress();
        if (!address.parse(matcher.group(2))) {
            throw new BadValue(ErrorCode.BAD_LISTEN, "holds no IPv4 or IPv6 address");
        }
        final int port = matcher.group(3) == null ? transport.defaultPort() : port(matcher.group(3), 0);
        final String advertise = matcher.group(4);
        if (advertise != null && !HOST_PORT.matcher(advertise).matches()) {
            throw new BadValue(ErrorCode.BAD_LISTEN, "advertises no HOST or HOST:PORT");
        }
        final boolean wildcard = address.high() == 0 && (address.low() == 0 || address.low() == IpAddress.IPV4_PREFIX);
        if (wildcard && advertise == null) {
            throw new BadValue(ErrorCode.BAD_LISTEN, "names no address that peers could answer to; name one address,"
                    + " or add 'advertise HOST'");
        }
        final Zone zone =
                matcher.group(5) == null ? null : Zone.valueOf(matcher.group(5).toUpperCase(Locale.ROOT));
        return new Config.Listen(transport, address.high(), address.low(), port, advertise, zone);
    }

    private static Cidr cidr(final String text) throws BadValue {
        final Matcher matcher = RANGE.matcher(text);
        final IpAddress address = new IpAddress();
        if (!matcher.matches() || !address.parse(matcher.group(1))) {
            throw new BadValue(ErrorCode.BAD_RANGE, "is not an address range; write 198.51.100.0/24 or 2001:db8::/32");
        }
        final int bits = matcher.group(1).indexOf(':') < 0 ? 32 : 128;
        final int prefix = matcher.group(2) == null ? bits : Integer.parseInt(matcher.group(2));
        if (prefix > bits) {
            throw new BadValue(ErrorCode.BAD_RANGE, "has a prefix longer than " + bits);
        }
        final int prefixBits = 128 - bits + prefix;
        final long high = address.high() & mask(prefixBits);
        final long low = address.low() & mask(prefixBits - 64);
        if (high != address.high() || low != address.low()) {
            throw new BadValue(ErrorCode.BAD_RANGE,
                    "has bits set past its prefix; the range is " + IpAddress.toString(high, low) + "/" + prefix);
        }
        return new Cidr(high, low, prefixBits);
    }

    private static long mask(final int bits) {
        return bits <= 0 ? 0 : bits >= 64 ? -1 : -1L << (64 - bits);
    }

    private static Peers.Spec peer(final String text) throws BadValue {
        final Matcher uri = SIP_URI.matcher(text);
        if (uri.matches()) {
            final Transport transport = uri.group(4) == null ? null : transport(uri.group(4));
            if (uri.group(1).equals("sips")) {
                if (transport == Transport.UDP) {
                    throw new BadValue(ErrorCode.BAD_PEER, "wants TLS over UDP, which there is not");
                }
                return spec(text, uri.group(2), uri.group(3), Transport.TLS);
            }
            return spec(text, uri.group(2), uri.group(3), transport);
        }
        final Matcher plain = HOST_PORT.matcher(text);
        if (!plain.matches()) {
            throw new BadValue(ErrorCode.BAD_PEER,
                    "is not a peer; write HOST, HOST:PORT, IPv4, [IPv6]:PORT or sip:HOST;transport=tcp");
        }
        return spec(text, plain.group(1), plain.group(2), null);
    }

    private static Transport transport(final String word) throws BadValue {
        return switch (word.toLowerCase(java.util.Locale.ROOT)) {
            case "udp" -> Transport.UDP;
            case "tcp" -> Transport.TCP;
            case "tls" -> Transport.TLS;
            default -> throw new BadValue(ErrorCode.BAD_PEER, "names transport '" + word
                    + "', which this build does not have; use udp, tcp or tls");
        };
    }

    private static Peers.Spec spec(final String text, final String host, final String port, final Transport transport)
            throws BadValue {
        final boolean literal = host.startsWith("[") || host.matches("[0-9.]+");
        if (literal && !new IpAddress().parse(host)) {
            // Digits only is what GB/T 28181 writes as a realm; resolvers would read it as an IPv4 address.
            throw new BadValue(ErrorCode.BAD_PEER, "holds neither an address nor a host name");
        }
        if (!literal && !Domain.isName(host)) {
            throw new BadValue(ErrorCode.BAD_PEER, "holds neither an address nor a host name");
        }
        return new Peers.Spec(text, host, port == null ? 0 : port(port, 1), transport,
                Peer.DEFAULT_PRIORITY, Peer.DEFAULT_WEIGHT);
    }

    private static int port(final String digits, final int min) throws BadValue {
        final int port = Integer.parseInt(digits);
        if (port < min || port > 65_535) {
            throw new BadValue(ErrorCode.OUT_OF_RANGE, "has a port out of range; allowed: " + min + " to 65535");
        }
        return port;
    }

    private static Config.HttpAddress http(final String text) throws BadValue {
        try {
            final URI uri = new URI(text);
            final IpAddress address = new IpAddress();
            final boolean good = "http".equals(uri.getScheme()) && uri.getHost() != null && uri.getPort() >= 0
                    && uri.getPort() <= 65_535 && List.of("", "/").contains(uri.getPath()) && uri.getUserInfo() == null;
            if (good && address.parse(uri.getHost())) {
                return new Config.HttpAddress(address.high(), address.low(), uri.getPort());
            }
        } catch (final URISyntaxException e) {
            // Falls through: the same mistake as a URL of another form.
        }
        throw new BadValue(ErrorCode.BAD_LISTEN, "is not an address; write http://127.0.0.1:8060");
    }
}
