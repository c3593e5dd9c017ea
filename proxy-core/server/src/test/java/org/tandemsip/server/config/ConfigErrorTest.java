package org.tandemsip.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every kind of mistake: what is written, and what is said about it, to the letter. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class ConfigErrorTest {
    private static final String SHARED =
            "; two accounts with one carrier need 'register' or 'auth' with different users";
    private static final String TRUNKS = "trunks:\n  a: {peers: [10.0.0.1]}\n  b: {peers: [10.0.0.2]}\n";

    /** @param first first line of the report */
    record Row(ErrorCode code, String text, String first) {
        @Override
        public String toString() {
            return code.code() + " " + first;
        }
    }

    private static Row row(final ErrorCode code, final String text, final String first) {
        return new Row(code, text, first);
    }

    static List<Row> rows() {
        return List.of(
                row(ErrorCode.SYNTAX, "listen: [udp://[::1]:5060]\n",
                        "t.yaml:1:16: error[C002]: not valid YAML: expected ',' or ']', but got [; inside [...] an IPv6"
                                + " address must be quoted"),
                row(ErrorCode.SYNTAX, "mode: 'stateful\n",
                        "t.yaml:2:1: error[C002]: not valid YAML: found unexpected end of stream"),
                row(ErrorCode.INCLUDE, "include: /etc/passwd\n",
                        "t.yaml:1:10: error[C003]: only a file can include others"),
                row(ErrorCode.WRONG_SHAPE, "- a\n",
                        "t.yaml:1:1: error[C010]: a mapping of keys to values belongs here"),
                row(ErrorCode.WRONG_SHAPE, "mode: [stateful]\n",
                        "t.yaml:1:7: error[C010]: a single value belongs here in 'mode'"),
                row(ErrorCode.WRONG_SHAPE, "trunks: [a]\n",
                        "t.yaml:1:9: error[C010]: a mapping of trunk names belongs here"),
                row(ErrorCode.WRONG_SHAPE, "listen: {a: b}\n",
                        "t.yaml:1:9: error[C010]: a list belongs here in 'listen'"),
                row(ErrorCode.WRONG_SHAPE, "timers: 5\n",
                        "t.yaml:1:9: error[C010]: a mapping of keys to values belongs here in 'timers'"),
                row(ErrorCode.DUPLICATE_KEY, "mode: stateful\nmode: stateless\n",
                        "t.yaml:2:1: error[C011]: key 'mode' is given twice"),
                row(ErrorCode.DUPLICATE_KEY, "trunks:\n  a: {peers: [10.0.0.1]}\n  a: {peers: [10.0.0.2]}\n",
                        "t.yaml:3:3: error[C011]: trunk 'a' is defined twice"),
                row(ErrorCode.UNKNOWN_KEY, "trunk: {}\n",
                        "t.yaml:1:1: error[C012]: unknown key 'trunk'; did you mean 'trunks'?"),
                row(ErrorCode.UNKNOWN_KEY, "max_forwards: 3\n",
                        "t.yaml:1:1: error[C012]: unknown key 'max_forwards'; did you mean 'max-forwards'?"),
                row(ErrorCode.UNKNOWN_KEY, "limits: {colour: red}\n",
                        "t.yaml:1:10: error[C012]: unknown key 'colour' in 'limits'"),
                row(ErrorCode.UNKNOWN_KEY, TRUNKS + "routes:\n  - {from: a, to: b, mod: stateless}\n",
                        "t.yaml:5:22: error[C012]: unknown key 'mod' in route 1; did you mean 'mode'?"),
                row(ErrorCode.BAD_VALUE, "trunks:\n  a: {peers: [10.0.0.1], zone: inside}\n",
                        "t.yaml:2:32: error[C020]: 'inside' is not a zone; one of trunk, core, public"),
                row(ErrorCode.CONTRADICTION,
                        "trunks:\n  a: {allow: [10.0.0.0/8], zone: public, trust-identity: true}\n",
                        "t.yaml:2:58: error[C037]: 'trust-identity' does not go with zone public: anybody could call in"
                                + " anybody's name"),
                row(ErrorCode.CONTRADICTION, "trunks:\n  a: {peers: [10.0.0.1], allow-unauthenticated: true}\n",
                        "t.yaml:2:49: error[C037]: 'allow-unauthenticated' is for zone public only"),
                row(ErrorCode.UNAUTHENTICATED, "trunks:\n  a: {allow: [10.0.0.0/8], zone: public}\n"
                        + "  b: {peers: [10.0.0.2], zone: core}\n  c: {peers: [10.0.0.3]}\nroutes:\n"
                        + "  - {from: a, to: b}\n  - {from: a, to: b, then: c}\n",
                        "t.yaml:7:12: error[C043]: trunk 'a' is public, and nobody there has shown who they are: a route"
                                + " may lead to zone core only, not to 'c'; 'require-auth' on trunk 'a' makes them,"
                                + " 'allow-unauthenticated: true' does without"),
                row(ErrorCode.UNAUTHENTICATED, "trunks:\n  a: {allow: [10.0.0.0/8], zone: public}\n"
                        + "  c: {peers: [10.0.0.3]}\nroutes:\n  - {from: any, to: c}\n",
                        "t.yaml:5:12: error[C043]: trunk 'a' is public, and nobody there has shown who they are: a route"
                                + " may lead to zone core only, not to 'c'; 'require-auth' on trunk 'a' makes them,"
                                + " 'allow-unauthenticated: true' does without"),
                row(ErrorCode.BAD_VALUE, "emergency-numbers: [110, police]\n",
                        "t.yaml:1:26: error[C020]: 'police' is not 2 to 16 digits"),
                row(ErrorCode.MISSING_KEY, TRUNKS + "routes:\n  - {from: a}\n",
                        "t.yaml:5:5: error[C013]: key 'to' is missing in route 1"),
                row(ErrorCode.BAD_VALUE, "mode: statefull\n",
                        "t.yaml:1:7: error[C020]: 'statefull' is not a mode; one of"
                                + " stateless, stateful, b2bua; did you mean 'stateful'?"),
                row(ErrorCode.BAD_VALUE, "timers: {t1: 500}\n",
                        "t.yaml:1:14: error[C020]: '500' is not a duration; write a number with us, ms, s, m or h"),
                row(ErrorCode.BAD_VALUE, "limits: {body: 48 KB}\n",
                        "t.yaml:1:16: error[C020]: '48 KB' is not a size; write a number with B, KiB, MiB or GiB"),
                row(ErrorCode.BAD_VALUE, "loops: many\n",
                        "t.yaml:1:8: error[C020]: 'many' is not a number from 1 to 64"),
                row(ErrorCode.BAD_VALUE, "record-route: yes\n",
                        "t.yaml:1:15: error[C020]: 'yes' is neither true nor false"),
                row(ErrorCode.BAD_VALUE, "limits: {ring-size: 1000}\n",
                        "t.yaml:1:21: error[C020]: limits.ring-size must be a power of two: 1024, 2048, 4096 and so on"),
                row(ErrorCode.OUT_OF_RANGE, "max-forwards: 256\n",
                        "t.yaml:1:15: error[C021]: '256' is out of range; allowed: 1 to 255"),
                row(ErrorCode.OUT_OF_RANGE, "listen: ['udp://127.0.0.1:70000']\n",
                        "t.yaml:1:10: error[C021]: 'udp://127.0.0.1:70000' has a port out of range; allowed: 0 to 65535"),
                row(ErrorCode.OUT_OF_RANGE, "listen: []\n",
                        "t.yaml:1:9: error[C021]: at least one address to listen on is needed"),
                row(ErrorCode.BAD_REFERENCE, "mode: ${env:NO_SUCH_VARIABLE}\n",
                        "t.yaml:1:7: error[C022]: environment variable 'NO_SUCH_VARIABLE' is not set"),
                row(ErrorCode.BAD_REFERENCE, "admin: {token: '${file:no-such-file}'}\n",
                        "t.yaml:1:16: error[C022]: file 'no-such-file' cannot be read"),
                row(ErrorCode.BAD_REFERENCE, "mode: ${vault:x}\n",
                        "t.yaml:1:7: error[C022]: '${vault...}' is not known; write ${env:NAME} or ${file:PATH}"),
                row(ErrorCode.LITERAL_SECRET, "admin: {token: 0123456789abcdef}\n",
                        "t.yaml:1:16: error[C023]: a secret must not stand here itself; write ${env:NAME} or ${file:PATH}"),
                row(ErrorCode.LITERAL_SECRET,
                        "trunks: {a: {peers: [10.0.0.1], require-auth: {realm: r, users: {x: y}}}}\n",
                        "t.yaml:1:69: error[C023]: a secret must not stand here itself; write ${env:NAME} or ${file:PATH}"),
                row(ErrorCode.CONTRADICTION, "trunks: {a: {peers: [10.0.0.1], media: {anchor: rtpengine}}}\n",
                        "t.yaml:1:49: error[C037]: 'anchor: rtpengine' needs daemons: 'media.rtpengine' names none"),
                row(ErrorCode.CONTRADICTION, "trunks: {a: {peers: [10.0.0.1], require-auth: {realm: r}}}\n",
                        "t.yaml:1:55: error[C037]: require-auth needs 'users' too"),
                row(ErrorCode.LITERAL_SECRET, "trunks: {a: {peers: [10.0.0.1], auth: {user: x, password: y}}}\n",
                        "t.yaml:1:59: error[C023]: a secret must not stand here itself; write ${env:NAME} or ${file:PATH}"),
                row(ErrorCode.CONTRADICTION, "trunks: {a: {peers: [10.0.0.1], auth: {realm: r, user: x}}}\n",
                        "t.yaml:1:56: error[C037]: auth needs both 'user' and 'password'"),
                row(ErrorCode.CONTRADICTION, "trunks: {a: {peers: [10.0.0.1], register: {domain: b.example}}}\n",
                        "t.yaml:1:52: error[C037]: register needs 'user' too"),
                row(ErrorCode.TRUNK_UNUSABLE, "trunks: {a: {allow: [10.0.0.1], register: {user: b}}}\n",
                        "t.yaml:1:50: error[C034]: there is no peer to register with: 'peers' is empty"),
                row(ErrorCode.BAD_VALUE, "trunks: {a: {peers: [10.0.0.1], register: {user: 'a@b'}}}\n",
                        "t.yaml:1:50: error[C020]: 'a@b' is not the user part of a SIP address"),
                row(ErrorCode.BAD_VALUE, "trunks: {a: {peers: [10.0.0.1], require-auth: {realm: 'a\"b'}}}\n",
                        "t.yaml:1:55: error[C020]: 'a\"b' is not a realm; up to 128 characters without quotes,"
                                + " backslashes and control characters"),
                row(ErrorCode.BAD_LISTEN, "listen: 127.0.0.1:5060\n",
                        "t.yaml:1:9: error[C024]: '127.0.0.1:5060' is not an"
                                + " address to listen on; write udp://IPV4:PORT, tcp://[IPV6]:PORT"),
                row(ErrorCode.BAD_LISTEN, "listen: sctp://127.0.0.1:5060\n",
                        "t.yaml:1:9: error[C024]: 'sctp://127.0.0.1:5060'"
                                + " names transport 'sctp', which this build does not have; use udp, tcp,"
                                + " tls, ws or wss"),
                row(ErrorCode.TLS_NEEDED, "listen: tls://127.0.0.1:5061\n",
                        "t.yaml:1:9: error[C051]: 'tls://127.0.0.1:5061' needs a certificate; name one in"
                                + " 'tls.certificates'"),
                row(ErrorCode.TLS_FILE, "tls: {ca: /nowhere/ca.pem, certificates: {cert: /nowhere/a, key: b}}\n",
                        "t.yaml:1:49: error[C050]: file '/nowhere/a' cannot be read: no such file"),
                row(ErrorCode.BAD_LISTEN, "listen: udp://0.0.0.0:5060\n",
                        "t.yaml:1:9: error[C024]: 'udp://0.0.0.0:5060'"
                                + " names no address that peers could answer to; name one address, or add 'advertise HOST'"),
                row(ErrorCode.BAD_PEER, "trunks: {a: {peers: ['a b']}}\n",
                        "t.yaml:1:22: error[C025]: 'a b' is not a peer;"
                                + " write HOST, HOST:PORT, IPv4, [IPv6]:PORT or sip:HOST;transport=tcp"),
                row(ErrorCode.BAD_PEER, "trunks: {a: {peers: ['3402000000']}}\n",
                        "t.yaml:1:22: error[C025]: '3402000000' holds neither an address nor a host name"),
                row(ErrorCode.BAD_PEER, "trunks: {a: {peers: ['sips:x.example;transport=udp']}}\n",
                        "t.yaml:1:22: error[C025]: 'sips:x.example;transport=udp' wants TLS over UDP, which there is"
                                + " not"),
                row(ErrorCode.BAD_PEER, "trunks: {a: {peers: [sip.1]}}\n",
                        "t.yaml:1:22: error[C025]: 'sip.1' holds neither an address nor a host name"),
                row(ErrorCode.BAD_VALUE, "dns: {servers: [ns.example]}\n",
                        "t.yaml:1:17: error[C020]: 'ns.example' is not the address of a DNS server; write IPV4,"
                                + " IPV4:PORT or [IPV6]:PORT"),
                row(ErrorCode.ADDRESS_CLAIMED, "trunks: {a: {peers: [x.example]}, b: {peers: [x.example]}}\n",
                        "t.yaml:1:47: error[C032]: trunk 'b' claims x.example, which belongs to trunk 'a' already"
                                + SHARED),
                row(ErrorCode.BAD_RANGE, "trunks: {a: {allow: [10.0.0.1/8]}}\n",
                        "t.yaml:1:22: error[C027]: '10.0.0.1/8' has bits set past its prefix; the range is 10.0.0.0/8"),
                row(ErrorCode.BAD_RANGE, "trunks: {a: {allow: [10.0.0.0/33]}}\n",
                        "t.yaml:1:22: error[C027]: '10.0.0.0/33' has a prefix longer than 32"),
                row(ErrorCode.OWNED_HEADER, "trunks: {a: {peers: [10.0.0.1], headers: {remove: [X-A, v]}}}\n",
                        "t.yaml:1:57: error[C041]: 'v' is a header field that the proxy itself needs, and cannot be"
                                + " changed"),
                row(ErrorCode.OWNED_HEADER, "trunks: {a: {peers: [10.0.0.1], headers-in: {remove: ['R*']}}}\n",
                        "t.yaml:1:55: error[C041]: 'R*' would hold for header fields that the proxy itself needs"),
                row(ErrorCode.OWNED_HEADER, TRUNKS + "routes:\n  - {from: a, to: b, headers: {set: {Cseq: 1}}}\n",
                        "t.yaml:5:38: error[C041]: 'Cseq' is a header field that the proxy itself needs, and cannot be"
                                + " changed"),
                row(ErrorCode.OWNED_HEADER,
                        "trunks: {a: {peers: [10.0.0.1], b2bua: {pass-headers: [X-A, replaces]}}}\n",
                        "t.yaml:1:61: error[C041]: 'replaces' is always translated between the two dialogs of a call,"
                                + " and cannot be passed as it is"),
                row(ErrorCode.OWNED_HEADER, "trunks: {a: {peers: [10.0.0.1], b2bua: {pass-headers: r}}}\n",
                        "t.yaml:1:55: error[C041]: 'r' is always translated between the two dialogs of a call, and"
                                + " cannot be passed as it is"),
                row(ErrorCode.OWNED_HEADER, "trunks: {a: {peers: [10.0.0.1], b2bua: {pass-headers: [join]}}}\n",
                        "t.yaml:1:56: error[C041]: 'join' names a dialog that only one side of a call knows, and cannot"
                                + " be passed as it is"),
                row(ErrorCode.OWNED_HEADER, "trunks: {a: {peers: [10.0.0.1], b2bua: {pass-headers: ['Jo*']}}}\n",
                        "t.yaml:1:56: error[C041]: 'Jo*' would hold for Join, which names a dialog that only one side"
                                + " of a call knows, and cannot be passed as it is"),
                row(ErrorCode.OWNED_HEADER, "trunks: {a: {peers: [10.0.0.1], b2bua: {pass-headers: ['Ref*']}}}\n",
                        "t.yaml:1:56: error[C041]: 'Ref*' would hold for Refer-To, which is always translated between"
                                + " the two dialogs of a call, and cannot be passed as it is"),
                row(ErrorCode.BAD_VALUE, TRUNKS + "routes:\n  - {from: a, to: b, headers: {add: {'X-*': 1}}}\n",
                        "t.yaml:5:38: error[C020]: a field to be put in needs its whole name"),
                row(ErrorCode.BAD_VALUE, TRUNKS + "routes:\n  - {from: a, to: b, headers: {remove: ['X A']}}\n",
                        "t.yaml:5:41: error[C020]: 'X A' is not the name of a header field"),
                row(ErrorCode.BAD_VALUE,
                        TRUNKS + "routes:\n  - {from: a, to: b, headers: {add: {X-A: \"a\\r\\nVia: x\"}}}\n",
                        "t.yaml:5:43: error[C020]: 'a??Via: x' is not the value of a header field; it must not hold"
                                + " control characters"),
                row(ErrorCode.WRONG_SHAPE, TRUNKS + "routes:\n  - {from: a, to: b, headers: {set: [X-A]}}\n",
                        "t.yaml:5:37: error[C010]: a mapping of header names to values belongs here in 'set' in"
                                + " 'routes.0.headers'"),
                row(ErrorCode.BAD_VALUE, "trunks: {a: {peers: [10.0.0.1], number: {rules: {'0': +4x}}}}\n",
                        "t.yaml:1:55: error[C020]: '+4x' is not the beginning of a number; use digits, '+', '*' and '#',"
                                + " at most 24"),
                row(ErrorCode.WRONG_SHAPE, "trunks: {a: {peers: [10.0.0.1], b2bua: {map-responses: [604]}}}\n",
                        "t.yaml:1:56: error[C010]: a mapping of status codes to what callers are told belongs here in"
                                + " 'map-responses' in 'trunks.a.b2bua'"),
                row(ErrorCode.OUT_OF_RANGE, "trunks: {a: {peers: [10.0.0.1], b2bua: {map-responses: {302: 404}}}}\n",
                        "t.yaml:1:57: error[C021]: '302' is out of range; allowed: 400 to 699"),
                row(ErrorCode.BAD_VALUE, "trunks: {a: {peers: [10.0.0.1], b2bua: {map-responses: {603: busy}}}}\n",
                        "t.yaml:1:62: error[C020]: 'busy' is not a number from 400 to 699"),
                row(ErrorCode.BAD_VALUE, "trunks: {a: {peers: [10.0.0.1], b2bua: {map-responses: {407: 403}}}}\n",
                        "t.yaml:1:57: error[C020]: 407 cannot stand for another failure, nor another for it: it is"
                                + " understood only with what stands beside it, or after a CANCEL"),
                row(ErrorCode.BAD_VALUE, "trunks: {a: {peers: [10.0.0.1], b2bua: {map-responses: {603: 487}}}}\n",
                        "t.yaml:1:62: error[C020]: 487 cannot stand for another failure, nor another for it: it is"
                                + " understood only with what stands beside it, or after a CANCEL"),
                row(ErrorCode.BAD_VALUE, "trunks: {a: {peers: [10.0.0.1], b2bua: {map-responses: {603: 499}}}}\n",
                        "t.yaml:1:62: error[C020]: 499 is no status code that Tandem has a reason phrase for"),
                row(ErrorCode.DUPLICATE_KEY,
                        "trunks: {a: {peers: [10.0.0.1], b2bua: {map-responses: {603: 404, '603': 480}}}}\n",
                        "t.yaml:1:67: error[C011]: 603 is given twice in 'map-responses' in 'trunks.a.b2bua'"),
                row(ErrorCode.WRONG_SHAPE, "trunks: {a: {peers: [10.0.0.1], number-in: {rules: ['0']}}}\n",
                        "t.yaml:1:52: error[C010]: a mapping of beginnings to what replaces them belongs here in 'rules'"
                                + " in trunks.a.number-in 1"),
                row(ErrorCode.BAD_VALUE, TRUNKS + "routes:\n  - {from: a, to: b, number: {fields: [contact]}}\n",
                        "t.yaml:5:40: error[C020]: 'contact' is not a field; one of request-uri, to, from,"
                                + " p-asserted-identity, diversion"),
                row(ErrorCode.ROUTE_INCOMPLETE, TRUNKS + "routes:\n  - {from: a, to: prefixes}\n",
                        "t.yaml:5:19: error[C033]: 'to: prefixes' needs 'prefixes', the file with the table"),
                row(ErrorCode.ROUTE_INCOMPLETE, TRUNKS + "routes:\n  - {from: a, to: b, prefixes: x.csv}\n",
                        "t.yaml:5:32: error[C033]: 'prefixes' goes with 'to: prefixes' only"),
                row(ErrorCode.FILE_UNREADABLE, TRUNKS + "routes:\n  - {from: a, to: prefixes, prefixes: no.csv}\n",
                        "t.yaml:5:39: error[C001]: file 'no.csv' cannot be read: no such file"),
                row(ErrorCode.BAD_VALUE, TRUNKS + "routes:\n  - {from: a, to: b, match: {to: '/(49/'}}\n",
                        "t.yaml:5:34: error[C020]: '/(49/' has a '(' that nothing closes"),
                row(ErrorCode.BAD_VALUE, TRUNKS + "routes:\n  - {from: a, to: b, when: {days: [mo]}}\n",
                        "t.yaml:5:36: error[C020]: 'mo' is not a day; write mon, tue, wed, thu, fri, sat, sun or"
                                + " mon-fri"),
                row(ErrorCode.BAD_VALUE, TRUNKS + "routes:\n  - {from: a, to: b, when: {hours: 8-18}}\n",
                        "t.yaml:5:36: error[C020]: '8-18' are not hours; write HH:MM-HH:MM, 00:00 to 24:00"),
                row(ErrorCode.BAD_VALUE, TRUNKS + "routes:\n  - {from: a, to: b, when: {zone: Mars/Base}}\n",
                        "t.yaml:5:35: error[C020]: 'Mars/Base' is not a time zone; write a name such as Europe/Berlin,"
                                + " or UTC"),
                row(ErrorCode.CONTRADICTION,
                        TRUNKS + "routes:\n  - {from: a, to: b, mode: stateless, when: {days: mon}}\n",
                        "t.yaml:5:45: error[C037]: 'when' needs to know which requests belong together, which a"
                                + " stateless proxy does not"),
                row(ErrorCode.CONTRADICTION,
                        TRUNKS + "record-route: false\nroutes:\n  - {from: a, to: b, when: {days: mon}}\n",
                        "t.yaml:6:28: error[C037]: 'when' needs 'record-route', or requests of a call would go another"
                                + " way once the time is over"),
                row(ErrorCode.CONTRADICTION,
                        TRUNKS + "routes:\n  - {from: a, to: b, mode: stateless, match: {header: {X-A: b}}}\n",
                        "t.yaml:5:55: error[C037]: 'header' needs to know which requests belong together, which a"
                                + " stateless proxy does not"),
                row(ErrorCode.CONTRADICTION,
                        TRUNKS + "record-route: false\nroutes:\n  - {from: a, to: b, match: {header: {X-A: b}}}\n",
                        "t.yaml:6:38: error[C037]: 'header' needs 'record-route', or requests of a call without that"
                                + " field would go another way"),
                row(ErrorCode.BAD_VALUE, TRUNKS + "routes:\n  - {from: a, to: b, match: {header: {X-A: /(/}}}\n",
                        "t.yaml:5:44: error[C020]: '/(/' has a '(' that nothing closes"),
                row(ErrorCode.BAD_VALUE, TRUNKS + "routes:\n  - {from: a, to: b, match: {header: {X A: b}}}\n",
                        "t.yaml:5:39: error[C020]: 'X A' is not the whole name of a header field"),
                row(ErrorCode.DUPLICATE_KEY,
                        TRUNKS + "routes:\n  - {from: a, to: b, match: {header: {subject: a, s: b}}}\n",
                        "t.yaml:5:51: error[C011]: 'Subject' is given twice in 'header' in 'routes.0.match'"),
                row(ErrorCode.NO_SUCH_MODE, "mode: b2bua\n",
                        "t.yaml:1:7: error[C030]: this build has no mode 'b2bua'; it has stateless and stateful"),
                row(ErrorCode.UNKNOWN_TRUNK, TRUNKS + "routes:\n  - {from: a, to: c}\n",
                        "t.yaml:5:19: error[C031]: route to unknown trunk 'c' (defined: a, b)"),
                row(ErrorCode.UNKNOWN_TRUNK, "routes:\n  - {from: x, to: request-uri, within: [10.0.0.0/8]}\n",
                        "t.yaml:2:12: error[C031]: route from unknown trunk 'x' (defined: none)"),
                row(ErrorCode.ADDRESS_CLAIMED, "trunks:\n  a: {peers: [10.0.0.1]}\n  b: {peers: ['10.0.0.1:5060']}\n",
                        "t.yaml:3:15: error[C032]: trunk 'b' claims 10.0.0.1:5060, which belongs to trunk 'a' already"
                                + SHARED),
                row(ErrorCode.ADDRESS_CLAIMED, "trunks:\n  a: {allow: [10.0.0.0/8]}\n  b: {allow: [10.0.0.0/8]}\n",
                        "t.yaml:3:15: error[C032]: trunk 'b' claims 10.0.0.0/8, which belongs to trunk 'a' already"
                                + SHARED),
                row(ErrorCode.BAD_LISTEN, "listen: ['udp://10.0.0.9:5060 zone inside']\n",
                        "t.yaml:1:10: error[C024]: 'udp://10.0.0.9:5060 zone inside' is not an address to listen on; write"
                                + " udp://IPV4:PORT, tcp://[IPV6]:PORT"),
                row(ErrorCode.CONTRADICTION, "listen: ['udp://10.0.0.9:5060 zone public']\n" + TRUNKS,
                        "t.yaml:3:6: error[C037]: no address in 'listen' is for zone trunk, in which this trunk lies"),
                row(ErrorCode.ROUTE_INCOMPLETE, TRUNKS + "routes:\n  - {from: a, to: [registrar, b]}\n",
                        "t.yaml:5:19: error[C033]: registrar stands alone, not beside trunks"),
                row(ErrorCode.CONTRADICTION,
                        TRUNKS + "routes:\n  - {from: a, to: registrar, then: b, mode: stateless}\n",
                        "t.yaml:5:19: error[C037]: 'to: registrar' with 'then' has to wait for an answer, which a"
                                + " stateless proxy cannot; 'mode: stateful' on this route sees to that"),
                row(ErrorCode.CONTRADICTION, TRUNKS + "routes:\n  - {from: a, to: location, mode: stateless}\n",
                        "t.yaml:5:19: error[C037]: 'to: location' may ring several phones, which a stateless proxy"
                                + " cannot; 'mode: stateful' on this route sees to that"),
                row(ErrorCode.UNAUTHENTICATED,
                        "trunks:\n  p: {allow: 10.0.0.0/8, zone: public}\nroutes: [{from: p, to: registrar}]\n",
                        "t.yaml:3:17: error[C043]: trunk 'p' is public, and nobody there has shown who they are: anybody"
                                + " could take the calls of any user; 'require-auth' on trunk 'p' makes them,"
                                + " 'allow-unauthenticated: true' does without"),
                row(ErrorCode.CONTRADICTION, "registrar: {min-expires: 2m, expires: 1m}\n",
                        "t.yaml:1:39: error[C037]: registrar.expires must lie between registrar.min-expires and"
                                + " registrar.max-expires"),
                row(ErrorCode.CONTRADICTION, "registrar: {domains: [a.example, A.example]}\n",
                        "t.yaml:1:34: error[C037]: 'a.example' is listed twice"),
                row(ErrorCode.ROUTE_INCOMPLETE, TRUNKS + "routes:\n  - {from: a, to: request-uri}\n",
                        "t.yaml:5:19: error[C033]: 'to: request-uri' needs 'within', the ranges it may relay to; without it"
                                + " Tandem would be an open relay"),
                row(ErrorCode.ROUTE_INCOMPLETE, TRUNKS + "routes:\n  - {from: a, to: b, within: [10.0.0.0/8]}\n",
                        "t.yaml:5:30: error[C033]: 'within' goes with 'to: request-uri' only"),
                row(ErrorCode.TRUNK_UNUSABLE, "trunks:\n  a: {failover: [503]}\n",
                        "t.yaml:2:6: error[C034]: trunk 'a' has neither peers nor allow"),
                row(ErrorCode.TRUNK_UNUSABLE,
                        "trunks: {a: {allow: [10.0.0.1]}, b: {peers: [10.0.0.2]}}\nroutes: [{from: b, to: a}]\n",
                        "t.yaml:2:24: error[C034]: trunk 'a' has no peers to send to"),
                row(ErrorCode.BAD_NAME, "trunks: {any: {peers: [10.0.0.1]}}\n",
                        "t.yaml:1:15: error[C035]: a trunk cannot be named 'any'; the word has another meaning in routes"),
                row(ErrorCode.BAD_NAME,
                        TRUNKS + "routes: [{name: x, from: a, to: b}, {name: x, from: b, to: a}]\n",
                        "t.yaml:4:44: error[C035]: another route is named 'x' already"),
                row(ErrorCode.TOKEN_NEEDED, "admin: {listen: 'http://203.0.113.1:8060'}\n",
                        "t.yaml:1:17: error[C036]: 'http://203.0.113.1:8060' can be reached from other machines; set"
                                + " admin.token as well, or listen on 127.0.0.1"),
                row(ErrorCode.CONTRADICTION, "limits: {header: 32KiB, headers: 16KiB}\n",
                        "t.yaml:1:18: error[C037]: limits.header is larger than limits.headers (16384 bytes)"),
                row(ErrorCode.CONTRADICTION,
                        "record-route: false\ntrunks:\n  a: {peers: [10.0.0.1], max-calls: 2}\n"
                                + "  b: {peers: [10.0.0.2]}\nroutes:\n  - {from: a, to: b}\n",
                        "t.yaml:3:37: error[C037]: 'max-calls' of trunk 'a' needs to see calls end, and without"
                                + " 'record-route' their BYE does not come this way"),
                row(ErrorCode.CONTRADICTION,
                        "record-route: false\ntrunks:\n  a: {peers: [10.0.0.1], balance: least-calls}\n"
                                + "  b: {peers: [10.0.0.2]}\nroutes:\n  - {from: b, to: a}\n",
                        "t.yaml:3:35: error[C037]: 'balance' of trunk 'a' needs to see calls end, and without"
                                + " 'record-route' their BYE does not come this way"),
                row(ErrorCode.CONTRADICTION, "mode: stateless\ntrunks:\n  a: {peers: [10.0.0.1], max-calls: 2}\n"
                        + "  b: {peers: [10.0.0.2]}\nroutes: [{from: b, to: a}]\n",
                        "t.yaml:3:37: error[C037]: 'max-calls' of trunk 'a' needs to know of calls, which a stateless"
                                + " proxy does not; route 'b-to-a' is stateless"),
                row(ErrorCode.CONTRADICTION, "max-calls: 2\n" + TRUNKS
                        + "routes: [{from: a, to: b}, {from: b, to: a, mode: stateless}]\n",
                        "t.yaml:1:12: error[C037]: 'max-calls' needs to know of calls, which a stateless proxy does"
                                + " not; route 'b-to-a' is stateless"),
                row(ErrorCode.CONTRADICTION, "record-route: false\nmax-calls: 2\n" + TRUNKS
                        + "routes: [{from: a, to: b}]\n",
                        "t.yaml:2:12: error[C037]: 'max-calls' needs to see calls end, and without 'record-route'"
                                + " their BYE does not come this way"),
                row(ErrorCode.CONTRADICTION, "trunks:\n  a: {peers: [10.0.0.1], balance: round-robin}\n"
                        + "routes: [{from: any, to: a, mode: stateless}]\n",
                        "t.yaml:2:35: error[C037]: 'balance' of trunk 'a' needs to know of calls, which a stateless"
                                + " proxy does not; route 'any-to-a' is stateless"),
                row(ErrorCode.CONTRADICTION, "timers: {t1: 5s}\n",
                        "t.yaml:1:9: error[C037]: timers.t2 is shorter than timers.t1"));
    }

    @ParameterizedTest
    @MethodSource("rows")
    void shouldNameTheMistakeWhenTheFileHoldsOne(final Row row) {
        // given
        final ConfigReader reader = ConfigTest.reader(Map.of(), Map.of());

        // when
        final ConfigException e = assertThrows(ConfigException.class, () -> reader.read("t.yaml", row.text()));

        // then
        assertEquals(row.first(), e.report().lines().findFirst().orElseThrow());
        assertEquals(row.code(), e.problems().getFirst().code());
        assertEquals("1 error. Nothing was changed.", e.report().lines().toList().getLast(), e.report());
    }

    @Test
    void shouldHaveARowForEveryCode() {
        // given
        final Set<ErrorCode> shown = rows().stream().map(Row::code).collect(Collectors.toSet());
        // An unreadable file has no text; it has a test of its own below.
        shown.add(ErrorCode.FILE_UNREADABLE);
        // Bad rows stand in files of their own; see PrefixFileTest.
        shown.add(ErrorCode.BAD_ROW);

        // then
        assertEquals(EnumSet.allOf(ErrorCode.class), EnumSet.copyOf(shown));
        assertEquals(ErrorCode.values().length,
                Arrays.stream(ErrorCode.values()).map(ErrorCode::code).distinct().count());
    }

    @Test
    void shouldShowLineAndCaretsAsTheContractSays() {
        // given
        final String text = """
                listen: [udp://203.0.113.10:5060, tcp://203.0.113.10:5060]
                mode: stateful

                trunks:
                  carrier:
                    peer: [sip.carrier.example]
                    allow: [198.51.100.0/24]
                  pbx:
                    peers: [10.0.0.11:5060, 10.0.0.12:5060]
                routes:
                  - {from: pbx, to: carrier}
                """;

        // when
        final ConfigException e = assertThrows(ConfigException.class,
                () -> ConfigTest.reader(Map.of(), Map.of()).read("tandem.yaml", text));

        // then
        assertEquals("""
                tandem.yaml:6:5: error[C012]: unknown key 'peer' in trunk 'carrier'; did you mean 'peers'?
                  6 |     peer: [sip.carrier.example]
                    |     ^^^^
                1 error. Nothing was changed.
                """, e.report());
    }

    @Test
    void shouldReportAllMistakesInOneRun() {
        // given
        final String text = """
                mode: fast
                trunks:
                  a: {peers: [10.0.0.1], weight: 3}
                routes:
                  - {from: a, to: b}
                """;

        // when
        final ConfigException e = assertThrows(ConfigException.class,
                () -> ConfigTest.reader(Map.of(), Map.of()).read("t.yaml", text));

        // then
        assertEquals("""
                t.yaml:1:7: error[C020]: 'fast' is not a mode; one of stateless, stateful, b2bua
                  1 | mode: fast
                    |       ^^^^
                t.yaml:3:26: error[C012]: unknown key 'weight' in trunk 'a'
                  3 |   a: {peers: [10.0.0.1], weight: 3}
                    |                          ^^^^^^
                t.yaml:5:19: error[C031]: route to unknown trunk 'b' (defined: a)
                  5 |   - {from: a, to: b}
                    |                   ^
                3 errors. Nothing was changed.
                """, e.report());
    }

    @Test
    void shouldTellMistakesInTheOrderOfTheFileWhenTheyAreFoundInAnother() {
        // given: names that clash are found after all that is wrong in itself
        final String text = """
                trunks:
                  a: {peers: [x.example]}
                  b: {peers: [x.example], weight: 3}
                mode: fast
                """;

        // when
        final ConfigException e = assertThrows(ConfigException.class,
                () -> ConfigTest.reader(Map.of(), Map.of()).read("t.yaml", text));

        // then
        assertEquals(List.of("3:15", "3:27", "4:7"),
                e.problems().stream().map(problem -> problem.line() + ":" + problem.column()).toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"limit: {}", "admn: {}", "timer: {t1: 1s}", "modes: stateful", "listn: udp://127.0.0.1",
        "trunk: {a: {peers: [10.0.0.1]}}\nroutes: [{from: a, to: a}]", "log: {levels: info}",
        "trunks: {a: {peers: [10.0.0.1]}, b: {peers: [10.0.0.2]}}\nroutes: [{form: a, to: b}]"})
    void shouldSayOneThingOfAMisspeltKey(final String text) {
        final ConfigException e = assertThrows(ConfigException.class,
                () -> ConfigTest.reader(Map.of(), Map.of()).read("t.yaml", text));
        assertEquals(1, e.problems().size(), e::report);
        assertTrue(e.getMessage().contains("did you mean"), e::getMessage);
    }

    @Test
    void shouldNameTheFileWhenItCannotBeRead(@TempDir final Path directory) throws Exception {
        // given
        final Path missing = directory.resolve("none.yaml");
        final Path binary = Files.write(directory.resolve("binary.yaml"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});

        // when
        final ConfigException a = assertThrows(ConfigException.class,
                () -> ConfigTest.reader(Map.of(), Map.of()).read(missing));
        final ConfigException b = assertThrows(ConfigException.class,
                () -> ConfigTest.reader(Map.of(), Map.of()).read(binary));

        // then
        assertEquals(missing + ": error[C001]: cannot be read: no such file\n1 error. Nothing was changed.\n",
                a.report());
        assertEquals(binary + ": error[C001]: cannot be read: not UTF-8 text\n1 error. Nothing was changed.\n",
                b.report());
    }

    @Test
    void shouldStayReadableWhenTheFileIsHostile() {
        // given: control characters, a line of 100,000 characters, ten thousand mistakes
        final String control = "mode: \"a\\u001b[31mb\"\n";
        final String wide = "mode: " + "x".repeat(100_000) + "\n";
        final String many = "k: 1\n".repeat(10_000);

        for (final String text : List.of(control, wide, many)) {
            // when
            final ConfigException e = assertThrows(ConfigException.class,
                    () -> ConfigTest.reader(Map.of(), Map.of()).read("t.yaml", text));

            // then
            assertTrue(e.report().chars().noneMatch(c -> c < ' ' && c != '\n'), "no control characters");
            assertTrue(e.problems().size() <= 20);
        }
    }

    @Test
    void shouldNotFollowAliasesForEver() {
        // given: a list that holds itself, and a billion laughs
        final List<String> texts = List.of("listen: &a [*a]\n", "trunks: &t {x: *t}\n",
                "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b]\nlisten: [*c,*c,*c,*c]\n");

        for (final String text : texts) {
            // then
            assertThrows(ConfigException.class, () -> ConfigTest.reader(Map.of(), Map.of()).read("t.yaml", text));
        }
    }

    @Test
    void shouldWantStateWhereChallengesAreToBeAnswered() {
        // given
        final String text = """
                trunks:
                  a: {peers: [10.0.0.1], auth: {user: x, password: "${env:PASSWORD}"}}
                  b: {peers: [10.0.0.2]}
                routes: [{from: b, to: a, mode: stateless}, {from: a, to: b, mode: stateless}]
                """;

        // when
        final ConfigException e = assertThrows(ConfigException.class,
                () -> ConfigTest.reader(Map.of(), Map.of("PASSWORD", "secret")).read("t.yaml", text));

        // then
        assertEquals("t.yaml:2:32: error[C037]: 'auth' of trunk 'a' needs to know what a challenge is for, which a"
                + " stateless proxy does not; route 'b-to-a' is stateless",
                e.report().lines().findFirst().orElseThrow());
        assertEquals(1, e.problems().size(), e::report);
    }
}
