package org.tandemsip.engine.shard;

import com.lmax.disruptor.EventPoller;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;
import org.agrona.concurrent.NanoClock;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.handler.MessageHandler;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.metrics.Stage;
import org.tandemsip.engine.metrics.StageTimers;
import org.tandemsip.engine.timer.TimerLanes;

/**
 * One thread's share of all calls: an inbound ring, a command queue, timers, a message handler and a way out. Which
 * thread that is, the shard does not know: an event loop, an agent of its own, or a test that calls {@link #doWork} by
 * hand.
 *
 * <p>Whatever a handler throws is caught per message: the message is counted {@link Disposition#DROPPED_FAULT},
 * reported, never delivered again, and the shard goes on.
 */
public final class Shard {
    /** Messages per turn: enough to amortise a flush, few enough that timers wait less than a millisecond. */
    private static final int INBOUND_LIMIT = 64;
    private static final int TIMER_LIMIT = 256;
    private static final int COMMAND_LIMIT = 64;
    private static final int COMMANDS = 4_096;
    private static final VarHandle LIVE;

    static {
        try {
            LIVE = MethodHandles.lookup().findVarHandle(Shard.class, "live", int.class);
        } catch (final ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private final int number;
    private final MessageHandler handler;
    private final TimerLanes timers;
    private final Egress egress;
    private final Counters counters;
    private final StageTimers stages;
    private final NanoClock clock;
    private final RateLimitedReports reports;
    private final InboundRing ring;
    private final ManyToOneConcurrentArrayQueue<ShardCommand> commands = new ManyToOneConcurrentArrayQueue<>(COMMANDS);
    private final EventPoller.Handler<InboundSlot> onSlot = this::onSlot;

    // Shard thread only.
    private long nowNs;
    private long startNs;
    private int polled;

    /** Written by the shard thread, read by any. */
    private int live;

    /**
     * Makes a shard whose stage times are as coarse as the {@code nowNs} of its turns, and that reports to nobody.
     *
     * @param context  what the handler was made with
     * @param handler  what happens to messages
     * @param ringSize slots of the inbound ring, a power of two
     */
    public Shard(final ShardContext context, final MessageHandler handler, final int ringSize) {
        this(context, handler, ringSize, new StageTimers(), null, ShardReports.NONE);
    }

    /**
     * Makes a shard.
     *
     * @param context  what the handler was made with
     * @param handler  what happens to messages
     * @param ringSize slots of the inbound ring, a power of two
     * @param stages   where the shard records how long messages wait and are handled; tells the egress when the message
     *                 being handled was received
     * @param clock    read after each message for {@code stages}, on the clock of {@code nowNs}; {@code null} takes the
     *                 time of the turn
     * @param reports  told of faults and refused sources
     */
    public Shard(final ShardContext context, final MessageHandler handler, final int ringSize, final StageTimers stages,
            final NanoClock clock, final ShardReports reports) {
        this.number = context.shard();
        this.handler = handler;
        this.timers = context.timers();
        this.egress = context.egress();
        this.counters = context.counters();
        this.stages = stages;
        this.clock = clock != null ? clock : () -> nowNs;
        this.reports = new RateLimitedReports(number, reports);
        this.ring = new InboundRing(ringSize, context.limits());
    }

    /** Number of the shard, from 0. */
    public int number() {
        return number;
    }

    /**
     * Copies a parsed message with its index into the inbound ring. Any thread; never blocks. The caller counts it as
     * received, in the counters of its own thread.
     *
     * @return {@code false} when the ring has no room: count it and answer or drop. The last eighth of the ring is kept
     *         for responses and for requests of calls under way
     */
    public boolean offer(final SipMessage message, final Source source) {
        return ring.offer(message, source);
    }

    /**
     * Puts a parsed message into the inbound ring where it lies: bytes, index and source must stay as they are for as
     * long as {@link #borrows()}. For the reader that runs this shard itself, which spares it the copy; else as
     * {@link #offer}. Shard thread only.
     */
    public boolean lend(final SipMessage message, final Source source) {
        return ring.lend(message, source);
    }

    /** Whether something lent waits to be handled; {@link #doWork} does that. Shard thread only. */
    public boolean borrows() {
        return ring.hasLent();
    }

    /**
     * Whether {@code message} asks for new work: a request outside of all dialogs that is not about another request.
     * All else belongs to work that is half done, and goes before.
     */
    public static boolean beginsSomething(final SipMessage message) {
        return message.isRequest() && !Slice.exists(message.toTag()) && message.method() != Method.ACK
                && message.method() != Method.CANCEL;
    }

    /**
     * How long the oldest message of the inbound ring has waited since it was read from its socket, within a turn's
     * work; 0 when none is there. Any thread.
     */
    public long waitedNs(final long clockNs) {
        return ring.waitedNs(clockNs);
    }

    /** Queues a command. Any thread; returns {@code false} when the queue is full. */
    public boolean command(final ShardCommand command) {
        return commands.offer(command);
    }

    /** One turn of the loop: messages, timers, commands, flush. Shard thread only; returns the amount of work done. */
    public int doWork(final long turnNs) {
        nowNs = turnNs;
        startNs = turnNs;
        final int work = pollInbound() + pollTimers() + drainCommands() + flush();
        if (work > 0) {
            LIVE.setRelease(this, handler.live());
        }
        return work;
    }

    /**
     * When {@link #doWork} is next needed though nothing arrives: deadline of the next timer, or
     * {@link Long#MAX_VALUE}.
     */
    public long nextDeadlineNs() {
        return timers.nextDeadlineNs();
    }

    /** Whether messages or commands are waiting, so that the next turn should come at once. Shard thread only. */
    public boolean hasWork() {
        return !ring.isEmpty() || !commands.isEmpty();
    }

    /** Whether the inbound ring and command queue are empty and nothing is live. Shard thread only. */
    public boolean idle() {
        return !hasWork() && handler.live() == 0;
    }

    /** What the handler held at the end of the last turn in which something happened. Any thread. */
    public int live() {
        return (int) LIVE.getAcquire(this);
    }

    private int pollInbound() {
        if (ring.isEmpty()) {
            return 0;
        }
        polled = 0;
        ring.poll(onSlot);
        stages.receivedNs(0);
        return polled;
    }

    private boolean onSlot(final InboundSlot slot, final long sequence, final boolean endOfBatch) {
        try {
            onInbound(slot);
        } finally {
            ring.release(slot);
        }
        return ++polled < INBOUND_LIMIT;
    }

    private void onInbound(final InboundSlot slot) {
        final Source source = slot.source;
        stages.record(Stage.RING, startNs - source.receivedNs);
        stages.receivedNs(source.receivedNs);
        final Disposition disposition = handle(slot.message, source);
        counters.increment(disposition.counter());
        final long endNs = clock.nanoTime();
        stages.record(Stage.HANDLER, endNs - startNs);
        egress.sentBy(endNs);
        startNs = endNs;
        if (disposition == Disposition.DROPPED_UNKNOWN_SOURCE) {
            reports.refused(source, nowNs);
        }
    }

    private Disposition handle(final SipMessage message, final Source source) {
        try {
            final Disposition disposition = message.isRequest() ? handler.onRequest(message, source, nowNs)
                    : handler.onResponse(message, source, nowNs);
            return Objects.requireNonNull(disposition);
        } catch (final Throwable cause) {
            fault(message.isRequest() ? ShardReports.Seam.REQUEST : ShardReports.Seam.RESPONSE, cause, message);
            return Disposition.DROPPED_FAULT;
        }
    }

    private int pollTimers() {
        try {
            return timers.poll(nowNs, TIMER_LIMIT);
        } catch (final Throwable cause) {
            fault(ShardReports.Seam.TIMER, cause, null);
            return 1;
        }
    }

    private int drainCommands() {
        int drained = 0;
        while (drained < COMMAND_LIMIT) {
            final ShardCommand command = commands.poll();
            if (command == null) {
                break;
            }
            drained++;
            try {
                if (command instanceof ShardCommand.Inspect(final Runnable task)) {
                    task.run();
                } else {
                    handler.onCommand(command, nowNs);
                }
            } catch (final Throwable cause) {
                fault(ShardReports.Seam.COMMAND, cause, null);
            }
        }
        return drained;
    }

    private int flush() {
        try {
            // What timers and commands sent.
            egress.sentBy(startNs);
            return egress.flush();
        } catch (final Throwable cause) {
            fault(ShardReports.Seam.FLUSH, cause, null);
            return 1;
        }
    }

    private void fault(final ShardReports.Seam seam, final Throwable cause, final SipMessage message) {
        counters.increment(Counter.FAULTS);
        reports.fault(seam, cause, message, nowNs);
    }
}
