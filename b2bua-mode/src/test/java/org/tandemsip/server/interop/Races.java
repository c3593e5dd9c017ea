package org.tandemsip.server.interop;

import java.util.ArrayList;
import java.util.List;

/**
 * The races of RFC 5407 by their sections, and others, between two agents that call each other through mode b2bua, as
 * {@link SippScript} reads them. Two messages cross between us and an agent if it sends its own before it answers ours:
 * no clock is needed for that. Both sides go on for a while and take nothing more.
 *
 * @param flow what the two sides do
 * @param end  response and who has ended it, as the record of the call has them
 */
record Races(CallFlows flow, String end) {
    private static final String UP_CALLER = CallFlows.SET_UP_CALLER;
    private static final String UP_CALLEE = CallFlows.SET_UP_CALLEE;
    private static final String BYE = "> BYE\n< 200 has:_BYE\n";
    private static final String TAKE_BYE = "< BYE\n> 200\n";
    private static final String NOTHING_MORE = "< silence 700\n";

    private static final List<Races> ALL = new ArrayList<>();

    static {
        // A message comes while the callee's 2xx has no ACK.
        add("3.1.1-invite-again-after-2xx", "200 caller", UP_CALLER.replace("> ACK", "> INVITE again sdp\n> ACK")
                + "wait 200\n" + BYE, UP_CALLEE + TAKE_BYE);
        add("3.1.1-answer-after-the-invite-came-again", "200 caller", """
                > INVITE sdp
                < 100 ?
                < 200 keep
                > ACK
                """ + BYE, """
                < INVITE keep
                wait 700
                > 200 sdp
                < ACK
                """ + TAKE_BYE);
        add("3.1.2-cancel-after-2xx", "200 caller", """
                > INVITE sdp
                < 100 ?
                < 180
                < 200 keep
                > CANCEL
                < 200 has:1_CANCEL
                > ACK
                """ + BYE, UP_CALLEE + TAKE_BYE);
        add("3.1.2-2xx-after-cancel", "487 caller", """
                > INVITE sdp
                < 100 ?
                < 180
                > CANCEL
                < 200 has:1_CANCEL
                < 487 has:1_INVITE
                > ACK fail
                """, """
                < INVITE keep
                > 180
                < CANCEL as:cancel
                > 200 re:INVITE sdp
                < ACK
                < BYE as:bye
                > 200 re:cancel
                > 200 re:bye
                """);
        add("3.1.3-early-bye-after-2xx", "200 caller", """
                > INVITE sdp
                < 100 ?
                < 180 keep
                < 200
                > BYE
                < 200 has:2_BYE
                > ACK
                """, UP_CALLEE + TAKE_BYE);
        add("3.1.3-2xx-after-early-bye", "487 caller", """
                > INVITE sdp
                < 100 ?
                < 180 keep
                > BYE
                < 200 has:2_BYE
                < 487 has:1_INVITE
                > ACK fail
                """, """
                < INVITE keep
                > 180
                < CANCEL as:cancel
                > 200 re:INVITE sdp
                < ACK
                < BYE as:bye
                > 200 re:cancel
                > 200 re:bye
                """);
        add("3.1.4-reinvite-before-ack", "200 caller", """
                > INVITE sdp
                < 100 ?
                < 180
                < 200 keep
                > INVITE sdp
                < 100 ?
                < 200 has:2_INVITE
                > ACK cseq:1
                > ACK
                """ + BYE, UP_CALLEE + "< INVITE\n> 200 sdp\n< ACK\n" + TAKE_BYE);
        add("3.1.5-reinvite-before-ack-with-the-answer", "200 caller", """
                > INVITE
                < 100 ?
                < 180
                < 200 keep
                > INVITE sdp
                < 491 has:2_INVITE
                > ACK fail
                > ACK cseq:1 sdp
                """ + BYE, "< INVITE keep\n> 180\n> 200 sdp\n< ACK has:m=audio\n" + TAKE_BYE);
        add("3.1.6-bye-before-ack-with-the-answer", "200 caller", """
                > INVITE
                < 100 ?
                < 180
                < 200 keep
                > BYE
                < 200 has:2_BYE
                > ACK cseq:1 sdp
                """, UP_CALLEE + TAKE_BYE);
        add("ack-lost", "200 caller", """
                > INVITE sdp
                < 100 ?
                < 180
                < 200 keep
                < silence 1700 but:200
                > ACK
                """ + BYE, UP_CALLEE + TAKE_BYE);
        add("reinvite-of-callee-before-ack-of-caller", "200 caller", """
                > INVITE sdp
                < 100 ?
                < 180
                < 200 keep
                wait 300
                > ACK
                """ + BYE, UP_CALLEE + """
                > INVITE sdp
                < 100 ?
                < 491 has:101_INVITE
                > ACK fail
                """ + TAKE_BYE);
        add("2xx-again", "200 caller", UP_CALLER + "> INFO body:x\n< 200\n" + BYE, UP_CALLEE + """
                < INFO as:info
                > 200 re:INVITE sdp
                < ACK again
                > 200 re:info
                """ + TAKE_BYE);
        add("second-2xx-of-a-fork", "200 caller", UP_CALLER + "> INFO body:x\n< 200\n" + BYE, """
                < INVITE keep
                > 180 tag:one
                > 200 tag:one sdp
                < ACK has:tag=one
                < INFO as:info
                > 200 re:INVITE tag:two sdp
                < ACK has:tag=two
                < BYE has:tag=two as:bye
                > 200 re:bye
                > 200 re:info
                < BYE has:tag=one
                > 200
                """);

        // A message comes while the call ends.
        add("3.2.1-bye-crosses-bye-of-callee", "200 caller", UP_CALLER + BYE,
                UP_CALLEE + "< BYE as:bye\n" + BYE + "> 200 re:bye\n");
        add("3.2.1-bye-crosses-bye-of-caller", "200 callee", UP_CALLER + "< BYE as:bye\n" + BYE + "> 200 re:bye\n",
                UP_CALLEE + "wait 200\n" + BYE);
        final String refusedInvite = "< BYE as:bye\n> INVITE sdp\n< 481 has:INVITE\n> ACK fail\n> 200 re:bye\n";
        add("3.2.2-bye-crosses-reinvite-of-callee", "200 caller", UP_CALLER + BYE, UP_CALLEE + refusedInvite);
        add("3.2.2-bye-crosses-reinvite-of-caller", "200 callee", UP_CALLER + refusedInvite,
                UP_CALLEE + "wait 200\n" + BYE);
        add("3.2.3-2xx-for-reinvite-after-bye", "200 caller", UP_CALLER + """
                > INVITE sdp
                < 100
                > BYE
                < 200 has:3_BYE
                < 487 has:2_INVITE
                > ACK fail
                """, UP_CALLEE + """
                < INVITE as:again
                < BYE as:bye
                > 200 re:again sdp
                < ACK
                > 200 re:bye
                """);
        add("3.2.3-bye-while-reinvite-rings", "200 caller", UP_CALLER + """
                > INVITE sdp
                < 100 ?
                < 180
                > BYE
                < 200 has:3_BYE
                < 487 has:2_INVITE
                > ACK fail
                """, UP_CALLEE + """
                < INVITE as:again
                > 180
                < CANCEL as:cancel
                < BYE as:bye
                > 200 re:cancel
                > 487 re:again
                < ACK
                > 200 re:bye
                """);
        add("3.2.4-bye-of-callee-before-ack-of-caller", "200 callee", """
                > INVITE sdp
                < 100 ?
                < 180
                < 200 keep
                wait 300
                > ACK
                """ + TAKE_BYE, UP_CALLEE + BYE);
        add("bye-of-callee-before-it-answers-a-reinvite", "200 callee", UP_CALLER + """
                > INVITE sdp
                < 100 ?
                < 487 has:2_INVITE
                < BYE as:bye
                > ACK fail
                > 200 re:bye
                """, UP_CALLEE + """
                < INVITE as:again
                > BYE
                < 200 has:_BYE
                > 487 re:again
                < ACK
                """);
        add("bye-before-ack-of-reinvite", "200 caller", UP_CALLER + """
                > INVITE sdp
                < 100 ?
                < 200
                > BYE
                < 200 has:3_BYE
                > ACK
                """, UP_CALLEE + "< INVITE\n> 200 sdp\n< ACK\n" + TAKE_BYE);
        add("bye-of-callee-before-it-answers-an-info", "200 callee", UP_CALLER + """
                > INFO body:x
                < 487 has:2_INFO
                """ + TAKE_BYE, UP_CALLEE + "< INFO as:info\n" + BYE + "> 200 re:info\n");
        add("bye-of-callee-before-it-answers-an-update", "200 callee", UP_CALLER + """
                > UPDATE sdp
                < 487 has:2_UPDATE
                """ + TAKE_BYE, UP_CALLEE + "< UPDATE as:update\n" + BYE + "> 200 re:update sdp\n");

        // Both sides ask at once.
        add("3.3.1-reinvites-cross", "200 caller", UP_CALLER + """
                > INVITE sdp
                < 100 ?
                < 491 has:2_INVITE
                > ACK fail
                < INVITE
                > 200 sdp
                < ACK
                wait 300
                > INVITE sdp
                < 100 ?
                < 200 has:3_INVITE
                > ACK
                """ + BYE, UP_CALLEE + """
                < INVITE as:again
                > INVITE sdp
                < 491 has:101_INVITE
                > ACK fail
                > 491 re:again
                < ACK
                wait 300
                > INVITE sdp
                < 100 ?
                < 200 has:102_INVITE
                > ACK
                < INVITE
                > 200 sdp
                < ACK
                """ + TAKE_BYE);
        add("3.3.1-reinvites-cross-and-one-gives-in", "200 callee", UP_CALLER + """
                > INVITE sdp
                < 100 ?
                < 200 has:2_INVITE
                > ACK
                """ + TAKE_BYE, UP_CALLEE + """
                < INVITE as:again
                > INVITE sdp
                < 491 has:101_INVITE
                > ACK fail
                > 200 re:again sdp
                < ACK
                wait 200
                """ + BYE);
        add("3.3.2-update-crosses-reinvite", "200 caller", UP_CALLER + """
                > UPDATE sdp
                < 491 has:2_UPDATE
                < INVITE
                > 200 sdp
                < ACK
                > UPDATE sdp
                < 200 has:3_UPDATE
                """ + BYE, UP_CALLEE + """
                < UPDATE as:update
                > INVITE sdp
                < 491 has:101_INVITE
                > ACK fail
                > 491 re:update
                > INVITE sdp
                < 100 ?
                < 200 has:102_INVITE
                > ACK
                < UPDATE
                > 200 sdp
                """ + TAKE_BYE);
        add("3.3.2-reinvite-crosses-update", "200 caller", UP_CALLER + """
                > INVITE sdp
                < 100 ?
                < 200
                > ACK
                """ + BYE, UP_CALLEE + """
                < INVITE as:again
                > UPDATE sdp
                < 491 has:101_UPDATE
                > 200 re:again sdp
                < ACK
                """ + TAKE_BYE);
        add("3.3.2-reinvite-crosses-update-that-only-refreshes", "200 caller", UP_CALLER + """
                > INVITE sdp
                < 100 ?
                < UPDATE
                > 200
                < 200 has:2_INVITE
                > ACK
                """ + BYE, UP_CALLEE + """
                < INVITE as:again
                > UPDATE
                < 200 has:101_UPDATE
                > 200 re:again sdp
                < ACK
                """ + TAKE_BYE);
        add("3.3.2-updates-cross", "200 caller", UP_CALLER + "> UPDATE sdp\n< 200 has:2_UPDATE\n" + BYE, UP_CALLEE + """
                < UPDATE as:update
                > UPDATE sdp
                < 491 has:101_UPDATE
                > 200 re:update sdp
                """ + TAKE_BYE);
        add("3.3.2-updates-that-only-refresh-cross", "200 caller", UP_CALLER + """
                > UPDATE once
                < UPDATE
                > 200
                < 200 has:2_UPDATE
                """ + BYE, UP_CALLEE + """
                < UPDATE as:update
                > UPDATE once
                < 200 has:101_UPDATE
                > 200 re:update
                """ + TAKE_BYE);
        add("3.3.3-bye-crosses-refer", "200 caller", UP_CALLER + BYE, UP_CALLEE + """
                < BYE as:bye
                > REFER h:Refer-To:<sip:third@127.0.0.9>
                < 481 has:101_REFER
                > 200 re:bye
                """);
        add("second-reinvite-before-the-answer-to-the-first", "200 caller", UP_CALLER + """
                > INVITE sdp
                < 100
                > INVITE sdp
                < 500 has:3_INVITE has:Retry-After
                > ACK fail
                > INFO body:x
                < 200 has:4_INFO
                < 200 has:2_INVITE
                > ACK cseq:2
                """ + BYE, UP_CALLEE + """
                < INVITE as:again
                < INFO
                > 200
                > 200 re:again sdp
                < ACK
                """ + TAKE_BYE);

        // CANCEL.
        add("cancel-crosses-refusal", "487 caller", """
                > INVITE sdp
                < 100 ?
                < 180
                > CANCEL
                < 200 has:1_CANCEL
                < 487 has:1_INVITE
                > ACK fail
                """, """
                < INVITE keep
                > 180
                < CANCEL as:cancel
                > 486 re:INVITE
                < ACK
                > 200 re:cancel
                """);
        add("cancel-after-refusal", "486 callee", """
                > INVITE sdp
                < 100 ?
                < 180
                < 486
                > CANCEL
                < 200 has:1_CANCEL
                > ACK fail
                """, "< INVITE keep\n> 180\n> 486\n< ACK\n");
        add("cancel-before-prack-is-answered", "487 caller", """
                > INVITE sdp h:Supported:100rel
                < 100 ?
                < 183 keep take:RSeq:rseq
                > PRACK once h:RAck:[$rseq]_1_INVITE
                > CANCEL
                < 200 has:1_CANCEL
                < 487 has:1_INVITE
                < 487 has:2_PRACK
                > ACK fail
                """, """
                < INVITE keep has:100rel
                > 183 sdp h:Require:100rel h:RSeq:7001
                < PRACK as:prack
                < CANCEL as:cancel
                > 200 re:cancel
                > 487 re:INVITE
                < ACK
                > 200 re:prack
                """);
        add("2xx-crosses-prack", "200 caller", """
                > INVITE sdp h:Supported:100rel
                < 100 ?
                < 183 keep take:RSeq:rseq
                < 200 has:1_INVITE
                > PRACK h:RAck:[$rseq]_1_INVITE
                < 200 has:2_PRACK
                > ACK
                """ + BYE, """
                < INVITE keep has:100rel
                > 183 h:Require:100rel h:RSeq:7001
                > 200 sdp
                < ACK
                """ + TAKE_BYE);
        add("2xx-for-reinvite-crosses-its-cancel", "200 caller", UP_CALLER + """
                > INVITE sdp
                < 100 ?
                < 180
                > CANCEL
                < 200 has:2_CANCEL
                < 200 has:2_INVITE
                > ACK
                """ + BYE, UP_CALLEE + """
                < INVITE as:again
                > 180
                < CANCEL as:cancel
                > 200 re:again sdp
                < ACK
                > 200 re:cancel
                """ + TAKE_BYE);
    }

    /** Nobody acknowledges the 2xx. */
    static final CallFlows ACK_MISSING = new CallFlows("ack-never-comes", """
            > INVITE sdp
            < 100 ?
            < 180
            < 200 keep
            < 200 ?
            < BYE has:ACK_missing
            > 200
            """, UP_CALLEE + "< BYE has:ACK_missing\n> 200\n");

    private static void add(final String name, final String end, final String caller, final String callee) {
        ALL.add(new Races(new CallFlows(name, caller + NOTHING_MORE, callee + NOTHING_MORE), end));
    }

    static List<Races> all() {
        return List.copyOf(ALL);
    }
}
