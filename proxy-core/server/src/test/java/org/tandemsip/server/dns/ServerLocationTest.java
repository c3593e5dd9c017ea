package org.tandemsip.server.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.Transport;

/** RFC 3263 section 4 over answers that are written down here: no server, no clock. */
@Timeout(20)
class ServerLocationTest {
    private static final Reach IPV4 = new Reach(true, true, false, true, false);
    private static final Reach BOTH = new Reach(true, true, false, true, true);

    private final Map<Question, Answer> zone = new HashMap<>();
    private final List<Question> asked = new ArrayList<>();

    @Test
    void shouldFollowNaptrToSrvToAddress() {
        found("carrier.test", RecordType.NAPTR, new Rdata.Naptr(50, 50, "s", "sips+d2t", "", "_sips._tcp.carrier.test"),
                new Rdata.Naptr(90, 50, "s", "sip+d2t", "", "_sip._tcp.carrier.test"),
                new Rdata.Naptr(100, 50, "s", "sip+d2u", "", "_sip._udp.carrier.test"));
        found("_sip._tcp.carrier.test", RecordType.SRV, new Rdata.Srv(0, 1, 5070, "gw.carrier.test"));
        found("_sip._udp.carrier.test", RecordType.SRV, new Rdata.Srv(0, 1, 5080, "gw.carrier.test"));
        found("gw.carrier.test", RecordType.A, address("192.0.2.1"));

        ServerLocation.Outcome outcome = locate("carrier.test", 0, null, IPV4);

        assertEquals(List.of("TCP 192.0.2.1:5070 tier 0 weight 1", "UDP 192.0.2.1:5080 tier 1 weight 1"),
                text(outcome), "TLS is passed over, the transport that NAPTR prefers comes first");
    }

    @Test
    void shouldAskForSrvOfItsTransportsWhenThereIsNoNaptr() {
        found("_sip._udp.carrier.test", RecordType.SRV, new Rdata.Srv(10, 60, 5060, "a.carrier.test"),
                new Rdata.Srv(10, 20, 5060, "b.carrier.test"), new Rdata.Srv(20, 0, 5062, "c.carrier.test"));
        found("a.carrier.test", RecordType.A, address("192.0.2.1"));
        found("b.carrier.test", RecordType.A, address("192.0.2.2"));
        found("c.carrier.test", RecordType.A, address("192.0.2.3"));

        assertEquals(List.of("UDP 192.0.2.1:5060 tier 0 weight 60", "UDP 192.0.2.2:5060 tier 0 weight 20",
                "UDP 192.0.2.3:5062 tier 1 weight 0"), text(locate("carrier.test", 0, null, IPV4)));
    }

    @Test
    void shouldTakeTheAddressOfTheHostWhenThereIsNoSrv() {
        found("pbx.test", RecordType.A, address("192.0.2.9"));

        assertEquals(List.of("null 192.0.2.9:5060 tier 0 weight 1"), text(locate("pbx.test", 0, null, IPV4)));
        assertEquals(List.of("TCP 192.0.2.9:5060 tier 0 weight 1"), text(locate("pbx.test", 0, Transport.TCP, IPV4)));
    }

    @Test
    void shouldAskForNoSrvWhenAPortIsGiven() {
        found("_sip._udp.pbx.test", RecordType.SRV, new Rdata.Srv(0, 0, 5099, "other.test"));
        found("pbx.test", RecordType.A, address("192.0.2.9"));

        assertEquals(List.of("null 192.0.2.9:5090 tier 0 weight 1"), text(locate("pbx.test", 5090, null, IPV4)));
        assertEquals(List.of(new Question("pbx.test", RecordType.A)), asked);
    }

    @Test
    void shouldAskOnlyForTheTransportThatIsWanted() {
        found("_sip._tcp.pbx.test", RecordType.SRV, new Rdata.Srv(0, 0, 5061, "gw.test"));
        found("gw.test", RecordType.A, address("192.0.2.9"));

        assertEquals(List.of("TCP 192.0.2.9:5061 tier 0 weight 0"), text(locate("pbx.test", 0, Transport.TCP, IPV4)));
        assertFalse(asked.stream().anyMatch(question -> question.type() == RecordType.NAPTR));
    }

    @Test
    void shouldDivideTheWeightOfATargetAmongItsAddresses() {
        found("_sip._udp.pbx.test", RecordType.SRV, new Rdata.Srv(0, 3, 5060, "one.test"),
                new Rdata.Srv(0, 3, 5060, "two.test"));
        found("one.test", RecordType.A, address("192.0.2.1"));
        found("two.test", RecordType.A, address("192.0.2.2"));
        found("two.test", RecordType.AAAA, address("2001:db8::2"));

        assertEquals(List.of("UDP 192.0.2.1:5060 tier 0 weight 36", "UDP 2001:db8::2:5060 tier 0 weight 18",
                "UDP 192.0.2.2:5060 tier 0 weight 18"), text(locate("pbx.test", 0, null, BOTH)));
    }

    @Test
    void shouldFindNothingWhereTheServiceIsDecidedlyNotAvailable() {
        found("_sip._udp.pbx.test", RecordType.SRV, new Rdata.Srv(0, 0, 0, ""));
        found("pbx.test", RecordType.A, address("192.0.2.9"));

        assertEquals(Answer.Kind.NONE, locate("pbx.test", 0, null, IPV4).kind());
    }

    @Test
    void shouldTellFailureFromAbsence() {
        assertEquals(Answer.Kind.NONE, locate("nowhere.test", 0, null, IPV4).kind());
        put("_sip._udp.dead.test", RecordType.SRV, Answer.Kind.FAILED);
        put("_sip._tcp.dead.test", RecordType.SRV, Answer.Kind.FAILED);
        put("dead.test", RecordType.NAPTR, Answer.Kind.FAILED);

        assertEquals(Answer.Kind.FAILED, locate("dead.test", 0, null, IPV4).kind());
    }

    @Test
    void shouldUseSrvWhenOnlyTheQuestionForNaptrFails() {
        put("pbx.test", RecordType.NAPTR, Answer.Kind.FAILED);
        found("_sip._udp.pbx.test", RecordType.SRV, new Rdata.Srv(0, 0, 5060, "gw.test"));
        found("gw.test", RecordType.A, address("192.0.2.1"));

        assertEquals(List.of("UDP 192.0.2.1:5060 tier 0 weight 0"), text(locate("pbx.test", 0, null, IPV4)));
    }

    @Test
    void shouldUseAsManyTargetsAsItsBoundAllows() {
        found("_sip._udp.many.test", RecordType.SRV, IntStream.range(0, 200)
                .mapToObj(i -> new Rdata.Srv(i, 1, 5060, "t" + i + ".test")).toArray(Rdata[]::new));
        for (int i = 0; i < 200; i++) {
            found("t" + i + ".test", RecordType.A, address("192.0.2." + (i + 1)), address("198.51.100." + (i + 1)),
                    address("203.0.113." + (i + 1)));
        }

        ServerLocation.Outcome outcome = locate("many.test", 0, null, IPV4);

        assertEquals(ServerLocation.MAX_HOPS, outcome.hops().size());
        assertTrue(asked.size() < 64, "no more than the first targets are asked for: " + asked.size());
    }

    @Test
    void shouldAskOnlyForTlsWhenTheUriIsSecure() {
        locate(new Domain("pbx.test", 0, null, true), new Reach(true, true, true, true, false));

        assertEquals(List.of("_sips._tcp.pbx.test SRV", "pbx.test NAPTR", "pbx.test A"),
                asked.stream().map(question -> question.name() + ' ' + question.type()).toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"3402000000", "34020000002000000001", "127.1", "0x7f000001", "0x7f.0.0.1", "1.2.3.4",
        "017700000001", "", ".", "-a.test", "a-.test", "a..test", "a.1", "a b.test", "a.test;x", "[::1]"})
    void shouldTakeForNoNameWhatIsNone(String host) {
        assertFalse(Domain.isName(host));
    }

    @ParameterizedTest
    @ValueSource(strings = {"sip.carrier.example", "localhost", "a", "1.2.3.4.example", "xn--bcher-kva.example",
        "under_score.example", "example.com."})
    void shouldTakeForANameWhatIsOne(String host) {
        assertTrue(Domain.isName(host));
    }

    private ServerLocation.Outcome locate(String host, int port, Transport transport, Reach reach) {
        return locate(new Domain(host, port, transport, false), reach);
    }

    /** What a resolver does: answers what is open until nothing is; what is not written down does not exist. */
    private ServerLocation.Outcome locate(Domain domain, Reach reach) {
        Map<Question, Answer> answers = new HashMap<>();
        for (int round = 0; round < 4; round++) {
            ServerLocation.Outcome outcome = ServerLocation.locate(domain, false, reach, answers::get);
            if (outcome.open().isEmpty()) {
                return outcome;
            }
            for (Question question : outcome.open()) {
                asked.add(question);
                answers.put(question, zone.getOrDefault(question, answer(Answer.Kind.NONE)));
            }
        }
        throw new AssertionError("no end after four rounds");
    }

    private void found(String name, RecordType type, Rdata... records) {
        zone.put(new Question(name, type), new Answer(Answer.Kind.FOUND, List.of(records), 0, false, ""));
    }

    private void put(String name, RecordType type, Answer.Kind kind) {
        zone.put(new Question(name, type), answer(kind));
    }

    private static Answer answer(Answer.Kind kind) {
        return new Answer(kind, List.of(), 0, false, "");
    }

    private static Rdata.Address address(String text) {
        IpAddress address = new IpAddress();
        assertTrue(address.parse(text));
        return new Rdata.Address(address.high(), address.low());
    }

    private static List<String> text(ServerLocation.Outcome outcome) {
        return outcome.hops().stream().map(hop -> hop.transport() + " " + IpAddress.toString(hop.high(), hop.low())
                + ":" + hop.port() + " tier " + hop.tier() + " weight " + hop.weight()).toList();
    }
}
