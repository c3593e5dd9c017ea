package org.tandemsip.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** Ports that nobody uses at this moment. */
public final class FreePorts {
    private static final int TRIES = 100;

    private FreePorts() {}

    /** A port of {@code address} (for example {@code 127.0.0.1} or {@code ::1}) that is free for UDP and for TCP. */
    public static int udpAndTcp(final String address) {
        for (int i = 0; i < TRIES; i++) {
            try (ServerSocket tcp = new ServerSocket(0, 1, InetAddress.ofLiteral(address))) {
                try (DatagramSocket udp = new DatagramSocket(
                        new InetSocketAddress(tcp.getInetAddress(), tcp.getLocalPort()))) {
                    return udp.getLocalPort();
                } catch (final IOException taken) {
                    // Free for TCP only: try another.
                }
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        throw new IllegalStateException("no port of " + address + " is free for UDP and TCP");
    }
}
