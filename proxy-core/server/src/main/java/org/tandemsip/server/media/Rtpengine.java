package org.tandemsip.server.media;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;
import org.tandemsip.engine.handler.MediaRelay;

/**
 * Asks rtpengine on behalf of all shards, on a thread of its own. Offers of new calls go to the nodes in turn; one that
 * does not answer in time, or whose port is closed, gets no more of them until it answers a ping, and the offer goes to
 * the next. What belongs to a call goes to the node that has it.
 */
public final class Rtpengine implements MediaRelay, AutoCloseable {
    /** Largest description that is taken from a node. */
    static final int MOST_SDP_BYTES = 32 * 1024;
    /** Most requests under way whose answer somebody waits for: some seconds of the largest load. */
    private static final int MOST_AWAITED = 4_096;
    /** And deletes, of which more may come at once, for instance when the server stops. */
    private static final int MOST_ASKED = 65_536;
    private static final int LARGEST_DATAGRAM = 65_507;
    private static final int COOKIE_DIGITS = 16;
    /** How often it is looked whether something is late, and whether it is time for a ping. */
    private static final long TICK_MS = 20;
    private static final long QUIET_MS = 250;
    private static final byte[][] KEYS = {bytes("result"), bytes("sdp"), bytes("error-reason")};
    private static final byte[] OK = bytes("ok");
    private static final byte[] PONG = bytes("pong");
    private static final byte[] LOAD_LIMIT = bytes("load limit");
    private static final byte[] NOTHING = {};

    /**
     * What it needs to know.
     *
     * @param nodes     where daemons listen for {@code ng} over UDP; 64 at most
     * @param timeoutNs how long one may take to answer
     * @param pingNs    how often they are pinged
     */
    public record Settings(List<InetSocketAddress> nodes, long timeoutNs, long pingNs) {}

    /** Where answers go, and who is told of nodes. Called by the one thread of this. */
    public interface Listener {
        /** Brings an answer to the shard that has asked. */
        void reply(int shard, long ticket, Answer answer);

        /** A node is gone, or back. */
        void changed(String node, boolean up, String cause);
    }

    private final Settings settings;
    private final Listener listener;
    private final Selector selector;
    private final List<RtpengineNode> nodes = new ArrayList<>();
    private final List<NodeStats> stats;
    private final ManyToOneConcurrentArrayQueue<Request> asked = new ManyToOneConcurrentArrayQueue<>(MOST_ASKED);
    private final AtomicInteger awaited = new AtomicInteger();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong unserved = new AtomicLong();
    private final AtomicBoolean sleeping = new AtomicBoolean();
    private final Thread thread;
    private volatile boolean closed;

    // The thread's own.
    private final SecureRandom random = new SecureRandom();
    private final ByteBuffer out = ByteBuffer.allocate(LARGEST_DATAGRAM);
    private final ByteBuffer in = ByteBuffer.allocate(LARGEST_DATAGRAM + 1);
    private final byte[][] values = new byte[KEYS.length][];
    private final List<Exchange> due = new ArrayList<>();
    private int turn;

    /**
     * Starts it.
     *
     * @throws IOException a socket cannot be opened
     */
    public Rtpengine(final Settings settings, final Listener listener) throws IOException {
        this.settings = settings;
        this.listener = listener;
        selector = Selector.open();
        final long nowNs = System.nanoTime();
        for (final InetSocketAddress address : settings.nodes()) {
            nodes.add(new RtpengineNode(nodes.size(), address, selector, nowNs));
        }
        stats = nodes.stream().map(node -> node.stats).toList();
        thread = new Thread(this::run, "tandem-rtpengine");
        thread.setDaemon(true);
        thread.start();
    }

    /** What is known of each node. */
    public List<NodeStats> stats() {
        return stats;
    }

    /** Requests that were not begun, since too many were under way. */
    public long refused() {
        return refused.get();
    }

    /** Requests for which no node was there. */
    public long unserved() {
        return unserved.get();
    }

    @Override
    public boolean ask(final Request request) {
        final boolean waits = request.command() != Command.DELETE;
        if (waits && awaited.incrementAndGet() > MOST_AWAITED) {
            awaited.decrementAndGet();
            refused.incrementAndGet();
            return false;
        }
        if (closed || !asked.offer(request)) {
            if (waits) {
                awaited.decrementAndGet();
            }
            refused.incrementAndGet();
            return false;
        }
        if (sleeping.compareAndSet(true, false)) {
            selector.wakeup();
        }
        return true;
    }

    private void run() {
        while (!closed) {
            try {
                turn();
            } catch (final IOException | RuntimeException e) {
                if (!closed) {
                    listener.changed("all", false, "fault: " + e);
                }
            }
        }
        // Calls that have ended with the server are told of, once.
        for (Request request = asked.poll(); request != null; request = asked.poll()) {
            if (request.command() == Command.DELETE) {
                begin(request, 0, System.nanoTime());
            }
        }
    }

    private void turn() throws IOException {
        long nowNs = System.nanoTime();
        for (Request request = asked.poll(); request != null; request = asked.poll()) {
            begin(request, 0, nowNs);
        }
        sleeping.set(true);
        if (asked.isEmpty()) {
            selector.select(isQuiet() ? QUIET_MS : TICK_MS);
        } else {
            selector.selectNow();
        }
        sleeping.set(false);
        nowNs = System.nanoTime();
        for (final SelectionKey key : selector.selectedKeys()) {
            receive((RtpengineNode) key.attachment(), nowNs);
        }
        selector.selectedKeys().clear();
        for (final RtpengineNode node : nodes) {
            look(node, nowNs);
        }
    }

    private boolean isQuiet() {
        for (final RtpengineNode node : nodes) {
            if (!node.exchanges.isEmpty()) {
                return false;
            }
        }
        return true;
    }

    // Asking.

    private void begin(final Request request, final long failedNodes, final long nowNs) {
        final boolean waits = request.command() != Command.DELETE;
        final RtpengineNode node = request.node() < 0 ? choose(failedNodes) : find(request.node());
        if (node == null || waits && !node.stats.up()) {
            unserved.incrementAndGet();
            end(request, Outcome.UNREACHABLE, request.node(), NOTHING);
            return;
        }
        send(node, request, waits, failedNodes, nowNs);
    }

    /** {@code null} where it is one of an earlier process. */
    private RtpengineNode find(final int id) {
        for (final RtpengineNode node : nodes) {
            if (node.id == id) {
                return node;
            }
        }
        return null;
    }

    private RtpengineNode choose(final long failedNodes) {
        for (int i = 0; i < nodes.size(); i++) {
            turn = turn + 1 < nodes.size() ? turn + 1 : 0;
            final RtpengineNode node = nodes.get(turn);
            if (node.stats.up() && (failedNodes & 1L << node.index) == 0) {
                return node;
            }
        }
        return null;
    }

    /** @param request {@code null} for a ping */
    private void send(final RtpengineNode node, final Request request, final boolean waits, final long failedNodes,
            final long nowNs) {
        final long cookie = random.nextLong();
        out.clear();
        out.put(bytes(HexFormat.of().toHexDigits(cookie) + ' '));
        NgRequest.write(out, request);
        final ByteBuffer datagram = ByteBuffer.wrap(Arrays.copyOf(out.array(), out.position()));
        final Exchange exchange =
                new Exchange(request, datagram, cookie, waits, failedNodes, nowNs, settings.timeoutNs());
        node.exchanges.put(cookie, exchange);
        node.stats.inFlight(node.exchanges.size());
        node.send(datagram);
    }

    // What comes back.

    private void receive(final RtpengineNode node, final long nowNs) {
        while (node.receive(in)) {
            onDatagram(node, in.array(), in.limit(), nowNs);
        }
    }

    private void onDatagram(final RtpengineNode node, final byte[] bytes, final int length, final long nowNs) {
        final Exchange exchange = node.exchanges.get(cookieOf(bytes, length));
        if (exchange == null || length <= COOKIE_DIGITS || bytes[COOKIE_DIGITS] != ' ') {
            node.stats.drop(NodeStats.Drop.COOKIE);
            return;
        }
        if (!Bencode.read(bytes, COOKIE_DIGITS + 1, length, KEYS, values) || values[0] == null) {
            // Nobody but the node knows the cookie, yet it may still say something better.
            node.stats.drop(NodeStats.Drop.BENCODE);
            return;
        }
        if (values[1] != null && values[1].length > MOST_SDP_BYTES) {
            node.stats.drop(NodeStats.Drop.SIZE);
            return;
        }
        remove(node, exchange);
        node.stats.answered(nowNs - exchange.sentNs);
        if (exchange.request == null) {
            up(node, Arrays.equals(values[0], PONG), "answers");
            node.pinged(settings.pingNs(), nowNs);
            return;
        }
        up(node, true, "answers");
        onResult(node, exchange, nowNs);
    }

    private void onResult(final RtpengineNode node, final Exchange exchange, final long nowNs) {
        final Request request = exchange.request;
        final boolean described = request.command() == Command.DELETE || values[1] != null;
        if (Arrays.equals(values[0], OK) && described) {
            node.stats.result(request.command(), NodeStats.Result.OK);
            end(request, Outcome.DONE, node.id, values[1]);
        } else if (Arrays.equals(values[0], LOAD_LIMIT)) {
            node.stats.result(request.command(), NodeStats.Result.FULL);
            next(node, exchange, nowNs);
        } else {
            node.stats.result(request.command(), NodeStats.Result.ERROR);
            end(request, Outcome.REFUSED, request.node(), NOTHING);
        }
    }

    private static long cookieOf(final byte[] bytes, final int length) {
        long cookie = 0;
        for (int i = 0; i < COOKIE_DIGITS; i++) {
            final int digit = i < length ? Character.digit(bytes[i], 16) : -1;
            if (digit < 0) {
                return 0;
            }
            cookie = cookie << 4 | digit;
        }
        return cookie;
    }

    // What does not come back.

    private void look(final RtpengineNode node, final long nowNs) {
        if (node.wantsPing(nowNs)) {
            node.pinging();
            send(node, null, false, 0, nowNs);
        }
        // Nobody is there: what waits need not wait any longer.
        final boolean closedPort = node.takePortClosed();
        due.clear();
        for (final Exchange exchange : node.exchanges.values()) {
            if (closedPort || exchange.expired(nowNs)) {
                due.add(exchange);
            } else if (exchange.repeats(nowNs)) {
                node.stats.retransmitted();
                node.send(exchange.datagram);
            }
        }
        if (closedPort || !due.isEmpty()) {
            up(node, false, closedPort ? "port closed" : "no answer");
        }
        for (final Exchange exchange : due) {
            fail(node, exchange, closedPort, nowNs);
        }
    }

    private void fail(final RtpengineNode node, final Exchange exchange, final boolean closedPort,
            final long nowNs) {
        remove(node, exchange);
        if (exchange.request == null) {
            node.pinged(settings.pingNs(), nowNs);
            return;
        }
        node.stats.result(exchange.request.command(), NodeStats.Result.TIMEOUT);
        if (!closedPort && exchange.awaited && exchange.request.node() < 0) {
            // It may have made the call nonetheless.
            final Request request = exchange.request;
            send(node, new Request(request.shard(), 0, Command.DELETE, node.id, request.callId(),
                    request.fromTag(), null, request.from(), request.to(), NOTHING), false, 0, nowNs);
        }
        next(node, exchange, nowNs);
    }

    /** What belongs to no node yet goes to the next one. */
    private void next(final RtpengineNode node, final Exchange exchange, final long nowNs) {
        if (exchange.awaited && exchange.request.node() < 0) {
            begin(exchange.request, exchange.failedNodes | 1L << node.index, nowNs);
        } else {
            end(exchange.request, Outcome.UNREACHABLE, exchange.request.node(), NOTHING);
        }
    }

    private void remove(final RtpengineNode node, final Exchange exchange) {
        node.exchanges.remove(exchange.cookie);
        node.stats.inFlight(node.exchanges.size());
    }

    private void up(final RtpengineNode node, final boolean now, final String cause) {
        if (node.stats.up() != now) {
            node.stats.up(now);
            listener.changed(node.stats.address(), now, cause);
        }
    }

    // Telling the shards.

    private void end(final Request request, final Outcome outcome, final int node, final byte[] sdp) {
        if (request.command() != Command.DELETE) {
            awaited.decrementAndGet();
            listener.reply(request.shard(), request.ticket(), new Answer(outcome, node, sdp));
        }
    }

    private static byte[] bytes(final String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Ends it: who still waits gets no answer. */
    @Override
    public void close() {
        closed = true;
        selector.wakeup();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(2));
            for (final RtpengineNode node : nodes) {
                node.close();
            }
            selector.close();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (final IOException e) {
            // It is of no use any more anyway.
        }
    }
}
