package org.tandemsip.testkit.sim;

import java.util.ArrayDeque;
import java.util.Queue;

import org.tandemsip.testkit.MessageText;
import org.tandemsip.testkit.wire.WireMessage;

/**
 * The reliable provisional responses of an agent to one INVITE in one dialog (RFC 3262 section 3): one at a time, each
 * repeated until its PRACK comes; an INVITE without one is refused after 64*T1.
 */
final class UaReliable {
    private record Waiting(int status, MessageText text) {}

    private final SimUa ua;
    private final UaServerTx invite;
    private final UaDialog dialog;
    private final Queue<Waiting> queue = new ArrayDeque<>();
    private long rseq;
    private int status;
    /** What has no PRACK yet, or {@code null}. */
    private byte[] last;
    private boolean described;
    private boolean agreed;
    private long intervalNs;
    private SimLoop.Task repeat;
    private SimLoop.Task giveUp;
    private Runnable onIdle;

    UaReliable(final SimUa ua, final UaServerTx invite, final UaDialog dialog) {
        this.ua = ua;
        this.invite = invite;
        this.dialog = dialog;
        rseq = ua.random().nextLong(1, Integer.MAX_VALUE);
        dialog.reliable(this);
    }

    UaDialog dialog() {
        return dialog;
    }

    /** Whether what was acknowledged had a description in it. */
    boolean agreed() {
        return agreed;
    }

    void send(final int code, final MessageText text) {
        queue.add(new Waiting(code, text));
        if (last == null) {
            next();
        }
    }

    /** Does something as soon as nothing has to be acknowledged, which must not be before a 2xx. */
    void whenIdle(final Runnable action) {
        if (last == null || !invite.pending()) {
            action.run();
        } else {
            onIdle = action;
        }
    }

    /** Whether a PRACK is for what waits for one. */
    boolean onPrack(final WireMessage prack) {
        if (last == null || !(rseq + " " + invite.request().cseq() + " INVITE").equals(prack.one("rack"))) {
            return false;
        }
        end();
        agreed |= described;
        if (invite.pending()) {
            next();
        }
        return true;
    }

    /** Neither repeats anything nor waits. */
    void stop() {
        queue.clear();
        onIdle = null;
        end();
    }

    private void next() {
        final Waiting next = queue.poll();
        if (next != null) {
            status = next.status;
            last = next.text.header("Require", "100rel").header("RSeq", "" + ++rseq).bytes();
            described = !WireMessage.parse(last).body().isEmpty();
            invite.respond(status, last);
            intervalNs = UaTimers.T1;
            repeat = ua.loop().after(intervalNs, this::again);
            giveUp = ua.loop().after(UaTimers.T1_64, this::refuse);
        } else if (onIdle != null) {
            final Runnable once = onIdle;
            onIdle = null;
            once.run();
        }
    }

    private void again() {
        if (invite.pending()) {
            invite.respond(status, last);
            intervalNs *= 2;
            repeat = ua.loop().after(intervalNs, this::again);
        }
    }

    private void refuse() {
        final boolean pending = invite.pending();
        stop();
        if (pending) {
            ua.note("no PRACK for " + rseq + " of " + dialog.key());
            ua.unacknowledged();
            ua.respond(invite, 500, "Server Internal Error", dialog.localTag());
        }
    }

    private void end() {
        if (last != null) {
            repeat.cancel();
            giveUp.cancel();
            last = null;
        }
    }
}
