package org.tandemsip.perf.compare;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;

/** Asks by OPTIONS whether a server answers yet. */
final class Probe {
    private static final int EVERY_MS = 5;

    private Probe() {}

    /**
     * Sends OPTIONS every 5 ms until one is answered.
     *
     * @param fromNs    what to count from
     * @param timeoutMs how long to ask
     * @return nanoseconds from {@code fromNs} to the first response
     * @throws IOException no answer came, or the server ended
     */
    static long firstAnswerNs(final InetSocketAddress target, final long fromNs, final long timeoutMs,
            final Child server) throws IOException {
        try (DatagramSocket socket = new DatagramSocket(0, target.getAddress())) {
            socket.connect(target);
            socket.setSoTimeout(EVERY_MS);
            final DatagramPacket answer = new DatagramPacket(new byte[4_096], 4_096);
            for (int i = 0; (System.nanoTime() - fromNs) / 1_000_000 < timeoutMs && server.isAlive(); i++) {
                try {
                    final byte[] request = options(target, socket.getLocalPort(), i);
                    socket.send(new DatagramPacket(request, request.length));
                    socket.receive(answer);
                    return System.nanoTime() - fromNs;
                } catch (final PortUnreachableException notYet) {
                    pause();
                } catch (final SocketTimeoutException notYet) {
                    // Bound, but not served yet.
                }
            }
        }
        throw new IOException("no answer to OPTIONS from " + target + "; it said:\n" + server.output());
    }

    private static void pause() {
        try {
            Thread.sleep(EVERY_MS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static byte[] options(final InetSocketAddress target, final int from, final int number) {
        return """
                OPTIONS sip:%1$s:%2$d SIP/2.0
                Via: SIP/2.0/UDP %1$s:%3$d;branch=z9hG4bKprobe%4$d
                Max-Forwards: 70
                From: <sip:probe@%1$s>;tag=%4$d
                To: <sip:%1$s:%2$d>
                Call-ID: %4$d.%3$d@probe
                CSeq: 1 OPTIONS
                Content-Length: 0

                """.formatted(target.getAddress().getHostAddress(), target.getPort(), from, number)
                .replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII);
    }
}
