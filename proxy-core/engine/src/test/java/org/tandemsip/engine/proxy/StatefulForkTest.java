package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.ProxyHarness.A1;
import static org.tandemsip.engine.proxy.ProxyHarness.B1;
import static org.tandemsip.engine.proxy.ProxyHarness.CALLER;
import static org.tandemsip.engine.proxy.SipText.CONTACT;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Disposition;

/** Parallel forking: RFC 3261 sections 16.6 and 16.7, RFC 5393 section 5. */
@Timeout(10)
class StatefulForkTest {
    private final ProxyHarness proxy = ProxyHarness.parallel();
    private SentMessage a;
    private SentMessage b;

    @Test
    void shouldSendCopiesWithDifferentBranchesToAllTargets() {
        // when
        fork();

        // then
        assertEquals(Set.of(A1.hostPort(), B1.hostPort()),
                List.of(a, b).stream().map(SentMessage::to).collect(Collectors.toSet()));
        assertNotEquals(a.branch(), b.branch());
    }

    @Test
    void shouldForwardProvisionalsOfAllBranches() {
        // given
        fork();

        // when
        proxy.answer(a, 180, "ta");
        proxy.answer(b, 183, "tb");

        // then
        proxy.assertSentTo(CALLER, "180 INVITE", "183 INVITE");
    }

    @Test
    void shouldCancelOtherBranchesWhen2xxIsForwarded() {
        // given
        fork();
        proxy.answer(a, 180, "ta");
        proxy.answer(b, 180, "tb");
        proxy.sent();

        // when: section 16.7 step 10
        assertEquals(Disposition.FORWARDED, proxy.answer(a, 200, "ta", CONTACT));

        // then
        final List<SentMessage> sent = proxy.sent();
        assertEquals(List.of("200 INVITE", "CANCEL"), SentMessage.summaries(sent));
        assertEquals(b.branch(), sent.get(1).branch());
        assertEquals(b.to(), sent.get(1).to());
        assertEquals("SIP;cause=200;text=\"Call completed elsewhere\"", sent.get(1).header("Reason"));
        assertEquals(Disposition.ABSORBED, proxy.answer(b, 487, "tb"));
        proxy.assertSent("ACK");
        proxy.assertQuiet();
    }

    @Test
    void shouldForward2xxOfTwoBranches() {
        // given
        fork();
        proxy.answer(a, 180, "ta");
        proxy.answer(b, 180, "tb");
        proxy.answer(a, 200, "ta", CONTACT);
        proxy.sent();

        // when: it crosses the CANCEL
        final Disposition disposition = proxy.answer(b, 200, "tb", CONTACT);

        // then: section 16.7 step 5
        assertEquals(Disposition.FORWARDED, disposition);
        assertTrue(proxy.only("200 INVITE").header("To").endsWith("tag=tb"));
    }

    @Test
    void shouldCancelBranchWithoutProvisionalOnlyAfterItsProvisional() {
        // given
        fork();
        proxy.answer(a, 200, "ta", CONTACT);
        proxy.only("200 INVITE");

        // when: section 9.1
        proxy.answer(b, 100, null);

        // then
        assertEquals(b.branch(), proxy.only("CANCEL").branch());
    }

    @Test
    void shouldForwardBestWhenAllBranchesHaveFailed() {
        // given
        fork();

        // when
        assertEquals(Disposition.ABSORBED, proxy.answer(a, 404, "ta"));
        proxy.assertSentTo(CALLER);
        assertEquals(Disposition.ABSORBED, proxy.answer(b, 500, "tb"));

        // then: lowest class
        final List<SentMessage> toCaller = proxy.sentTo(CALLER);
        assertEquals(List.of("404 INVITE"), SentMessage.summaries(toCaller));
        assertEquals(1, toCaller.getFirst().headers("Via").size());
        assertTrue(toCaller.getFirst().header("To").endsWith("tag=ta"));
        proxy.assertQuiet();
    }

    @Test
    void shouldForwardLastResponseStraightWhenItIsTheBest() {
        // given
        fork();
        proxy.answer(a, 500, "ta");

        // when
        final Disposition disposition = proxy.answer(b, 302, "tb", "Contact: <sip:x@10.0.1.9>");

        // then
        assertEquals(Disposition.FORWARDED, disposition);
        proxy.assertSentTo(CALLER, "302 INVITE");
    }

    /** RFC 3261 section 16.7 step 6: what tells how to try again, anything but 503, and 500 where all say that. */
    @ParameterizedTest
    @CsvSource({"486,401,401", "486,407,407", "486,415,415", "486,420,420", "486,484,484", "503,502,502",
        "503,503,500"})
    void shouldForwardTheBetterOfTwoFailures(final int ofA, final int ofB, final int forwarded) {
        // given
        fork();

        // when
        proxy.answer(a, ofA, "ta");
        proxy.answer(b, ofB, "tb");

        // then
        proxy.assertSentTo(CALLER, forwarded + " INVITE");
    }

    @Test
    void shouldForward6xxOnlyAfterAllBranchesEnded() {
        // given
        fork();
        proxy.answer(a, 180, "ta");
        proxy.answer(b, 180, "tb");
        proxy.sent();

        // when
        assertEquals(Disposition.ABSORBED, proxy.answer(a, 603, "ta"));

        // then: section 16.7 step 5
        List<SentMessage> sent = proxy.sent();
        assertEquals(List.of("ACK", "CANCEL"), SentMessage.summaries(sent));
        assertEquals(b.branch(), sent.get(1).branch());
        proxy.answer(b, 487, "tb");
        sent = proxy.sentTo(CALLER);
        assertEquals(List.of("603 INVITE"), SentMessage.summaries(sent));
        proxy.assertQuiet();
    }

    @Test
    void shouldForward2xxRatherThan6xx() {
        // given
        fork();
        proxy.answer(b, 180, "tb");
        proxy.answer(a, 600, "ta");
        proxy.sent();

        // when
        proxy.answer(b, 200, "tb", CONTACT);

        // then: I-08
        proxy.assertSentTo(CALLER, "200 INVITE");
        proxy.assertQuiet();
        proxy.assertSentTo(CALLER);
    }

    @Test
    void shouldMergeChallengesOfAllBranches() {
        // given
        fork();
        proxy.answer(a, 407, "ta", "Proxy-Authenticate: Digest realm=\"a\", nonce=\"1\"");

        // when: section 16.7 step 7
        proxy.answer(b, 401, "tb", "WWW-Authenticate: Digest realm=\"b\",\r\n nonce=\"2\"",
                "Proxy-Authenticate: Digest realm=\"c\", nonce=\"3\"");

        // then
        final SentMessage merged = proxy.sentTo(CALLER).getFirst();
        assertEquals(407, merged.status());
        assertTrue(merged.text().contains("WWW-Authenticate: Digest realm=\"b\",\r\n nonce=\"2\"\r\n"));
        assertEquals(List.of("Digest realm=\"a\", nonce=\"1\"", "Digest realm=\"c\", nonce=\"3\""),
                merged.headers("Proxy-Authenticate"));
        assertTrue(merged.text().endsWith("\r\n\r\n"));
        assertEquals("0", merged.header("Content-Length"));
    }

    @Test
    void shouldNotMergeChallengesIntoAnotherResponse() {
        // given
        fork();
        proxy.answer(a, 407, "ta", "Proxy-Authenticate: Digest realm=\"a\", nonce=\"1\"");

        // when
        proxy.answer(b, 302, "tb", "Contact: <sip:x@10.0.1.9>");

        // then
        final SentMessage redirection = proxy.sentTo(CALLER).getFirst();
        assertEquals(302, redirection.status());
        assertEquals(List.of(), redirection.headers("Proxy-Authenticate"));
    }

    @Test
    void shouldForwardAnswerWhenOtherBranchTimesOut() {
        // given
        fork();
        proxy.answer(a, 404, "ta");
        proxy.sent();

        // when
        proxy.advanceMs(32_000);

        // then
        assertEquals(List.of("404 INVITE"), SentMessage.summaries(proxy.sentTo(CALLER)).subList(0, 1));
    }

    @Test
    void shouldForwardFirst2xxOnlyToNonInvite() {
        // given
        proxy.receive(CALLER, SipText.request("MESSAGE", CALLER, "m1"));
        final List<SentMessage> copies = proxy.sent();
        assertEquals(List.of("MESSAGE", "MESSAGE"), SentMessage.summaries(copies));

        // when
        assertEquals(Disposition.FORWARDED, proxy.answer(copies.get(0), 200, "ta"));
        assertEquals(Disposition.ABSORBED, proxy.answer(copies.get(1), 200, "tb"));

        // then: and nothing is cancelled (section 9.1)
        proxy.assertSent("200 MESSAGE");
        proxy.assertQuiet();
    }

    @Test
    void shouldShareMaxBreadthAmongBranches() {
        // when: RFC 5393 section 5.3.3, 60 when the request says nothing
        fork();

        // then
        assertEquals("30", a.header("Max-Breadth"));
        assertEquals("30", b.header("Max-Breadth"));
    }

    @Test
    void shouldShareOutWhatTheRequestHas() {
        // when
        final List<SentMessage> copies = proxy.call(SipText.invite(CALLER, "c1", "Max-Breadth: 5"));

        // then
        assertEquals(List.of("3", "2"), copies.stream().map(copy -> copy.header("Max-Breadth")).toList());
        assertEquals(1, copies.getFirst().headers("Max-Breadth").size());
    }

    @Test
    void shouldLowerMaxBreadthToItsBound() {
        // when
        final List<SentMessage> copies = proxy.call(SipText.invite(CALLER, "c1", "Max-Breadth: 250"));

        // then
        assertEquals(List.of("30", "30"), copies.stream().map(copy -> copy.header("Max-Breadth")).toList());
    }

    @Test
    void shouldAnswer440WhenBreadthIsTooSmall() {
        // when
        final Disposition disposition = proxy.receive(CALLER, SipText.invite(CALLER, "c1", "Max-Breadth: 1"));

        // then
        assertEquals(Disposition.ANSWERED, disposition);
        proxy.only("440 INVITE");
    }

    @Test
    void shouldKeepMaxBreadthWhenThereIsOneTarget() {
        // given
        final ProxyHarness single = ProxyHarness.single();

        // when
        final SentMessage with = single.invite("c1", "Max-Breadth: 1");
        final SentMessage without = single.invite("c2");

        // then
        assertEquals(List.of("1"), with.headers("Max-Breadth"));
        assertEquals(List.of(), without.headers("Max-Breadth"));
    }

    @Test
    void shouldAbsorbCopyThatComesAfterTheFinalWhenAnotherTargetIsStillSilent() {
        // given: over a stream the server transaction ends with the final response, timer J being 0
        final Endpoint caller = new Endpoint(Transport.TCP, CALLER.host(), CALLER.port());
        final String options = SipText.request("OPTIONS", caller, "o1");
        proxy.receive(caller, options);
        a = proxy.sent().getFirst();
        proxy.answer(a, 200, "ta");
        proxy.advanceMs(6_000);
        proxy.sent();

        // when: a stateless hop before us passes on what was repeated to it over UDP
        final Disposition disposition = proxy.receive(caller, options);

        // then
        assertEquals(Disposition.ABSORBED, disposition);
        proxy.assertSent();
        proxy.assertQuiet();
    }

    private void fork() {
        final List<SentMessage> copies = proxy.call(SipText.invite(CALLER, "c1"));
        assertEquals(2, copies.size());
        a = copies.get(0);
        b = copies.get(1);
    }
}
