package org.tandemsip.engine.routing;

import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.Hex;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.auth.Challenge;
import org.tandemsip.engine.auth.Credentials;
import org.tandemsip.engine.handler.Registrable;

/**
 * An address that we register with a trunk, so that its calls come here (RFC 3261 section 10.2): what is asked for,
 * what has become of it, and when to ask again. One object, kept over reloads that do not change it.
 *
 * <pre>
 *                                      2xx
 *   +--------------+  due     +-------------+ ------------> +------------+
 *   | unregistered | -------> | registering |               | registered | --+ renewed when 70 to 85 % of the time
 *   +--------------+          +-------------+               +------------+ &lt;-+ that was given are over
 *      ^                        |         ^                   |
 *      | taken back             | failure | W is over         | its time is over without another 2xx
 *      |                        V         |                   |
 *   (any)                     +-------------+ &lt;---------------+
 *                             |   failed    |
 *                             |   refused   |    W = min(max, base * 2^failures), 50 to 100 % of that
 *                             +-------------+    (RFC 5626 section 4.5); at least the Retry-After
 * </pre>
 *
 * What has failed while an earlier registration still holds is tried again in the same way, and the state stays what it
 * is. Changed by the shard that owns its Call-ID, but for what the control plane does: {@link #tryAsk},
 * {@link #tryTakeBack}, {@link #askNow}, {@link #leave}. Read by anybody.
 */
public final class Registration implements Registrable {
    /** How far it has come. */
    public enum State {
        /** Nothing is registered, or not any more. */
        UNREGISTERED,
        /** Asked for, without an answer yet. */
        REGISTERING,
        /** The trunk's calls come here. */
        REGISTERED,
        /** Nobody has answered, or had time. */
        FAILED,
        /** The answer was no. */
        REFUSED
    }

    /** Name of the parameter of our Contact by which its calls are known. */
    public static final String PARAMETER = "trk";

    private static final long SECOND_NS = 1_000_000_000L;
    /** Base of the time to wait after failures (RFC 5626 section 4.5). */
    private static final long BASE_SECONDS = 30;
    /** The same after a refusal, which seldom ends by itself and locks accounts when it is asked for too often. */
    private static final long REFUSED_BASE_SECONDS = 150;
    private static final long MOST_SECONDS = 1_800;
    private static final int MOST_DOUBLINGS = 6;
    /** Longest Retry-After that is heeded, and longest time between two requests. */
    private static final int LONGEST_SECONDS = 86_400;
    private static final long SHORTEST_REFRESH_NS = 5 * SECOND_NS;
    /** Longer than any attempt takes: 8 s for each of 64 peers, and 32 s for the last. */
    private static final long STUCK_NS = 900 * SECOND_NS;

    /**
     * What is asked for.
     *
     * @param trunk          name of the trunk
     * @param user           user part of the address
     * @param domain         host part of the address
     * @param expiresSeconds how long it is to hold
     * @param credentials    what answers challenges, or {@code null}
     */
    public record Settings(String trunk, String user, String domain, int expiresSeconds, Credentials credentials) {}

    private final Settings settings;
    private final byte[] user;
    private final byte[] callId;
    private final long token;
    private final Challenge challenge = new Challenge();
    /** Trunk whose peers are asked, as of the configuration in force. */
    private volatile Trunk trunk;
    private volatile boolean asked;
    private volatile long askedNs;
    private volatile boolean leaving;
    private volatile State state = State.UNREGISTERED;
    private volatile long dueNs;
    private volatile long expiresNs;
    private volatile Peer peer;
    private volatile int lastCode;
    private volatile String lastReason = "";
    private volatile int failures;
    private volatile long totalFailures;
    /** Of the shard that owns the Call-ID. */
    private long cseq;
    private int shortestSeconds;

    /**
     * Makes one that is due at once.
     *
     * @param callId Call-ID of all its requests
     * @param token  what its calls are known by; the same after a restart
     */
    public Registration(final Settings settings, final byte[] callId, final long token, final long nowNs) {
        this.settings = settings;
        user = settings.user.getBytes(StandardCharsets.UTF_8);
        this.callId = callId;
        this.token = token;
        dueNs = nowNs;
    }

    /** What is asked for. */
    public Settings settings() {
        return settings;
    }

    /** Call-ID of all its requests: the shard that owns it sends them (section 10.2). */
    public byte[] callId() {
        return callId;
    }

    /** What stands in our Contact, and in the Request-URI of the calls that come to it. */
    public long token() {
        return token;
    }

    /** The address as a URI. */
    public byte[] uri() {
        return ("sip:" + settings.user + '@' + settings.domain).getBytes(StandardCharsets.US_ASCII);
    }

    /** Whether a user part is that of the address. Allocates nothing. */
    boolean isUser(final DirectBuffer bytes, final long slice) {
        if (Slice.length(slice) != user.length) {
            return false;
        }
        for (int i = 0; i < user.length; i++) {
            if (bytes.getByte(Slice.offset(slice) + i) != user[i]) {
                return false;
            }
        }
        return true;
    }

    /** Takes over the trunk of another configuration. */
    public void trunk(final Trunk newTrunk) {
        trunk = newTrunk;
    }

    /** The trunk whose peers are asked, or {@code null} before it is in force. */
    public Trunk trunk() {
        return trunk;
    }

    /**
     * Whether it is to be asked for now: it is time, or the peer that it is registered at takes no new requests any
     * more while another does; and there is a peer, and nothing under way. If so it counts as asked, until a shard has
     * dealt with it.
     */
    public boolean tryAsk(final long nowNs) {
        final Trunk to = trunk;
        if (isUnderWay(nowNs) || leaving || to == null || to.peers().isEmpty()
                || dueNs - nowNs > 0 && !hasLostItsPeer(to)) {
            return false;
        }
        ask(nowNs);
        return true;
    }

    /** Whether a shard is at it, and not for so long that a fault must have come between. */
    private boolean isUnderWay(final long nowNs) {
        return asked && nowNs - askedNs < STUCK_NS;
    }

    private void ask(final long nowNs) {
        askedNs = nowNs;
        asked = true;
    }

    private boolean hasLostItsPeer(final Trunk to) {
        final Peer at = peer;
        // After a failure it is tried again when it is time, and not before.
        return state == State.REGISTERED && failures == 0 && at != null && !at.state().usable()
                && to.peers().stream().anyMatch(other -> other.state().usable());
    }

    /** The address, for people. */
    public String address() {
        return settings.user + '@' + settings.domain;
    }

    /** Whether it is being taken back. */
    public boolean isLeaving() {
        return leaving;
    }

    /** Has it asked for no more; what is under way goes on. */
    public void leave() {
        leaving = true;
    }

    /**
     * Whether it is to be taken back now: it was told to {@link #leave}, something is registered, and nothing is under
     * way. If so it counts as asked, until a shard has dealt with it.
     */
    public boolean tryTakeBack(final long nowNs) {
        if (isUnderWay(nowNs) || !leaving || state != State.REGISTERED) {
            return false;
        }
        ask(nowNs);
        return true;
    }

    /** Has it asked for without waiting. */
    public void askNow(final long nowNs) {
        dueNs = nowNs;
    }

    /** Whether a shard is at it. */
    public boolean asked() {
        return asked;
    }

    /** No shard has taken the order, or what was asked is answered. */
    public void over() {
        asked = false;
    }

    /** How far it has come, what has run out not counted. */
    public State state(final long nowNs) {
        return state == State.REGISTERED && expiresNs - nowNs <= 0 ? State.FAILED : state;
    }

    /** Nanoseconds until it runs out; 0 when it is not registered. */
    public long leftNs(final long nowNs) {
        return state == State.REGISTERED ? Math.max(0, expiresNs - nowNs) : 0;
    }

    /** Nanoseconds until it is asked for again. */
    public long untilDueNs(final long nowNs) {
        return Math.max(0, dueNs - nowNs);
    }

    /** Peer that it is registered at, or that was asked last; {@code null} before the first. */
    public Peer peer() {
        return peer;
    }

    /** Status code of the last answer; 0 for none. */
    public int lastCode() {
        return lastCode;
    }

    /** Why the last request failed, in a few words; empty when it did not. */
    public String lastReason() {
        return lastReason;
    }

    /** Failures in a row. */
    public int failures() {
        return failures;
    }

    /** All failures. */
    public long totalFailures() {
        return totalFailures;
    }

    /** The challenge that was answered last, whose nonce the next request uses again. Of the shard. */
    public Challenge challenge() {
        return challenge;
    }

    /** Whether {@code value} is the {@link #PARAMETER} with the token {@code expected}. */
    public static boolean isToken(final DirectBuffer bytes, final long value, final long expected) {
        return Slice.exists(value) && Slice.length(value) == 16
                && Hex.parse8(bytes, Slice.offset(value)) == expected >>> 32
                && Hex.parse8(bytes, Slice.offset(value) + 8) == (expected & 0xFFFF_FFFFL);
    }

    /** Number for the next request, higher than all before. */
    public long nextCseq() {
        return ++cseq;
    }

    /** Seconds to ask for: as configured, or the least that the trunk has said it grants. */
    public int expiresSeconds() {
        return Math.max(settings.expiresSeconds, shortestSeconds);
    }

    /**
     * Takes over the Min-Expires of a 423 (section 10.2.8); {@code false} when it asks for no more than was asked, or
     * for more than a day.
     */
    public boolean raise(final int seconds) {
        if (seconds <= expiresSeconds() || seconds > LONGEST_SECONDS) {
            return false;
        }
        shortestSeconds = seconds;
        return true;
    }

    /** {@code at} is asked now. */
    public void asking(final Peer at) {
        if (state != State.REGISTERED) {
            state = State.REGISTERING;
            peer = at;
        }
    }

    /**
     * It is registered.
     *
     * @param seconds how long it holds
     * @param chance  anything from 0 to 999
     */
    public void succeeded(final Peer at, final int seconds, final int code, final int chance, final long nowNs) {
        final long heldNs = Math.min(seconds, LONGEST_SECONDS) * SECOND_NS;
        peer = at;
        expiresNs = nowNs + heldNs;
        dueNs = nowNs + Math.max(SHORTEST_REFRESH_NS, heldNs / 100 * 70 + heldNs / 100_000 * 15 * chance);
        failures = 0;
        lastCode = code;
        lastReason = "";
        state = State.REGISTERED;
    }

    /**
     * It could not be registered, or renewed.
     *
     * @param code              status code, 0 for no answer
     * @param reason            why, in a few words
     * @param refused           whether the answer was no
     * @param retryAfterSeconds least time to wait
     * @param chance            anything from 0 to 999
     */
    public void failed(final int code, final String reason, final boolean refused, final int retryAfterSeconds,
            final int chance, final long nowNs) {
        failures++;
        totalFailures++;
        lastCode = code;
        lastReason = reason;
        final long waitNs = Math.max(backoffNs(failures, refused, chance),
                Math.min(retryAfterSeconds, LONGEST_SECONDS) * SECOND_NS);
        dueNs = nowNs + waitNs;
        if (state != State.REGISTERED || expiresNs - nowNs <= 0) {
            state = refused ? State.REFUSED : State.FAILED;
        }
    }

    /** It was taken back, as far as we could. */
    public void left() {
        state = State.UNREGISTERED;
    }

    /** Time to wait after so many failures in a row (RFC 5626 section 4.5). */
    static long backoffNs(final int failures, final boolean refused, final int chance) {
        final long base = refused ? REFUSED_BASE_SECONDS : BASE_SECONDS;
        final long most = Math.min(MOST_SECONDS, base << Math.min(failures, MOST_DOUBLINGS)) * SECOND_NS;
        return most / 2 + most / 2_000 * chance;
    }
}
