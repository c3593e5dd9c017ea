package org.tandemsip.engine.transaction;

import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.tandemsip.codec.Edits;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.ResponseWriter;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.handler.Places;
import org.tandemsip.engine.handler.ReceivedVia;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;
import org.tandemsip.engine.timer.TimerLanes;
import org.tandemsip.engine.timer.Timing;

/**
 * All transactions of a shard: finds, makes and recycles them. A response names the slot of its client transaction;
 * requests, and responses whose Via has lost that, are found in open-addressing maps keyed by keyed 64-bit hashes.
 * Objects and message memory come from bounded pools. Shard thread only.
 *
 * <p>Measured with a 900 B INVITE, heap objects, kept bytes and blocks' waste together: server and client transaction
 * of an active INVITE 2.7 KB; of an answered one 260 B each, of an answered BYE 450 B each; no heap allocated per
 * message.
 */
public final class Transactions {
    /** Most kept bytes per transaction allowed for, on average; an active INVITE of 900 B needs about 1.7 KB. */
    private static final long MEMORY_PER_TRANSACTION = 2 * 1024;
    /** Room for some messages of the largest size, however few transactions there may be. */
    private static final long MIN_MEMORY = 1024 * 1024;
    /** A CANCEL shares the branch of its INVITE (section 17.1.3); this tells their keys apart. */
    private static final long CANCEL_MARK = 0x9E37_79B9_7F4A_7C15L;
    /** One of so many places is not for new requests. */
    private static final int RESERVED_SHARE = 8;
    private static final int MAX_MESSAGE = 65_535;
    private static final int MAX_ROWS = 512;
    /**
     * What a response of our own is longer than the header block of its request: status line, tag, received, rport.
     */
    private static final int RESPONSE_SLACK = 256;
    /** Kept messages have passed the limits when they came, but may have grown by what a proxy puts on. */
    private static final Limits KEPT_LIMITS = new Limits(MAX_MESSAGE, MAX_MESSAGE, MAX_MESSAGE, MAX_ROWS, MAX_MESSAGE,
            MAX_MESSAGE, MAX_MESSAGE, MAX_MESSAGE, MAX_ROWS, MAX_ROWS);

    final Egress egress;
    final TimerLanes timers;
    final Counters counters;
    final MessageMemory memory;
    final HopByHopRequest hopByHop = new HopByHopRequest();
    /** Scratch. */
    final CancelReason cancelReason = new CancelReason();

    private final int maxTransactions;
    private final TransactionTable clients = new TransactionTable();
    private final TransactionTable servers = new TransactionTable();
    private final KeyedHash tableHash;
    private final KeyedHash tokenHash;
    private final ServerKey serverKey;
    private final SipParser parser = new SipParser(KEPT_LIMITS);
    private final SipMessage message = new SipMessage(MAX_ROWS);
    private final SipMessage response = new SipMessage(MAX_ROWS);
    private final Edits viaEdits = new Edits(4, 256);
    private final ResponseWriter responseWriter = new ResponseWriter();
    private final ReceivedVia receivedVia = new ReceivedVia();
    private final Source source = new Source();
    private final Places<ClientTransaction> places;
    private final TransactionPools pools;
    /** Whether the peer has failed of which a transport error is being told now. */
    private boolean peerFailed;

    private TransactionLanes lanes;
    /** Those of peers that want other timer values, which are few. */
    private TransactionLanes[] others = new TransactionLanes[0];
    private MutableDirectBuffer claimed;
    /** Transaction whose request {@link #message} holds, or {@code null}. */
    private Transaction messageOwner;

    /** Makes the tables and pools of one shard. */
    public Transactions(final ShardContext context) {
        egress = context.egress();
        timers = context.timers();
        counters = context.counters();
        maxTransactions = context.maxTransactions();
        memory = new MessageMemory(Math.max(MIN_MEMORY, maxTransactions * MEMORY_PER_TRANSACTION));
        final ShardContext.Keys keys = context.keys();
        tableHash = new KeyedHash(keys.table0(), keys.table1());
        tokenHash = new KeyedHash(keys.token0(), keys.token1());
        serverKey = new ServerKey(context.limits().headersBytes(), tableHash);
        lanes = new TransactionLanes(timers, Timing.DEFAULTS);
        places = new Places<>(context.shard(), 2 * maxTransactions, 1);
        pools = new TransactionPools(this, places);
    }

    /** Takes over timer values for transactions made from now on. */
    public void timing(final Timing timing) {
        timing(timing, List.of());
    }

    /** As {@link #timing(Timing)}. @param forSome values that some client transactions are asked for */
    public void timing(final Timing timing, final List<Timing> forSome) {
        final TransactionLanes before = lanes;
        final TransactionLanes[] othersBefore = others;
        lanes = new TransactionLanes(timers, timing);
        others = forSome.stream().map(other -> new TransactionLanes(timers, other)).toArray(TransactionLanes[]::new);
        before.release();
        for (final TransactionLanes other : othersBefore) {
            other.release();
        }
    }

    /** The lanes for T1 and timers B and F of a peer, 0 for what holds for all. */
    private TransactionLanes lanes(final long t1Ns, final long timeoutNs) {
        for (int i = 0; t1Ns != 0 && i < others.length; i++) {
            if (others[i].timing.t1Ns() == t1Ns
                    && others[i].timing.timeoutNs() == (timeoutNs == 0 ? 64 * t1Ns : timeoutNs)) {
                return others[i];
            }
        }
        return lanes;
    }

    /**
     * Finds the server transaction that a request belongs to (RFC 3261 section 17.2.3): by branch, sent-by and method,
     * ACK matching its INVITE; without the magic cookie by the rules for RFC 2543.
     *
     * @return the transaction, or {@code null}: a new request, or an ACK for a 2xx
     */
    public ServerTransaction findServer(final SipMessage request) {
        if (servers.size() == 0) {
            // A stateless proxy never has any: this spares it the hash.
            return null;
        }
        final ServerTransaction found = find(serverKey.of(request));
        return request.method() == Method.ACK && ServerKey.isRfc2543(request) ? findByRfc2543Ack(request, found)
                : found;
    }

    /** Finds the INVITE server transaction that a CANCEL is for (section 9.2), or {@code null}. */
    public InviteServerTransaction findCancelled(final SipMessage cancel) {
        return (InviteServerTransaction) find(serverKey.ofInvite(cancel));
    }

    /**
     * Makes the server transaction of a request that {@link #findServer} did not find. Keeps a copy of the request
     * for the responses made later. The last eighth of the room is for requests inside dialogs and for what was let
     * in before, so that calls that stand can be ended.
     *
     * @return an {@link InviteServerTransaction} or {@link NonInviteServerTransaction}, or {@code null} when there is
     *         no room
     */
    public ServerTransaction createServer(final SipMessage request, final Source from, final TransactionUser user,
            final long nowNs) {
        if (live() >= maxTransactions - (Slice.exists(request.toTag()) ? 0 : maxTransactions / RESERVED_SHARE)) {
            counters.increment(Counter.LIMITED_TRANSACTIONS);
            return null;
        }
        final ServerKey key = serverKey.of(request);
        final int keyHandle = memory.copy(key.bytes(), 0, key.length());
        if (keyHandle == MessageMemory.NONE) {
            return null;
        }
        final boolean invite = request.method() == Method.INVITE;
        final ServerTransaction transaction = invite ? pools.takeInviteServer() : pools.takeNonInviteServer();
        transaction.begin(keyHandle, key.length(), from.port, ServerKey.isRfc2543(request));
        if (!transaction.keepRequest(request.bytes(), request.length())) {
            recycle(transaction);
            return null;
        }
        transaction.key = key.hash();
        transaction.user = user;
        transaction.lanes = lanes.retain();
        ReceivedVia.responseDestination(request.topVia(), from, transaction.destination);
        servers.add(transaction);
        counters.increment(kind(transaction));
        switch (transaction) {
            case InviteServerTransaction inviteServer -> {
                inviteServer.begin(nowNs);
                // Its 100 comes next: copying the index costs a fraction of parsing the kept bytes again.
                inviteServer.copyIndex(request, message);
                messageOwner = inviteServer;
            }
            case NonInviteServerTransaction nonInviteServer -> nonInviteServer.begin(nowNs);
        }
        return transaction;
    }

    /**
     * Makes a client transaction, not yet started: write the request into {@link ClientTransaction#claim} and call
     * {@link ClientTransaction#start}.
     *
     * @param branchKey   64-bit MAC that stands in the branch and finds the transaction when a response comes
     * @param invite      whether the request is an INVITE
     * @param destination where the request goes; copied
     * @param t1Ns        T1 of the peer, and next its timers B and F; 0 for what holds for all
     * @return an {@link InviteClientTransaction} or {@link NonInviteClientTransaction}, or {@code null} when there is
     *         no room
     */
    public ClientTransaction createClient(final long branchKey, final boolean invite, final Destination destination,
            final TransactionUser user, final long t1Ns, final long timeoutNs, final long nowNs) {
        if (live() >= maxTransactions) {
            return null;
        }
        if (invite) {
            final InviteClientTransaction transaction = pools.takeInviteClient();
            begin(transaction, branchKey, branchKey, destination, user, lanes(t1Ns, timeoutNs));
            transaction.begin(nowNs);
            return transaction;
        }
        final NonInviteClientTransaction transaction = pools.takeNonInviteClient();
        begin(transaction, branchKey, branchKey, destination, user, lanes(t1Ns, timeoutNs));
        transaction.begin(false, nowNs);
        return transaction;
    }

    /** As {@link #createClient(long, boolean, Destination, TransactionUser, long, long, long)} with usual timers. */
    public ClientTransaction createClient(final long branchKey, final boolean invite, final Destination destination,
            final TransactionUser user, final long nowNs) {
        return createClient(branchKey, invite, destination, user, 0, 0, nowNs);
    }

    /**
     * Finds the client transaction that a response belongs to (section 17.1.3): at the place named beside our branch,
     * the key in the branch proving that the response is meant for what is there; else by that key and the method in
     * CSeq. That is so for a CANCEL, which shares the Via of its INVITE, where the place was cut off, and where it is
     * of another life: the request has come again since, and got the same branch. {@code null} when there is none.
     */
    public ClientTransaction findClient(final long place, final long branchKey, final boolean cancel) {
        if (place != Places.NONE && !cancel) {
            final ClientTransaction found = places.get(place);
            if (found != null && found.key == branchKey) {
                return found;
            }
        }
        return findClient(branchKey, cancel);
    }

    /** Finds a client transaction by its key in our branch, or that of the CANCEL for it; or {@code null}. */
    public ClientTransaction findClient(final long branchKey, final boolean cancel) {
        return (ClientTransaction) clients.get(cancel ? branchKey ^ CANCEL_MARK : branchKey);
    }

    /**
     * Reports that what was sent with {@code correlation} (a client transaction's key) did not get to the peer; users
     * see by {@link #takePeerFailure} that it was not this node which had no room for it.
     */
    public void onPeerFailed(final long correlation, final long nowNs) {
        peerFailed = true;
        try {
            onSendFailed(correlation, nowNs);
        } finally {
            peerFailed = false;
        }
    }

    /** Whether the transport error that is being told of is that of the peer; asked once for each. */
    public boolean takePeerFailure() {
        final boolean failed = peerFailed;
        peerFailed = false;
        return failed;
    }

    /** Reports that what was sent with {@code correlation} (a client transaction's key) could not be sent. */
    public void onSendFailed(final long correlation, final long nowNs) {
        final Transaction transaction = clients.get(correlation);
        if (transaction instanceof ClientTransaction client) {
            client.onTransportError(nowNs);
        }
    }

    /** Memory for messages of the shard, shared with whoever has to keep one of a transaction's. */
    public MessageMemory memory() {
        return memory;
    }

    /** Number of transactions held, lingering ones included. */
    public int live() {
        return clients.size() + servers.size();
    }

    /** Longest probe in either table, in slots; see {@link TransactionTable#longestProbe}. */
    int longestProbe() {
        return Math.max(clients.longestProbe(), servers.longestProbe());
    }

    /** Makes the transaction of the CANCEL for {@code invite}, not yet started; {@code null} when there is no room. */
    ClientTransaction createCancel(final InviteClientTransaction invite, final long nowNs) {
        if (live() >= maxTransactions) {
            return null;
        }
        final NonInviteClientTransaction transaction = pools.takeNonInviteClient();
        begin(transaction, invite.branchKey(), invite.branchKey() ^ CANCEL_MARK, invite.destination,
                TransactionUser.NOBODY, invite.lanes);
        transaction.begin(true, nowNs);
        return transaction;
    }

    /** Claims memory from the egress and remembers it until the message in it is sent. */
    MutableDirectBuffer claim(final int length) {
        claimed = egress.claim(Math.min(length, MAX_MESSAGE));
        return claimed;
    }

    /** The memory claimed last. */
    DirectBuffer claimed() {
        return claimed;
    }

    /** The kept request of {@code transaction}, indexed; valid until the next call. */
    SipMessage requestOf(final Transaction transaction) {
        if (messageOwner != transaction) {
            transaction.readRequest(message);
            messageOwner = transaction;
        }
        return message;
    }

    /** The kept request of {@code transaction} is about to be given back. */
    void forget(final Transaction transaction) {
        if (messageOwner == transaction) {
            messageOwner = null;
        }
    }

    /** Indexes a kept message. It was well-formed when it was kept, so there is nothing to be told. */
    ParseError parse(final SipMessage into, final DirectBuffer bytes, final int offset, final int length) {
        final ParseError error = parser.parse(into.wrap(bytes, offset, length), false);
        // Its body was framed when it came, be it with a Content-Length that says otherwise.
        return into.contentLength() == SipMessage.NOT_GIVEN ? error : parser.takeRest(into, error);
    }

    /** Writes a response of our own into claimed memory; returns its size in bytes, 0 when it does not fit. */
    int writeResponse(final ServerTransaction transaction, final Status status) {
        final SipMessage request = requestOf(transaction);
        source.transport = transaction.destination.transport;
        source.addressHigh = transaction.destination.addressHigh;
        source.addressLow = transaction.destination.addressLow;
        source.port = transaction.sourcePort();
        receivedVia.edit(viaEdits.reset(), request, request.topVia(), source);
        final long tag = status == Status.TRYING_100 ? 0 : transaction.localTag();
        final MutableDirectBuffer out = claim(request.bodyOffset() + RESPONSE_SLACK);
        responseWriter.begin(request, status, tag == 0 ? 0 : transaction.localTagHigh(), tag, viaEdits, out, 0);
        return responseWriter.finish();
    }

    /** Tag for To, never 0: keyed with the token key, so that it is the same after a restart. */
    long tag(final DirectBuffer bytes, final int offset, final int length) {
        final long tag = tokenHash.begin().add(bytes, offset, length).end();
        return tag == 0 ? 1 : tag;
    }

    /** Keyed hash of the To tag of a response that was just written; 0 when it cannot be read or has none. */
    long toTagHash(final DirectBuffer bytes, final int length) {
        return parse(response, bytes, 0, length) == ParseError.NONE ? tagHash(response) : 0;
    }

    void remove(final ClientTransaction transaction) {
        clients.remove(transaction);
        counters.add(kind(transaction), -1);
    }

    void remove(final ServerTransaction transaction) {
        servers.remove(transaction);
        counters.add(kind(transaction), -1);
    }

    private static Counter kind(final ServerTransaction transaction) {
        return transaction instanceof InviteServerTransaction ? Counter.TRANSACTIONS_INVITE_SERVER
                : Counter.TRANSACTIONS_SERVER;
    }

    private static Counter kind(final ClientTransaction transaction) {
        return transaction instanceof InviteClientTransaction ? Counter.TRANSACTIONS_INVITE_CLIENT
                : Counter.TRANSACTIONS_CLIENT;
    }

    /** Gives back everything that {@code transaction} holds, and itself. */
    void recycle(final Transaction transaction) {
        transaction.reset();
        pools.giveBack(transaction);
    }

    private ServerTransaction find(final ServerKey key) {
        final ServerTransaction transaction = (ServerTransaction) servers.get(key.hash());
        return transaction != null && transaction.hasKey(key) ? transaction : null;
    }

    /** Section 17.2.3: the ACK has the To tag of the response sent, which a first INVITE did not have yet. */
    private ServerTransaction findByRfc2543Ack(final SipMessage ack, final ServerTransaction withSameToTag) {
        final ServerTransaction transaction =
                withSameToTag == null ? find(serverKey.ofInviteWithoutToTag(ack)) : withSameToTag;
        return transaction != null && transaction.sentToTagHash() == tagHash(ack) ? transaction : null;
    }

    private long tagHash(final SipMessage from) {
        return Slice.exists(from.toTag()) ? tableHash.begin().addSlice(from.bytes(), from.toTag()).end() : 0;
    }

    private void begin(final ClientTransaction transaction, final long branchKey, final long key,
            final Destination destination, final TransactionUser user, final TransactionLanes by) {
        transaction.branchKey(branchKey);
        transaction.key = key;
        transaction.user = user;
        transaction.lanes = by.retain();
        transaction.destination.set(destination);
        clients.add(transaction);
        counters.increment(kind(transaction));
    }
}
