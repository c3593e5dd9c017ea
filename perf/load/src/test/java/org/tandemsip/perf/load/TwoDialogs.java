package org.tandemsip.perf.load;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.stream.Collectors;

/**
 * Relays datagrams between caller and answerer, but for a BYE: that is answered at once, as a B2BUA does, and comes to
 * the answerer later.
 */
final class TwoDialogs implements AutoCloseable {
    private record Late(long dueNs, byte[] bye) {}

    private final DatagramSocket socket = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0));
    private final InetSocketAddress caller;
    private final InetSocketAddress answerer;
    private final long delayNs;
    private final Queue<Late> late = new ArrayDeque<>();

    /** @param delayMs how much later, negative for never */
    TwoDialogs(final LoadRun run, final long delayMs) throws IOException {
        caller = run.callerAddress();
        answerer = run.answererAddress();
        delayNs = delayMs * 1_000_000;
        socket.setSoTimeout(10);
        Thread.ofPlatform().start(this::relay);
    }

    private void relay() {
        final DatagramPacket packet = new DatagramPacket(new byte[4_096], 4_096);
        try {
            while (true) {
                while (!late.isEmpty() && late.peek().dueNs - System.nanoTime() <= 0) {
                    final byte[] bye = late.remove().bye;
                    socket.send(new DatagramPacket(bye, bye.length, answerer));
                }
                packet.setLength(4_096);
                try {
                    socket.receive(packet);
                } catch (final SocketTimeoutException nothing) {
                    continue;
                }
                take(new String(packet.getData(), 0, packet.getLength(), StandardCharsets.ISO_8859_1),
                        packet.getSocketAddress().equals(caller));
            }
        } catch (final IOException closed) {
            // The test is over.
        }
    }

    private void take(final String message, final boolean ofCaller) throws IOException {
        final byte[] bytes = message.getBytes(StandardCharsets.ISO_8859_1);
        if (ofCaller && message.startsWith("BYE ")) {
            if (delayNs >= 0) {
                late.add(new Late(System.nanoTime() + delayNs, bytes));
            }
            final byte[] ok = ("SIP/2.0 200 OK\r\n" + message.lines()
                    .filter(line -> line.matches("(Via|From|To|Call-ID|CSeq):.*")).map(line -> line + "\r\n")
                    .collect(Collectors.joining()) + "Content-Length: 0\r\n\r\n")
                    .getBytes(StandardCharsets.ISO_8859_1);
            socket.send(new DatagramPacket(ok, ok.length, caller));
        } else if (ofCaller || !message.contains(" BYE\r\n")) {
            socket.send(new DatagramPacket(bytes, bytes.length, ofCaller ? answerer : caller));
        }
    }

    InetSocketAddress address() {
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    @Override
    public void close() {
        socket.close();
    }
}
