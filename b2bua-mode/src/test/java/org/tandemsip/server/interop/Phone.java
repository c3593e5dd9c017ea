package org.tandemsip.server.interop;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.tandemsip.testkit.MessageText;
import org.tandemsip.testkit.wire.WireMessage;

/**
 * A user agent over UDP that has several calls at a time, answers all that comes, and does what an INVITE with Replaces
 * asks for (RFC 3891): for what SIPp cannot say, whose scenarios know one call each.
 */
final class Phone implements AutoCloseable {
    private static final String SDP = "v=0\r\no=- 1 1 IN IP4 %1$s\r\ns=-\r\nc=IN IP4 %1$s\r\nt=0 0\r\n"
            + "m=audio 4000 RTP/AVP 0\r\n";

    /** One side of a dialog. */
    record Dialog(String callId, String local, String remote, String target, AtomicInteger cseq) {
        String tagOf(final String party) {
            return party.substring(party.indexOf(";tag=") + 5);
        }

        /** Header field of a URI that names it to its other side. */
        String replaces() {
            return "?Replaces=" + callId + "%3Bto-tag%3D" + tagOf(remote) + "%3Bfrom-tag%3D" + tagOf(local);
        }
    }

    /** Dialogs by Call-ID. */
    final Map<String, Dialog> dialogs = new ConcurrentHashMap<>();
    /** Dialogs that have taken the place of another one. */
    final AtomicInteger replaced = new AtomicInteger();
    private final Map<String, Dialog> replacing = new ConcurrentHashMap<>();
    private final Set<String> heard = ConcurrentHashMap.newKeySet();
    private final BlockingQueue<WireMessage> answers = new LinkedBlockingQueue<>();
    private final String name;
    private final String host;
    private final Agent agent;
    private final AtomicInteger branches = new AtomicInteger();

    Phone(final String name, final String host, final InetSocketAddress server) throws IOException {
        this.name = name;
        this.host = host + ":5070";
        agent = Agent.udp(host, 5070, server);
        Thread.ofPlatform().daemon().name(name).start(this::listen);
    }

    private void listen() {
        try {
            while (true) {
                final WireMessage message =
                        WireMessage.parse(agent.receive().getBytes(StandardCharsets.ISO_8859_1));
                if (message.isRequest()) {
                    onRequest(message);
                } else if (message.status() >= 200) {
                    answers.add(message);
                }
            }
        } catch (final IOException closed) {
            // Nothing has come for long, or the test is over.
        }
    }

    private void send(final MessageText text) throws IOException {
        agent.send(new String(text.bytes(), StandardCharsets.ISO_8859_1));
    }

    private String sdp() {
        return SDP.formatted(host.split(":")[0]);
    }

    private MessageText request(final String method, final Dialog dialog, final int cseq) {
        return MessageText.request(method, dialog.target)
                .header("Via", "SIP/2.0/UDP " + host + ";branch=z9hG4bK" + name + branches.incrementAndGet())
                .header("Max-Forwards", "70").header("From", dialog.local).header("To", dialog.remote)
                .header("Call-ID", dialog.callId).header("CSeq", cseq + " " + method)
                .header("Contact", "<sip:" + name + "@" + host + ">");
    }

    /** The final answer to a request; what else comes is of another one. */
    private WireMessage answerTo(final String callId, final String cseq) throws InterruptedException {
        while (true) {
            final WireMessage answer = answers.poll(Agent.PATIENCE_MS, TimeUnit.MILLISECONDS);
            if (answer == null) {
                throw new AssertionError("no answer to " + cseq + " of " + name);
            }
            if (answer.callId().equals(callId) && answer.one("cseq").equals(cseq)) {
                return answer;
            }
        }
    }

    /** Calls {@code uri}; comes back when that has answered. */
    Dialog call(final String callId, final String uri) throws IOException, InterruptedException {
        final Dialog asked = new Dialog(callId, "<sip:" + name + "@" + host + ">;tag=of" + name, "<" + uri + ">", uri,
                new AtomicInteger(1));
        send(request("INVITE", asked, 1).body("application/sdp", sdp()));
        final WireMessage answer = answerTo(callId, "1 INVITE");
        final Dialog dialog = new Dialog(callId, asked.local, answer.one("to"),
                WireMessage.uriOf(answer.one("contact")), asked.cseq);
        dialogs.put(callId, dialog);
        send(request("ACK", dialog, 1));
        return dialog;
    }

    /** Asks for a transfer by {@code uri}; the status that the REFER is answered with. */
    int refer(final Dialog dialog, final String uri) throws IOException, InterruptedException {
        final int cseq = dialog.cseq.incrementAndGet();
        send(request("REFER", dialog, cseq).header("Refer-To", "<" + uri + ">"));
        return answerTo(dialog.callId, cseq + " REFER").status();
    }

    void hangUp(final Dialog dialog) throws IOException {
        if (dialogs.remove(dialog.callId) != null) {
            send(request("BYE", dialog, dialog.cseq.incrementAndGet()));
        }
    }

    private void onRequest(final WireMessage request) throws IOException {
        final Dialog known = dialogs.get(request.callId());
        if (request.method().equals("ACK")) {
            final Dialog old = replacing.remove(request.callId());
            if (old != null) {
                hangUp(old);
            }
            return;
        }
        final boolean invite = request.method().equals("INVITE");
        final boolean isNew = heard.add(request.topVia().branch() + request.method());
        final String to = request.toTag().isEmpty() ? request.one("to") + ";tag=" + name + request.callId()
                : request.one("to");
        // A re-INVITE may cross the BYE of its dialog.
        final boolean isGone = invite && known == null && !request.toTag().isEmpty();
        final MessageText answer =
                MessageText.response(isGone ? 481 : 200, "As told").headers("Via", request.all("via"))
                        .header("From", request.one("from")).header("To", to).header("Call-ID", request.callId())
                        .header("CSeq", request.one("cseq")).header("Contact", "<sip:" + name + "@" + host + ">");
        if (invite && known == null && isNew && !isGone) {
            dialogs.put(request.callId(), new Dialog(request.callId(), to, request.one("from"),
                    WireMessage.uriOf(request.one("contact")), new AtomicInteger(0)));
            replace(request);
        } else if (request.method().equals("BYE")) {
            dialogs.remove(request.callId());
        }
        send(invite && !isGone ? answer.body("application/sdp", sdp()) : answer);
    }

    private void replace(final WireMessage invite) {
        final List<String> row = invite.all("replaces");
        if (!row.isEmpty()) {
            final Dialog old = dialogs.get(row.getFirst().split(";")[0]);
            if (old == null || !row.getFirst().contains(";to-tag=" + old.tagOf(old.local))
                    || !row.getFirst().contains(";from-tag=" + old.tagOf(old.remote))) {
                throw new AssertionError("not a dialog of " + name + ": " + row);
            }
            replaced.incrementAndGet();
            replacing.put(invite.callId(), old);
        }
    }

    @Override
    public void close() throws IOException {
        agent.close();
    }
}
