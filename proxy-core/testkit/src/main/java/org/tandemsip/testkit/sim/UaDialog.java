package org.tandemsip.testkit.sim;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import org.tandemsip.testkit.MessageText;
import org.tandemsip.testkit.wire.SimAddress;
import org.tandemsip.testkit.wire.WireMessage;

/** One side of a dialog of a scripted agent (RFC 3261 section 12): route set, remote target, sequence numbers. */
final class UaDialog {
    private final SimUa ua;
    private final String callId;
    private final String localTag;
    private final String remoteTag;
    private final String localParty;
    private final String remoteParty;
    private final String target;
    private final List<String> routes;
    private long cseq;
    private boolean over;
    private boolean inviting;
    private boolean clean;
    private UaReliable reliable;
    /** INVITE of which responses were acknowledged, and RSeq of the last one. */
    private long acknowledged;
    private long rseq;
    private Runnable onEnd = () -> {
    };

    private UaDialog(final SimUa ua, final WireMessage message, final String localParty, final String remoteParty,
            final String localTag, final String remoteTag, final String target, final List<String> routes) {
        this.ua = ua;
        this.callId = message.callId();
        this.localParty = localParty;
        this.remoteParty = remoteParty;
        this.localTag = localTag;
        this.remoteTag = remoteTag;
        this.target = target;
        this.routes = routes;
    }

    /** The caller's side, made by a 2xx. */
    static UaDialog ofCaller(final SimUa ua, final WireMessage request, final WireMessage response) {
        final List<String> routes = new ArrayList<>(response.all("record-route"));
        Collections.reverse(routes);
        final UaDialog dialog = new UaDialog(ua, response, request.one("from"), response.one("to"), request.fromTag(),
                response.toTag(), WireMessage.uriOf(response.one("contact")), routes);
        dialog.cseq = request.cseq();
        return dialog;
    }

    /** The callee's side, made by its own 2xx; {@code ignoreRoutes}: as some carriers do. */
    static UaDialog ofCallee(final SimUa ua, final WireMessage request, final String localTag,
            final boolean ignoreRoutes) {
        return new UaDialog(ua, request, request.one("to") + ";tag=" + localTag, request.one("from"), localTag,
                request.fromTag(), WireMessage.uriOf(request.one("contact")),
                ignoreRoutes ? List.of() : request.all("record-route"));
    }

    static String key(final String callId, final String localTag, final String remoteTag) {
        return callId + '|' + localTag + '|' + remoteTag;
    }

    String key() {
        return key(callId, localTag, remoteTag);
    }

    /** Runs once when the dialog is over. */
    void onEnd(final Runnable action) {
        onEnd = action;
    }

    boolean over() {
        return over;
    }

    /** Whether it ended by a BYE that the other side knew what to do with. */
    boolean clean() {
        return clean;
    }

    String localTag() {
        return localTag;
    }

    /** Who waits for its PRACKs. */
    void reliable(final UaReliable responses) {
        reliable = responses;
    }

    /**
     * Acknowledges a reliable provisional response that is the next one (RFC 3262 section 4).
     *
     * @param offered whether its INVITE had an offer: else the PRACK answers that of the response (section 5)
     * @param done    what to do when that was answered
     */
    void onProvisional(final WireMessage response, final boolean offered, final Runnable done) {
        if (over || response.first("rseq") == null) {
            return;
        }
        final long number = Long.parseLong(response.one("rseq"));
        final boolean first = acknowledged != response.cseq();
        if (!first && number != rseq + 1) {
            return;
        }
        acknowledged = response.cseq();
        rseq = number;
        final MessageText prack = request("PRACK", ++cseq, nextOverStream())
                .header("RAck", number + " " + response.cseq() + " INVITE");
        if (first && !offered && !response.body().isEmpty()) {
            prack.body("application/sdp", "v=0\r\n");
        }
        send(prack, done);
    }

    /** Sends UPDATE (RFC 3311), with or without an offer. */
    void update(final boolean offer) {
        if (over) {
            return;
        }
        final MessageText update = request("UPDATE", ++cseq, nextOverStream()).header("Contact", ua.contact());
        if (offer) {
            update.body("application/sdp", "v=0\r\n");
        }
        send(update, () -> {
        });
    }

    private void send(final MessageText request, final Runnable done) {
        ua.send(request, nextHop(), nextOverStream(), new UaClientTx.Listener() {
            @Override
            public void onResponse(final WireMessage response) {
                if (response.status() / 100 == 2) {
                    done.run();
                }
            }

            @Override
            public void onFailure() {
                ua.note("request failed in " + key());
            }
        });
    }

    /** The ACK for a 2xx to an INVITE with that sequence number (section 13.2.2.4). */
    MessageText ack(final long inviteCseq) {
        return request("ACK", inviteCseq, nextOverStream());
    }

    void sendAck(final MessageText ack) {
        if (nextOverStream()) {
            ua.writeStream(null, nextHop(), ack.bytes());
        } else {
            ua.writeDatagram(nextHop(), ack.bytes());
        }
    }

    void bye() {
        if (over) {
            return;
        }
        over = true;
        ua.send(request("BYE", ++cseq, nextOverStream()), nextHop(), nextOverStream(), new UaClientTx.Listener() {
            @Override
            public void onResponse(final WireMessage response) {
                if (response.status() >= 200) {
                    clean = response.status() < 300;
                    end();
                }
            }

            @Override
            public void onFailure() {
                ua.note("BYE " + callId + " failed");
                end();
            }
        });
    }

    void reInvite() {
        if (over || inviting) {
            return;
        }
        inviting = true;
        final long number = ++cseq;
        final MessageText invite = request("INVITE", number, nextOverStream()).header("Contact", ua.contact());
        // Every other dialog makes an offer, the rest ask for one (RFC 3261 section 14.1).
        final boolean offered = (localTag.hashCode() & 1) == 0;
        invite.header("Supported", ua.reliable() ? "100rel" : null);
        if (offered) {
            invite.body("application/sdp", "v=0\r\n");
        }
        final UaClientTx transaction = ua.send(invite, nextHop(), nextOverStream(), new UaClientTx.Listener() {
            private MessageText ack;

            @Override
            public void onResponse(final WireMessage response) {
                if (response.status() < 200) {
                    onProvisional(response, offered, () -> {
                    });
                } else {
                    inviting = false;
                    if (response.status() < 300) {
                        ack = ack == null ? ack(number) : ack;
                        sendAck(ack);
                    }
                }
            }

            @Override
            public void onFailure() {
                inviting = false;
            }
        });
        ua.loop().after(8 * UaTimers.T1_64, () -> {
            if (!transaction.finished()) {
                transaction.abandon();
                inviting = false;
            }
        });
    }

    /** Header field of a URI that names it to its other side, as this one knows it (RFC 3891 section 6.1). */
    String replaces() {
        return "?Replaces=" + callId.replace("@", "%40") + "%3Bto-tag%3D" + remoteTag + "%3Bfrom-tag%3D" + localTag;
    }

    void refer(final String other) {
        if (over || other == null) {
            return;
        }
        final MessageText refer = request("REFER", ++cseq, nextOverStream()).header("Contact", ua.contact())
                .header("Refer-To", "<" + other + ">");
        ua.send(refer, nextHop(), nextOverStream(), new UaClientTx.Listener() {
            @Override
            public void onResponse(final WireMessage response) {
                // What comes of it is told by NOTIFYs, or by a BYE.
            }

            @Override
            public void onFailure() {
                ua.note("REFER " + callId + " failed");
            }
        });
    }

    void onRequest(final UaServerTx transaction) {
        final String method = transaction.request().method();
        if (method.equals("BYE")) {
            ua.respond(transaction, 200, "OK", null);
            over = true;
            clean = true;
            end();
        } else if (method.equals("PRACK")) {
            onPrack(transaction);
        } else if (!method.equals("INVITE")) {
            final MessageText ok = ua.response(transaction, 200, "OK", null);
            if (method.equals("UPDATE") && !transaction.request().body().isEmpty()) {
                ok.body("application/sdp", "v=0\r\n");
            }
            transaction.respond(200, ok.bytes());
        } else if (inviting) {
            ua.respond(transaction, 491, "Request Pending", null);
        } else if (over) {
            ua.respond(transaction, 481, "Call/Transaction Does Not Exist", null);
        } else {
            answer(transaction);
        }
    }

    private void onPrack(final UaServerTx transaction) {
        final boolean known = reliable != null && reliable.onPrack(transaction.request());
        ua.respond(transaction, known ? 200 : 481, known ? "OK" : "Call/Transaction Does Not Exist", null);
    }

    private void answer(final UaServerTx invite) {
        final UaAnswer answer = new UaAnswer(ua, invite, this, localTag);
        if (!ua.reliable(invite.request()) || ua.random().nextInt(4) == 0) {
            answer.send();
            return;
        }
        final UaReliable progress = new UaReliable(ua, invite, this);
        for (int more = ua.random().nextInt(3); more >= 0; more--) {
            progress.send(183, ua.response(invite, 183, "Session Progress", null).header("Contact", ua.contact())
                    .body("application/sdp", "v=0\r\n"));
        }
        progress.whenIdle(answer.described()::send);
    }

    private void end() {
        ua.remove(this);
        final Runnable once = onEnd;
        onEnd = () -> {
        };
        once.run();
    }

    private MessageText request(final String method, final long number, final boolean overStream) {
        return MessageText.request(method, target).header("Via", ua.via(ua.newBranch(), overStream))
                .header("Max-Forwards", "70").headers("Route", routes).header("From", localParty)
                .header("To", remoteParty).header("Call-ID", callId).header("CSeq", number + " " + method);
    }

    private String nextUri() {
        return routes.isEmpty() ? target : WireMessage.uriOf(routes.get(0));
    }

    private boolean nextOverStream() {
        return routes.isEmpty() && ua.outbound() != null ? ua.stream()
                : nextUri().toLowerCase(java.util.Locale.ROOT).contains("transport=tcp");
    }

    private SimAddress nextHop() {
        return routes.isEmpty() && ua.outbound() != null ? ua.outbound() : UaCaller.hostOf(nextUri());
    }
}
