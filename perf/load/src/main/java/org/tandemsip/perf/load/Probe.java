package org.tandemsip.perf.load;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;

/** Asks by OPTIONS over UDP whether a server answers yet. */
public final class Probe {
    private static final int EVERY_MS = 5;

    private Probe() {}

    /**
     * Sends OPTIONS every 5 ms until one is answered.
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
                    final byte[] request = options(target, hostPort(socket), i);
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

    private static byte[] options(final InetSocketAddress target, final String from, final int number) {
        return """
                OPTIONS sip:%1$s SIP/2.0
                Via: SIP/2.0/UDP %2$s;branch=z9hG4bKprobe%3$d
                Max-Forwards: 70
                From: <sip:probe@%2$s>;tag=%3$d
                To: <sip:%1$s>
                Call-ID: %3$d.probe@%2$s
                CSeq: 1 OPTIONS
                Content-Length: 0

                """.formatted(LoadRun.hostPort(target), from, number).replace("\n", "\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }
}
