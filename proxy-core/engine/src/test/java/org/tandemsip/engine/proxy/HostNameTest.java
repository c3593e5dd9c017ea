package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.ProxyFixture.message;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.HostName;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.proxy.ProxyFixture.Sent;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.Messages;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkState;

/** Next hops that are host names: requests wait for the answer without holding up anything else. */
@Timeout(10)
class HostNameTest {
    private static final String AGENT = "192.0.2.7:5060";
    private static final String CARRIER = "198.51.100.1:5060";
    private static final String VIA = "SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bKfirst";

    private int sequence;
    private final ArrayDeque<HostName> asked = new ArrayDeque<>();
    private final ProxyFixture proxy = new ProxyFixture(Mode.STATEFUL, (_, name) -> asked.add(name));

    @Test
    void shouldKeepARequestUntilItsNameIsKnown() {
        assertEquals(Disposition.FORWARDED, proxy.request(AGENT, invite("Gw.Example.ORG")));
        assertEquals("SIP/2.0 100 Trying", proxy.one().startLine());
        assertEquals(Disposition.ABSORBED, proxy.request(AGENT, invite("Gw.Example.ORG")), "a retransmission");
        proxy.sent.clear();
        assertEquals(new HostName("gw.example.org", 0, null), asked.remove());
        assertTrue(asked.isEmpty());

        answer("gw.example.org", "192.0.2.50 5070 0 1");

        Sent sent = proxy.one();
        assertEquals("INVITE sip:bob@Gw.Example.ORG SIP/2.0", sent.startLine());
        assertEquals("UDP 192.0.2.50 5070", sent.to());
    }

    @Test
    void shouldGoAtOnceWhereTheNameIsKnownAndAskAgainWhenItsTimeIsUp() {
        proxy.request(AGENT, invite("gw.example.org"));
        answer("gw.example.org", "192.0.2.50 5070 0 1");
        proxy.sent.clear();
        asked.clear();

        proxy.request(AGENT, invite("gw.example.org").replace("call-1", "call-2").replace("first", "second"));
        assertEquals(List.of("SIP/2.0 100 Trying", "INVITE sip:bob@gw.example.org SIP/2.0"), lines());
        assertTrue(asked.isEmpty());

        proxy.sleep(61);
        proxy.request(AGENT, invite("gw.example.org").replace("call-1", "call-3").replace("first", "third"));
        assertEquals(List.of("SIP/2.0 100 Trying"), lines());
        assertEquals(1, asked.size());
    }

    @Test
    void shouldSpreadCallsByWeightAndTryTheNextWhenOneFails() {
        Set<String> first = new HashSet<>();
        proxy.request(AGENT, invite("gw.example.org").replace("call-1", "call-x").replace("first", "x"));
        answer("gw.example.org", "192.0.2.50 5060 0 1", "192.0.2.51 5060 0 1", "192.0.2.52 5060 1 1");
        proxy.sent.clear();
        for (int call = 0; call < 40; call++) {
            proxy.request(AGENT,
                    invite("gw.example.org").replace("call-1", "call-" + call).replace("first", "b" + call));
            proxy.sent.poll();
            Sent invite = proxy.one();
            first.add(invite.to());
            proxy.response(invite.to().split(" ")[1] + ":5060", ProxyFixture.answer(invite, 503, "t"));
            Sent next = proxy.sent.stream().filter(sent -> sent.startLine().startsWith("INVITE")).findFirst()
                    .orElseThrow();
            assertNotEquals(invite.to(), next.to());
            assertFalse(next.to().contains("192.0.2.52"), "a lower priority comes last");
            proxy.sent.clear();
        }
        assertEquals(Set.of("UDP 192.0.2.50 5060", "UDP 192.0.2.51 5060"), first);
    }

    @Test
    void shouldNotGoOutsideOfTheRangesOfTheLine() {
        proxy.request(AGENT, invite("rebind.example.org"));
        proxy.sent.clear();
        answer("rebind.example.org", "127.0.0.1 5060 0 1", "10.0.0.11 5060 0 1");

        assertEquals(List.of("SIP/2.0 404 Not Found"), lines());
    }

    @Test
    void shouldAnswer500WhenNobodyKnowsAnd404WhenThereIsNoSuchHost() {
        proxy.request(AGENT, invite("dead.example.org"));
        proxy.request(AGENT, invite("gone.example.org").replace("call-1", "call-2").replace("first", "second"));
        proxy.sent.clear();
        proxy.command(new ShardCommand.Resolved(new HostName.Answer(asked.remove(), List.of(), true, 1)));
        proxy.command(new ShardCommand.Resolved(new HostName.Answer(asked.remove(), List.of(), false, 1)));

        assertEquals(List.of("SIP/2.0 500 Server Internal Error", "SIP/2.0 404 Not Found"), lines());
    }

    @Test
    void shouldEndWithA487WhenTheCallerGivesUpWhileItWaits() {
        proxy.request(AGENT, invite("gw.example.org"));
        proxy.sent.clear();

        proxy.request(AGENT, message("CANCEL", "sip:bob@gw.example.org", VIA, "", null));

        assertEquals(List.of("SIP/2.0 200 OK", "SIP/2.0 487 Request Terminated"), lines());
        answer("gw.example.org", "192.0.2.50 5070 0 1");
        assertTrue(proxy.sent.isEmpty());
    }

    @Test
    void shouldCountACallThatHasWaitedUntilItsByeIsAnswered() {
        Trunk agents = new Trunk(0, "agents", List.of(), ProxyFixture.AGENTS.allow(), new int[0], 0, Balance.CALL_ID, 1,
                0, Ping.OFF, new TrunkState());
        ProxyFixture counted = new ProxyFixture(Messages.policy(Mode.STATEFUL, List.of(agents), List.of(
                new Route("relay", agents, Route.Match.ANY, List.of(), List.of(), ProxyFixture.AGENTS.allow(), null))),
                (_, name) -> asked.add(name));
        counted.request(AGENT, invite("gw.example.org"));
        counted.sent.clear();
        counted.command(answerOf("gw.example.org", "192.0.2.50 5070 0 1"));
        assertEquals(1, agents.state().calls());
        counted.response("192.0.2.50:5070", ProxyFixture.answer(counted.one(), 200, "t"));
        counted.sent.clear();
        assertEquals(1, agents.state().calls());

        counted.request(AGENT, invite("gw.example.org").replace("call-1", "call-2").replace("first", "second"));
        assertEquals("SIP/2.0 503 Service Unavailable", counted.one().startLine());
        counted.request(AGENT, message("BYE", "sip:bob@192.0.2.50:5070", VIA.replace("first", "bye"), "", "t"));
        assertEquals(1, agents.state().calls());
        counted.response("192.0.2.50:5070", ProxyFixture.answer(counted.one(), 200, "t"));

        assertEquals(0, agents.state().calls());
    }

    @Test
    void shouldWaitInAStatelessModeToo() {
        ProxyFixture stateless = new ProxyFixture(Mode.STATELESS, (_, name) -> asked.add(name));
        stateless.request(AGENT, message("MESSAGE", "sip:bob@gw.example.org", VIA, "", null));
        assertTrue(stateless.sent.isEmpty());

        stateless.command(answerOf("gw.example.org", "192.0.2.50 5070 0 1"));
        assertEquals("UDP 192.0.2.50 5070", stateless.one().to());
        stateless.request(AGENT, message("MESSAGE", "sip:bob@gw.example.org", VIA, "", null).replace("call-1", "c2"));

        assertEquals("UDP 192.0.2.50 5070", stateless.one().to(), "from memory, without a transaction");
    }

    @Test
    void shouldLookUpAContactBeforeItsAckComes() {
        String routes = accept("<sip:bob@Agent.example.org:5070>");
        assertEquals(new HostName("agent.example.org", 5070, null), asked.remove());
        proxy.command(new ShardCommand.Resolved(new HostName.Answer(new HostName("agent.example.org", 5070, null),
                List.of(hop("203.0.113.99 5070 0 1")), false, TimeUnit.MINUTES.toNanos(1))));

        assertEquals(Disposition.FORWARDED, proxy.request(CARRIER, ack("sip:bob@Agent.example.org:5070", routes)));

        assertEquals("UDP 203.0.113.99 5070", proxy.one().to());
        assertTrue(asked.isEmpty());
    }

    @Test
    void shouldSendAnAckNowhereElseWhileItsNameIsBeingLookedUp() {
        String routes = accept("<sip:bob@agent.example.org>");

        assertEquals(Disposition.DROPPED_NO_TARGET,
                proxy.request(CARRIER, ack("sip:bob@agent.example.org", routes)));

        assertTrue(proxy.sent.isEmpty());
        answer("agent.example.org", "203.0.113.99 5060 0 1");
        assertEquals(Disposition.FORWARDED, proxy.request(CARRIER, ack("sip:bob@agent.example.org", routes)));
        assertEquals("UDP 203.0.113.99 5060", proxy.one().to());
    }

    @Test
    void shouldLookUpNoContactThatIsAnAddressOrFartherOn() {
        accept("<sip:bob@192.0.2.99>");
        accept("<sip:bob@203.0.113.10>");
        accept("<tel:+1>");
        accept("<sip:bob@agent.example.org>\nRecord-Route: <sip:next.example.org;lr>");
        assertEquals(1, asked.size(), "our own stands on top all the same");
        proxy.sent.clear();

        proxy.request(CARRIER, invitePbx());
        proxy.sent.poll();
        Sent invite = proxy.one();
        proxy.response(invite.to().split(" ")[1] + ":5060", ProxyFixture.answer(invite, 200, "t")
                .replaceFirst("Record-Route: ", "Record-Route: <sip:next.example.org;lr>, ")
                .replace("Content-Length", "Contact: <sip:bob@other.example.org>\nContent-Length"));

        assertEquals(1, asked.size());
    }

    /** A call that the PBX accepts; gives back the Route of the caller's ACK. */
    private String accept(String contact) {
        proxy.request(CARRIER, invitePbx());
        proxy.sent.poll();
        Sent invite = proxy.one();
        assertEquals(Disposition.FORWARDED, proxy.response(invite.to().split(" ")[1] + ":5060", ProxyFixture
                .answer(invite, 200, "t").replace("Content-Length", "Contact: " + contact + "\nContent-Length")));
        return "Route: " + String.join(", ", proxy.one().headers("Record-Route").reversed()) + '\n';
    }

    private String invitePbx() {
        sequence++;
        return message("INVITE", "sip:+1@203.0.113.10", "SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKp" + sequence, "",
                null).replace("call-1", "pbx-" + sequence);
    }

    private String ack(String uri, String routes) {
        return message("ACK", uri, "SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKack" + sequence, routes, "t")
                .replace("call-1", "pbx-" + sequence);
    }

    @Test
    void shouldGoOnWithTheOthersWhenOneOfThemFails() {
        for (int call = 1; call <= 3; call++) {
            proxy.request(AGENT, invite("gw.example.org").replace("call-1", "call-" + call)
                    .replace("first", "b" + call));
        }
        proxy.sent.clear();
        proxy.faulty = sent -> sent.startLine().startsWith("INVITE ") && sent.text().contains("call-2@");

        assertThrows(IllegalStateException.class, () -> answer("gw.example.org", "192.0.2.50 5070 0 1"));

        assertEquals(Set.of("call-1@carrier INVITE", "call-2@carrier SIP/2.0 500", "call-3@carrier INVITE"),
                proxy.sent.stream()
                        .map(sent -> sent.header("Call-ID") + ' '
                                + sent.startLine().replaceFirst(" (sip|Server).*", ""))
                        .collect(Collectors.toSet()));
        assertEquals(3, proxy.sent.size());
    }

    @Test
    void shouldWaitWithSoManyOnly() {
        for (int i = 0; i < 990; i++) {
            proxy.request(AGENT, message("MESSAGE", "sip:bob@gw.example.org", VIA + i, "", null)
                    .replace("call-1", "call-" + i));
        }
        assertEquals(1, asked.size(), "one question for all");
        for (int i = 0; i < 40; i++) {
            proxy.request(AGENT, message("MESSAGE", "sip:bob@gw.example.org", VIA + "x" + i, "", null)
                    .replace("call-1", "call-x" + i));
        }
        assertTrue(lines().contains("SIP/2.0 503 Service Unavailable"));
        answer("gw.example.org", "192.0.2.50 5070 0 1");
        assertTrue(proxy.sent.size() >= 990);
    }

    @Test
    void shouldForgetTheOldestWhenThereAreTooManyNamesAndRefuseWhenAllAreBeingAskedFor() {
        ShardContext context = Messages.context(ProxyFixture.POINTS, new Messages.Silence(),
                ProxyFixture.policy(Mode.STATEFUL, ProxyFixture.ROUTES), Messages.KEYS, (_, name) -> asked.add(name));
        HostNames names = new HostNames(context);
        for (int i = 0; i < 5_000; i++) {
            assertNotNull(find(names, "n" + i + ".example.org"));
            names.answered(new HostName.Answer(asked.remove(), List.of(), false, TimeUnit.MINUTES.toNanos(1)), i);
        }
        int refused = 0;
        for (int i = 0; i < 5_000; i++) {
            refused += find(names, "m" + i + ".example.org") == null ? 1 : 0;
        }
        assertEquals(5_000, refused + asked.size());
        assertTrue(asked.size() <= 1_024 && asked.size() > 900, "asked for " + asked.size());
        assertTrue(names.busy());
        assertEquals(refused, context.counters().get(Counter.LIMITED_NAMES));
    }

    private static HostNames.Entry find(HostNames names, String host) {
        return names.find(new UnsafeBuffer(host.getBytes(StandardCharsets.US_ASCII)), Slice.of(0, host.length()), 0,
                null, 0);
    }

    @Test
    void shouldAskNobodyOnBehalfOfAPreloadedRouteThatNoLineFollows() {
        proxy.request("198.51.100.1:5060", message("INVITE", "sip:+1@203.0.113.10",
                "SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKr", "Route: <sip:inside.example.org;lr>\n", null));

        assertTrue(asked.isEmpty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"3402000000", "34020000002000000001", "2130706433", "0x7f000001", "127.1", "a.1"})
    void shouldNeverAskForARealmOfDigits(String host) {
        proxy.request(AGENT, invite(host));

        assertTrue(asked.isEmpty());
        assertTrue(lines().getFirst().startsWith("SIP/2.0 4"));
        assertFalse(HostNames.isName(new UnsafeBuffer(host.getBytes(StandardCharsets.US_ASCII)),
                Slice.of(0, host.length())));
    }

    @ParameterizedTest
    @CsvSource({"63, '', true", "63, ., true", "64, '', false", "64, ., false", "63, .., false", "0, ., false"})
    void shouldTakeNoLabelThatIsTooLong(int length, String end, boolean name) {
        for (String before : List.of("", "gw.")) {
            String host = before + "a".repeat(length) + end;

            assertEquals(name, HostNames.isName(new UnsafeBuffer(host.getBytes(StandardCharsets.US_ASCII)),
                    Slice.of(0, host.length())), host);
        }
    }

    @Test
    void shouldAskNobodyForANameWithALabelThatIsTooLong() {
        proxy.request(AGENT, invite("gw." + "a".repeat(64)));
        assertTrue(asked.isEmpty());
        proxy.request(AGENT, invite("gw." + "a".repeat(63)).replace("call-1", "call-2").replace("first", "second"));
        assertEquals(1, asked.size());
    }

    private static String invite(String host) {
        return message("INVITE", "sip:bob@" + host, VIA, "", null);
    }

    private List<String> lines() {
        List<String> lines = proxy.sent.stream().map(Sent::startLine).toList();
        proxy.sent.clear();
        return lines;
    }

    /** @param hops each as ADDRESS PORT PRIORITY WEIGHT */
    private void answer(String name, String... hops) {
        proxy.command(answerOf(name, hops));
    }

    private static ShardCommand answerOf(String name, String... hops) {
        return new ShardCommand.Resolved(new HostName.Answer(new HostName(name, 0, null),
                Stream.of(hops).map(HostNameTest::hop).toList(), false, TimeUnit.MINUTES.toNanos(1)));
    }

    private static HostName.Hop hop(String text) {
        String[] words = text.split(" ");
        IpAddress address = new IpAddress();
        assertTrue(address.parse(words[0]));
        return new HostName.Hop(Transport.UDP, address.high(), address.low(), Integer.parseInt(words[1]),
                Integer.parseInt(words[2]), Integer.parseInt(words[3]));
    }
}
