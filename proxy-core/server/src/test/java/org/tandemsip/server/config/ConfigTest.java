package org.tandemsip.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tandemsip.codec.HeaderField;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.Transport;
import org.tandemsip.codec.sdp.CodecList;
import org.tandemsip.engine.auth.DigestAlgorithm;
import org.tandemsip.engine.handler.MediaRelay;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.CreditPolicy;
import org.tandemsip.engine.routing.HeaderMatch;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.MediaRules;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.NumberRules;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.TimeWindow;
import org.tandemsip.engine.routing.TrunkRules;
import org.tandemsip.engine.routing.Zone;
import org.tandemsip.engine.timer.Timing;
import org.tandemsip.server.dns.Domain;
import org.tandemsip.server.transport.NetworkConfig.Streams;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class ConfigTest {
    /** A reader in a world of its own: the given environment. */
    static ConfigReader reader(final Map<String, String> flags, final Map<String, String> environment) {
        return new ConfigReader(flags, environment::get);
    }

    private static Config read(final String text) throws ConfigException {
        return reader(Map.of(), Map.of()).read("t.yaml", text);
    }

    @Test
    void shouldReadTheShortestUsefulFile() throws Exception {
        // given: the file of the contract
        final String text = """
                listen: [udp://203.0.113.10:5060, tcp://203.0.113.10:5060]
                mode: stateful                       # stateless | stateful | b2bua
                trunks:
                  carrier:
                    peers: [sip.carrier.example]
                    allow: [198.51.100.0/24]
                    max-calls: 200
                  pbx:
                    peers: [10.0.0.11:5060, 10.0.0.12:5060]
                routes:
                  - {from: carrier, to: pbx}
                  - {from: pbx, to: carrier}
                admin: {listen: http://127.0.0.1:8060}
                """;

        // when
        final Config config = read(text);

        // then
        assertEquals(List.of("udp://203.0.113.10:5060", "tcp://203.0.113.10:5060"),
                config.listen().stream().map(Config.Listen::toString).toList());
        assertEquals(Mode.STATEFUL, config.mode());
        assertEquals(List.of("carrier", "pbx"), config.trunks().stream().map(Config.Trunk::name).toList());
        assertEquals(List.of(new Domain("sip.carrier.example", 0, null, false)),
                config.trunks().getFirst().peers().stream().map(Config.Peer::domain).toList());
        assertEquals(200, config.trunks().getFirst().maxCalls());
        assertEquals(List.of("carrier-to-pbx", "pbx-to-carrier"),
                config.routes().stream().map(Config.Route::name).toList());
        assertEquals("http://127.0.0.1:8060", config.admin().listen().orElseThrow().toString());
    }

    @Test
    void shouldHaveSafeDefaultsWhenTheFileIsEmpty() throws Exception {
        // when
        final Config config = read("");

        // then: nothing is relayed, nobody outside can reach it
        assertEquals(List.of("udp://127.0.0.1:5060", "tcp://127.0.0.1:5060"),
                config.listen().stream().map(Config.Listen::toString).toList());
        assertTrue(config.routes().isEmpty());
        assertTrue(config.trunks().isEmpty());
        assertEquals(Optional.empty(), config.admin().listen());
        assertEquals(Limits.DEFAULTS, config.limits());
        assertEquals(Timing.DEFAULTS, config.timing());
        assertEquals(Streams.DEFAULTS, config.streams());
        assertEquals(70, config.maxForwards());
        assertTrue(config.recordRoute());
    }

    @Test
    void shouldReadEveryKeyWithAValueOtherThanItsDefault() throws Exception {
        // given
        final String text = """
                listen:
                  - udp://[::1]:5070
                  - tcp://0.0.0.0:5071 advertise sip.example.org:5072
                proxy-protocol: [192.0.2.7, "2001:db8:7::/48"]
                mode: stateless
                threading: dedicated
                loops: 3
                trunks:
                  a:
                    peers: ["[2001:db8::1]:5080", 10.0.0.1, "sip:10.0.0.2:5090;transport=tcp"]
                    allow: [10.1.0.0/16, "2001:db8:1::/48"]
                    zone: public
                    trust-identity: false
                    source-rate: 20/s
                    allow-unauthenticated: true
                    transport: udp
                    failover: [500, 503]
                    max-forwards: 30
                    balance: priority
                    timers: {try: 2s, t1: 100ms}
                    profile: gb28181
                    hide-topology: true
                    b2bua: {session-timer: 1h, min-session: 120s, refer: handle, refer-hold: true, redirect: follow,
                      early-dialogs: each, map-responses: {604: 404, 480: 486}, pass-headers: [X-A]}
                    media: {anchor: rtpengine, codecs: [PCMA, telephone-event], protocol: RTP/SAVP, ice: force,
                      interface: out, flags: [trust-address, DTLS=off]}
                    ping: {every: 10s, timeout: 1s, down-after: 4, up-after: 5, ok-codes: [200, 404]}
                    cps: 30/s
                    max-calls: 7
                    credit: open
                    headers: {remove: X-1, set: {X-2: a}, add: {X-3: b}}
                    headers-in: {remove: X-4, set: {X-5: a}, add: {X-6: b}}
                    number: {strip: 1}
                    number-in: [{rules: {"00": "+"}}, {prefix: "9", fields: [to, diversion]}]
                    require-auth:
                      realm: pbx.example
                      users: {alice: "${env:TOKEN}"}
                      algorithms: [md5, sha-256]
                      nonce-ttl: 30s
                    register: {user: "4711", password: "${env:TOKEN}", domain: sip.example, expires: 30m}
                  b: {peers: 10.0.0.3, auth: {user: bob, password: "${env:TOKEN}", realm: sip.example, callers: true}}
                  c: {peers: [{peer: "10.0.0.4:5070", weight: 3, priority: 1}, 10.0.0.5]}
                routes:
                  - name: first
                    from: a
                    to: [b, c]
                    match: {to: "+1*", from: "4*", method: MESSAGE}
                    mode: stateful
                    then: [a]
                    max-duration: 90m
                  - {from: b, to: request-uri, within: [10.2.0.0/16], mode: stateful}
                  - {from: b, to: registrar}
                  - {from: b, to: location, then: c, mode: stateful}
                registrar: {domains: [PBX.example, b.example], expires: 2m, min-expires: 30s, max-expires: 2h,
                  contacts: 3, users: 50, ping: 20s}
                max-calls: 3000
                cps: 400
                emergency-numbers: [112, "0110"]
                drain: 7s
                max-forwards: 20
                record-route: true
                admin: {listen: "http://[::1]:8061", token: "${env:TOKEN}", socket: /tmp/x.sock}
                limits: {message: 60000, headers: 8KiB, header: 2KiB, header-rows: 64, body: 1KiB, uri: 512, method: 20,
                  token: 128, vias: 30, route-values: 10, connections: 100, connections-per-address: 10, connect: 1s,
                  tls-handshakes: 20, tls-handshake: 2s,
                  slow-message: 2s, idle-trunk: 3m, idle: 4s, write-high: 2KiB, write-queue: 4KiB, connect-queue: 3KiB,
                  socket-buffer: 1MiB, ring-size: 128, transactions: 5000}
                timers: {t1: 100ms, t2: 1s, t4: 2s, timer-c: 200s, lost-call: 2h}
                dns: {servers: [10.0.0.53, "10.0.0.54:5353", "[2001:db8::53]:54", "2001:db8::53"], timeout: 1s, stale: 2h}
                state-dir: /var/tmp/tandem
                credit: {url: "https://rating.example:8443/v1", token: "${env:TOKEN}", reserve: 30s, top-up: 5s,
                  timeout: 200ms, in-flight: 50}
                cdr: {file: /tmp/calls.jsonl, roll: 1MiB, on-full: refuse, sqlite: /tmp/calls.db,
                  postgres: "postgresql://tandem@[2001:db8::5]:5433/calls", postgres-password: "${env:TOKEN}"}
                media: {rtpengine: ["udp://10.0.0.5:22222", "[::1]:22223"], timeout: 2s, ping: 10s, on-failure: pass}
                log: {format: json, level: debug, file: /tmp/tandem.log}
                """;

        // when
        final Config config = reader(Map.of(), Map.of("TOKEN", "0123456789abcdef")).read("t.yaml", text);

        // then
        assertEquals("sip.example.org:5072", config.listen().get(1).advertise());
        assertEquals(List.of("10.0.0.4:5070 weight 3 priority 1", "10.0.0.5:5060 weight 1 priority 0"),
                config.trunks().get(2).peers().stream()
                        .map(peer -> Config.hostPort(peer.addressHigh(), peer.addressLow(), peer.port()) + " weight "
                                + peer.weight() + " priority " + peer.priority())
                        .toList());
        assertEquals(Mode.STATELESS, config.mode());
        assertEquals(List.of("192.0.2.7/32", "2001:db8:7::/48"),
                config.balancers().stream().map(Object::toString).toList());
        assertEquals(Config.Threading.DEDICATED, config.threading());
        assertEquals(3, config.loops());
        final Config.Trunk a = config.trunks().getFirst();
        assertEquals(List.of(5080, 5060, 5090), a.peers().stream().map(Config.Peer::port).toList());
        assertEquals(List.of(Transport.UDP, Transport.UDP, Transport.TCP),
                a.peers().stream().map(Config.Peer::transport).toList());
        assertEquals(List.of(112, 48), a.allow().stream().map(range -> range.prefixBits()).toList());
        assertEquals(List.of(500, 503), a.failover());
        assertEquals(30, a.maxForwards());
        assertEquals(0, config.trunks().get(1).maxForwards());
        final Config.Route first = config.routes().getFirst();
        assertEquals(new Config.Route("first", "a", "+1*", "4*", "MESSAGE", List.of(), List.of("b", "c"), List.of("a"),
                List.of(),
                Mode.STATEFUL, HeaderRules.NONE, NumberRules.NONE, null, null, Route.Inside.NOTHING,
                5_400_000_000_000L), first);
        assertEquals(new MediaRules(new CodecList(List.of("PCMA", "telephone-event")), true,
                new MediaRelay.Side("RTP/SAVP", "force", "out", List.of("trust-address", "DTLS=off"))),
                a.rules().media());
        assertEquals(new Config.Media(List.of(new InetSocketAddress("10.0.0.5", 22_222),
                new InetSocketAddress("::1", 22_223)), 2_000_000_000L, 10_000_000_000L, true), config.media());
        assertEquals(new Config.Registrar(List.of("pbx.example", "b.example"), 120, 30, 7_200, 3, 50,
                20_000_000_000L),
                config.registrar());
        assertEquals(Route.Inside.REGISTRAR, config.routes().get(2).inside());
        assertEquals(Route.Inside.LOCATION, config.routes().get(3).inside());
        final Config.Route second = config.routes().get(1);
        assertEquals("b", second.from());
        assertEquals("b-to-request-uri", second.name());
        assertTrue(second.to().isEmpty());
        assertEquals(1, second.within().size());
        assertEquals(20, config.maxForwards());
        assertTrue(config.recordRoute());
        assertEquals(new Config.Admin(config.admin().listen(), Optional.of("0123456789abcdef"),
                Optional.of(Path.of("/tmp/x.sock"))), config.admin());
        assertEquals(new Limits(60_000, 8_192, 2_048, 64, 1_024, 512, 20, 128, 30, 10), config.limits());
        assertEquals(new Streams(100, 10, 1_000, 2_000, 180_000, 4_000, 2_048, 4_096, 3_072), config.streams());
        assertEquals(1 << 20, config.socketBuffer());
        assertEquals(128, config.ringSize());
        assertEquals(5_000, config.transactions());
        assertEquals(new Timing(100_000_000L, 1_000_000_000L, 2_000_000_000L, 200_000_000_000L,
                7_200_000_000_000L), config.timing());
        assertEquals(new Config.Access(Zone.PUBLIC, false, 20, true), config.trunks().getFirst().access());
        assertEquals(new Config.Access(Zone.TRUNK, false, 0, false), config.trunks().get(1).access());
        assertEquals(new Config.RequiredAuth("pbx.example", List.of(DigestAlgorithm.MD5, DigestAlgorithm.SHA_256),
                30_000_000_000L, List.of(new Config.User("alice", "0123456789abcdef"))),
                config.trunks().getFirst().auth());
        assertEquals(new Config.Account(null,
                new Config.Registration("4711", "0123456789abcdef", "sip.example", 1_800)), a.account());
        assertEquals(new Config.Account(new Config.Login("bob", "0123456789abcdef", "sip.example", true), null),
                config.trunks().get(1).account());
        assertEquals(new Config.Account(null, null), config.trunks().get(2).account());
        assertFalse(config.trunks().toString().contains("0123456789abcdef"), "a password is not shown");
        assertNull(config.trunks().get(1).auth());
        assertEquals(new Config.Profile(Config.ProfileName.GB28181, 100_000_000L, true), a.profile());
        assertEquals(new Config.Profile(Config.ProfileName.RFC3261, 0, false), config.trunks().get(1).profile());
        assertEquals(List.of(3_000, 400), List.of(config.maxCalls(), config.cps()));
        assertEquals(List.of("112", "0110"), config.emergencyNumbers());
        assertEquals(TimeUnit.SECONDS.toNanos(7), config.drainNs());
        final Config.Trunk limited = config.trunks().getFirst();
        assertEquals(Balance.PRIORITY, limited.balance());
        assertEquals(List.of(7, 30), List.of(limited.maxCalls(), limited.cps()));
        assertEquals(2_000_000_000L, limited.tryNs());
        assertEquals(new Config.Ping(10_000_000_000L, 1_000_000_000L, 4, 5, List.of(200, 404)), limited.ping());
        assertEquals(Optional.of(Path.of("/var/tmp/tandem")), config.stateDir());
        assertEquals(Optional.of(new Config.Credit(java.net.URI.create("https://rating.example:8443/v1"),
                Optional.of("0123456789abcdef"), 30_000_000_000L, 5_000_000_000L, 200_000_000L, 50)),
                config.credit());
        assertFalse(config.credit().toString().contains("0123456789abcdef"), "a token is not shown");
        assertEquals(CreditPolicy.OPEN, a.credit());
        assertEquals(CreditPolicy.NONE, config.trunks().get(1).credit());
        assertEquals(new Config.Cdr(Optional.of(Path.of("/tmp/calls.jsonl")), 1 << 20, Config.OnFull.REFUSE,
                Optional.of(Path.of("/tmp/calls.db")), Optional.of("postgresql://tandem@[2001:db8::5]:5433/calls"),
                Optional.of("0123456789abcdef")), config.cdr());
        assertEquals(List.of("/10.0.0.53:53", "/10.0.0.54:5353", "/[2001:db8:0:0:0:0:0:53]:54",
                "/[2001:db8:0:0:0:0:0:53]:53"), config.dns().servers().stream().map(Object::toString).toList());
        assertEquals(TimeUnit.SECONDS.toNanos(1), config.dns().timeoutNs());
        assertEquals(TimeUnit.HOURS.toNanos(2), config.dns().staleNs());
        assertEquals(
                new Config.Log(Config.LogFormat.JSON, Config.LogLevel.DEBUG, Optional.of(Path.of("/tmp/tandem.log"))),
                config.log());
        // and no key was forgotten above
        final long given = config.effective().entries().stream()
                // those of TLS name files, and stand in TlsConfigTest
                .filter(entry -> !entry.keys().contains("tls"))
                .filter(entry -> entry.keys().size() < 2 || !entry.keys().get(1).matches("[bc]"))
                .filter(Effective.Entry::isDefault).count();
        assertEquals(0, given, config.effective().toYaml(true));
    }

    @Test
    void shouldGoWithoutRecordRouteWhereNoCallsAreCounted() throws Exception {
        final String text = "record-route: false\ntrunks: {a: {peers: 10.0.0.1, cps: 3/s}, b: {peers: 10.0.0.2}}\n";
        assertFalse(reader(Map.of(), Map.of()).read("t.yaml", text).recordRoute());
    }

    @Test
    void shouldAllowOneAddressInTwoTrunksWhenPortsTellThemApart() throws Exception {
        // when
        final Config config = read("trunks:\n  a: {peers: ['127.0.0.1:5070']}\n  b: {peers: ['127.0.0.1:5080']}\n");

        // then
        assertEquals(2, config.trunks().size());
    }

    @Test
    void shouldReadItsOwnEffectiveConfiguration() throws Exception {
        // given
        final Config config = read("trunks:\n  a: {peers: [10.0.0.1, '[2001:db8::1]:5060']}\n  b: {peers: [10.0.0.2]}\n"
                + "routes:\n  - {from: a, to: [b], match: {to: '+1*'}}\n");

        // when
        final Config again = read(config.effective().toYaml(true));

        // then
        assertEquals(config.trunks(), again.trunks());
        assertEquals(config.routes(), again.routes());
        assertEquals(config.listen(), again.listen());
        assertEquals(config.timing(), again.timing());
    }

    @Test
    void shouldReadHeaderRules() throws Exception {
        // when
        final Config config = reader(Map.of(), Map.of()).read("t.yaml", """
                trunks:
                  a:
                    peers: [10.0.0.1]
                    headers: {remove: [s, "X-*"], set: {User-Agent: Tandem 1}, add: {P-Note: [one, two]}}
                    headers-in: {remove: P-Charge}
                  b: {peers: [10.0.0.2]}
                routes: [{from: a, to: b, headers: {set: {X-Route: 5}}}]
                """);

        // then
        final HeaderField agent = HeaderField.of("User-Agent");
        final HeaderField note = HeaderField.of("p-note");
        assertEquals(new TrunkRules(new HeaderRules(List.of(HeaderField.of("Subject"), HeaderField.of("x-*")),
                List.of(new HeaderRules.Field(agent, "Tandem 1")),
                List.of(new HeaderRules.Field(note, "one"), new HeaderRules.Field(note, "two"))),
                new HeaderRules(List.of(HeaderField.of("P-Charge")), List.of(), List.of())),
                config.trunks().getFirst().rules());
        assertEquals(TrunkRules.NONE, config.trunks().get(1).rules());
        assertEquals(new HeaderRules(List.of(), List.of(new HeaderRules.Field(HeaderField.of("X-Route"), "5")),
                List.of()), config.routes().getFirst().headers());
    }

    @Test
    void shouldReadNumberRules() throws Exception {
        // when
        final Config config = reader(Map.of(), Map.of()).read("t.yaml", """
                trunks:
                  a:
                    peers: [10.0.0.1]
                    number: {strip: 4, prefix: 9}
                    number-in:
                      - rules: {"00": "+", "0": "+49"}
                      - {fields: [from, p-asserted-identity], rules: {"": "+"}}
                      - {}
                  b: {peers: [10.0.0.2]}
                routes: [{from: a, to: b, number: {prefix: "#31#"}}]
                """);

        // then
        final Set<NumberRules.Field> uri = Set.of(NumberRules.Field.REQUEST_URI);
        final TrunkRules rules = config.trunks().getFirst().rules();
        assertEquals(new NumberRules(List.of(NumberRules.Step.of(uri, 4, Map.of(), "9"))), rules.number());
        assertEquals(new NumberRules(List.of(NumberRules.Step.of(uri, 0, Map.of("0", "+49", "00", "+"), ""),
                NumberRules.Step.of(Set.of(NumberRules.Field.FROM, NumberRules.Field.P_ASSERTED_IDENTITY), 0,
                        Map.of("", "+"), ""))),
                rules.numberIn());
        assertEquals(new NumberRules(List.of(NumberRules.Step.of(uri, 0, Map.of(), "#31#"))),
                config.routes().getFirst().number());
    }

    @Test
    void shouldTrustTheOwnHouseAndLimitTheRestOfTheWorldWhenNothingElseIsSaid() throws Exception {
        final String text = """
                trunks:
                  pbx: {peers: 10.0.0.1, zone: core}
                  phones: {allow: 0.0.0.0/0, zone: public}
                  carrier: {peers: 10.0.0.3, trust-identity: true}
                routes: [{from: phones, to: pbx}, {from: any, match: {to: "1*"}, to: pbx}]
                """;
        final Config config = reader(Map.of(), Map.of()).read("t.yaml", text);
        assertEquals(List.of(new Config.Access(Zone.CORE, true, 0, false),
                new Config.Access(Zone.PUBLIC, false, 15, false), new Config.Access(Zone.TRUNK, true, 0, false)),
                config.trunks().stream().map(Config.Trunk::access).toList());
    }

    @Test
    void shouldReadWhatHeaderFieldsOfRequestsMustBe() throws Exception {
        // when
        final Config config = reader(Map.of(), Map.of()).read("t.yaml", """
                trunks: {a: {peers: [10.0.0.1]}, b: {peers: [10.0.0.2]}}
                routes:
                  - {from: a, to: b, match: {header: {X-Tenant: acme corp, s: "sale*", priority: '/^(emergency|urgent)$/'}}}
                """);

        // then: a compact form is the field that it stands for
        final List<HeaderMatch> headers = config.routes().getFirst().matchHeaders();
        assertEquals(List.of("X-Tenant: acme corp", "Subject: sale*", "priority: /^(emergency|urgent)$/"),
                headers.stream().map(Object::toString).toList());
    }

    @Test
    void shouldReadZonesOfListenAddresses() throws Exception {
        final Config config = reader(Map.of(), Map.of()).read("t.yaml", """
                listen: [udp://10.0.0.9:5060 zone core, tcp://0.0.0.0:5060 advertise sip.example.org zone public,
                  udp://10.0.0.8:5060]
                """);
        assertEquals(Arrays.asList(Zone.CORE, Zone.PUBLIC, null),
                config.listen().stream().map(Config.Listen::zone).toList());
        assertEquals("sip.example.org", config.listen().get(1).advertise());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|',
            value = {"auth: {user: u, password: '${env:P}'}|register: {user: v, password: '${env:P}'}|",
                "auth: {user: u, password: '${env:P}'}|max-forwards: 20|",
                "register: {user: u, password: '${env:P}'}|auth: {user: u, password: '${env:P}'}|already",
                "max-forwards: 30|max-forwards: 20|already",
                "auth: {user: u, password: '${env:P}'}|zone: core|must say the same in 'zone'",
                "auth: {user: u, password: '${env:P}'}|hide-topology: true|must say the same in 'zone'"})
    void shouldLetTrunksShareAnAddressWhereAccountsTellThemApart(final String first, final String second,
            final String problem) throws Exception {
        for (final String peers : List.of("peers: [10.0.0.1]", "peers: [sip.carrier.example]",
                "peers: [10.0.0.1], allow: [10.1.0.0/16]")) {
            final String text = "trunks:\n  a: {" + peers + ", " + first + "}\n  b: {" + peers + ", " + second + "}\n";
            final ConfigReader reader = reader(Map.of(), Map.of("P", "0123456789abcdef"));
            if (problem == null) {
                assertEquals(2, reader.read("t.yaml", text).trunks().size());
            } else {
                final ConfigException e = assertThrows(ConfigException.class, () -> reader.read("t.yaml", text));
                assertEquals(ErrorCode.ADDRESS_CLAIMED, e.problems().getFirst().code());
                assertTrue(e.report().contains(problem), e.report());
            }
        }
    }

    @Test
    void shouldReadTimesAndExpressions() throws Exception {
        // when
        final Config config = reader(Map.of(), Map.of()).read("t.yaml", """
                trunks: {a: {peers: [10.0.0.1]}, b: {peers: [10.0.0.2]}}
                routes:
                  - {from: a, to: b, match: {to: '/^\\+49(30|40)/'}, when: {days: [mon-fri, sun], hours: ["08:00-12:00",
                    "22:00-06:00"], zone: Europe/Berlin}}
                  - {from: a, to: b, when: {zone: Europe/Berlin}}
                """);

        // then
        final Config.Route first = config.routes().getFirst();
        assertEquals("^\\+49(30|40)", Config.Route.expression(first.matchTo()).toString());
        assertEquals(new TimeWindow(ZoneId.of("Europe/Berlin"), Set.of(0, 1, 2, 3, 4, 6),
                List.of(new TimeWindow.Hours(8 * 3_600, 12 * 3_600), new TimeWindow.Hours(22 * 3_600, 6 * 3_600)),
                Instant.EPOCH), first.when());
        assertNull(config.routes().get(1).when());
    }
}
