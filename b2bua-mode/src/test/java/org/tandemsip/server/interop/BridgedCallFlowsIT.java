package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real SIPp agents call each other through a real server in mode b2bua, in every mix of transports. */
@ExtendWith(Sipp.class)
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class BridgedCallFlowsIT {
    /** Each side sees numbers of its own side (RFC 3262 section 3). */
    private static final CallFlows PRACK = new CallFlows("prack-bridged", """
            > INVITE sdp h:Supported:100rel
            < 100 ?
            < 183 keep take:RSeq:rseq
            > PRACK h:RAck:[$rseq]_1_INVITE
            < 200
            < 200 keep
            > ACK
            wait 100
            > BYE
            < 200
            """, """
            < INVITE keep has:100rel
            > 183 sdp h:Require:100rel h:RSeq:7001
            < PRACK has:RAck:_7001_1_INVITE
            > 200
            > 200 re:INVITE sdp
            < ACK
            < BYE
            > 200
            """);
    /** Each branch has a reliable response of its own, with the same number: each PRACK goes to who has sent it. */
    private static final CallFlows PRACK_OF_A_FORK = new CallFlows("prack-of-a-fork", """
            > INVITE sdp h:Supported:100rel
            < 100 ?
            < 183 keep take:RSeq:first
            > PRACK h:RAck:[$first]_1_INVITE
            < 200
            < 183 take:RSeq:second
            > PRACK h:RAck:[$second]_1_INVITE
            < 200
            < 200 keep
            > ACK
            wait 100
            > BYE
            < 200
            """, """
            < INVITE keep has:100rel
            > 183 tag:one sdp h:Require:100rel h:RSeq:5
            < PRACK has:tag=one has:RAck:_5_1_INVITE
            > 200
            > 183 re:INVITE tag:two sdp h:Require:100rel h:RSeq:5
            < PRACK has:tag=two has:RAck:_5_1_INVITE
            > 200
            > 200 re:INVITE tag:two sdp
            < ACK
            < BYE has:tag=two
            > 200
            """);

    /** The caller has one dialog, whoever rings; what it sends goes to who has answered. */
    private static final CallFlows EARLY_DIALOGS = new CallFlows("early-dialogs-of-a-fork-bridged", """
            > INVITE sdp
            < 100 ?
            < 180
            < 183
            < 200 keep
            > ACK
            wait 100
            > BYE
            < 200
            """, """
            < INVITE keep
            > 180 tag:first
            > 183 tag:second sdp
            > 200 tag:second sdp
            < ACK has:tag=second
            < BYE has:tag=second
            > 200
            """);

    @ParameterizedTest(name = "caller {0}, callee {1}")
    @CsvSource({"udp,udp", "tcp,tcp", "tls,tls", "udp,tcp", "tcp,udp", "udp,tls", "tls,udp"})
    void shouldCarryEveryFlow(final String callerTransport, final String calleeTransport)
            throws Exception {
        final List<CallFlows> flows = flows();
        flows.add(PRACK);
        flows.add(PRACK_OF_A_FORK);
        flows.add(EARLY_DIALOGS);
        CallFlowsIT.carry("b2bua", callerTransport, calleeTransport, flows, "500ms");
    }

    /** All but those that look for a tag, an RSeq or a Via of the other side, which stay there. */
    static List<CallFlows> flows(final String... more) {
        final List<CallFlows> flows = new ArrayList<>(CallFlows.ALL);
        flows.removeIf(flow -> List.of("prack", "early-dialogs-of-a-fork").contains(flow.name())
                || List.of(more).contains(flow.name()));
        return flows;
    }

    @ParameterizedTest(name = "caller {0}, callee {1}")
    @CsvSource({"udp,tcp", "tcp,udp"})
    void shouldEndACallThatNobodyAnswersOrAcknowledges(final String callerTransport, final String calleeTransport)
            throws Exception {
        CallFlowsIT.carry("b2bua", callerTransport, calleeTransport, List.of(CallFlows.TIMEOUT, Races.ACK_MISSING),
                "100ms");
    }

    @Test
    void shouldEndBothSidesWhenTheTimeIsUpOrTheOperatorSaysSo(@TempDir final Path folder)
            throws IOException, InterruptedException {
        // given
        final String proxy = "127.0.1.61";
        final Path records = folder.resolve("cdr.jsonl");
        final String yaml = """
                listen: [udp://127.0.1.61:5160]
                mode: b2bua
                trunks:
                  caller: {peers: ["127.0.2.61:5070"]}
                  callee: {peers: ["127.0.3.61:5080"]}
                routes:
                  - {from: caller, to: callee, match: {to: "short*"}, max-duration: 1s}
                  - {from: caller, to: callee}
                cdr: {file: %s}
                """.formatted(records);
        // Each side hangs up itself at that moment: the two BYEs cross.
        final String crossed = "< BYE has:Reason as:bye\n> BYE\n< 200 has:_BYE\n> 200 re:bye\n< silence 700\n";
        final String ended = CallFlows.SET_UP_CALLER + crossed;
        final String endedToo = CallFlows.SET_UP_CALLEE + crossed;
        try (ServerProcess server =
                ServerProcess.start(new InetSocketAddress(proxy, 5160), "127.0.2.61", yaml)) {
            // when
            call("short", proxy, ended, endedToo, () -> {});
            call("long", proxy, ended, endedToo, () -> {
                while (!server.verb("calls").contains("answered")) {
                    Thread.sleep(50);
                }
                final String id = server.verb("calls").lines().skip(1).findFirst().orElseThrow().split(" ")[0];
                server.verb("calls", "hangup", id);
            });

            // then
            while (!Files.exists(records) || Files.readAllLines(records).size() < 2) {
                Thread.sleep(50);
            }
        }
        final List<String> lines = Files.readAllLines(records);
        assertTrue(lines.get(0).contains("\"hangup_by\":\"limit\"") && lines.get(0).contains("\"q850\":102"),
                lines.get(0));
        final long duration = Long.parseLong(lines.get(0).replaceFirst(".*\"duration_ms\":(\\d+).*", "$1"));
        assertTrue(duration >= 1_000, lines.get(0));
        assertTrue(lines.get(1).contains("\"hangup_by\":\"admin\""), lines.get(1));
        assertEquals(2, lines.size());
    }

    @Test
    void shouldCallWhoIsNamedByARedirection() throws IOException, InterruptedException {
        // given: who is called redirects to a stranger, and to somebody of another trunk
        final String yaml = """
                listen: [udp://127.0.1.62:5160, tcp://127.0.1.62:5160]
                mode: b2bua
                trunks:
                  caller: {peers: ["127.0.2.62:5070"]}
                  callee: {peers: ["127.0.3.62:5080"], b2bua: {redirect: follow}}
                  other: {peers: ["sip:127.0.4.62:5080;transport=tcp"]}
                routes:
                  - {from: caller, to: other, match: {to: "other*"}}
                  - {from: caller, to: callee}
                """;
        final String redirects = "< INVITE keep\n> 302 h:Contact:<sip:other1@127.0.9.9>;q=0.9,"
                + "<sip:other2@127.0.4.62:5080;transport=tcp>;q=0.5\n< ACK\n";
        try (ServerProcess server =
                ServerProcess.start(new InetSocketAddress("127.0.1.62", 5160), "127.0.2.62", yaml)) {
            // when
            final Sipp.Agent first = Sipp.start("redirects", SippScript.render(false, "redirects", redirects),
                    "127.0.3.62", 5080, false, 1);
            final Sipp.Agent second = Sipp.start("redirected",
                    SippScript.render(false, "redirected", CallFlows.SET_UP_CALLEE + "< BYE\n> 200\n"), "127.0.4.62",
                    5080, true,
                    1);
            Thread.sleep(500); // SIPp does not say when it has bound its port
            final Sipp.Agent caller = Sipp.start("calls",
                    SippScript.render(true, "calls", CallFlows.SET_UP_CALLER + "> BYE\n< 200\n"), "127.0.2.62", 5070,
                    false, 1,
                    "-s", "somebody", "127.0.1.62:5160");

            // then
            assertEquals(0, caller.await(60), caller.complaint());
            assertEquals(0, first.await(60), first.complaint());
            assertEquals(0, second.await(60), second.complaint());
            assertFalse(server.verb("calls").contains("answered"));
        }
    }

    @Test
    void shouldTellCallersAnotherFailureWhereTheTrunkSaysSo(@TempDir final Path folder)
            throws IOException, InterruptedException {
        // given
        final Path records = folder.resolve("cdr.jsonl");
        final String yaml = """
                listen: [udp://127.0.1.61:5160]
                mode: b2bua
                trunks:
                  caller: {peers: ["127.0.2.61:5070"]}
                  callee: {peers: ["127.0.3.61:5080"], b2bua: {map-responses: {604: 404}}}
                routes:
                  - {from: caller, to: callee}
                cdr: {file: %s}
                """.formatted(records);
        try (ServerProcess server =
                ServerProcess.start(new InetSocketAddress("127.0.1.61", 5160), "127.0.2.61", yaml)) {
            // when
            call("nobody", "127.0.1.61",
                    "> INVITE sdp\n< 100 ?\n< 404 has:Not_Found has:Q.850;cause=1\n> ACK fail\n",
                    "< INVITE keep\n> 604 h:Reason:Q.850;cause=1\n< ACK\n",
                    () -> assertFalse(server.verb("status").isEmpty()));
            while (!Files.exists(records) || Files.readAllLines(records).isEmpty()) {
                Thread.sleep(50);
            }
        }

        // then
        final String record = Files.readAllLines(records).getFirst();
        assertTrue(record.contains("\"code\":604"), record);
    }

    @Test
    void shouldShowCallersEachBranchOfAForkWhereTheirTrunkSaysSo() throws IOException, InterruptedException {
        final String yaml = """
                listen: [udp://127.0.1.61:5160]
                mode: b2bua
                trunks:
                  caller: {peers: ["127.0.2.61:5070"], b2bua: {early-dialogs: each}}
                  callee: {peers: ["127.0.3.61:5080"]}
                routes:
                  - {from: caller, to: callee}
                """;
        try (ServerProcess server =
                ServerProcess.start(new InetSocketAddress("127.0.1.61", 5160), "127.0.2.61", yaml)) {
            call("each", "127.0.1.61", """
                    > INVITE sdp h:Supported:100rel
                    < 100 ?
                    < 183 keep take:RSeq:one as:first
                    < 183 take:RSeq:two as:second
                    > PRACK in:second h:RAck:[$two]_1_INVITE
                    < 200
                    > PRACK in:first h:RAck:[$one]_1_INVITE
                    < 200
                    > INFO in:second body:x
                    < 200
                    < 200 keep as:answer
                    > ACK in:answer
                    > INFO in:first body:x
                    < 481
                    > INFO in:second body:x
                    < 200
                    > BYE in:answer
                    < 200
                    """, """
                    < INVITE keep has:100rel
                    > 183 tag:one sdp h:Require:100rel h:RSeq:5
                    > 183 tag:two sdp h:Require:100rel h:RSeq:5
                    < PRACK has:tag=two has:RAck:_5_1_INVITE
                    > 200
                    < PRACK has:tag=one has:RAck:_5_1_INVITE
                    > 200
                    < INFO has:tag=two
                    > 200
                    > 200 re:INVITE tag:two sdp
                    < ACK has:tag=two
                    < INFO has:tag=two
                    > 200
                    < BYE has:tag=two
                    > 200
                    """, () -> assertFalse(server.verb("status").isEmpty()));
        }
    }

    /** Something to be done while a call is up. */
    private interface Step {
        void run() throws IOException, InterruptedException;
    }

    private static void call(final String user, final String proxy, final String caller, final String callee,
            final Step meanwhile) throws IOException, InterruptedException {
        final Sipp.Agent answers = Sipp.start("callee-" + user, SippScript.render(false, "callee-" + user, callee, 0),
                "127.0.3.61", 5080, false, 1);
        Thread.sleep(500); // SIPp does not say when it has bound its port
        final Sipp.Agent calls = Sipp.start("caller-" + user, SippScript.render(true, "caller-" + user, caller, 0),
                "127.0.2.61", 5070, false, 1, "-s", user, proxy + ":5160");
        meanwhile.run();
        assertEquals(0, calls.await(60), calls.complaint());
        assertEquals(0, answers.await(60), answers.complaint());
    }
}
