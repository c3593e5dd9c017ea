package org.tandemsip.testkit.sim;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

import org.tandemsip.testkit.MessageText;
import org.tandemsip.testkit.wire.WireMessage;

/**
 * How an agent answers a request outside a dialog. The request says it itself, in the user part of its Request-URI, so
 * that a run needs no state shared between agents: {@code answer_busy.r1200.h5000.c.g} means that the agent with script
 * index 0 answers and the one with index 1 is busy, after 1,200 ms of ringing; the callee hangs up ({@code c}) after
 * 5,000 ms and sends a re-INVITE of its own in the middle ({@code g}).
 */
final class UasScript {
    /** Behaviours of the called side. */
    enum Kind {
        /** 180, then 200. */
        ANSWER,
        /** 180, then 486. */
        BUSY,
        /** 180, then 603. */
        DECLINE,
        /** 503 at once. */
        UNAVAILABLE,
        /** 401 or 407 at once. */
        CHALLENGE,
        /** 302 after ringing. */
        REDIRECT,
        /** 180 and nothing more; 487 when cancelled. */
        RING,
        /** 180 again and again for several minutes, then silence. */
        ENDLESS,
        /** Many different provisionals, then 200. */
        CHATTY,
        /** Nothing at all, CANCEL neither. */
        SILENT,
        /** 180; the CANCEL is answered, the INVITE with 200 none the less. */
        LATE,
        /** 180; neither CANCEL nor INVITE are ever answered. */
        DEAF,
        /** Two early dialogs and two 2xx, as behind a forking proxy. */
        FORK,
        /** As ANSWER, but Record-Route is ignored by this side. */
        NORR
    }

    private final SimUa ua;
    private final Kind kind;
    private long ringNs;
    private long holdNs;
    private boolean hangsUp;
    private boolean glare;
    private SimLoop.Task pending;
    private final String tag;
    /** By our tag, where provisional responses are reliable. */
    private final Map<String, UaReliable> reliable = new HashMap<>();

    private UasScript(final SimUa ua, final String[] words) {
        this.ua = ua;
        final String[] kinds = words[0].split("_");
        this.kind = Kind.valueOf(kinds[ua.scriptIndex() % kinds.length].toUpperCase(Locale.ROOT));
        for (int i = 1; i < words.length; i++) {
            switch (words[i].charAt(0)) {
                case 'r' -> ringNs = Long.parseLong(words[i].substring(1)) * UaTimers.MS;
                case 'h' -> holdNs = Long.parseLong(words[i].substring(1)) * UaTimers.MS;
                case 'c' -> hangsUp = true;
                case 'g' -> glare = true;
                default -> throw new IllegalArgumentException("script word " + words[i]);
            }
        }
        this.tag = ua.newTag();
    }

    /** The script that a request names; one that answers at once when it names none, or an id of GB/T 28181. */
    static UasScript of(final SimUa ua, final WireMessage request) {
        final String uri = request.uri();
        final int at = uri.indexOf('@');
        final boolean named = at >= 0 && !Character.isDigit(uri.charAt(uri.indexOf(':') + 1));
        final String user = named ? uri.substring(uri.indexOf(':') + 1, at) : "answer";
        return new UasScript(ua, user.split("\\."));
    }

    boolean answersCancel() {
        return kind != Kind.SILENT && kind != Kind.DEAF;
    }

    void onCancel(final UaServerTx invite) {
        if (!invite.pending()) {
            return;
        }
        if (pending != null) {
            pending.cancel();
        }
        reliable.values().forEach(UaReliable::stop);
        if (kind == Kind.LATE) {
            accept(invite, tag);
        } else {
            ua.respond(invite, 487, "Request Terminated", tag);
        }
    }

    void onRequest(final UaServerTx transaction) {
        if (transaction.request().method().equals("INVITE")) {
            transaction.script(this);
            onInvite(transaction);
        } else {
            onOther(transaction);
        }
    }

    /** No provisional and never a 408 (RFC 4320). */
    private void onOther(final UaServerTx transaction) {
        switch (kind) {
            case SILENT, DEAF, RING, ENDLESS -> ua.note("does not answer " + transaction.request());
            case BUSY, LATE -> ua.respond(transaction, 486, "Busy Here", tag);
            case DECLINE -> ua.respond(transaction, 603, "Decline", tag);
            case UNAVAILABLE -> ua.respond(transaction, 503, "Service Unavailable", tag);
            case CHALLENGE -> challenge(transaction);
            case REDIRECT -> redirect(transaction);
            case ANSWER, CHATTY, FORK, NORR ->
                    ua.loop().after(ringNs / 10, () -> ua.respond(transaction, 200, "OK", tag));
        }
    }

    private void onInvite(final UaServerTx invite) {
        if (kind == Kind.SILENT) {
            return;
        }
        if (kind == Kind.UNAVAILABLE) {
            ua.respond(invite, 503, "Service Unavailable", tag);
            return;
        }
        if (kind == Kind.CHALLENGE) {
            challenge(invite);
            return;
        }
        if (ua.random().nextBoolean()) {
            ua.respond(invite, 100, "Trying", null);
        }
        ring(invite, tag, 180);
        switch (kind) {
            case ANSWER, NORR -> pending = ua.loop().after(ringNs, () -> accept(invite, tag));
            case BUSY -> later(invite, 486, "Busy Here");
            case DECLINE -> later(invite, 603, "Decline");
            case REDIRECT -> pending = ua.loop().after(ringNs, () -> redirect(invite));
            case CHATTY -> chat(invite, 1 + ua.random().nextInt(6));
            case ENDLESS -> again(invite, 4);
            case FORK -> fork(invite);
            case RING, LATE, DEAF, SILENT, UNAVAILABLE, CHALLENGE -> ua.note("rings on: " + kind);
        }
    }

    private void ring(final UaServerTx invite, final String toTag, final int status) {
        final MessageText ringing = ua.response(invite, status, status == 180 ? "Ringing" : "Session Progress", toTag)
                .headers("Record-Route", invite.request().all("record-route")).header("Contact", ua.contact());
        if (!ua.reliable(invite.request())) {
            invite.respond(status, ringing.bytes());
            return;
        }
        if (ua.random().nextBoolean()) {
            ringing.body("application/sdp", "v=0\r\n");
        }
        reliable.computeIfAbsent(toTag, key -> {
            final UaDialog dialog = UaDialog.ofCallee(ua, invite.request(), toTag, kind == Kind.NORR);
            ua.addEarly(dialog);
            return new UaReliable(ua, invite, dialog);
        }).send(status, ringing);
        if (ua.updates(3)) {
            update(invite, reliable.get(toTag));
        }
    }

    /** UPDATE in an early dialog: with an offer when the first one has its answer, without when not. */
    private void update(final UaServerTx invite, final UaReliable early) {
        ua.loop().after(ringNs / 2, () -> {
            if (invite.pending()) {
                early.dialog().update(early.agreed());
            }
        });
    }

    private void later(final UaServerTx invite, final int status, final String reason) {
        pending = ua.loop().after(ringNs, () -> ua.respond(invite, status, reason, tag));
    }

    private void chat(final UaServerTx invite, final int more) {
        ring(invite, tag, more % 2 == 0 ? 180 : 183);
        pending = ua.loop().after(ringNs / 4, more == 0 ? () -> accept(invite, tag) : () -> chat(invite, more - 1));
    }

    private void again(final UaServerTx invite, final int more) {
        pending = ua.loop().after(50_000 * UaTimers.MS, () -> {
            if (invite.pending() && more > 0) {
                ring(invite, tag, 180);
                again(invite, more - 1);
            }
        });
    }

    private void fork(final UaServerTx invite) {
        final String other = ua.newTag();
        ring(invite, other, 183);
        pending = ua.loop().after(ringNs, () -> {
            accept(invite, tag);
            ua.loop().after(ringNs / 8, () -> accept(invite, other));
        });
    }

    private void challenge(final UaServerTx transaction) {
        final boolean proxy = ua.scriptIndex() % 2 == 1;
        transaction.respond(proxy ? 407 : 401, ua.response(transaction, proxy ? 407 : 401, "Unauthorized", tag)
                .header(proxy ? "Proxy-Authenticate" : "WWW-Authenticate",
                        "Digest realm=\"" + ua.name() + "\", nonce=\"n, 1\"")
                .bytes());
    }

    private void redirect(final UaServerTx transaction) {
        transaction.respond(302, ua.response(transaction, 302, "Moved Temporarily", tag)
                .header("Contact", "<sip:elsewhere@10.9.9.9>").bytes());
    }

    private void accept(final UaServerTx invite, final String toTag) {
        final UaReliable early = reliable.get(toTag);
        if (early == null) {
            answer(invite, toTag, UaDialog.ofCallee(ua, invite.request(), toTag, kind == Kind.NORR));
        } else {
            early.whenIdle(() -> answer(invite, toTag, early.dialog()));
        }
    }

    private void answer(final UaServerTx invite, final String toTag, final UaDialog dialog) {
        ua.add(dialog);
        new UaAnswer(ua, invite, dialog, toTag).onConfirmed(() -> {
            if (glare) {
                ua.loop().after(holdNs / 2, dialog::reInvite);
            }
            if (ua.updates(2)) {
                ua.loop().after(holdNs / 2 + ua.random().nextInt(50) * UaTimers.MS, () -> dialog.update(true));
            }
            // A callee whose caller never hangs up ends the call after all, so that no run is left with half a call.
            ua.loop().after(hangsUp ? holdNs : holdNs + 3 * UaTimers.T1_64, dialog::bye);
        }).send();
    }
}
