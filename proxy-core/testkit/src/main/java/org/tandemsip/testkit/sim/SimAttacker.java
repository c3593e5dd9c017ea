package org.tandemsip.testkit.sim;

import java.util.SplittableRandom;

import org.tandemsip.testkit.MessageText;
import org.tandemsip.testkit.wire.Packet;
import org.tandemsip.testkit.wire.SimAddress;

/**
 * Somebody without keys who can send packets with any source address: requests from outside every trunk, answers to
 * guessed branches, garbage. Everything it makes carries {@code X-Sim-Attacker}.
 */
final class SimAttacker implements SimEndpoint {
    private static final SimAddress HOME = SimAddress.of("203.0.113.66:5060");

    private final SimNetwork network;
    private final SplittableRandom random;
    private int attacks;

    SimAttacker(final SimNetwork network, final SplittableRandom random) {
        this.network = network;
        this.random = random;
        network.bind(HOME, this);
    }

    /** Does something bad to {@code victim}; {@code peer} is somebody the victim trusts. */
    void attack(final SimAddress victim, final SimAddress peer) {
        final String callId = "attack" + ++attacks;
        switch (random.nextInt(4)) {
            case 0 -> network.send(this, HOME, victim, request("INVITE", victim, callId));
            case 1 -> network.send(this, HOME, victim, request("OPTIONS", victim, callId));
            case 2 -> network.send(this, random.nextBoolean() ? peer : HOME, victim, answer(victim, peer, callId));
            default -> network.send(this, peer, victim, garbage());
        }
    }

    private byte[] request(final String method, final SimAddress victim, final String callId) {
        return MessageText.request(method, "sip:answer@" + victim)
                .header("Via", "SIP/2.0/UDP " + HOME + ";branch=z9hG4bK" + callId)
                .header("Route", "<sip:" + victim + ";lr;tk=0123456789abcdef>")
                .header("Max-Forwards", "70").header("From", "<sip:x@203.0.113.66>;tag=1")
                .header("To", random.nextBoolean() ? "<sip:y@" + victim + ">;tag=2" : "<sip:y@" + victim + ">")
                .header("Call-ID", callId).header("CSeq", "1 " + method).header("Contact", "<sip:x@" + HOME + ">")
                .header("X-Sim-Attacker", "yes").bytes();
    }

    /** The right sent-by, a branch of the right form, and a next Via that would reflect to a third party. */
    private byte[] answer(final SimAddress victim, final SimAddress peer, final String callId) {
        final String branch = "z9hG4bK" + (random.nextBoolean() ? 's' : 't') + hex(random.nextLong()) + hex(
                random.nextInt()).substring(8);
        return MessageText.response(200, "OK").header("Via", "SIP/2.0/UDP " + victim + ";branch=" + branch)
                .header("Via", "SIP/2.0/UDP " + peer + ";branch=z9hG4bKvictim;received=" + peer.host())
                .header("From", "<sip:x@203.0.113.66>;tag=1").header("To", "<sip:y@" + victim + ">;tag=2")
                .header("Call-ID", callId).header("CSeq", "1 INVITE").header("X-Sim-Attacker", "yes").bytes();
    }

    private byte[] garbage() {
        final byte[] bytes = new byte[random.nextInt(1, 200)];
        random.nextBytes(bytes);
        return bytes;
    }

    private static String hex(final long value) {
        return String.format("%016x", value);
    }

    @Override
    public String name() {
        return "attacker";
    }

    @Override
    public void onDatagram(final Packet packet, final SimAddress local) {
        // Whatever comes back is seen by the judge.
    }

    @Override
    public void onBytes(final SimStream.End end, final byte[] bytes) {
        // As above.
    }

    @Override
    public void onClosed(final SimStream.End end) {
        // As above.
    }
}
