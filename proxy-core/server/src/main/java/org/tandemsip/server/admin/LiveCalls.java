package org.tandemsip.server.admin;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.routing.CallMode;
import org.tandemsip.engine.routing.CallStatus;
import org.tandemsip.server.media.Rtpengine;
import org.tandemsip.server.transport.Network;

/** Looks at the calls with two dialogs, and ends them: asks each shard on its own thread. Any thread. */
public final class LiveCalls implements AutoCloseable {
    private static final long SHARD_TIMEOUT_MS = 2_000;
    private static final long LOOK_NS = 10_000_000;
    /** Calls that each shard ends per look when the server stops: more at once would flood the sockets of peers. */
    private static final int ENDED_AT_A_TIME = 20;
    /** But all are told within so many looks, 15 s: whoever is not told keeps a call that the other side has lost. */
    private static final int MOST_LOOKS = 1_500;
    /** How long a stop waits for answers when none come any more: time to send each BYE three times. */
    private static final long SILENCE_NS = TimeUnit.SECONDS.toNanos(2);
    /** And at most, however many calls there are. */
    private static final long STOP_NS = TimeUnit.SECONDS.toNanos(30);
    /** Value of Reason (RFC 3326): temporary failure. */
    private static final String SERVER_STOPS = "Q.850;cause=41;text=\"Server stops\"";

    private final Network network;
    private final List<CallMode> modes;
    private final Optional<Rtpengine> media;
    private final CutOffTimes cutOffs;
    private final CreditBooks credit;

    /**
     * Asks these.
     *
     * @param modes   what has the calls of each shard, by its number; empty without such a mode
     * @param media   what relays their media
     * @param cutOffs how late calls were ended whose time was up
     * @param credit  what became of credit, or {@code null}
     */
    public LiveCalls(final Network network, final List<CallMode> modes, final Optional<Rtpengine> media,
            final CutOffTimes cutOffs, final CreditBooks credit) {
        this.media = media;
        this.network = network;
        this.modes = modes;
        this.cutOffs = cutOffs;
        this.credit = credit;
    }

    /** How late calls were ended whose time was up. */
    public CutOffTimes cutOffs() {
        return cutOffs;
    }

    /** What became of credit, if there is a service for it. */
    Optional<CreditBooks> credit() {
        return Optional.ofNullable(credit);
    }

    /** What relays their media. */
    public Optional<Rtpengine> media() {
        return media;
    }

    /** All calls that have not ended, oldest first. */
    public List<CallStatus> all() {
        final List<CallStatus> calls = Collections.synchronizedList(new ArrayList<>());
        ask((mode, nowNs) -> mode.calls(calls::add, nowNs));
        return calls.stream().sorted(Comparator.comparingLong(CallStatus::ageMs).reversed()).toList();
    }

    /** Ends a call on both sides; {@code false} when there is none of that id. */
    public boolean hangUp(final String id, final String reason) {
        final AtomicBoolean found = new AtomicBoolean();
        ask((mode, nowNs) -> {
            if (mode.hangUp(id, reason, nowNs)) {
                found.set(true);
            }
        });
        return found.get();
    }

    /** Sets how long a call may still last; {@code false} when none of that id has been answered. */
    public boolean limit(final String id, final long remainingNs) {
        final AtomicBoolean found = new AtomicBoolean();
        ask((mode, nowNs) -> {
            if (mode.limit(id, remainingNs, nowNs)) {
                found.set(true);
            }
        });
        return found.get();
    }

    /**
     * Ends all calls on both sides, since the server stops: some at a time, and until both sides of each have confirmed
     * it, or nobody answers any more.
     */
    @Override
    public void close() {
        final long startNs = System.nanoTime();
        int left = endSome(0);
        final int most = Math.max(ENDED_AT_A_TIME, left / MOST_LOOKS);
        // Before that not all have been told, and silence means nothing.
        long progressNs = startNs + (long) left / most * LOOK_NS;
        int before = left;
        long nowNs = startNs;
        while (left > 0 && nowNs - progressNs < SILENCE_NS && nowNs - startNs < STOP_NS) {
            left = endSome(most);
            LockSupport.parkNanos(LOOK_NS);
            nowNs = System.nanoTime();
            if (left < before) {
                before = left;
                progressNs = Math.max(progressNs, nowNs);
            }
        }
    }

    private int endSome(final int most) {
        final AtomicInteger left = new AtomicInteger();
        ask((mode, nowNs) -> left.addAndGet(mode.hangUpSome(SERVER_STOPS, most, nowNs)));
        return left.get();
    }

    private void ask(final BiConsumer<CallMode, Long> question) {
        final CountDownLatch answers = new CountDownLatch(modes.size());
        for (int shard = 0; shard < modes.size(); shard++) {
            final CallMode mode = modes.get(shard);
            if (!network.command(shard, new ShardCommand.Inspect(() -> {
                try {
                    question.accept(mode, System.nanoTime());
                } finally {
                    answers.countDown();
                }
            }))) {
                answers.countDown();
            }
        }
        try {
            answers.await(SHARD_TIMEOUT_MS, TimeUnit.MILLISECONDS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
