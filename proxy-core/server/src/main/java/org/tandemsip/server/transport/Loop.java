package org.tandemsip.server.transport;

import io.netty.buffer.ByteBufAllocator;
import io.netty.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.metrics.StageTimers;
import org.tandemsip.engine.metrics.Traffic;
import org.tandemsip.engine.shard.RateLimitedReports;
import org.tandemsip.engine.shard.Shard;
import org.tandemsip.engine.shard.ShardReports;
import org.tandemsip.engine.shard.Shards;
import org.tandemsip.linux.SocketMemory;

/**
 * One I/O thread: its sockets, its connections, its parser, and, where threading is shared, its shard. Everything in it
 * belongs to that thread but {@link #wake}, {@link #queue} and the counters.
 *
 * <pre>
 *   epoll ready -> UdpIngress, Connection -> offer -> ring of the owning shard (lent or copied)
 *   then turn():   what other threads want sent -> own shard's turn -> flush -> wake who was given something
 * </pre>
 */
final class Loop implements ShardThread {
    /** Turns of the shard per turn of the loop, so that a full ring cannot keep the sockets waiting. */
    private static final int SHARD_TURNS = 8;
    /** Messages of other threads sent per turn. */
    private static final int SEND_LIMIT = 1_024;
    /**
     * A timer may be this late: SIP's shortest is hundreds of times longer, and one wake-up serves all that are due.
     */
    private static final long TIMER_SLACK_NS = 1_000_000L;

    private final int index;
    private final LoopGroup.TurningLoop eventLoop;
    private final NetworkConfig config;
    private final ByteBufAllocator allocator;
    private final Supplier<SourceFilter> filters;
    private final Counters counters = new Counters();
    private final StageTimers stages = new StageTimers();
    private final Traffic traffic = new Traffic();
    private final Peers peers;
    private final Connections connections;
    private final Outbound outbound;
    private final OutboundQueue queue;
    private final Refusals refusals;
    private final Overload overload = new Overload();
    private final SoleSocket soleSocket = new SoleSocket();
    private final Admission admission;
    private final SourceLimiter limiter;
    private final SocketMemory memory;
    private final SipParser parser;
    private final SipMessage message;
    private final Runnable wakeTask = this::woken;
    private final Runnable timerTask = this::timerDue;
    private final Runnable lookTask = this::looked;
    private final AtomicBoolean wakePending = new AtomicBoolean();

    /** When the last turn began. */
    private volatile long turnNs = System.nanoTime();
    private Shards owners;
    private volatile Shard shard;
    private long dirtyShards;
    private Future<?> timer;
    private long timerAtNs;
    /** Whether the cycle that is under way has been ended for all that was read in it. */
    private boolean ended;
    private boolean looksAgain;
    private boolean closing;
    /** Whether the memory to send from is gone: timers that come due after that have nowhere to write. */
    private boolean closed;

    Loop(final int index, final LoopGroup.TurningLoop eventLoop, final NetworkConfig config, final Sockets sockets,
            final ByteBufAllocator allocator, final Supplier<SourceFilter> filters, final BadMessages badMessages,
            final ShardReports reports, final Peers peers) {
        this.index = index;
        this.eventLoop = eventLoop;
        this.config = config;
        this.allocator = allocator;
        this.filters = filters;
        this.peers = peers;
        this.connections = new Connections(this, sockets, config, peers.registry());
        this.outbound = new Outbound(index, config.listen().size(), allocator, counters, stages, traffic, filters,
                peers, connections);
        this.queue = new OutboundQueue(config.threading() == NetworkConfig.Threading.SHARED ? 1 << 20 : 1 << 22);
        this.refusals = new Refusals(outbound, counters, filters, badMessages,
                new RateLimitedReports(index, reports), config.keys());
        this.admission = new Admission(overload, filters, config.keys(), peers.taken(), peers.dropped());
        this.limiter = new SourceLimiter(config.keys(), peers.sourceBuckets());
        this.memory = sockets == Sockets.EPOLL ? new SocketMemory() : null;
        this.parser = new SipParser(config.limits());
        this.message = new SipMessage(config.limits().headerRows());
    }

    /**
     * Names the shards, and begins to take turns. Loop thread only.
     *
     * @param chooser finds the shard of a message
     * @param own     the shard that runs on this loop; {@code null} for none
     */
    void start(final Shards chooser, final Shard own) {
        owners = chooser;
        shard = own;
        eventLoop.turn(this::cycle);
    }

    // --- The turn ---

    /** Called at the end of every cycle of the event loop: every socket that had something was read once. */
    private void cycle(final int events) {
        final boolean nothingRead = ended && events == 1;
        ended = false;
        if (!nothingRead) {
            endCycle(events);
        }
    }

    private void endCycle(final int events) {
        try {
            final long nowNs = System.nanoTime();
            soleSocket.endCycle(events, nowNs);
            overload.endCycle(nowNs, owners.waitedNs(nowNs));
            if (admission.endCycle(nowNs)) {
                outbound.letThrough(admission.inviteShares());
            }
            lookAgainAtShares();
            takeTurn(nowNs);
        } catch (final RuntimeException | Error bug) {
            // Would end the event loop's thread, and with it all its sockets.
            counters.increment(Counter.FAULTS);
        }
    }

    /** What the kernel drops wakes nobody: when no more than that comes, there has to be a next cycle all the same. */
    private void lookAgainAtShares() {
        if (!looksAgain && !closing && admission.inviteShares().any()) {
            looksAgain = true;
            eventLoop.schedule(lookTask, InviteShares.WINDOW_NS, TimeUnit.NANOSECONDS);
        }
    }

    /** The cycle has ended before its tasks. */
    private void looked() {
        looksAgain = false;
        lookAgainAtShares();
    }

    /**
     * Ends the cycle for a socket that has been read, if it is the only one that has been busy lately, and says whether
     * that may itself wait for more: there is nothing else to do here. Another that is ready now waits as well.
     */
    boolean endCycleAndWait() {
        if (shard == null || !soleSocket.exists()) {
            return false;
        }
        endCycle(1);
        ended = !soleSocket.exists() || eventLoop.hasWork();
        return !ended;
    }

    /** A datagram socket is read, once more in the same cycle where it has waited. */
    void reads(final DatagramPort socket, final boolean waiting) {
        ended = false;
        soleSocket.reads(socket);
        if (waiting) {
            counters.increment(Counter.UDP_WAITS);
        }
    }

    /** A socket has waited in vain. */
    void silent() {
        soleSocket.restart();
    }

    /** All that is to be done after reading, and when a timer is due. */
    void turn() {
        try {
            takeTurn(System.nanoTime());
        } catch (final RuntimeException | Error bug) {
            // As above.
            counters.increment(Counter.FAULTS);
        }
    }

    private void takeTurn(final long nowNs) {
        if (closed) {
            return;
        }
        turnNs = nowNs;
        queue.drain(outbound, SEND_LIMIT);
        if (shard == null) {
            outbound.flush();
        } else {
            shard.doWork(nowNs);
            for (int turns = 1; turns < SHARD_TURNS && shard.hasWork(); turns++) {
                shard.doWork(System.nanoTime());
            }
            if (!closing) {
                armTimer(nowNs);
            }
        }
        wakeOthers();
        if (!queue.isEmpty() || shard != null && shard.hasWork()) {
            wake();
        }
    }

    private void wakeOthers() {
        for (long dirty = dirtyShards; dirty != 0; dirty &= dirty - 1) {
            peers.shard(Long.numberOfTrailingZeros(dirty)).wake();
        }
        dirtyShards = 0;
    }

    private void armTimer(final long nowNs) {
        final long deadlineNs = shard.nextDeadlineNs();
        if (deadlineNs == Long.MAX_VALUE || timer != null && timerAtNs - deadlineNs <= TIMER_SLACK_NS) {
            return;
        }
        if (timer != null) {
            timer.cancel(false);
        }
        timerAtNs = nowNs + Math.max(deadlineNs - nowNs, TIMER_SLACK_NS);
        timer = eventLoop.schedule(timerTask, timerAtNs - nowNs, TimeUnit.NANOSECONDS);
    }

    private void timerDue() {
        timer = null;
        turn();
    }

    /** Makes the loop take a turn soon; many calls before it does cost one wake-up. Any thread. */
    @Override
    public void wake() {
        // Always an exchange, never just a look: it orders what was put into a queue before the flag.
        if (!wakePending.getAndSet(true)) {
            try {
                eventLoop.execute(wakeTask);
            } catch (final RejectedExecutionException closed) {
                wakePending.set(false);
            }
        }
    }

    private void woken() {
        wakePending.set(false);
        soleSocket.restart();
        if (owners != null) {
            turn();
        }
    }

    @Override
    public long threadId() {
        return eventLoop.threadProperties().id();
    }

    @Override
    public double batchSize() {
        final long turns = counters.get(Counter.SENT_TURNS);
        return turns == 0 ? 0 : (double) counters.get(Counter.SENT) / turns;
    }

    @Override
    public String name() {
        return "tandem-loop-" + index;
    }

    @Override
    public long turnNs() {
        return turnNs;
    }

    @Override
    public long queueNs() {
        return overload.queueNs();
    }

    @Override
    public boolean overloaded() {
        return overload.active();
    }

    // --- What the ingress uses ---

    /** Whether {@code source} sends more than it may; if so that is counted, but not yet what becomes of it. */
    boolean overRate(final Source source) {
        final SourceFilter filter = filters.get();
        if (!filter.limitsSources()) {
            return false;
        }
        final int perSecond = filter.sourceRate(source);
        if (perSecond == 0 || limiter.takes(source, perSecond, source.receivedNs)) {
            return false;
        }
        counters.increment(Counter.LIMITED_SOURCE);
        return true;
    }

    /** Whether a datagram was dropped, and counted, before it was parsed. */
    boolean dropsAtFirstLook(final DirectBuffer bytes, final int length, final Source source) {
        if (overRate(source)) {
            // No answer: the address may be made up.
            counters.increment(Counter.DROPPED_SOURCE_RATE);
            return true;
        }
        if (!admission.dropsAtFirstLook(bytes, length, source)) {
            return false;
        }
        countDropped();
        return true;
    }

    /** Whether a parsed message may go on; if not, it was answered or dropped, and counted. */
    boolean admits(final SipMessage parsed, final Source source) {
        switch (admission.judge(parsed, source)) {
            case TAKE -> {
                return true;
            }
            case REFUSE -> {
                counters.increment(Counter.OVERLOAD_REFUSED);
                refusals.overload(parsed, source);
            }
            case DROP -> countDropped();
            case ABSORB -> counters.increment(Counter.ABSORBED);
        }
        return false;
    }

    private void countDropped() {
        counters.increment(Counter.OVERLOAD_DROPPED);
        counters.increment(Counter.DROPPED_OVERLOAD);
    }

    /**
     * Hands a parsed message to the shard that owns its call; {@code false} when that has no room.
     *
     * @param staying whether message and source stay as they are until {@link #settle}
     */
    boolean offer(final SipMessage parsed, final Source source, final boolean staying) {
        if (!offerToOwner(parsed, source, staying)) {
            return false;
        }
        if (!parsed.isRequest()) {
            filters.get().received(source, parsed.statusCode(), index);
        }
        return true;
    }

    private boolean offerToOwner(final SipMessage parsed, final Source source, final boolean staying) {
        final Shard owner = owners.ownerOf(parsed);
        if (owner == shard) {
            if (staying ? owner.lend(parsed, source) : owner.offer(parsed, source)) {
                return true;
            }
            // Nobody but this thread can make room.
            owner.doWork(System.nanoTime());
            return owner.offer(parsed, source);
        }
        if (!owner.offer(parsed, source)) {
            return false;
        }
        if (shard != null) {
            counters.increment(Counter.CROSSED_SHARDS);
        }
        dirtyShards |= 1L << owner.number();
        return true;
    }

    /** Has everything handled that was lent to the shard, so that its memory may be read into again. */
    void settle() {
        while (shard != null && shard.borrows()) {
            shard.doWork(System.nanoTime());
        }
    }

    /** Counts a message that has arrived whole: {@code bytes[offset, offset + length)}. */
    void countReceived(final DirectBuffer bytes, final int offset, final int length, final Transport transport) {
        traffic.received(transport, Traffic.kindOf(bytes, offset, length));
        counters.increment(Counter.RECEIVED);
        counters.add(Counter.BYTES_RECEIVED, length);
        overload.read(length);
    }

    SipParser parser() {
        return parser;
    }

    SipMessage message() {
        return message;
    }

    /** Looks into sockets; {@code null} where there is no epoll. */
    SocketMemory memory() {
        return memory;
    }

    Overload overload() {
        return overload;
    }

    Refusals refusals() {
        return refusals;
    }

    // --- Parts ---

    int index() {
        return index;
    }

    @Override
    public Shard shard() {
        return shard;
    }

    LoopGroup.TurningLoop eventLoop() {
        return eventLoop;
    }

    NetworkConfig config() {
        return config;
    }

    SourceFilter filter() {
        return filters.get();
    }

    Counters counters() {
        return counters;
    }

    StageTimers stages() {
        return stages;
    }

    Traffic traffic() {
        return traffic;
    }

    Connections connections() {
        return connections;
    }

    Outbound outbound() {
        return outbound;
    }

    OutboundQueue queue() {
        return queue;
    }

    ByteBufAllocator allocator() {
        return allocator;
    }

    boolean closing() {
        return closing;
    }

    /** Sends what is queued and closes all connections; no new ones from here on. Loop thread only. */
    void close() {
        closing = true;
        if (owners != null) {
            turn();
        }
        connections.closeAll();
        outbound.close();
        closed = true;
    }
}
