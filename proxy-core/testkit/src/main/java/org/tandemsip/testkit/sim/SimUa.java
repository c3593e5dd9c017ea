package org.tandemsip.testkit.sim;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

import org.tandemsip.testkit.MessageText;
import org.tandemsip.testkit.wire.Packet;
import org.tandemsip.testkit.wire.SimAddress;
import org.tandemsip.testkit.wire.WireEvent;
import org.tandemsip.testkit.wire.WireMessage;
import org.tandemsip.testkit.wire.WireVia;

/**
 * A scripted user agent: places calls by {@link UacPlan}, answers them by what the user part of the Request-URI says
 * ({@link UasScript}), ends them from either side. Has transactions of its own and shares no code with the product.
 */
public final class SimUa implements SimEndpoint {
    /** How long a call lasts that has taken the place of another one. */
    private static final long REPLACED_NS = 300_000_000_000L;

    private final String name;
    private final SimNetwork network;
    private final SplittableRandom random;
    private final SimAddress local;
    private final SimAddress advertised;
    private final boolean stream;
    private final SimAddress outbound;
    private final int scriptIndex;
    private final Map<String, UaClientTx> clients = new LinkedHashMap<>();
    private final Map<String, UaServerTx> servers = new LinkedHashMap<>();
    private final Map<String, UaDialog> dialogs = new LinkedHashMap<>();
    /** Those that provisional responses have begun; they are no state of a call that goes on. */
    private final Map<String, UaDialog> early = new HashMap<>();
    private final Map<String, UaAnswer> answers = new LinkedHashMap<>();
    private final Map<SimStream.End, StringBuilder> partial = new HashMap<>();
    private final List<UacResult> results = new ArrayList<>();
    private int branches;
    private boolean rport = true;
    private int merged;
    private boolean reliable;
    private int unacknowledged;

    /**
     * Makes an agent and binds its address.
     *
     * @param name        in the wire log
     * @param local       own address; Via and Contact carry it
     * @param advertised  address to put into Contact: another than {@code local} behind a translator
     * @param stream      whether it sends requests over streams
     * @param outbound    where requests without a Route go, or {@code null} for the Request-URI's host
     * @param scriptIndex which of a Request-URI's scripts is for this agent
     */
    public SimUa(final String name, final SimNetwork network, final SplittableRandom random, final SimAddress local,
            final SimAddress advertised, final boolean stream, final SimAddress outbound, final int scriptIndex) {
        this.name = name;
        this.network = network;
        this.random = random;
        this.local = local;
        this.advertised = advertised;
        this.stream = stream;
        this.outbound = outbound;
        this.scriptIndex = scriptIndex;
        network.bind(local, this);
    }

    /** Whether to ask for rport (RFC 3581); {@code true} at first. */
    public SimUa rport(final boolean ask) {
        rport = ask;
        return this;
    }

    /**
     * Has it do what RFC 3262 and RFC 3311 say: provisional responses are reliable, and either side sends UPDATE;
     * {@code false} at first.
     */
    public SimUa reliable(final boolean does) {
        reliable = does;
        return this;
    }

    @Override
    public String name() {
        return name;
    }

    /** Own address. */
    public SimAddress address() {
        return local;
    }

    /** What has become of the requests it was told to send, in the order of their ends. */
    public List<UacResult> results() {
        return results;
    }

    /** Transactions, dialogs and unacknowledged answers held; 0 when all is over. */
    public int live() {
        return clients.size() + servers.size() + dialogs.size() + answers.size();
    }

    /** What {@link #live} counts, for people. */
    public String leftovers() {
        return clients.keySet() + " " + servers.keySet() + " " + dialogs.keySet() + " " + answers.keySet();
    }

    /** Requests that it will never answer, because their script says so. */
    public int unanswered() {
        return (int) servers.values().stream().filter(UaServerTx::pending).count();
    }

    /** Reliable provisional responses of its own that nobody has acknowledged for 64*T1. */
    public int neverAcknowledged() {
        return unacknowledged;
    }

    /** How often it saw one request by two branches (RFC 3261 section 8.2.2.2) and answered 482. */
    public int mergedRequests() {
        return merged;
    }

    /** Begins what {@code plan} says, to {@code uri}. */
    public void start(final UacPlan plan, final String uri, final String callId) {
        new UaCaller(this, plan, uri, callId).start();
    }

    /** As above; halfway through the call who was called is to be brought together with {@code other} (RFC 3515). */
    public void start(final UacPlan plan, final String uri, final String callId, final String other) {
        new UaCaller(this, plan, uri, callId).refers(() -> other).start();
    }

    /**
     * Begins two calls; halfway through the first one who was called there is to take the place of this agent in the
     * second (RFC 5589 section 7). An agent that gets an INVITE with Replaces does as it says.
     */
    public void startAttended(final UacPlan plan, final String uri, final String callId, final UacPlan secondPlan,
            final String secondUri, final String secondCallId) {
        final UaCaller second = new UaCaller(this, secondPlan, secondUri, secondCallId);
        second.start();
        new UaCaller(this, plan, uri, callId).refers(() -> {
            final String replaces = second.replaces();
            return replaces == null ? null : "sip:" + outbound + replaces;
        }).start();
    }

    // What scripts use.

    SimLoop loop() {
        return network.loop();
    }

    SplittableRandom random() {
        return random;
    }

    int scriptIndex() {
        return scriptIndex;
    }

    void note(final String text) {
        network.log().note(loop().nowNs(), WireEvent.Kind.NOTE, name, text);
    }

    String newTag() {
        return Long.toHexString(random.nextLong() & 0xFFFF_FFFFL);
    }

    String newBranch() {
        return "z9hG4bK" + name + '.' + ++branches;
    }

    String via(final String branch, final boolean overStream) {
        return "SIP/2.0/" + (overStream ? "TCP " : "UDP ") + local + ";branch=" + branch + (rport ? ";rport" : "");
    }

    String contact() {
        return "<sip:" + name + '@' + advertised + (stream ? ";transport=tcp>" : ">");
    }

    boolean stream() {
        return stream;
    }

    boolean reliable() {
        return reliable;
    }

    /** Whether it answers this INVITE reliably before it answers it. */
    boolean reliable(final WireMessage invite) {
        return reliable && invite.all("supported").contains("100rel");
    }

    void unacknowledged() {
        unacknowledged++;
    }

    /** Once in so many times, where it does what is asked for by {@link #reliable}. */
    boolean updates(final int oneIn) {
        return reliable && random.nextInt(oneIn) == 0;
    }

    SimAddress outbound() {
        return outbound;
    }

    UaClientTx send(final MessageText text, final SimAddress destination, final boolean overStream,
            final UaClientTx.Listener listener) {
        final UaClientTx transaction = new UaClientTx(this, text.bytes(), destination, overStream, listener);
        clients.put(clientKey(transaction.request()), transaction);
        transaction.start();
        return transaction;
    }

    void finish(final UacResult result) {
        results.add(result);
        note("result " + result);
    }

    void forget(final UaClientTx transaction) {
        clients.remove(clientKey(transaction.request()), transaction);
    }

    void forget(final UaServerTx transaction) {
        servers.remove(transaction.key(), transaction);
    }

    void add(final UaDialog dialog) {
        dialogs.put(dialog.key(), dialog);
    }

    void remove(final UaDialog dialog) {
        dialogs.remove(dialog.key());
    }

    void addEarly(final UaDialog dialog) {
        early.put(dialog.key(), dialog);
    }

    void add(final UaAnswer answer) {
        answers.put(answer.key(), answer);
    }

    void remove(final UaAnswer answer) {
        answers.remove(answer.key());
    }

    void writeDatagram(final SimAddress destination, final byte[] message) {
        network.send(this, local, destination, message);
    }

    /** Lets the network deliver one more copy of a datagram, {@code delayNs} from now. */
    void lateCopy(final SimAddress destination, final byte[] message, final long delayNs) {
        network.replay(this, local, destination, message, delayNs);
    }

    SimStream.End writeStream(final SimStream.End preferred, final SimAddress destination, final byte[] message) {
        SimStream.End end = preferred;
        if (end == null || !end.stream().open()) {
            end = null;
            for (final SimStream open : network.openStreams()) {
                if (partial.containsKey(open.opener()) && open.acceptor().local().equals(destination)) {
                    end = open.opener();
                }
            }
        }
        if (end == null) {
            end = network.connect(this, local.host(), destination);
            partial.put(end, new StringBuilder());
        }
        end.write(message);
        return end;
    }

    // What arrives.

    @Override
    public void onDatagram(final Packet packet, final SimAddress at) {
        if (packet.message() != null) {
            onMessage(packet.message(), packet.from(), null);
        }
    }

    @Override
    public void onBytes(final SimStream.End end, final byte[] bytes) {
        final StringBuilder buffer = partial.computeIfAbsent(end, key -> new StringBuilder());
        buffer.append(new String(bytes, StandardCharsets.ISO_8859_1));
        while (true) {
            while (buffer.length() >= 2 && buffer.charAt(0) == '\r' && buffer.charAt(1) == '\n') {
                buffer.delete(0, 2);
            }
            final int headEnd = buffer.indexOf("\r\n\r\n");
            if (headEnd < 0) {
                return;
            }
            final int body = WireMessage.contentLength(buffer.substring(0, headEnd));
            final int size = headEnd + 4 + body;
            if (buffer.length() < size) {
                return;
            }
            final byte[] message = buffer.substring(0, size).getBytes(StandardCharsets.ISO_8859_1);
            buffer.delete(0, size);
            onMessage(WireMessage.parse(message), end.remote(), end);
        }
    }

    @Override
    public void onClosed(final SimStream.End end) {
        partial.remove(end);
        new ArrayList<>(clients.values()).forEach(transaction -> transaction.onStreamClosed(end));
    }

    private void onMessage(final WireMessage message, final SimAddress source, final SimStream.End end) {
        if (message.isRequest()) {
            onRequest(message, source, end);
            return;
        }
        final UaClientTx transaction = clients.get(clientKey(message));
        if (transaction != null && message.vias().size() == 1) {
            transaction.onResponse(message);
        }
    }

    private void onRequest(final WireMessage request, final SimAddress source, final SimStream.End end) {
        final WireVia via = request.topVia();
        final String method = request.method();
        final String stem = via.branch() + '|' + via.sentBy() + '|';
        final UaServerTx known = servers.get(stem + (method.equals("ACK") ? "INVITE" : method));
        if (known != null) {
            if (method.equals("ACK")) {
                known.onAck();
            } else {
                known.onRetransmission();
            }
            return;
        }
        if (method.equals("ACK")) {
            final UaAnswer answer = answers.get(UaAnswer.key(request.callId(), request.toTag(), request.cseq()));
            if (answer != null) {
                answer.onAck();
            }
            return;
        }
        final UaServerTx transaction = new UaServerTx(this, stem + method, request, source, end);
        servers.put(transaction.key(), transaction);
        if (method.equals("CANCEL")) {
            onCancel(transaction, servers.get(stem + "INVITE"));
        } else if (isMerged(transaction)) {
            merged++;
            note("merged request " + request);
            respond(transaction, 482, "Loop Detected", newTag());
        } else if (method.equals("INVITE") && !request.all("replaces").isEmpty()) {
            onReplaces(transaction);
        } else if (request.toTag().isEmpty()) {
            UasScript.of(this, request).onRequest(transaction);
        } else {
            onInDialog(transaction);
        }
    }

    /** The dialog that is named ends, and the new one takes its place (RFC 3891 section 3). */
    private void onReplaces(final UaServerTx invite) {
        final Map<String, String> names = new HashMap<>();
        final String[] parts = invite.request().one("replaces").split(";");
        for (int i = 1; i < parts.length; i++) {
            names.put(parts[i].substring(0, parts[i].indexOf('=')), parts[i].substring(parts[i].indexOf('=') + 1));
        }
        final UaDialog old = dialogs.get(UaDialog.key(parts[0], names.get("to-tag"), names.get("from-tag")));
        final String tag = newTag();
        if (old == null || old.over()) {
            respond(invite, 481, "Call/Transaction Does Not Exist", tag);
            return;
        }
        final UaDialog dialog = UaDialog.ofCallee(this, invite.request(), tag, false);
        add(dialog);
        new UaAnswer(this, invite, dialog, tag).onConfirmed(() -> {
            old.bye();
            loop().after(REPLACED_NS, dialog::bye);
        }).send();
    }

    private boolean isMerged(final UaServerTx fresh) {
        final WireMessage request = fresh.request();
        if (!request.toTag().isEmpty()) {
            return false;
        }
        for (final UaServerTx other : servers.values()) {
            final WireMessage ongoing = other.request();
            if (other != fresh && ongoing.method().equals(request.method()) && ongoing.cseq() == request.cseq()
                    && ongoing.callId().equals(request.callId()) && ongoing.fromTag().equals(request.fromTag())) {
                return true;
            }
        }
        return false;
    }

    private void onCancel(final UaServerTx cancel, final UaServerTx invite) {
        if (invite == null) {
            respond(cancel, 481, "Call/Transaction Does Not Exist", newTag());
        } else if (invite.script() == null) {
            respond(cancel, 200, "OK", newTag());
        } else if (invite.script().answersCancel()) {
            respond(cancel, 200, "OK", newTag());
            invite.script().onCancel(invite);
        }
    }

    private void onInDialog(final UaServerTx transaction) {
        final WireMessage request = transaction.request();
        final String key = UaDialog.key(request.callId(), request.toTag(), request.fromTag());
        final UaDialog dialog = dialogs.getOrDefault(key, early.get(key));
        if (dialog == null) {
            respond(transaction, 481, "Call/Transaction Does Not Exist", null);
        } else {
            dialog.onRequest(transaction);
        }
    }

    /** Answers without a body; {@code toTag} is added where To has none. */
    void respond(final UaServerTx transaction, final int status, final String reason, final String toTag) {
        transaction.respond(status, response(transaction, status, reason, toTag).bytes());
    }

    /** Begins a response (sections 8.2.6, 18.2.1; RFC 3581 section 4). */
    MessageText response(final UaServerTx transaction, final int status, final String reason, final String toTag) {
        final WireMessage request = transaction.request();
        final List<String> vias = new ArrayList<>();
        for (final WireVia via : request.vias()) {
            vias.add(vias.isEmpty() ? stamped(via, transaction.source()) : via.raw());
        }
        final String to = request.one("to");
        return MessageText.response(status, reason).headers("Via", vias).header("From", request.one("from"))
                .header("To", request.toTag().isEmpty() && toTag != null ? to + ";tag=" + toTag : to)
                .header("Call-ID", request.callId()).header("CSeq", request.cseq() + " " + request.method())
                .headers("Expires", request.method().equals("REGISTER") ? request.all("expires") : List.of())
                .header("X-Sim-Agent", name);
    }

    private static String stamped(final WireVia via, final SimAddress source) {
        final boolean asked = via.params().containsKey("rport");
        final String value = asked ? via.raw().replaceFirst(";\\s*rport(=[0-9]*)?", ";rport=" + source.port())
                : via.raw();
        return asked || !via.host().equals(source.host()) ? value + ";received=" + source.host() : value;
    }

    private static String clientKey(final WireMessage message) {
        return message.topVia().branch() + '|' + message.method();
    }
}
