package org.tandemsip.engine.proxy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.HostName;
import org.tandemsip.engine.handler.NameService;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.PeerState;
import org.tandemsip.engine.routing.Trunk;

/**
 * Host names that requests were to be sent to lately, with the addresses behind them, and the requests that wait for
 * some: what a shard knows of DNS. Look-ups happen elsewhere ({@link NameService}); their answers come as commands.
 * Finding a known name allocates nothing. Shard thread only.
 *
 * <p>A table of a fixed size, each name having one of a few places by its keyed hash: when they are taken, the oldest
 * makes room, but never one that is being looked up.
 */
final class HostNames {
    /** Most requests that wait at a time; they hold a transaction each. */
    static final int MAX_WAITING = 1_000;

    private static final int SETS = 256;
    private static final int WAYS = 4;
    private static final int MAX_NAME = 253;
    private static final int MAX_LABEL = 63;

    private final Entry[] entries = new Entry[SETS * WAYS];
    private final NameService service;
    private final Counters counters;
    private boolean busy;
    private final int shard;
    private final KeyedHash tableHash;
    private final KeyedHash peerHash;
    private int waiting;

    /** A name and what is known of it. */
    static final class Entry {
        private final HostName name;
        private final byte[] host;
        private boolean asking;
        private boolean known;
        private boolean failed;
        private long expiresNs;
        private Trunk addresses;
        private ResponseContext firstWaiting;

        Entry(final HostName name) {
            this.name = name;
            host = name.host().getBytes(StandardCharsets.US_ASCII);
        }

        /** Whether there is an answer, maybe an old one. */
        boolean known() {
            return known;
        }

        /** Whether nobody could say where the name leads. */
        boolean failed() {
            return failed;
        }

        /** The addresses as peers, to be put in order for a call as those of a trunk are. */
        Trunk addresses() {
            return addresses;
        }
    }

    HostNames(final ShardContext context) {
        service = context.names();
        counters = context.counters();
        shard = context.shard();
        tableHash = new KeyedHash(context.keys().table0(), context.keys().table1());
        peerHash = new KeyedHash(context.keys().token0(), context.keys().token1());
    }

    /**
     * Finds a name, or has it looked up.
     *
     * @param host      slice of {@code bytes}
     * @param port      0 for none
     * @param transport {@code null} for none
     * @return the entry; one that is not {@link #fresh} is being looked up. {@code null} when {@code host} is no name,
     *         or cannot be looked up now
     */
    Entry find(final DirectBuffer bytes, final long host, final int port, final Transport transport,
            final long nowNs) {
        busy = false;
        if (service == NameService.NONE || !isName(bytes, host)) {
            return null;
        }
        final int set = WAYS * (int) (tableHash.begin().add(port)
                .add(transport == null ? -1 : transport.ordinal())
                .addLowerCase(bytes, Slice.offset(host), Slice.length(host)).end() & SETS - 1);
        for (int i = set; i < set + WAYS; i++) {
            final Entry entry = entries[i];
            if (entry != null && entry.name.port() == port && entry.name.transport() == transport
                    && isHost(bytes, host, entry.host)) {
                return fresh(entry, nowNs) || ask(entry) ? entry : refused();
            }
        }
        return add(set, bytes, host, port, transport);
    }

    /** Whether there was no room to look up the name that was asked for last. */
    boolean busy() {
        return busy;
    }

    private Entry refused() {
        busy = true;
        counters.increment(Counter.LIMITED_NAMES);
        return null;
    }

    /** Whether what is known of a name still holds. */
    static boolean fresh(final Entry entry, final long nowNs) {
        return entry.known && entry.expiresNs - nowNs > 0;
    }

    private boolean ask(final Entry entry) {
        if (!entry.asking) {
            entry.asking = service.lookUp(shard, entry.name);
        }
        return entry.asking;
    }

    private Entry add(final int set, final DirectBuffer bytes, final long host, final int port,
            final Transport transport) {
        int place = -1;
        for (int i = set; i < set + WAYS; i++) {
            if (entries[i] == null) {
                place = i;
                break;
            }
            if (!entries[i].asking && (place < 0 || entries[i].expiresNs - entries[place].expiresNs < 0)) {
                place = i;
            }
        }
        if (place < 0) {
            return refused();
        }
        final byte[] name = new byte[Slice.length(host)];
        bytes.getBytes(Slice.offset(host), name);
        final Entry entry = new Entry(new HostName(
                new String(name, StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT), port, transport));
        if (!ask(entry)) {
            return refused();
        }
        entries[place] = entry;
        return entry;
    }

    /**
     * Takes an answer.
     *
     * @return the first of the requests that waited for it, linked by {@link ResponseContext#nextWaiting}; or
     *         {@code null}
     */
    ResponseContext answered(final HostName.Answer answer, final long nowNs) {
        for (final Entry entry : entries) {
            if (entry != null && entry.asking && entry.name.equals(answer.name())) {
                entry.asking = false;
                entry.known = true;
                entry.failed = answer.failed();
                entry.expiresNs = nowNs + answer.ttlNs();
                entry.addresses = addresses(answer);
                final ResponseContext first = entry.firstWaiting;
                entry.firstWaiting = null;
                for (ResponseContext each = first; each != null; each = each.nextWaiting) {
                    each.waitsFor = null;
                    waiting--;
                }
                return first;
            }
        }
        return null;
    }

    private Trunk addresses(final HostName.Answer answer) {
        final List<Peer> peers = answer.hops().stream().map(hop -> new Peer(answer.name().host(), hop.transport(),
                hop.high(), hop.low(), hop.port(),
                peerHash.begin().add(hop.high()).add(hop.low()).add(hop.port()).end(), hop.priority(), hop.weight(),
                new PeerState(), hop.identity())).toList();
        return new Trunk(-1, answer.name().host(), peers, List.of(), new int[0]);
    }

    /** Lets a request wait for a name that is being looked up; {@code false} when too many do. */
    boolean await(final Entry entry, final ResponseContext context) {
        if (waiting == MAX_WAITING) {
            return false;
        }
        waiting++;
        context.waitsFor = entry;
        context.nextWaiting = entry.firstWaiting;
        entry.firstWaiting = context;
        return true;
    }

    /** A request waits no longer. */
    void forget(final ResponseContext context) {
        final Entry entry = context.waitsFor;
        if (entry == null) {
            return;
        }
        waiting--;
        context.waitsFor = null;
        if (entry.firstWaiting == context) {
            entry.firstWaiting = context.nextWaiting;
            return;
        }
        ResponseContext before = entry.firstWaiting;
        while (before.nextWaiting != context) {
            before = before.nextWaiting;
        }
        before.nextWaiting = context.nextWaiting;
    }

    /**
     * Whether a host is a name that may be looked up: its last label begins with a letter (RFC 3261 section 25.1). A
     * realm of digits (GB/T 28181) and the odd spellings of addresses that some resolvers accept do not.
     */
    static boolean isName(final DirectBuffer bytes, final long host) {
        int label = Slice.offset(host);
        int end = Slice.end(host);
        if (end > label && bytes.getByte(end - 1) == '.') {
            end--;
        }
        if (end == label || end - label > MAX_NAME) {
            return false;
        }
        for (int i = label; i < end; i++) {
            final byte b = bytes.getByte(i);
            if (b == '.') {
                if (i == label || i - label > MAX_LABEL || bytes.getByte(i - 1) == '-') {
                    return false;
                }
                label = i + 1;
            } else if (!isLetter(b) && !(b >= '0' && b <= '9') && b != '_' && (b != '-' || i == label)) {
                return false;
            }
        }
        return label < end && end - label <= MAX_LABEL && isLetter(bytes.getByte(label))
                && bytes.getByte(end - 1) != '-';
    }

    private static boolean isLetter(final byte b) {
        return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z';
    }

    private static boolean isHost(final DirectBuffer bytes, final long slice, final byte[] lowerCase) {
        if (Slice.length(slice) != lowerCase.length) {
            return false;
        }
        for (int i = 0; i < lowerCase.length; i++) {
            final byte b = bytes.getByte(Slice.offset(slice) + i);
            if ((b >= 'A' && b <= 'Z' ? b | 0x20 : b) != lowerCase[i]) {
                return false;
            }
        }
        return true;
    }
}
