package org.tandemsip.server.transport;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.handler.AnswerTag;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.shard.Shard;

/**
 * Which messages a loop lets in while there are more than it can serve. Only requests that begin something are ever
 * turned away: responses, ACK, CANCEL and whatever has a To tag belong to work that is half done, and emergency calls
 * (RFC 5031) go before others. Loop thread only; allocates nothing.
 *
 * <p>A retransmission of what was let in goes on as well: a refusal would end a call that is under way. Such requests
 * are known by their {@link Fingerprints}, whichever loop they arrive on.
 */
final class Admission {
    /** What to do with a message. */
    enum Verdict {
        /** Let it in. */
        TAKE,
        /** Answer it 503. */
        REFUSE,
        /** Drop it: refusing has taken its part of the time already, and what is dropped does not come back. */
        DROP,
        /** An ACK for a 503: it ends here. */
        ABSORB
    }

    /**
     * One refusal for so many messages let in. A refusal over UDP costs two thirds of forwarding a message (two reads,
     * two parses, one send), and a call is six of those: so refusing takes a twentieth of the time at whatever load,
     * and the rest is dropped, which costs a fifth as much. But what is dropped comes back up to six times where
     * senders do as RFC 3261 section 17.1.1.2 says; as soon as that is seen, everything is refused.
     */
    private static final int MESSAGES_PER_REFUSAL = 16;
    private static final int REFUSALS_AHEAD = 256;
    /** For so long it is known that senders come back: 64*T1. */
    private static final long MEMORY_NS = 32_000_000_000L;
    private static final byte[] EMERGENCY = {'u', 'r', 'n', ':', 's', 'e', 'r', 'v', 'i', 'c', 'e', ':', 's', 'o', 's'};

    private final Overload overload;
    private final FairShare shares = new FairShare();
    private final SourceFilter filter;
    private final KeyedHash hash;
    private final AnswerTag answerTag;
    private final Fingerprints taken;
    private final Fingerprints dropped;
    private long nowNs;
    private long cameBackNs;
    private boolean cameBack;
    private int credit = REFUSALS_AHEAD * MESSAGES_PER_REFUSAL;

    /**
     * Makes the judge of one loop.
     *
     * @param taken   new requests that any loop has let in
     * @param dropped new requests that any loop has dropped
     */
    Admission(final Overload overload, final SourceFilter filter, final ShardContext.Keys keys,
            final Fingerprints taken, final Fingerprints dropped) {
        this.overload = overload;
        this.taken = taken;
        this.dropped = dropped;
        this.filter = filter;
        this.hash = new KeyedHash(keys.table0(), keys.table1());
        this.answerTag = new AnswerTag(keys);
    }

    /** Ends a cycle of the event loop. */
    void endCycle(final long cycleNs) {
        nowNs = cycleNs;
        cameBack &= nowNs - cameBackNs < MEMORY_NS;
        if (overload.active()) {
            shares.turn(nowNs);
        }
    }

    /** Judges a well-formed message. */
    Verdict judge(final SipMessage message, final Source source) {
        if (!overload.looking()) {
            return Verdict.TAKE;
        }
        final Verdict verdict;
        if (!message.isRequest()) {
            verdict = Verdict.TAKE;
        } else if (message.method() == Method.ACK) {
            verdict = overload.active() && answerTag.isOf(message) ? Verdict.ABSORB : Verdict.TAKE;
        } else {
            verdict = Shard.beginsSomething(message) ? judgeNew(message, source) : Verdict.TAKE;
        }
        if (verdict == Verdict.TAKE) {
            credit = Math.min(credit + 1, REFUSALS_AHEAD * MESSAGES_PER_REFUSAL);
        }
        return verdict;
    }

    private Verdict judgeNew(final SipMessage request, final Source source) {
        final long fingerprint = hash.begin().add(request.cseqNumber()).addSlice(request.bytes(), request.callId())
                .end();
        if (overload.active() && !taken.has(fingerprint)) {
            final int trunk = filter.trunkOf(source);
            final double lot = (fingerprint >>> 11) * 0x1p-53;
            if (!shares.takes(trunk, lot, overload.refusing()) && !isEmergency(request)) {
                return source.connection != 0 || trunk == SourceFilter.UNKNOWN ? Verdict.REFUSE
                        : refuseDatagram(fingerprint);
            }
        }
        taken.add(fingerprint);
        return Verdict.TAKE;
    }

    private Verdict refuseDatagram(final long fingerprint) {
        if (dropped.has(fingerprint)) {
            cameBack = true;
            cameBackNs = nowNs;
        }
        if (!cameBack && credit < MESSAGES_PER_REFUSAL) {
            dropped.add(fingerprint);
            return Verdict.DROP;
        }
        credit = Math.max(0, credit - MESSAGES_PER_REFUSAL);
        return Verdict.REFUSE;
    }

    private static boolean isEmergency(final SipMessage request) {
        final long uri = request.requestUri();
        final DirectBuffer bytes = request.bytes();
        if (Slice.length(uri) < EMERGENCY.length) {
            return false;
        }
        for (int i = 0; i < EMERGENCY.length; i++) {
            if ((bytes.getByte(Slice.offset(uri) + i) | 0x20) != (EMERGENCY[i] | 0x20)) {
                return false;
            }
        }
        return true;
    }
}
