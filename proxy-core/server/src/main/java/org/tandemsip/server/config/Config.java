package org.tandemsip.server.config;

import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.auth.DigestAlgorithm;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.CallRules;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.CreditPolicy;
import org.tandemsip.engine.routing.Expression;
import org.tandemsip.engine.routing.HeaderMatch;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.NumberRules;
import org.tandemsip.engine.routing.PrefixTable;
import org.tandemsip.engine.routing.Route.Inside;
import org.tandemsip.engine.routing.TimeWindow;
import org.tandemsip.engine.routing.TrunkRules;
import org.tandemsip.engine.routing.Zone;
import org.tandemsip.engine.timer.Timing;
import org.tandemsip.server.dns.Domain;
import org.tandemsip.server.dns.Names;
import org.tandemsip.server.tls.TlsSettings;
import org.tandemsip.server.transport.NetworkConfig.Streams;
import org.tandemsip.server.transport.Tls;

/**
 * A configuration that was checked: every trunk and route that it names is defined. Host names stay names. Immutable.
 * Made by {@link ConfigReader}.
 *
 * @param source       file it was read from as the user named it, or what stands for one
 * @param balancers    whose connections begin with a PROXY protocol header
 * @param loops        I/O loops; 0: by the number of cores
 * @param maxCalls     most calls at a time over all trunks; 0 for any number
 * @param cps          most calls that begin in a second; 0 for any number
 * @param emergencyNumbers numbers that no limit holds for
 * @param maxForwards  Max-Forwards put into requests that carry none
 * @param recordRoute  whether dialog-forming requests get a Record-Route
 * @param drainNs      how long to go on with what is under way when told to stop by a signal
 * @param limits       bounds of the codec
 * @param streams      bounds of TCP
 * @param socketBuffer bytes asked of the kernel for each direction of a UDP socket
 * @param ringSize     slots of a shard's ring
 * @param transactions most transactions, over all shards
 * @param registrar    where phones register
 * @param media        relays for media
 * @param stateDir     folder of the token key; empty: the first of the usual places
 * @param dns          how host names are looked up
 * @param tls          certificates and whom to believe, their files read
 * @param tlsLimits    bounds of handshakes
 * @param credit       who says how long calls may last
 * @param cdr          where records of calls are written
 * @param effective    every key with its value and origin, for people
 */
public record Config(String source, List<Listen> listen, List<Cidr> balancers, Mode mode, Threading threading,
        int loops, List<Trunk> trunks,
        List<Route> routes, int maxCalls, int cps, List<String> emergencyNumbers, int maxForwards, boolean recordRoute,
        long drainNs, Admin admin, Limits limits, Streams streams,
        int socketBuffer, int ringSize, int transactions,
        Timing timing, Registrar registrar, Media media, Optional<Path> stateDir, Optional<Credit> credit,
        Cdr cdr, Log log, Names.Settings dns,
        TlsSettings tls,
        Tls.Limits tlsLimits,
        Effective effective) {
    /** What is no mistake, but may surprise: certificates that run out, and what a mode cannot do. For people. */
    public List<String> warnings(final Instant now) {
        final Stream<String> serial = routes.stream()
                .filter(route -> route.inside() == Inside.LOCATION && registrar.contacts() > 1
                        && (route.mode() == null ? mode : route.mode()) == Mode.B2BUA)
                .map(route -> "route '" + route.name() + "': in mode b2bua the phones of a user ring one after the"
                        + " other, by q; with 'mode: stateful' those of equal q ring at once");
        final boolean media = trunks.stream().anyMatch(trunk -> trunk.rules().media().apply());
        final Stream<String> referring = trunks.stream()
                .filter(trunk -> media && trunk.rules().calls().refer() != CallRules.Refer.PASS)
                .map(trunk -> "trunk '" + trunk.name() + "': a REFER is passed on, whatever 'refer' says, in calls with"
                        + " a trunk that has 'media: anchor' or 'codecs'");
        final boolean anchored = trunks.stream().anyMatch(trunk -> trunk.rules().media().anchored());
        final Stream<String> early = trunks.stream()
                .filter(trunk -> anchored && trunk.rules().calls().early() == CallRules.EarlyDialogs.EACH)
                .map(trunk -> "trunk '" + trunk.name() + "': callers see one early dialog, whatever 'early-dialogs'"
                        + " says, in calls with a trunk that has 'media: anchor'");
        return Stream.of(tls.warnings(now).stream(), serial, referring, early).flatMap(each -> each).toList();
    }

    /** This configuration with other trunks. */
    public Config withTrunks(final List<Trunk> newTrunks) {
        return new Config(source, listen, balancers, mode, threading, loops, newTrunks, routes, maxCalls, cps,
                emergencyNumbers, maxForwards, recordRoute, drainNs, admin,
                limits, streams, socketBuffer, ringSize, transactions, timing, registrar, media, stateDir, credit,
                cdr, log, dns, tls, tlsLimits, effective);
    }

    /** A strategy of {@code ARCHITECTURE.md}, "Threading is a strategy". */
    public enum Threading {
        AUTO, SHARED, DEDICATED
    }

    /** Transport towards a peer. */
    public enum PeerTransport {
        AUTO, UDP, TCP, TLS
    }

    /** Form of log lines. */
    public enum LogFormat {
        LOGFMT, JSON
    }

    /** Severity of log lines. */
    public enum LogLevel {
        ERROR, WARN, INFO, DEBUG, TRACE
    }

    /**
     * A local address for SIP.
     *
     * @param port      0 to 65535; 0: any free one
     * @param advertise host, or host and port, that peers are told instead; {@code null}: the address itself
     * @param zone      zone of the only trunks that it serves; {@code null}: all
     */
    public record Listen(Transport transport, long addressHigh, long addressLow, int port, String advertise,
            Zone zone) {
        @Override
        public String toString() {
            return transport.name().toLowerCase(java.util.Locale.ROOT) + "://"
                    + hostPort(addressHigh, addressLow, port);
        }
    }

    /**
     * An address of a peer.
     *
     * @param transport {@code null}: UDP, and TCP for large requests
     * @param priority  lower numbers first
     * @param weight    share of the calls among peers of the same priority
     * @param domain    what has to be looked up to know the address, and often the port; else {@code null}
     */
    public record Peer(String name, Transport transport, long addressHigh, long addressLow, int port, int priority,
            int weight, Domain domain) {}

    /**
     * A trunk.
     *
     * @param maxForwards 0 for the global one
     * @param maxCalls    0 for any number, as is the next
     * @param rules       what is changed in its messages
     * @param auth        what its requests have to show, or {@code null}
     * @param account     who we are to it
     * @param profile     who it is, where RFC 3261 alone does not say enough
     * @param credit      whether its calls need credit
     */
    public record Trunk(String name, List<Peer> peers, List<Cidr> allow, List<Integer> failover, int maxForwards,
            Balance balance, int maxCalls, int cps, long tryNs, Ping ping, TrunkRules rules,
            Access access, RequiredAuth auth, Account account, Profile profile,
            CreditPolicy credit) {
        /** This trunk with other peers. */
        public Trunk withPeers(final List<Peer> newPeers) {
            return new Trunk(name, newPeers, allow, failover, maxForwards, balance, maxCalls, cps, tryNs, ping,
                    rules, access, auth, account, profile, credit);
        }
    }

    /** Who a trunk is. @param t1Ns T1 towards it; 0 for the usual one */
    public record Profile(ProfileName name, long t1Ns, boolean hideTopology) {}

    /** What is known of peers beforehand. */
    public enum ProfileName {
        RFC3261, GB28181
    }

    /** Digest authentication of requests. @param algorithms best first */
    public record RequiredAuth(String realm, List<DigestAlgorithm> algorithms, long nonceTtlNs, List<User> users) {}

    /**
     * Where phones register.
     *
     * @param domains hosts in the addresses of users, lower case
     * @param expires seconds, as are the next two
     * @param contacts most of one user
     * @param users    most of all
     * @param pingNs   how often a phone behind a NAT is sent something; 0 for never
     */
    public record Registrar(List<String> domains, int expires, int minExpires, int maxExpires, int contacts,
            int users, long pingNs) {}

    /**
     * Relays for media.
     *
     * @param rtpengine daemons; empty for none
     * @param passes    whether calls go on without them when none is there
     */
    public record Media(List<InetSocketAddress> rtpengine, long timeoutNs, long pingNs, boolean passes) {}

    /** Who we are to a trunk. @param login {@code null} for nobody, or whom {@code register} says */
    public record Account(Login login, Registration registration) {}

    /**
     * What answers challenges.
     *
     * @param realm   {@code null} for the first that challenges
     * @param callers whether sides that have called us are answered, too
     */
    public record Login(String user, String password, String realm, boolean callers) {
        @Override
        public String toString() {
            return user;
        }
    }

    /**
     * An address to register.
     *
     * @param password {@code null} for the login's user and password
     */
    public record Registration(String user, String password, String domain, int expiresSeconds) {
        @Override
        public String toString() {
            return user + '@' + domain;
        }
    }

    /** Who may send requests. */
    public record User(String name, String password) {
        @Override
        public String toString() {
            return name;
        }
    }

    /**
     * Who is at a trunk.
     *
     * @param sourceRate messages a second of one source that is no peer; 0 for any number
     */
    public record Access(Zone zone, boolean trustIdentity, int sourceRate, boolean allowUnauthenticated) {}

    /** Probes of a trunk's peers. @param everyNs 0 for none */
    public record Ping(long everyNs, long timeoutNs, int downAfter, int upAfter, List<Integer> okCodes) {}

    /**
     * A route.
     *
     * @param from        trunk name, or {@code null} for any
     * @param matchTo     pattern or {@code null}, as are the next two
     * @param matchHeaders what header fields must be
     * @param to          trunk names; empty with {@code within}
     * @param mode        or {@code null} for the global one
     * @param headers     header fields changed in its requests
     * @param number      numbers rewritten in its requests
     * @param prefixes    table that {@code to} was made of, or {@code null}
     * @param when        when it holds, or {@code null} for always
     * @param inside      whether it leads to the registrar or to its users
     * @param maxDurationNs longest call, 0 for any
     */
    public record Route(String name, String from, String matchTo, String matchFrom, String matchMethod,
            List<HeaderMatch> matchHeaders, List<String> to, List<String> then, List<Cidr> within, Mode mode,
            HeaderRules headers, NumberRules number,
            PrefixTable prefixes, TimeWindow when, Inside inside, long maxDurationNs) {
        /** The expression of a pattern; {@code null} when it is none. */
        public static Expression expression(final String pattern) {
            try {
                return RuleKeys.expression(pattern);
            } catch (final Scalar.BadValue e) {
                throw new IllegalArgumentException(e);
            }
        }
    }

    /** An address to serve HTTP on. */
    public record HttpAddress(long addressHigh, long addressLow, int port) {
        /** Whether only this machine can reach it. */
        public boolean loopback() {
            return IpAddress.isIpv4(addressHigh, addressLow)
                    ? (addressLow >>> 24 & 0xff) == 127
                    : addressHigh == 0 && addressLow == 1;
        }

        @Override
        public String toString() {
            return "http://" + hostPort(addressHigh, addressLow, port);
        }
    }

    /**
     * The admin API.
     *
     * @param socket path of the unix socket; {@code none} for no socket; empty for the first of the usual places
     */
    public record Admin(Optional<HttpAddress> listen, Optional<String> token, Optional<Path> socket) {
        /** What stands in the file for no socket. */
        public static final Path NO_SOCKET = Path.of("none");

        @Override
        public String toString() {
            return "Admin[" + listen + ", token " + (token.isPresent() ? "set" : "not set") + ", " + socket + "]";
        }
    }

    /** Who says how long calls may last. @param inFlight most requests at a time */
    public record Credit(URI url, Optional<String> token, long reserveNs, long topUpNs, long timeoutNs, int inFlight) {
        @Override
        public String toString() {
            return url + (token.isPresent() ? " with a token" : "");
        }
    }

    /** What becomes of new calls while no records can be written. */
    public enum OnFull {
        CONTINUE, REFUSE
    }

    /**
     * Records of calls.
     *
     * @param file      empty: the usual one where a database is named, else none
     * @param rollBytes size at which the file is moved aside
     * @param sqlite    database file
     * @param postgres  {@code postgresql://...}
     */
    public record Cdr(Optional<Path> file, long rollBytes, OnFull onFull, Optional<Path> sqlite,
            Optional<String> postgres, Optional<String> password) {
        /** Whether any are written. */
        public boolean on() {
            return file.isPresent() || sqlite.isPresent() || postgres.isPresent();
        }

        @Override
        public String toString() {
            return "Cdr[" + file + ", " + rollBytes + ", " + onFull + ", " + sqlite + ", " + postgres + "]";
        }
    }

    /** The log. @param file empty: standard error */
    public record Log(LogFormat format, LogLevel level, Optional<Path> file) {}

    /** Host and port as URIs write them. */
    public static String hostPort(final long addressHigh, final long addressLow, final int port) {
        final String host = IpAddress.toString(addressHigh, addressLow);
        return (host.indexOf(':') < 0 ? host : '[' + host + ']') + ':' + port;
    }
}
