package org.tandemsip.server.interop;

import java.util.List;

/**
 * The flows that real agents run through the proxy, written as {@link SippScript} reads them. An agent that has answered
 * waits before its next request: over TLS the two may take different connections, and SIPp wants them in order.
 *
 * @param name   for people, without blanks
 * @param caller steps of the calling agent
 * @param callee steps of the answering agent
 */
record CallFlows(String name, String caller, String callee) {
    private static final String ANSWERED_CALLEE = """
            < INVITE keep
            > 180
            > 200 sdp
            < ACK
            < BYE
            > 200
            """;
    static final String SET_UP_CALLER = """
            > INVITE sdp
            < 100 ?
            < 180
            < 200 keep
            > ACK
            """;
    static final String SET_UP_CALLEE = """
            < INVITE keep
            > 180
            > 200 sdp
            < ACK
            """;
    private static final String BYE_CALLER = """
            > BYE
            < 200
            """;
    private static final String BYE_CALLEE = """
            < BYE
            > 200
            """;

    /** Flows for every mode and transport. */
    static final List<CallFlows> ALL = List.of(
            new CallFlows("answered", SET_UP_CALLER + "wait 100\n" + BYE_CALLER, ANSWERED_CALLEE),
            new CallFlows("answered-callee-hangs-up", SET_UP_CALLER + "< BYE\n> 200\n",
                    SET_UP_CALLEE + "wait 200\n> BYE\n< 200\n"),
            new CallFlows("busy", """
                    > INVITE sdp
                    < 100 ?
                    < 180 ?
                    < 486
                    > ACK fail
                    """, """
                    < INVITE keep
                    > 180
                    > 486
                    < ACK
                    """),
            new CallFlows("no-answer-cancelled", """
                    > INVITE sdp
                    < 100 ?
                    < 180
                    wait 200
                    > CANCEL
                    < 200
                    < 487
                    > ACK fail
                    """, """
                    < INVITE keep
                    > 180
                    < CANCEL
                    > 200
                    > 487 re:INVITE
                    < ACK
                    """),
            new CallFlows("reinvite", SET_UP_CALLER + """
                    > INVITE sdp
                    < 100 ?
                    < 200
                    > ACK
                    """ + BYE_CALLER, SET_UP_CALLEE + """
                    < INVITE
                    > 200 sdp
                    < ACK
                    """ + BYE_CALLEE),
            new CallFlows("update", SET_UP_CALLER + """
                    > UPDATE sdp
                    < 200
                    """ + BYE_CALLER, SET_UP_CALLEE + """
                    < UPDATE
                    > 200 sdp
                    """ + BYE_CALLEE),
            new CallFlows("prack", """
                    > INVITE sdp h:Supported:100rel
                    < 100 ?
                    < 183 keep has:RSeq
                    > PRACK h:RAck:1_1_INVITE
                    < 200
                    < 200 keep
                    > ACK
                    wait 100
                    """ + BYE_CALLER, """
                    < INVITE keep has:100rel
                    > 183 sdp h:Require:100rel h:RSeq:1
                    < PRACK has:RAck:_1_1_INVITE
                    > 200
                    > 200 re:INVITE sdp
                    < ACK
                    """ + BYE_CALLEE),
            new CallFlows("refer-notify", SET_UP_CALLER + """
                    > REFER h:Refer-To:<sip:third@127.0.0.9>
                    < 202
                    < NOTIFY has:sipfrag
                    > 200
                    """ + BYE_CALLER, SET_UP_CALLEE + """
                    < REFER has:Refer-To
                    > 202
                    wait 200
                    > NOTIFY h:Event:refer h:Subscription-State:terminated;reason=noresource \
                    h:Content-Type:message/sipfrag
                    < 200
                    """ + BYE_CALLEE),
            new CallFlows("info", SET_UP_CALLER + """
                    > INFO body:Signal=5
                    < 200
                    """ + BYE_CALLER, SET_UP_CALLEE + """
                    < INFO has:Signal=5
                    > 200
                    """ + BYE_CALLEE),
            new CallFlows("message", "> MESSAGE body:hello_there\n< 200\n", "< MESSAGE has:hello_there\n> 200\n"),
            new CallFlows("options", "> OPTIONS\n< 200 has:Allow\n", "< OPTIONS\n> 200 h:Allow:INVITE,_ACK,_BYE\n"),
            new CallFlows("subscribe-notify", """
                    > SUBSCRIBE h:Event:presence h:Expires:600
                    < 200 keep
                    < NOTIFY has:active
                    > 200
                    wait 200
                    > SUBSCRIBE h:Event:presence h:Expires:0
                    < 200
                    < NOTIFY has:terminated
                    > 200
                    """, """
                    < SUBSCRIBE keep has:Event:_presence
                    > 200 h:Expires:600
                    wait 200
                    > NOTIFY h:Event:presence h:Subscription-State:active;expires=600
                    < 200
                    < SUBSCRIBE
                    > 200 h:Expires:0
                    wait 200
                    > NOTIFY h:Event:presence h:Subscription-State:terminated;reason=timeout
                    < 200
                    """),
            new CallFlows("register-passed-through", "> REGISTER h:Expires:3600\n< 200 has:Expires\n",
                    "< REGISTER has:Contact\n> 200 h:Expires:3600\n"),
            new CallFlows("early-dialogs-of-a-fork", """
                    > INVITE sdp
                    < 100 ?
                    < 180 has:tag=first
                    < 183 has:tag=second
                    < 200 keep has:tag=second
                    > ACK
                    wait 100
                    """ + BYE_CALLER, """
                    < INVITE keep
                    > 180 tag:first
                    > 183 tag:second sdp
                    > 200 tag:second sdp
                    < ACK
                    """ + BYE_CALLEE),
            new CallFlows("answerer-ignores-record-route", SET_UP_CALLER + "wait 100\n" + BYE_CALLER, """
                    < INVITE keep
                    > 180 no-rr
                    > 200 sdp no-rr
                    < ACK
                    """ + BYE_CALLEE));

    /** The callee never answers: the proxy's own timer ends it, so only a stateful proxy can run this. */
    static final CallFlows TIMEOUT = new CallFlows("timeout", """
            > INVITE sdp
            < 100 ?
            < 408
            > ACK fail
            """, """
            < INVITE
            wait 100
            """);

    /**
     * The callee never answers, and a stateless proxy has nothing to say about that: all that the caller hears in the
     * time of three retransmissions is silence.
     */
    static final CallFlows SILENCE = new CallFlows("silence", "> INVITE sdp\n< silence 4000\n",
            "< INVITE\nwait 8000\n");

    @Override
    public String toString() {
        return name;
    }
}
