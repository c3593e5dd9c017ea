package org.tandemsip.server.interop;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A phone with a socket for SIP and one for its media, played by hand. */
final class RtpAgent implements AutoCloseable {
    private static final int PATIENCE_MS = 60_000;
    private static final int MOST_TRIES = 200;

    final String address;
    final DatagramSocket sip;
    final DatagramSocket rtp;
    final String tag = UUID.randomUUID().toString();
    private int sequence;

    RtpAgent(final String address, final int sipPort) throws IOException {
        this.address = address;
        sip = new DatagramSocket(sipPort, InetAddress.ofLiteral(address));
        sip.setSoTimeout(PATIENCE_MS);
        rtp = new DatagramSocket(0, InetAddress.ofLiteral(address));
        rtp.setSoTimeout(100);
    }

    // SIP.

    /** The session description of this phone. @param rows more of its medium */
    String sdp(final String protocol, final String... rows) {
        return "v=0\r\no=" + tag.substring(0, 8) + " 1 1 IN IP4 " + address + "\r\ns=-\r\nc=IN IP4 " + address
                + "\r\nt=0 0\r\nm=audio " + rtp.getLocalPort() + ' ' + protocol
                + " 0\r\na=rtpmap:0 PCMU/8000\r\n"
                + String.join("", Arrays.stream(rows).map(row -> row + "\r\n").toList());
    }

    void send(final String message, final InetSocketAddress to) throws IOException {
        final byte[] bytes = message.getBytes(StandardCharsets.US_ASCII);
        sip.send(new DatagramPacket(bytes, bytes.length, to));
    }

    /** The next message whose first line begins so; others are passed over. */
    String receive(final String start) throws IOException {
        while (true) {
            final DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
            sip.receive(packet);
            final String message = new String(packet.getData(), 0, packet.getLength(), StandardCharsets.US_ASCII);
            if (message.startsWith(start)) {
                return message;
            }
        }
    }

    /** The rows of a message with this name, line ends included. */
    static String rows(final String message, final String... names) {
        final StringBuilder rows = new StringBuilder();
        for (final String line : message.split("\r\n\r\n")[0].split("\r\n")) {
            if (List.of(names).stream().anyMatch(name -> line.startsWith(name + ": "))) {
                rows.append(line).append("\r\n");
            }
        }
        return rows.toString();
    }

    /** A response to {@code request}. */
    String response(final String request, final String status, final String body) {
        String rows = rows(request, "Via", "From", "To", "Call-ID", "CSeq", "Record-Route");
        if (!rows(request, "To").contains(";tag=")) {
            rows = rows.replace(rows(request, "To"), rows(request, "To").strip() + ";tag=" + tag + "\r\n");
        }
        return "SIP/2.0 " + status + "\r\n" + rows + "Contact: <sip:" + address + ':' + sip.getLocalPort() + ">\r\n"
                + body(body);
    }

    static String body(final String sdp) {
        return (sdp.isEmpty() ? "" : "Content-Type: application/sdp\r\n") + "Content-Length: " + sdp.length()
                + "\r\n\r\n" + sdp;
    }

    // Media.

    /** Where a description wants its media. */
    static InetSocketAddress target(final String message) {
        final Matcher host = Pattern.compile("\r\nc=IN IP4 (\\S+)").matcher(message);
        final Matcher port = Pattern.compile("\r\nm=audio (\\d+) ").matcher(message);
        if (!host.find() || !port.find()) {
            throw new AssertionError("no description in " + message);
        }
        return new InetSocketAddress(InetAddress.ofLiteral(host.group(1)), Integer.parseInt(port.group(1)));
    }

    /** An RTP packet with this payload. */
    byte[] packet(final String payload) {
        return ByteBuffer.allocate(12 + payload.length()).put((byte) 0x80).put((byte) 0).putShort((short) ++sequence)
                .putInt(sequence * 160).putInt(tag.hashCode()).put(payload.getBytes(StandardCharsets.US_ASCII)).array();
    }

    /** Sends a packet, again and again, until {@code other} receives one, and returns that. */
    DatagramPacket talk(final Wrapping wrapping, final String payload, final InetSocketAddress to,
            final RtpAgent other) throws Exception {
        for (int i = 0; i < MOST_TRIES; i++) {
            final byte[] bytes = wrapping.of(packet(payload));
            rtp.send(new DatagramPacket(bytes, bytes.length, to));
            final DatagramPacket got = other.hear();
            if (got != null) {
                return got;
            }
        }
        throw new AssertionError(address + " has talked to " + to + " in vain");
    }

    private DatagramPacket hear() throws IOException {
        final DatagramPacket packet = new DatagramPacket(new byte[2_048], 2_048);
        try {
            rtp.receive(packet);
            return packet;
        } catch (final java.net.SocketTimeoutException e) {
            return null;
        }
    }

    /** What is made of an RTP packet before it is sent. */
    interface Wrapping {
        byte[] of(byte[] rtp) throws Exception;
    }

    @Override
    public void close() {
        sip.close();
        rtp.close();
    }
}
