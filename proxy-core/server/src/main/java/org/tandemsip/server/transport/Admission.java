package org.tandemsip.server.transport;

import java.util.function.Supplier;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.FirstLook;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.handler.AnswerTag;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.shard.Shard;
import org.tandemsip.linux.NewInviteFilter;

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
     * One refusal for so many messages let in: so refusing takes little of the time at whatever load, and the rest is
     * dropped at first look, which costs far less. But what is dropped comes back up to six times where senders do as
     * RFC 3261 section 17.1.1.2 says; as soon as that is seen, everything is refused.
     */
    private static final int MESSAGES_PER_REFUSAL = 64;
    private static final int REFUSALS_AHEAD = 256;
    /** For so long it is known that senders come back: 64*T1. */
    private static final long MEMORY_NS = 32_000_000_000L;
    /** 2^64 over the golden ratio: its multiples are spread evenly. */
    private static final long LOT_STEP = 0x9E37_79B9_7F4A_7C15L;

    private final Overload overload;
    private final FairShare shares = new FairShare();
    private final InviteShares inviteShares = new InviteShares();
    private final Supplier<SourceFilter> filters;
    private final KeyedHash hash;
    private final AnswerTag answerTag;
    private final Fingerprints taken;
    private final Fingerprints dropped;
    private final FirstLook firstLook = new FirstLook();
    private long nowNs;
    private long cameBackNs;
    private boolean cameBack;
    private long sentAgainNs;
    private boolean sentAgain;
    /** What was found at first look, for {@link #judge} to stand by; a fingerprint of 0 is none. */
    private long lookedAt;
    private long lots;
    private Verdict verdictAtFirstLook = Verdict.TAKE;
    private int credit = REFUSALS_AHEAD * MESSAGES_PER_REFUSAL;

    /**
     * Makes the judge of one loop.
     *
     * @param taken   new requests that any loop has let in
     * @param dropped new requests that any loop has dropped
     */
    Admission(final Overload overload, final Supplier<SourceFilter> filters, final ShardContext.Keys keys,
            final Fingerprints taken, final Fingerprints dropped) {
        this.overload = overload;
        this.taken = taken;
        this.dropped = dropped;
        this.filters = filters;
        this.hash = new KeyedHash(keys.table0(), keys.table1());
        this.answerTag = new AnswerTag(keys);
    }

    /** Ends a cycle of the event loop; returns whether {@link #inviteShares} have changed. */
    boolean endCycle(final long cycleNs) {
        nowNs = cycleNs;
        cameBack &= nowNs - cameBackNs < MEMORY_NS;
        sentAgain &= nowNs - sentAgainNs < MEMORY_NS;
        if (!overload.active()) {
            return inviteShares.clear();
        }
        shares.turn(nowNs);
        return dropsInSilence() ? inviteShares.turn(nowNs) : inviteShares.clear();
    }

    /**
     * Whether the kernel may drop for us: it asks nobody whether the request has come before, and knows of emergencies
     * their service URN only.
     */
    private boolean dropsInSilence() {
        return !cameBack && !sentAgain && !overload.young() && filters.get().emergencies().areServices();
    }

    /** What the kernel is to let through. */
    InviteShares inviteShares() {
        return inviteShares;
    }

    /**
     * Whether a datagram can be dropped for what a first look shows: most of what comes ends so where more than twice
     * is asked of what can be served, and reading each to the end would take too much of that. If not, it is to be
     * parsed and judged.
     *
     * @param bytes the datagram is {@code bytes[0, length)}
     */
    boolean dropsAtFirstLook(final DirectBuffer bytes, final int length, final Source source) {
        lookedAt = 0;
        if (overload.refusing() <= 0 || !firstLook.beginsSomething(bytes, length)
                || filters.get().emergencies().includes(bytes, firstLook.requestUri(), length)) {
            return false;
        }
        lookedAt = hash.begin().add(firstLook.cseqNumber()).addSlice(bytes, firstLook.callId()).end();
        verdictAtFirstLook = judgeNew(lookedAt, firstLook.isInvite()
                && NewInviteFilter.reaches(firstLook.to(), firstLook.toEnd(), length), source);
        return verdictAtFirstLook == Verdict.DROP;
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
        if (fingerprint == lookedAt) {
            lookedAt = 0;
            return verdictAtFirstLook;
        }
        if (isEmergency(request)) {
            taken.add(fingerprint);
            return Verdict.TAKE;
        }
        return judgeNew(fingerprint, mayDrop(request), source);
    }

    /** Whether the kernel could have dropped it: as {@link FirstLook} tells, for what it has not looked at. */
    private static boolean mayDrop(final SipMessage request) {
        final int to = request.firstRow(HeaderName.TO);
        final byte scheme = request.bytes().getByte(Slice.offset(request.requestUri()));
        return request.method() == Method.INVITE && (scheme == 's' || scheme == 't')
                && Slice.length(request.rowNameToken(to)) == 2
                && NewInviteFilter.reaches(request.rowStart(to), request.rowEnd(to), request.length());
    }

    private Verdict judgeNew(final long fingerprint, final boolean droppable, final Source source) {
        if (overload.active() && taken.has(fingerprint)) {
            // The kernel would drop what is sent again of calls that were let in, too.
            sentAgainNs = nowNs;
            sentAgain = true;
        } else if (overload.active()) {
            final int trunk = filters.get().trunkOf(source);
            final double lot = overload.young() ? lotOfYouth(fingerprint) : lot(fingerprint);
            final boolean takes = shares.takes(trunk, lot, overload.refusing());
            inviteShares.count(source, trunk, droppable && source.connection == 0 && trunk != SourceFilter.UNKNOWN,
                    takes);
            // A stream waits for a server that has just started.
            if (!takes && !(overload.young() && source.connection != 0)) {
                return source.connection != 0 || trunk == SourceFilter.UNKNOWN ? Verdict.REFUSE
                        : refuseDatagram(fingerprint);
            }
        }
        taken.add(fingerprint);
        return Verdict.TAKE;
    }

    private static double lot(final long random) {
        return (random >>> 11) * 0x1p-53;
    }

    /** Drawn anew each time, and a better one for who comes back: nobody is left out seven times. */
    private double lotOfYouth(final long fingerprint) {
        lots += LOT_STEP;
        final double lot = lot(fingerprint ^ lots);
        return dropped.has(fingerprint) ? lot / 2 : lot;
    }

    private Verdict refuseDatagram(final long fingerprint) {
        if (overload.young()) {
            // No call need fail for that: when it comes back there is time for it.
            dropped.add(fingerprint);
            return Verdict.DROP;
        }
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

    private boolean isEmergency(final SipMessage request) {
        final long uri = request.requestUri();
        return filters.get().emergencies().includes(request.bytes(), Slice.offset(uri), Slice.end(uri));
    }
}
