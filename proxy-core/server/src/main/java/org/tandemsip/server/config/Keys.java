package org.tandemsip.server.config;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.HeaderMatch;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Zone;

/** The table of all keys: the one place that knows their names, values, defaults and meanings. */
final class Keys {
    private static final Scalar<Mode> MODE_VALUE = Scalars.choice("mode", Mode.class);
    private static final Scalar<String> TRUNK_NAME = Scalars.text("a trunk name", "\\S+", "a trunk name");
    private static final Scalar<String> PATTERN = RuleKeys.pattern();

    // Trunks
    static final Key<List<Item<Peers.Spec>>> PEERS = Key.of("peers", new ListOf<>(new PeerType(), 64), "[]",
            "[198.51.100.10]",
            "Addresses that requests to this trunk are sent to. Host names are looked up by RFC 3263 (NAPTR, SRV, A and"
                    + " AAAA) at start and whenever an answer runs out; addresses of this machine, others that are no"
                    + " host's and those of other trunks are refused unless they lie inside allow.");
    static final Key<List<Item<Cidr>>> ALLOW = Key.of("allow", new ListOf<>(Addresses.CIDR, 256), "[]",
            "[198.51.100.0/24]",
            "Sources whose requests count as coming from this trunk, besides its peers.");
    static final Key<Config.PeerTransport> TRANSPORT = Key.of("transport",
            Scalars.choice("transport", Config.PeerTransport.class), "auto",
            "Transport towards the peers. auto is UDP, and TCP for requests over 1300 bytes (RFC 3261 section"
                    + " 18.1.1). A peer that is a sips URI is reached by tls.");
    static final Key<List<Item<Integer>>> FAILOVER = Key.of("failover", new ListOf<>(Scalars.number(300, 699), 32),
            "[503]", "Answers that make a stateful proxy try the next peer, besides 503, timeout and transport error;"
                    + " 6xx in mode b2bua only, since a proxy may not (RFC 3261 section 16.7).");
    static final Key<Integer> TRUNK_MAX_FORWARDS = Key.optional("max-forwards", Scalars.number(1, 255), "70",
            "Max-Forwards put into requests to this trunk that carry none; when absent, the global max-forwards.");
    static final Key<Balance> BALANCE = Key.of("balance", Scalars.choice("balance", Balance.class), "call-id",
            "Which peer gets a call. call-id: by a hash of the Call-ID, so that all of a call meets the same one, in"
                    + " proportion to weights; weighted and round-robin: in turn; least-calls: who has the fewest calls"
                    + " for its weight; priority: the first that works. Stateless routes can use call-id or"
                    + " priority.");
    static final Key<Integer> MAX_CALLS = Key.optional("max-calls", Scalars.number(1, 10_000_000), "200",
            "Most calls at a time, from and to this trunk together; over it 503, or the backup trunk. A call counts"
                    + " from its INVITE to the answer to its BYE. Not for stateless routes, which know of"
                    + " no calls.");
    static final Key<Integer> TRUNK_CPS = Key.optional("cps", Scalars.rate(1, 1_000_000), "50/s",
            "Most calls that begin in any second, from and to this trunk together; over it 503, or the backup"
                    + " trunk. Where a route is stateless, a retransmission counts too.");
    static final Key<Zone> ZONE = Key.of("zone", Scalars.choice("zone", Zone.class), "trunk",
            "Where this trunk lies. trunk: a carrier or another network. core: the own house, such as the PBX. public:"
                    + " anybody, such as phones on the Internet; their pre-loaded Routes are answered 403.");
    static final Key<Boolean> TRUST_IDENTITY = Key.optional("trust-identity", Scalars.flag(), "true",
            "Whether what this trunk asserts of identities is believed, and what is known of ours is told to it"
                    + " whatever their Privacy asks (RFC 3325). If not, P-Asserted-Identity, Remote-Party-ID,"
                    + " Diversion, P-Charging-Vector and the like are taken out of what it sends. When absent: true in"
                    + " zone core, else false.");
    static final Key<Integer> SOURCE_RATE = Key.optional("source-rate", Scalars.rate(1, 1_000_000), "15/s",
            "Messages that one source of this trunk may send in a second, twice as many at once; over it they are"
                    + " dropped, on connections answered 503. Never for its peers. When absent: 15/s in zone public,"
                    + " else any number.");
    static final Key<Boolean> ALLOW_UNAUTHENTICATED = Key.of("allow-unauthenticated", Scalars.flag(), "false",
            "Whether a route may lead from this trunk of zone public to a carrier, though nobody has shown who they"
                    + " are.");
    static final Key<Long> TRY = Key.of("try", Scalars.duration("100ms", "60s"), "4s",
            "How long a peer may leave an INVITE without any response before the next one is tried.");
    static final Key<Long> TRUNK_T1 = Key.optional("t1", Scalars.duration("50ms", "5s"), "200ms",
            "T1 of requests to this trunk. When absent: the global one, 200ms with profile gb28181, where timers B"
                    + " and F are 25*T1.");
    static final Key<Bound> TRUNK_TIMERS = new Key<>("timers", new Section(List.of(TRY, TRUNK_T1)), null, false,
            "Timer values of this trunk.", null);
    static final Key<Long> PING_EVERY = Key.of("every", Scalars.durationOr("off", "1s", "1h"), "off",
            "Interval of OPTIONS to each peer, every 5s at the latest while it fails. off, since there are carriers"
                    + " that do not answer; then peers never go down.");
    static final Key<Long> PING_TIMEOUT = Key.of("timeout", Scalars.duration("100ms", "30s"), "2s",
            "How long the answer may take.");
    static final Key<Integer> PING_DOWN_AFTER = Key.of("down-after", Scalars.number(1, 100), "3",
            "Failures in a row after which a peer gets no new requests; those of live calls count too: no answer,"
                    + " 503, no connection.");
    static final Key<Integer> PING_UP_AFTER = Key.of("up-after", Scalars.number(1, 100), "2",
            "Good answers in a row after which it does again.");
    static final Key<List<Item<Integer>>> PING_OK = Key.of("ok-codes", new ListOf<>(Scalars.number(200, 699), 64), "[]",
            "Answers that count as alive; when empty, any final one but 408 and 503.");
    static final Key<Bound> PING = new Key<>("ping",
            new Section(List.of(PING_EVERY, PING_TIMEOUT, PING_DOWN_AFTER, PING_UP_AFTER, PING_OK)), null, false,
            "Probes that find out which peers are alive. A trunk without any answers 503 at once.", null);
    static final Key<Config.ProfileName> PROFILE = Key.of("profile",
            Scalars.choice("profile", Config.ProfileName.class), "rfc3261",
            "gb28181: cameras and platforms of GB/T 28181. Devices are found by their 20 digits, learnt as they"
                    + " register through Tandem and with each Keepalive; requests inside a dialog without a Route by"
                    + " Call-ID and tags; the rest of a datagram is the body of a MESSAGE, whatever Content-Length"
                    + " says; nothing goes over TCP for its size; ids are never rewritten as numbers.");
    static final Key<Boolean> HIDE_TOPOLOGY = Key.of("hide-topology", Scalars.flag(), "false",
            "Whether this trunk is to see nothing of what lies behind Tandem: Via, Record-Route and Contact of others"
                    + " reach it as encrypted tokens in ours, and are put back when they return, with nothing kept in"
                    + " memory. Call-ID, From, To and bodies stay as they are.");
    static final Section TRUNK = new Section(List.of(PEERS, ALLOW, ZONE, TRUST_IDENTITY, SOURCE_RATE,
            ALLOW_UNAUTHENTICATED, TRANSPORT, TlsKeys.TRUNK, BALANCE, FAILOVER, TRUNK_TIMERS, PING, PROFILE,
            HIDE_TOPOLOGY, MediaKeys.TRUNK,
            MAX_CALLS, TRUNK_CPS, TRUNK_MAX_FORWARDS, CreditKeys.TRUNK, RuleKeys.HEADERS, RuleKeys.HEADERS_IN,
            RuleKeys.NUMBER, RuleKeys.NUMBER_IN, CallKeys.B2BUA, AuthKeys.REQUIRE_AUTH, AccountKeys.AUTH,
            AccountKeys.REGISTER));

    // Routes
    static final Key<String> MATCH_TO = Key.optional("to", PATTERN, "\"+1*\"",
            "User part of the Request-URI.");
    static final Key<String> MATCH_FROM = Key.optional("from", PATTERN, "\"+44*\"",
            "User part of the From address.");
    static final Key<String> MATCH_METHOD = Key.optional("method",
            Scalars.text("a method in upper case", "[A-Z0-9.!%*_+`'~-]{1,32}", "a method; methods are upper case"),
            "INVITE",
            "Request method.");
    static final Key<List<HeaderMatch>> MATCH_HEADER = Key.of("header", new HeaderPatterns(), "{}",
            "Header fields by their names, and what some row of each must hold, all of it. Another spelling of the name"
                    + " or its compact form is the same field; what headers-in or a lack of trust takes out is not"
                    + " there. Not for stateless routes, which could not send a CANCEL after its INVITE, nor without"
                    + " record-route.");
    static final Section MATCH_SECTION = new Section(List.of(MATCH_TO, MATCH_FROM, MATCH_METHOD, MATCH_HEADER));
    static final Key<String> ROUTE_NAME = Key.optional("name",
            Scalars.text("a name", "[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", "a name; use letters, digits, '-', '_' and '.'"),
            "inbound",
            "Name of the route in commands and metrics. Made up from from and to when absent.");
    static final Key<String> FROM = Key.required("from",
            Scalars.text("a trunk name, or any", "\\S+", "a trunk name"), "carrier",
            "Trunk that the request must come from; any for each of them.");
    static final Key<List<Item<String>>> TO = Key.required("to", new ListOf<>(
            Scalars.text("a trunk name, request-uri, prefixes, registrar or location", "\\S+", "a trunk name"), 10),
            "pbx",
            "Trunk to send to; several trunks ring in parallel. request-uri relays to the Request-URI's own host,"
                    + " prefixes to the trunks that the table in 'prefixes' names for the number, cheapest first."
                    + " registrar takes REGISTER, and location sends all else that is for a user to where that user has"
                    + " registered; what is for nobody there goes on to the next route.");
    static final Key<List<Item<Cidr>>> WITHIN = Key.of("within", new ListOf<>(Addresses.CIDR, 256), "[]",
            "With to: request-uri, the ranges that the Request-URI's host must lie in; elsewhere the route does not"
                    + " match.");
    static final Key<Bound> MATCH = new Key<>("match", MATCH_SECTION, null, false,
            "What else must be true of the request. The first route that matches wins.", null);
    static final Key<Mode> ROUTE_MODE = Key.optional("mode", MODE_VALUE, "stateful",
            "Mode of this route, where it differs from the global one.");
    static final Key<List<Item<String>>> THEN = Key.of("then", new ListOf<>(TRUNK_NAME, 16), "[]",
            "Trunks to try after those of to, one after the other. With to: registrar, the trunk that a user is"
                    + " registered with in turn, by our own address: what that confirms is kept here.");
    static final Key<Path> PREFIXES = Key.optional("prefixes", Scalars.path(), "prefixes.csv",
            "With to: prefixes, the table: a CSV file, relative to this one, with a row per prefix and trunk,"
                    + " prefix,trunk,cost. The longest prefix counts, and its trunks are tried in the order of cost. A"
                    + " number that fits none does not match the route.");
    static final Key<Long> MAX_DURATION = Key.of("max-duration", Scalars.durationOr("off", "1s", "240h"), "off",
            "Longest that a call of this route may last from its answer; then both sides get a BYE. In mode b2bua"
                    + " only: a proxy cannot end a call.");
    static final Section ROUTE =
            new Section(List.of(ROUTE_NAME, FROM, TO, WITHIN, MATCH, ROUTE_MODE, THEN, PREFIXES,
                    MAX_DURATION, RuleKeys.WHEN, RuleKeys.ROUTE_HEADERS, RuleKeys.ROUTE_NUMBER));

    // Admin
    static final Key<Config.HttpAddress> ADMIN_LISTEN = Key.optional("listen", Addresses.HTTP, "http://127.0.0.1:8060",
            "Address of the admin API over HTTP, besides the unix socket. Off loopback it needs a token.");
    static final Key<String> TOKEN = Key.optional("token",
            Scalars.text("${env:NAME} or ${file:PATH} of at least 16 characters", "[!-~]{16,256}",
                    "a token; 16 to 256 printable characters without spaces"),
            "${file:/etc/tandem/token}", "Bearer token that callers of the HTTP address must show.");
    static final Key<Path> SOCKET = Key.optional("socket", Scalars.path(), "/run/tandem/admin.sock",
            "Unix socket of the admin API; none for no socket. When absent: /run/tandem/admin.sock, else"
                    + " $XDG_RUNTIME_DIR/tandem.sock, else a private folder under the system's temp folder.");
    static final Section ADMIN_SECTION = new Section(List.of(ADMIN_LISTEN, TOKEN, SOCKET));

    // Timers
    static final Key<Long> T1 = Key.of("t1", Scalars.duration("10ms", "10s"), "500ms",
            "Round-trip estimate; 64*T1 is when a transaction gives up (RFC 3261 section 17).");
    static final Key<Long> T2 =
            Key.of("t2", Scalars.duration("10ms", "60s"), "4s", "Longest interval of retransmissions.");
    static final Key<Long> T4 = Key.of("t4", Scalars.duration("10ms", "60s"), "5s",
            "Longest time a message stays in the network.");
    static final Key<Long> TIMER_C = Key.of("timer-c", Scalars.duration("1s", "1h"), "185s",
            "How long a proxied INVITE may ring; RFC 3261 section 16.6 wants more than 3 minutes.");
    static final Key<Long> LOST_CALL = Key.of("lost-call", Scalars.duration("1m", "240h"), "12h",
            "How long a call counts against max-calls whose end is never seen; a Session-Expires (RFC 4028) shortens"
                    + " it.");
    static final Section TIMERS_SECTION = new Section(List.of(T1, T2, T4, TIMER_C, LOST_CALL));

    // Log
    static final Key<Config.LogFormat> LOG_FORMAT = Key.of("format", Scalars.choice("format", Config.LogFormat.class),
            "logfmt", "Form of the lines: key=value pairs, or one JSON object each.");
    static final Key<Config.LogLevel> LOG_LEVEL =
            Key.of("level", Scalars.choice("level", Config.LogLevel.class), "info",
                    "Least severe lines to write. Messages are never logged.");
    static final Key<Path> LOG_FILE = Key.optional("file", Scalars.path(), "/var/log/tandem.log",
            "File to append to, opened again on SIGUSR1. When absent: standard error.");
    static final Section LOG_SECTION = new Section(List.of(LOG_FORMAT, LOG_LEVEL, LOG_FILE));

    // DNS
    static final Key<List<Item<InetSocketAddress>>> DNS_SERVERS = Key.of("servers",
            new ListOf<>(Addresses.DNS_SERVER, 4), "[]", "[198.51.100.53, \"198.51.100.54:5353\"]",
            "DNS servers, asked in this order. When empty: those of /etc/resolv.conf.");
    static final Key<Long> DNS_TIMEOUT = Key.of("timeout", Scalars.duration("100ms", "10s"), "2s",
            "How long one question may take, all servers together.");
    static final Key<Long> DNS_STALE = Key.of("stale", Scalars.duration("0s", "24h"), "1h",
            "How long an answer is still used after its time to live, while no server answers (RFC 8767).");
    static final Section DNS_SECTION = new Section(List.of(DNS_SERVERS, DNS_TIMEOUT, DNS_STALE));

    // Top
    static final Key<List<Item<String>>> INCLUDE = Key.optional("include",
            new ListOf<>(Scalars.text("a file name or pattern", ".+", "a file name"), 64), "conf.d/*.yaml",
            "Files to read as well, relative to this one. Their trunks, routes and listen addresses are added.");
    static final Key<List<Item<Config.Listen>>> LISTEN = Key.of("listen", new ListOf<>(Addresses.LISTEN_ADDRESS, 16),
            "[\"udp://127.0.0.1:5060\", \"tcp://127.0.0.1:5060\"]",
            "Local addresses for SIP. One with a zone knows trunks of that zone only: what any other source sends to it"
                    + " is dropped, whoever's address it writes, and requests to a trunk leave by the addresses of its"
                    + " zone and by those without one. Needs a restart to change.");
    static final Key<List<Item<Cidr>>> PROXY_PROTOCOL = Key.of("proxy-protocol", new ListOf<>(Addresses.CIDR, 64), "[]",
            "[10.0.0.5, 10.0.1.0/28]",
            "Load balancers in front of tcp, tls, ws and wss addresses. Each of their connections must begin with the"
                    + " header of the PROXY protocol (version 1 or 2) and counts as one of the client that it names."
                    + " Nobody else is believed such a header.");
    static final Key<Mode> MODE = Key.of("mode", MODE_VALUE, "stateful",
            "How new requests are treated; can be switched while calls run, and differ per route.");
    static final Key<Config.Threading> THREADING = Key.of("threading",
            Scalars.choice("strategy", Config.Threading.class),
            "auto", "shared: a shard runs on its I/O loop. dedicated: shards have threads of their own, which pays with"
                    + " many cores. Needs a restart to change.");
    static final Key<Integer> LOOPS = Key.of("loops", Scalars.numberOr("auto", 1, 64), "auto",
            "I/O loops, one thread each. auto goes by the number of cores. Needs a restart to change.");
    static final Key<Map<String, Bound>> TRUNKS = Key.of("trunks", new Named("trunk", TRUNK), "{}",
            "Groups of peers that stand for one another: a carrier, a PBX cluster.");
    static final Key<List<Item<Bound>>> ROUTES = Key.of("routes", new ListOf<>(ROUTE, 1_000), "[]",
            "Which trunk's requests go where. The first match wins; no match is answered 404. Only what stands here is"
                    + " relayed.");
    static final Key<Integer> MAX_FORWARDS = Key.of("max-forwards", Scalars.number(1, 255), "70",
            "Max-Forwards put into requests that carry none (RFC 3261 section 16.6).");
    static final Key<Integer> TOTAL_CALLS = Key.optional("max-calls", Scalars.number(1, 10_000_000), "2000",
            "Most calls at a time over all trunks, each counted once; over it 503. Counted as for the max-calls of a"
                    + " trunk, and like that not with stateless routes.");
    static final Key<Integer> CPS = Key.optional("cps", Scalars.rate(1, 1_000_000), "500/s",
            "Most calls that begin in any second, over all trunks; over it 503.");
    static final Key<List<Item<String>>> EMERGENCY_NUMBERS = Key.of("emergency-numbers",
            new ListOf<>(Scalars.digits(2, 16), 32), "[]",
            "[112, 911]",
            "Numbers that are called for help. Like calls to urn:service:sos (RFC 5031) they are refused neither for"
                    + " max-calls or cps nor under overload.");
    static final Key<Long> DRAIN = Key.of("drain", Scalars.duration("0s", "1h"), "5s",
            "How long a server that is told to stop by TERM or INT goes on with what is under way, taking nothing new."
                    + " It stops at once when nothing is left, and with the second signal.");
    static final Key<Boolean> RECORD_ROUTE = Key.of("record-route", Scalars.flag(), "true",
            "Whether later requests of a dialog pass through Tandem too (RFC 3261 section 16.6).");
    static final Key<Bound> ADMIN = new Key<>("admin", ADMIN_SECTION, null, false,
            "The admin API. Needs a restart to change.", null);
    static final Key<Bound> LIMITS = new Key<>("limits", LimitKeys.SECTION, null, false,
            "Bounds of what is accepted; each hit is counted. Needs a restart to change.", null);
    static final Key<Bound> TIMERS = new Key<>("timers", TIMERS_SECTION, null, false,
            "Timer values of RFC 3261 appendix A.", null);
    static final Key<Bound> DNS = new Key<>("dns", DNS_SECTION, null, false,
            "How host names are looked up. Needs a restart to change.", null);
    static final Key<Path> STATE_DIR = Key.optional("state-dir", Scalars.path(), "/var/lib/tandem",
            "Folder for the token key, by which calls survive a restart, for registrations and for calls. When absent:"
                    + " $STATE_DIRECTORY, else /var/lib/tandem, else $XDG_STATE_HOME/tandem or ~/.local/state/tandem."
                    + " Needs a restart to change.");
    static final Key<Bound> LOG = new Key<>("log", LOG_SECTION, null, false, "The log.", null);

    /** The whole file. */
    static final Section TOP =
            new Section(List.of(INCLUDE, LISTEN, PROXY_PROTOCOL, MODE, THREADING, LOOPS, TRUNKS, ROUTES,
                    TOTAL_CALLS, CPS, EMERGENCY_NUMBERS, MAX_FORWARDS, RECORD_ROUTE, DRAIN, TlsKeys.TLS, ADMIN, LIMITS,
                    TIMERS, DNS,
                    RegistrarKeys.REGISTRAR, MediaKeys.MEDIA, STATE_DIR, CreditKeys.CREDIT, CdrKeys.CDR, LOG));

    private Keys() {}
}
