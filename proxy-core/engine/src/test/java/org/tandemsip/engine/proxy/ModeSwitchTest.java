package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.ProxyFixture.answer;
import static org.tandemsip.engine.proxy.ProxyFixture.message;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.proxy.ProxyFixture.Sent;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Route;

/** What is under way finishes where it began, whatever the mode and the routes are by then. */
class ModeSwitchTest {
    private static final String CARRIER = "198.51.100.1:5060";
    private static final String AGENT = "192.0.2.7:5060";
    private static final String VIA = "SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKfirst";
    private static final String INVITE = message("INVITE", "sip:+1@203.0.113.10", VIA, "", null);

    @Test
    void shouldKeepBranchWhenRequestIsRetransmittedAfterSwitchToStateful() {
        final ProxyFixture proxy = new ProxyFixture(Mode.STATELESS);
        proxy.request(CARRIER, INVITE);
        final Sent first = proxy.one();

        proxy.configure(ProxyFixture.policy(Mode.STATEFUL, ProxyFixture.ROUTES));
        proxy.request(CARRIER, INVITE);

        final List<Sent> sent = drain(proxy);
        assertEquals("SIP/2.0 100 Trying", sent.get(0).startLine());
        assertEquals(first.topBranch(), sent.get(1).topBranch());
        assertEquals(first.to(), sent.get(1).to());
        // The transaction takes the response, though the branch says stateless: 100 ends here.
        assertEquals(Disposition.ABSORBED, proxy.response("10.0.0.11:5060", answer(first, 100, "callee")));
    }

    @Test
    void shouldForwardResponseWhenItsRequestWasStateless() {
        final ProxyFixture proxy = new ProxyFixture(Mode.STATELESS);
        proxy.request(CARRIER, INVITE);
        final Sent invite = proxy.one();
        proxy.configure(ProxyFixture.policy(Mode.STATEFUL, ProxyFixture.ROUTES));

        assertEquals(Disposition.FORWARDED, proxy.response("10.0.0.11:5060", answer(invite, 180, "callee")));
        assertEquals("SIP/2.0 180 Whatever", proxy.one().startLine());
        proxy.request(CARRIER, message("CANCEL", "sip:+1@203.0.113.10", VIA, "", null));
        assertEquals(invite.topBranch(), proxy.one().topBranch());
    }

    @Test
    void shouldFinishTransactionWhenModeIsStatelessByThen() {
        final ProxyFixture proxy = new ProxyFixture(Mode.STATEFUL);
        proxy.request(CARRIER, INVITE);
        final Sent invite = drain(proxy).get(1);
        assertTrue(invite.topBranch().startsWith("z9hG4bKt"));

        proxy.configure(ProxyFixture.policy(Mode.STATELESS, ProxyFixture.ROUTES));

        assertEquals(Disposition.ABSORBED, proxy.request(CARRIER, INVITE));
        drain(proxy);
        assertEquals(Disposition.ABSORBED, proxy.response("10.0.0.11:5060", answer(invite, 100, "callee")));
        assertEquals(Disposition.FORWARDED, proxy.response("10.0.0.11:5060", answer(invite, 180, "callee")));
        drain(proxy);
        assertEquals(Disposition.ANSWERED,
                proxy.request(CARRIER, message("CANCEL", "sip:+1@203.0.113.10", VIA, "", null)));
        assertEquals(List.of("SIP/2.0 200 OK", "CANCEL sip:+1@203.0.113.10 SIP/2.0"),
                drain(proxy).stream().map(Sent::startLine).toList());
        // What is new is stateless at once.
        proxy.request(AGENT, message("OPTIONS", "sip:b@192.0.2.9", VIA + '2', "", null));
        assertTrue(proxy.one().topBranch().startsWith("z9hG4bKs"));
    }

    @Test
    void shouldWriteStatefulBranchesAgainAfter64T1() {
        final ProxyFixture proxy = new ProxyFixture(Mode.STATELESS);
        proxy.configure(ProxyFixture.policy(Mode.STATEFUL, ProxyFixture.ROUTES));
        proxy.sleep(31);
        proxy.request(AGENT, message("OPTIONS", "sip:b@192.0.2.9", VIA, "", null));
        assertTrue(proxy.one().topBranch().startsWith("z9hG4bKs"));

        proxy.sleep(1);
        proxy.request(AGENT, message("OPTIONS", "sip:b@192.0.2.9", VIA + '2', "", null));
        assertTrue(proxy.one().topBranch().startsWith("z9hG4bKt"));
    }

    @Test
    void shouldSendCancelAfterItsInviteWhenARestartHasTakenTheTransaction() {
        final ProxyFixture proxy = new ProxyFixture(Mode.STATEFUL);
        proxy.request(CARRIER, INVITE);
        final Sent invite = drain(proxy).get(1);

        proxy.restart(ProxyFixture.policy(Mode.STATEFUL, ProxyFixture.ROUTES));
        proxy.request(CARRIER, message("CANCEL", "sip:+1@203.0.113.10", VIA, "", null));

        final Sent cancel = proxy.one();
        assertEquals(invite.topBranch(), cancel.topBranch());
        assertEquals(Disposition.FORWARDED, proxy.response("10.0.0.11:5060", answer(cancel, 200, "callee")));
        assertEquals("SIP/2.0 200 Whatever", proxy.one().startLine());
    }

    @Test
    void shouldSendCancelByOldRouteWhenRoutesHaveChanged() {
        final ProxyFixture proxy = new ProxyFixture(Mode.STATELESS);
        proxy.request(CARRIER, INVITE);
        final Sent invite = proxy.one();
        final List<Route> rerouted = List.of(ProxyFixture.route(ProxyFixture.CARRIER, ProxyFixture.CARRIER));

        proxy.configure(ProxyFixture.policy(Mode.STATELESS, rerouted));

        final String cancel = message("CANCEL", "sip:+1@203.0.113.10", VIA, "", null);
        proxy.request(CARRIER, cancel);
        assertEquals(invite.to(), proxy.one().to());
        // A new request takes the new way, with state, so that its own CANCEL can be told from the one above.
        proxy.request(CARRIER, INVITE.replace("first", "second"));
        assertEquals("UDP 198.51.100.1 5060", drain(proxy).get(1).to());
        assertEquals(Disposition.ANSWERED, proxy.request(CARRIER, cancel.replace("first", "second")));
        drain(proxy);

        proxy.sleep(33);
        proxy.request(CARRIER, INVITE.replace("first", "third"));
        assertEquals("UDP 198.51.100.1 5060", proxy.one().to());
        proxy.request(CARRIER, cancel.replace("first", "third"));
        assertEquals("UDP 198.51.100.1 5060", proxy.one().to());
    }

    @Test
    void shouldTreatRequestByModeOfItsRoute() {
        final Route own = new Route("relay", ProxyFixture.AGENTS, Route.Match.ANY, List.of(), List.of(),
                ProxyFixture.ROUTES.get(2).within(), Mode.STATELESS);
        final ProxyFixture proxy = new ProxyFixture(
                ProxyFixture.policy(Mode.STATEFUL, List.of(ProxyFixture.ROUTES.get(0), own)));

        proxy.request(AGENT, message("OPTIONS", "sip:b@192.0.2.9", VIA, "", null));
        assertTrue(proxy.one().topBranch().startsWith("z9hG4bKs"));
        proxy.request(CARRIER, message("OPTIONS", "sip:+1@203.0.113.10", VIA + '2', "", null));
        assertTrue(proxy.one().topBranch().startsWith("z9hG4bKt"));
    }

    private static List<Sent> drain(final ProxyFixture proxy) {
        final List<Sent> all = new ArrayList<>(proxy.sent);
        proxy.sent.clear();
        return all;
    }
}
