package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.proxy.ProxyFixture.Sent;
import org.tandemsip.engine.routing.Messages;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;

/** RFC 3261 section 16.3 and what comes before it: who may send at all. */
class RequestValidationTest {
    private static final String CARRIER = "198.51.100.1:5060";
    private static final String VIA = "SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKfirst";
    private final ProxyFixture proxy = new ProxyFixture(Mode.STATELESS);

    @Test
    void shouldDropSilentlyWhenSourceIsUnknown() {
        for (final String method : List.of("INVITE", "ACK", "OPTIONS", "BYE")) {
            assertEquals(Disposition.DROPPED_UNKNOWN_SOURCE,
                    proxy.request("203.0.113.66:5060",
                            ProxyFixture.message(method, "sip:203.0.113.10", VIA, "", null)));
            assertEquals(Disposition.DROPPED_UNKNOWN_SOURCE, proxy.request("203.0.113.66:5060",
                    ProxyFixture.message(method, "sip:+1@203.0.113.10", VIA, "", "callee")));
        }
        assertTrue(proxy.sent.isEmpty());
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldAnswer416WhenSchemeIsUnknown(final Mode mode) {
        final ProxyFixture any = new ProxyFixture(mode);

        assertEquals(Disposition.ANSWERED,
                any.request(CARRIER,
                        ProxyFixture.message("OPTIONS", "nobodyKnowsThisScheme:totallyopaque", VIA, "", null)));

        assertEquals("SIP/2.0 416 Unsupported URI Scheme", any.one().startLine());
    }

    @Test
    void shouldForwardWhenTelUriIsRoutable() {
        assertEquals(Disposition.FORWARDED,
                proxy.request(CARRIER, ProxyFixture.message("INVITE", "tel:+15551234", VIA, "", null)));
        assertEquals("INVITE tel:+15551234 SIP/2.0", proxy.one().startLine());
    }

    @Test
    void shouldAnswer483WhenMaxForwardsIsUsedUp() {
        final String request = ProxyFixture.message("INVITE", "sip:+1@203.0.113.10", VIA, "", null)
                .replace("Max-Forwards: 70", "Max-Forwards: 0");

        proxy.request(CARRIER, request);

        assertEquals("SIP/2.0 483 Too Many Hops", proxy.one().startLine());
    }

    @Test
    void shouldAnswerOptionsToUsWhenMaxForwardsIsUsedUp() {
        final String options = ProxyFixture.message("OPTIONS", "sip:203.0.113.10:5060", VIA, "", null)
                .replace("Max-Forwards: 70", "Max-Forwards: 0");
        assertEquals(Disposition.ANSWERED, proxy.request(CARRIER, options));
        assertEquals("SIP/2.0 200 OK", proxy.one().startLine());

        proxy.request(CARRIER, options.replace("sip:203.0.113.10:5060", "sip:203.0.113.99"));
        assertEquals("SIP/2.0 483 Too Many Hops", proxy.one().startLine());
    }

    @Test
    void shouldAnswer420WithUnsupportedWhenProxyRequireIsThere() {
        final String extra = "Proxy-Require: noProxiesSupportThis,norDoAnyProxiesSupportThis\nProxy-Require: third\n";

        proxy.request(CARRIER, ProxyFixture.message("OPTIONS", "sip:+1@203.0.113.10", VIA, extra, null));

        final Sent answer = proxy.one();
        assertEquals("SIP/2.0 420 Bad Extension", answer.startLine());
        assertEquals("noProxiesSupportThis,norDoAnyProxiesSupportThis,third", answer.header("Unsupported"));
    }

    @Test
    void shouldAnswer420WhenThereAreMoreOptionsThanAnybodyWouldAskFor() {
        final String options = "a" + ",a".repeat(1_900);

        proxy.request(CARRIER, ProxyFixture.message("OPTIONS", "sip:+1@203.0.113.10", VIA,
                "Proxy-Require: " + options + "\nProxy-Require: " + options + '\n', null));

        assertEquals(options + ',' + options, proxy.one().header("Unsupported"));
    }

    @Test
    void shouldNotAnswer420WhenRequestIsAckOrCancel() {
        for (final String method : List.of("ACK", "CANCEL")) {
            assertEquals(Disposition.FORWARDED, proxy.request(CARRIER,
                    ProxyFixture.message(method, "sip:+1@203.0.113.10", VIA, "Proxy-Require: foo\n", null)));
            proxy.one();
        }
    }

    @Test
    void shouldAnswer482WhenRequestComesBackUnchanged() {
        final ProxyFixture self = new ProxyFixture(selfRoute());
        self.request(CARRIER, ProxyFixture.message("INVITE", "sip:+1@elsewhere.example", VIA, "", null));
        final Sent first = self.one();
        assertEquals("UDP 203.0.113.10 5060", first.to());

        // Comes from another trunk now, ourselves: not yet the same.
        assertEquals(Disposition.FORWARDED, self.request("203.0.113.10:5060", first.text()));
        final Sent second = self.one();
        assertNotEquals(first.topBranch(), second.topBranch());

        assertEquals(Disposition.ANSWERED, self.request("203.0.113.10:5060", second.text()));
        assertEquals("SIP/2.0 482 Loop Detected", self.one().startLine());
    }

    @Test
    void shouldDropAckWhenItLoops() {
        final ProxyFixture self = new ProxyFixture(selfRoute());
        self.request(CARRIER, ProxyFixture.message("ACK", "sip:+1@elsewhere.example", VIA, "", "x"));
        self.request("203.0.113.10:5060", self.one().text());

        assertEquals(Disposition.DROPPED_STRAY_ACK, self.request("203.0.113.10:5060", self.one().text()));
        assertTrue(self.sent.isEmpty());
    }

    @Test
    void shouldForwardWhenRequestSpirals() {
        proxy.request(CARRIER, ProxyFixture.message("INVITE", "sip:+1@203.0.113.10", VIA, "", null));
        final Sent first = proxy.one();

        // The PBX hands the call back, its Via on top, as a proxy does: to another trunk it is a spiral.
        final String back = first.text().replaceFirst("Via: ", "Via: SIP/2.0/UDP 10.0.0.11;branch=z9hG4bKpbx\nVia: ");
        assertEquals(Disposition.FORWARDED, proxy.request("10.0.0.11:5060", back));
        assertEquals("UDP 198.51.100.1 5060", proxy.one().to());

        // And with another Request-URI from the same side as well.
        assertEquals(Disposition.FORWARDED, proxy.request(CARRIER, first.text().replaceFirst("sip:\\+1@", "sip:+2@")));
    }

    @Test
    void shouldGiveSameAnswerWhenRequestIsRetransmittedAndAbsorbItsAck() {
        final String invite = ProxyFixture.message("INVITE", "urn:service:counseling", VIA, "", null);
        proxy.request(CARRIER, invite);
        final Sent answer = proxy.one();
        proxy.request(CARRIER, invite);
        assertEquals(answer, proxy.one());

        final String tag = answer.header("To").replaceFirst(".*;tag=", "");
        final String ack = ProxyFixture.message("ACK", "urn:service:counseling", VIA, "", tag);
        assertEquals(Disposition.ABSORBED, proxy.request(CARRIER, ack));
        assertEquals(Disposition.DROPPED_STRAY_ACK,
                proxy.request(CARRIER, ack.replace(tag, tag.substring(1) + (tag.charAt(0) == '0' ? '1' : '0'))));
        assertTrue(proxy.sent.isEmpty());
    }

    @Test
    void shouldSendAnswerToSourceWithReceivedAndRport() {
        final String via = "SIP/2.0/UDP nat.example:5071;rport;branch=z9hG4bKnat";
        proxy.request("198.51.100.77:40001", ProxyFixture.message("OPTIONS", "sip:203.0.113.10", via, "", null));

        final Sent answer = proxy.one();
        assertEquals("UDP 198.51.100.77 40001", answer.to());
        assertEquals("SIP/2.0/UDP nat.example:5071;rport=40001;branch=z9hG4bKnat;received=198.51.100.77",
                answer.header("Via"));
        assertTrue(answer.header("Allow").contains("OPTIONS"));
        assertTrue(answer.header("Accept").contains("*/*"));
        assertTrue(answer.text().contains("\nSupported:"));
    }

    private static RoutingPolicy selfRoute() {
        final Trunk self = Messages.trunk(1, "self", List.of("203.0.113.10:5060"), List.of());
        return Messages.policy(Mode.STATELESS, List.of(ProxyFixture.CARRIER, self),
                List.of(ProxyFixture.route(ProxyFixture.CARRIER, self), ProxyFixture.route(self, self)));
    }
}
