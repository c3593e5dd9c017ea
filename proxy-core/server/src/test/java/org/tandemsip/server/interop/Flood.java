package org.tandemsip.server.interop;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sends what nobody wants, from addresses of its own, at a steady rate, by a thread of its own. */
final class Flood implements AutoCloseable {
    private static final Pattern CHALLENGE = Pattern.compile("realm=\"([^\"]+)\".*?nonce=\"([^\"]+)\"");

    private final InetSocketAddress target;
    private final List<DatagramChannel> channels = new ArrayList<>();
    private final ByteBuffer in = ByteBuffer.allocateDirect(65_535);
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong answered = new AtomicLong();
    private volatile boolean over;
    private volatile String failure;
    private long beganNs;
    /** When the first message was due; put off when the machine stalls. */
    private long firstDueNs;
    private long tookNs;
    private Thread thread;
    private int sequence;

    Flood(final InetSocketAddress target) {
        this.target = target;
    }

    /** One kind of flood. Called by the thread of the flood alone. */
    interface Kind {
        /** Sends one message, or what follows from an answer that has come. */
        void next() throws IOException;
    }

    /** Begins to send {@code perSecond} messages, those of all {@code kinds} by turns. */
    void begin(final int perSecond, final List<? extends Kind> kinds) {
        over = false;
        sent.set(0);
        answered.set(0);
        beganNs = System.nanoTime();
        firstDueNs = beganNs;
        thread = Thread.ofPlatform().name("flood").start(() -> {
            try {
                for (long i = 0; !over; i++) {
                    kinds.get((int) (i % kinds.size())).next();
                    final long dueNs = firstDueNs + i * 1_000_000_000L / perSecond;
                    final long earlyNs = dueNs - System.nanoTime();
                    if (earlyNs > 0) {
                        LockSupport.parkNanos(earlyNs);
                    } else if (earlyNs < -TimeUnit.SECONDS.toNanos(1)) {
                        // The machine has stalled: what was not sent is not sent all at once.
                        firstDueNs -= earlyNs;
                    }
                }
            } catch (final IOException | AssertionError e) {
                failure = e.toString();
            }
        });
    }

    /** Sends nothing more. */
    void end() throws InterruptedException {
        over = true;
        thread.join();
        tookNs = System.nanoTime() - beganNs;
        if (failure != null) {
            throw new AssertionError(failure);
        }
    }

    /** What it has sent since it began, and how much of that was answered. */
    String report() {
        return "%d sent in %.1f s, %d answers".formatted(sent.get(), tookNs / 1e9, answered.get());
    }

    /** A request with all that it needs. */
    static String request(final String method, final String uri, final String sentBy, final String user,
            final String callId, final int cseq, final String rows) {
        return (method + ' ' + uri + " SIP/2.0\nVia: SIP/2.0/UDP " + sentBy + ";rport;branch=z9hG4bK" + callId + cseq
                + "\nMax-Forwards: 70\nFrom: <sip:" + user + "@127.0.25.1>;tag=f\nTo: <sip:" + user
                + "@127.0.25.1>\nCall-ID: " + callId + "\nCSeq: " + cseq + ' ' + method + "\nContact: <sip:" + user
                + '@'
                + sentBy + ">\n" + rows + "Content-Length: 0\n\n").replace("\n", "\r\n");
    }

    /** A socket that sends and takes what has come, and waits for nothing. */
    private final class Endpoint {
        private final String host;
        private final DatagramChannel channel;
        private final int port;

        Endpoint(final String host) {
            this.host = host;
            try {
                channel = DatagramChannel.open().bind(new InetSocketAddress(host, 0));
                channel.configureBlocking(false);
                port = ((InetSocketAddress) channel.getLocalAddress()).getPort();
            } catch (final IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
            channels.add(channel);
        }

        String register(final String user, final String callId, final int cseq, final String rows) {
            return request("REGISTER", "sip:127.0.25.1", host + ':' + port, user, callId, cseq, rows);
        }

        void send(final String message) throws IOException {
            channel.send(ByteBuffer.wrap(message.getBytes(StandardCharsets.US_ASCII)), target);
            sent.incrementAndGet();
        }

        /** The next message that has come, or {@code null}. */
        String poll() throws IOException {
            in.clear();
            if (channel.receive(in) == null) {
                return null;
            }
            answered.incrementAndGet();
            return StandardCharsets.ISO_8859_1.decode(in.flip()).toString();
        }

        /** How many of the messages that have come begin so. */
        int answers(final String start) throws IOException {
            int count = 0;
            for (String answer = poll(); answer != null; answer = poll()) {
                count += answer.startsWith(start) ? 1 : 0;
            }
            return count;
        }

        void drain() throws IOException {
            while (poll() != null) {
                // Nobody is interested in what it says.
            }
        }
    }

    /** REGISTERs of users that nobody knows, without a password, from several addresses. */
    final class UnknownUsers implements Kind {
        private final List<Endpoint> endpoints = new ArrayList<>();

        UnknownUsers(final String network, final int first, final int count) {
            for (int i = 0; i < count; i++) {
                endpoints.add(new Endpoint(network + (first + i)));
            }
        }

        @Override
        public void next() throws IOException {
            final int id = ++sequence;
            final Endpoint endpoint = endpoints.get(id % endpoints.size());
            endpoint.drain();
            endpoint.send(endpoint.register("nobody" + id, "unknown" + id, 1, ""));
        }
    }

    /** Users who get their password wrong. */
    final class WrongPasswords implements Kind {
        private final Endpoint endpoint;
        private final String method;
        private final String uri;
        /** How many were asked once more. */
        private final AtomicLong refused = new AtomicLong();

        /** @param method REGISTER or INVITE */
        WrongPasswords(final String host, final String method, final String uri) {
            endpoint = new Endpoint(host);
            this.method = method;
            this.uri = uri;
        }

        long refused() {
            return refused.get();
        }

        @Override
        public void next() throws IOException {
            final String answer = endpoint.poll();
            final boolean asks = answer != null && answer.matches("(?s)SIP/2.0 40[17] .*");
            if (asks && answer.contains("CSeq: 2 ")) {
                refused.incrementAndGet();
            }
            if (asks && answer.contains("CSeq: 1 ")) {
                send(callId(answer), 2, authorization(answer, method, uri, "wrong"));
            } else {
                send("wrong" + ++sequence, 1, "");
            }
        }

        private void send(final String callId, final int cseq, final String rows) throws IOException {
            endpoint.send(request(method, uri, endpoint.host + ':' + endpoint.port, "alice", callId, cseq, rows));
        }
    }

    /** An answer to a challenge that was good once, again and again. */
    final class Replays implements Kind {
        private final Endpoint endpoint;
        private String authorization;
        private String callId;
        private int cseq = 1;

        Replays(final String host) {
            endpoint = new Endpoint(host);
        }

        @Override
        public void next() throws IOException {
            final String answer = endpoint.poll();
            if (authorization == null && answer != null && answer.startsWith("SIP/2.0 401")) {
                callId = callId(answer);
                authorization = authorization(answer, "REGISTER", "sip:127.0.25.1", "secret");
            }
            endpoint.drain();
            if (authorization == null) {
                endpoint.send(endpoint.register("alice", "replay" + ++sequence, 1, ""));
            } else {
                endpoint.send(endpoint.register("alice", callId, ++cseq, authorization));
            }
        }
    }

    /** More users than there is room for. */
    final class ManyUsers implements Kind {
        private final Endpoint endpoint;

        ManyUsers(final String host) {
            endpoint = new Endpoint(host);
        }

        @Override
        public void next() throws IOException {
            endpoint.drain();
            final int id = ++sequence;
            endpoint.send(endpoint.register("user" + id, "many" + id, 1, ""));
        }
    }

    /** Requests from an address that no trunk names, some of them none that anybody could read. */
    final class Strangers implements Kind {
        private final Endpoint endpoint;

        Strangers(final String host) {
            endpoint = new Endpoint(host);
        }

        @Override
        public void next() throws IOException {
            final int id = ++sequence;
            final String register = endpoint.register("scanner", "stranger" + id, 1, "");
            endpoint.send((id & 1) == 0 ? register : register.substring(0, register.length() * 2 / 3));
        }
    }

    /** Requests to somebody who never answers, each of which is remembered until its time is over. */
    final class Unanswered implements Kind {
        private final Endpoint endpoint;

        /** How many were refused at once. */
        private final AtomicLong refused = new AtomicLong();

        Unanswered(final String host) {
            endpoint = new Endpoint(host);
        }

        long refused() {
            return refused.get();
        }

        @Override
        public void next() throws IOException {
            refused.addAndGet(endpoint.answers("SIP/2.0 503 "));
            final int id = ++sequence;
            endpoint.send(request("MESSAGE", "sip:x@127.0.25.1", endpoint.host + ':' + endpoint.port, "office",
                    "hole" + id, 1, ""));
        }
    }

    /** Requests that lead to names of which nobody has heard, one after the other, by INVITE and MESSAGE. */
    final class NewNames implements Kind {
        private final Endpoint endpoint;
        private final AtomicLong refused = new AtomicLong();

        NewNames(final String host) {
            endpoint = new Endpoint(host);
        }

        /** How many were told that there is no way there. */
        long refused() {
            return refused.get();
        }

        @Override
        public void next() throws IOException {
            refused.addAndGet(endpoint.answers("SIP/2.0 5"));
            final int id = ++sequence;
            final String uri = id % 3 == 0 ? "sip:named@127.0.25.1" : "sip:x@host" + id + ".example";
            endpoint.send(request(id % 2 == 0 ? "INVITE" : "MESSAGE", uri, endpoint.host + ':' + endpoint.port,
                    "traveller", "name" + id, 1, ""));
        }
    }

    private static String callId(final String message) {
        final Matcher found = Pattern.compile("Call-ID: *(\\S+)").matcher(message);
        return found.find() ? found.group(1) : "";
    }

    /** The answer to a challenge (RFC 7616 with MD5). */
    private static String authorization(final String challenge, final String method, final String uri,
            final String password) {
        final Matcher found = CHALLENGE.matcher(challenge);
        if (!found.find()) {
            throw new AssertionError(challenge);
        }
        final String response = md5(md5("alice:" + found.group(1) + ':' + password) + ':' + found.group(2)
                + ":00000001:c:auth:" + md5(method + ':' + uri));
        return (challenge.contains("Proxy-Authenticate:") ? "Proxy-Authorization" : "Authorization")
                + ": Digest username=\"alice\",realm=\"" + found.group(1) + "\",nonce=\"" + found.group(2)
                + "\",uri=\"" + uri + "\",algorithm=MD5,qop=auth,nc=00000001,cnonce=\"c\",response=\"" + response
                + "\"\n";
    }

    private static String md5(final String text) {
        try {
            return HexFormat.of().formatHex(
                    MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (final NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() throws IOException {
        over = true;
        if (thread != null) {
            try {
                thread.join();
            } catch (final InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        for (final DatagramChannel channel : channels) {
            channel.close();
        }
    }
}
