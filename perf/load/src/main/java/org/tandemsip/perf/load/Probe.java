package org.tandemsip.perf.load;

import java.io.IOException;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.tandemsip.codec.Transport;

/** Asks by OPTIONS whether a server answers yet. */
public final class Probe {
    private static final int EVERY_MS = 5;
    /** A connection over which no answer came for so long is given up for another. */
    private static final long ANSWER_NS = 1_000_000_000L;
    private static final long LOOK_NS = 100_000;

    private Probe() {}

    /**
     * Sends OPTIONS over UDP every 5 ms until one is answered.
     *
     * @param target    whom to ask
     * @param from      local host to ask from
     * @param startNs   what to count from
     * @param timeoutNs how long to ask, from then
     * @param alive     whether it may still answer
     * @return nanoseconds from {@code startNs} to the first response, negative when none came
     * @throws IOException datagrams cannot be sent from here
     */
    public static long firstAnswerNs(final InetSocketAddress target, final InetAddress from, final long startNs,
            final long timeoutNs, final BooleanSupplier alive) throws IOException {
        try (DatagramSocket socket = new DatagramSocket(0, from)) {
            socket.connect(target);
            socket.setSoTimeout(EVERY_MS);
            final DatagramPacket answer = new DatagramPacket(new byte[4_096], 4_096);
            for (int i = 0; System.nanoTime() - startNs < timeoutNs && alive.getAsBoolean(); i++) {
                try {
                    final byte[] request = options(target, hostPort(socket), i, Transport.UDP);
                    socket.send(new DatagramPacket(request, request.length));
                    socket.receive(answer);
                    return System.nanoTime() - startNs;
                } catch (final PortUnreachableException notYet) {
                    pause();
                } catch (final SocketTimeoutException notYet) {
                    // Bound, but not served yet.
                }
            }
        }
        return -1;
    }

    /**
     * Sends OPTIONS over the transport of {@code plan} until one is answered.
     *
     * @param timeoutNs how long to ask
     * @return whether one was answered
     * @throws IOException nothing can be sent from here
     */
    static boolean answers(final LoadPlan plan, final InetSocketAddress target, final long timeoutNs)
            throws IOException {
        final long startNs = System.nanoTime();
        if (plan.transport() == Transport.UDP) {
            return firstAnswerNs(target, plan.caller().getAddress(), startNs, timeoutNs, () -> true) >= 0;
        }
        for (int i = 0; System.nanoTime() - startNs < timeoutNs; i++) {
            try (Wire wire = Wire.open(plan, new InetSocketAddress(plan.caller().getAddress(), 0))) {
                wire.connect(target);
                if (answers(wire, options(target, LoadRun.hostPort(wire.localAddress()), i, plan.transport()),
                        Math.min(ANSWER_NS, timeoutNs))) {
                    return true;
                }
            } catch (final ConnectException notYet) {
                pause();
            }
        }
        return false;
    }

    private static boolean answers(final Wire wire, final byte[] request, final long timeoutNs) throws IOException {
        final long startNs = System.nanoTime();
        boolean sent = false;
        while (System.nanoTime() - startNs < timeoutNs) {
            if (!sent && wire.ready()) {
                wire.outgoing().putBytes(0, request);
                wire.send(request.length, 0);
                sent = true;
            }
            if (wire.receive() != null) {
                return true;
            }
            LockSupport.parkNanos(LOOK_NS);
        }
        return false;
    }

    private static void pause() {
        try {
            Thread.sleep(EVERY_MS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String hostPort(final DatagramSocket socket) {
        return LoadRun.hostPort((InetSocketAddress) socket.getLocalSocketAddress());
    }

    private static byte[] options(final InetSocketAddress target, final String from, final int number,
            final Transport transport) {
        return """
                OPTIONS sip:%1$s SIP/2.0
                Via: SIP/2.0/%4$s %2$s;branch=z9hG4bKprobe%3$d
                Max-Forwards: 70
                From: <sip:probe@%2$s>;tag=%3$d
                To: <sip:%1$s>
                Call-ID: %3$d.probe@%2$s
                CSeq: 1 OPTIONS
                Content-Length: 0

                """.formatted(LoadRun.hostPort(target), from, number, transport.name())
                .replace("\n", "\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }
}
