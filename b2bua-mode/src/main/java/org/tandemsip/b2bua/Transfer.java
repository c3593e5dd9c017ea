package org.tandemsip.b2bua;

import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.routing.CallRules;

/**
 * One REFER that we do ourselves (RFC 3515, RFC 5589): the leg that has asked for it changes places with the one that
 * it is to be replaced by, which belongs to a second call: one that we begin, or one that is there already (Replaces,
 * RFC 3891).
 *
 * <pre>
 *   first call    referrer ---- stays            third ---- stays      told each other's session by re-INVITE
 *                                          ==>
 *   second call     nobody ---- third           nobody ---- referrer   gets a BYE
 * </pre>
 *
 * The second call is kept until the first is over, since the tags of its legs name it. Is the alarm by which an INVITE
 * is sent again that has met another one. Allocates: there is no steady state of transfers. Shard thread only.
 */
final class Transfer extends Alarm implements OwnRequest.Outcome {
    private static final byte[] SDP = B2bua.ascii("Content-Type: application/sdp\r\n");
    private static final OwnRequest.Outcome NOBODY = (method, code, response, nowNs) -> {};
    private static final byte[] FAILED = B2bua.ascii("SIP;cause=488;text=\"Transfer failed\"");
    private static final long AGAIN_NS = 1_000_000_000L;

    private final B2bua owner;
    private final Call call;
    /** {@code null} while another shard is asked for whom to call. */
    private Call second;
    private final Leg referrer;
    private final Leg stays;
    private final boolean releases;
    private final boolean holds;
    private final String event;
    /** The session of whoever comes in. */
    private final KeptBytes session;
    /** The REFER while another shard is asked for the second call that it names, and that question. */
    private KeptBytes refer;
    private OtherShards.LookUp lookUp;
    private Leg third;
    private boolean told;
    private boolean released;
    private boolean held;

    Transfer(final B2bua owner, final Leg referrer) {
        super(owner.alarms);
        this.owner = owner;
        this.referrer = referrer;
        call = referrer.call;
        stays = referrer.other();
        final CallRules rules = referrer.trunk.rules().calls();
        releases = rules.refer() == CallRules.Refer.RELEASE;
        holds = rules.holds();
        event = call.refers++ == 0 ? "Event: refer\r\n" : "Event: refer;id=" + referrer.remoteCseq + "\r\n";
        session = new KeptBytes(owner.memory);
        call.transfer = this;
    }

    // Beginning.

    /** The REFER was accepted: another shard says whom it names. Who has sent it stays until that is known. */
    void await(final OtherShards.LookUp asked, final KeptBytes request, final long nowNs) {
        lookUp = asked;
        refer = request;
        if (!releases) {
            tellTrying(nowNs);
        }
    }

    /** Reads the REFER that has waited. */
    SipMessage readRefer(final SipMessage into) {
        return refer.read(owner.parser, into);
    }

    private void tellTrying(final long nowNs) {
        told = true;
        tell("SIP/2.0 100 Trying\r\n", false, NOBODY, nowNs);
    }

    private void letGoOrTell(final long nowNs) {
        if (releases) {
            released = true;
            referrer.end(null, null, nowNs);
        } else if (!told) {
            tellTrying(nowNs);
        }
    }

    /** The REFER was accepted: a new call is set up. */
    void begin(final Call newCall, final long nowNs) {
        stopAsking();
        second = newCall;
        second.transfer = this;
        letGoOrTell(nowNs);
        if (releases) {
            owner.states.keep(call);
        }
        if (holds && stays.inviteIn == null && stays.inviteOut == null) {
            final KeptBytes quiet = HeldSession.of(owner, stays.sdp);
            held = invite(stays, quiet, NOBODY, nowNs);
            quiet.forget();
        }
        second.proceed(nowNs);
    }

    /** The REFER was accepted: {@code consulted} leaves its call, and who it has talked to comes here. */
    void join(final Leg consulted, final long nowNs) {
        second = consulted.call;
        letGoOrTell(nowNs);
        session.keep(consulted.sdp);
        second.exchanges.settle(nowNs);
        splice(consulted.other(), nowNs);
        consulted.end(null, null, nowNs);
        letGo(nowNs);
    }

    // The call to the new one.

    /** It has answered, and was acknowledged. */
    void onAnswered(final SipMessage success, final long nowNs) {
        if (success.bodyLength() > 0) {
            session.keep(success.bytes(), success.bodyOffset(), success.bodyLength());
        }
        second.transfer = null;
        splice(second.legs[1], nowNs);
        letGo(nowNs);
    }

    /** It has failed. @param response what has come, or {@code null} */
    void onFailed(final int code, final SipMessage response, final long nowNs) {
        finish();
        if (released) {
            call.hangUp(Ender.US, FAILED, nowNs);
            return;
        }
        final String line = response == null ? "SIP/2.0 " + code + " Failed"
                : response.bytes().getStringWithoutLengthUtf8(Slice.offset(response.startLine()),
                        Slice.length(response.startLine())).strip();
        tell(line + "\r\n", true, NOBODY, nowNs);
        if (held && stays.inviteOut == null && stays.inviteIn == null) {
            invite(stays, stays.sdp, NOBODY, nowNs);
        }
    }

    private void splice(final Leg comes, final long nowNs) {
        third = comes;
        call.exchanges.settle(nowNs);
        exchange(referrer, third);
        second.belongTo(call, nowNs);
        owner.states.keep(call);
        bridge(nowNs);
    }

    private static void exchange(final Leg one, final Leg other) {
        final Call callOfOne = one.call;
        final int numberOfOne = one.number;
        callOfOne.legs[numberOfOne] = other;
        other.call.legs[other.number] = one;
        one.belongTo(other.call, other.number);
        other.belongTo(callOfOne, numberOfOne);
    }

    /** The referrer is told that it has worked, then it is let go. */
    private void letGo(final long nowNs) {
        if (releases || !tell("SIP/2.0 200 OK\r\n", true, referrer, nowNs)) {
            second.end(referrer, nowNs);
        }
    }

    // The two sessions.

    private void bridge(final long nowNs) {
        if (session.length() == 0) {
            call.hangUp(Ender.US, FAILED, nowNs);
        } else if (stays.inviteIn != null || stays.inviteOut != null || !invite(stays, session, this, nowNs)) {
            set(nowNs + AGAIN_NS, nowNs);
        }
    }

    @Override
    void ring(final long nowNs) {
        bridge(nowNs);
    }

    @Override
    public void onOutcome(final Method method, final int code, final SipMessage response, final long nowNs) {
        if (code == Status.REQUEST_PENDING_491.code()) {
            set(nowNs + owner.draws.glareNs(stays), nowNs);
        } else if (code >= 300) {
            finish();
            call.hangUp(Ender.PEER, FAILED, nowNs);
        } else {
            stays.sdp.keep(session);
            final boolean told = response.bodyLength() == 0
                    || third.sdp.is(response.bytes(), response.bodyOffset(), response.bodyLength());
            if (!told && third.inviteIn == null && third.inviteOut == null) {
                third.sdp.keep(response.bytes(), response.bodyOffset(), response.bodyLength());
                invite(third, third.sdp, NOBODY, nowNs);
            }
            finish();
        }
    }

    private boolean invite(final Leg leg, final KeptBytes sdp, final OwnRequest.Outcome taker, final long nowNs) {
        return owner.pools.takeOwnRequest().begin(leg, Method.INVITE, SDP, sdp, taker, nowNs);
    }

    /** Sends a NOTIFY with a status line (RFC 3515 section 2.4.4). */
    private boolean tell(final String line, final boolean last, final OwnRequest.Outcome taker, final long nowNs) {
        final byte[] text = line.getBytes(StandardCharsets.UTF_8);
        final KeptBytes body = new KeptBytes(owner.memory);
        body.keep(new UnsafeBuffer(text), 0, text.length);
        final byte[] rows = (event + "Subscription-State: "
                + (last ? "terminated;reason=noresource" : "active;expires=180")
                + "\r\nContent-Type: message/sipfrag;version=2.0\r\n").getBytes(StandardCharsets.US_ASCII);
        final boolean sent =
                owner.pools.takeOwnRequest().begin(referrer, Method.NOTIFY, rows, body, taker, nowNs);
        body.forget();
        return sent;
    }

    // The end.

    private void finish() {
        unset();
        stopAsking();
        session.forget();
        call.transfer = null;
        if (second != null) {
            second.transfer = null;
        }
    }

    private void stopAsking() {
        if (lookUp != null) {
            lookUp.forget();
            refer.forget();
            lookUp = null;
        }
    }

    /** The first call ends: nobody is left to be brought together with. */
    void abort(final long nowNs) {
        finish();
        if (third == null && second != null) {
            second.hangUp(Ender.US, null, nowNs);
        }
    }
}
