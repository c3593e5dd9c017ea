package org.tandemsip.server.interop;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tandemsip.server.Tandem;
import org.tandemsip.server.config.ConfigReader;
import org.tandemsip.testkit.Torture;

/**
 * Throws the torture messages at a server over sockets and judges what comes out by {@code torture-expectations.txt}. A program
 * of its own, since it has to run in a network namespace with nothing but loopback: the messages name foreign hosts.
 *
 * <p>Every message comes from an address of its own, 127.0.1.N, so that answers cannot be mixed up. A route sends what is relayed
 * to a catch-all, which refuses it, so that nothing is retransmitted for long.
 */
final class TortureRunner {
    private static final String PROXY = "127.0.0.1";
    private static final int PORT = 5060;
    private static final InetSocketAddress SERVER = new InetSocketAddress(PROXY, PORT);
    private static final int SILENCE_MS = 500;
    /** Where something must come out, a machine with other things to do gets time. */
    private static final int PATIENCE_MS = 5_000;
    /** A connection that must be closed may be until then: the server gives slow senders some seconds. */
    private static final int CLOSE_MS = 20_000;
    private static final Pattern TOP_VIA =
            Pattern.compile("(?im)^v(?:ia)?[ \\t]*:\\s*SIP\\s*/\\s*\\S+?\\s*/\\s*\\w+\\s+"
                    + "(?:\\[[^]]*]|[^\\s;:,]+)(?:\\s*:\\s*(\\d+))?");
    /** Header fields that a proxy changes (RFC 3261 sections 16.4 and 16.6), in long and compact form. */
    private static final List<String> CHANGED = List.of("via", "v", "max-forwards", "route", "record-route");

    private final DatagramSocket catchAll;
    private final PrintStream out;

    private TortureRunner(final DatagramSocket catchAll, final PrintStream out) {
        this.catchAll = catchAll;
        this.out = out;
    }

    /** Takes the mode and the transport, udp or tcp; prints a line per message and a last one {@code N passed, N failed}. */
    public static void main(final String[] args) throws Exception {
        final PrintStream out = new PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out), true);
        final String config = """
                listen: [udp://%1$s:%2$d, tcp://%1$s:%2$d]
                mode: %3$s
                limits: {slow-message: 1s}
                state-dir: %4$s
                admin: {socket: none}
                trunks:
                  sources: {allow: [127.0.1.0/24]}
                  catch-all: {peers: ["sip:127.0.0.2:5080;transport=udp"]}
                routes: [{from: sources, to: catch-all}]
                """.formatted(PROXY, PORT, args[0], Files.createTempDirectory("torture"));
        final boolean stream = args[1].equals("tcp");
        int failed = 0;
        int passed = 0;
        try (DatagramSocket catchAll = new DatagramSocket(new InetSocketAddress("127.0.0.2", 5080));
                Tandem tandem = Tandem.start(new ConfigReader(Map.of()).read("torture", config))) {
            final TortureRunner runner = new TortureRunner(catchAll, out);
            int number = 1;
            for (final Torture row : Torture.all()) {
                final String expected = stream ? expectedOverStream(row) : row.proxyUdp();
                final int waitMs = expected.startsWith("dropped") ? SILENCE_MS : PATIENCE_MS;
                final String seen = stream ? runner.stream(row, number, waitMs) : runner.datagram(row, number, waitMs);
                final boolean good = seen.equals(expected);
                out.printf("%s %s %s%s%n", good ? "PASS" : "FAIL", row, seen,
                        good ? "" : ", not " + expected + ": " + row.note());
                if (good) {
                    passed++;
                } else {
                    failed++;
                }
                number++;
            }
            if (!tandem.ready()) {
                failed++;
            }
        }
        out.printf("%d passed, %d failed%n", passed, failed);
        System.exit(failed == 0 ? 0 : 1);
    }

    private static String expectedOverStream(final Torture row) {
        return switch (row.proxyStream()) {
            case "=" -> row.proxyUdp();
            case "close" -> row.proxyUdp() + ",close";
            case "wait" -> "dropped,close";
            default -> row.proxyStream();
        };
    }

    private String datagram(final Torture row, final int number, final int waitMs) throws IOException {
        final byte[] message = row.bytes();
        final InetSocketAddress from = new InetSocketAddress("127.0.1." + number, responsePort(message));
        try (DatagramSocket source = new DatagramSocket(from)) {
            source.send(new DatagramPacket(message, message.length, SERVER));
            final long endNs = System.nanoTime() + waitMs * 1_000_000L;
            while (System.nanoTime() - endNs < 0) {
                final byte[] answer = receive(source, 10);
                if (answer != null && !provisional(answer)) {
                    return status(answer);
                }
                final String forwarded = forwarded(message);
                if (forwarded != null) {
                    return forwarded;
                }
            }
            return "dropped";
        }
    }

    private String stream(final Torture row, final int number, final int waitMs) throws IOException {
        final byte[] message = row.bytes();
        try (Socket socket = new Socket()) {
            socket.bind(new InetSocketAddress("127.0.1." + number, 0));
            socket.connect(SERVER, 2_000);
            socket.setSoTimeout(10);
            socket.getOutputStream().write(message);
            final ByteArrayOutputStream answers = new ByteArrayOutputStream();
            String seen = null;
            boolean closed = false;
            long endNs = System.nanoTime() + waitMs * 1_000_000L;
            final boolean closes = !row.proxyStream().equals("=");
            if (closes) {
                endNs += CLOSE_MS * 1_000_000L;
            }
            while (System.nanoTime() - endNs < 0 && !(seen != null && (closed || !closes))) {
                if (!closed && read(socket.getInputStream(), answers)) {
                    closed = true;
                    endNs = Math.min(endNs, System.nanoTime() + SILENCE_MS * 1_000_000L);
                }
                final String forwarded = seen == null ? forwarded(message) : null;
                if (forwarded != null) {
                    seen = forwarded;
                } else if (seen == null) {
                    seen = finalStatus(answers.toString(ISO_8859_1));
                }
            }
            return (seen == null ? "dropped" : seen) + (closed ? ",close" : "");
        }
    }

    private static boolean read(final InputStream in, final ByteArrayOutputStream into) throws IOException {
        final byte[] chunk = new byte[8_192];
        try {
            final int count = in.read(chunk);
            if (count < 0) {
                return true;
            }
            into.write(chunk, 0, count);
        } catch (final SocketTimeoutException silence) {
            return false;
        }
        return false;
    }

    /** What has come out at the catch-all: {@code forwarded} when it is {@code message} but for what a proxy changes. */
    private String forwarded(final byte[] message) throws IOException {
        while (true) {
            final byte[] arrived = receive(catchAll, 1);
            if (arrived == null) {
                return null;
            }
            refuse(arrived);
            final List<String> wanted = rows(message);
            final List<String> got = rows(arrived);
            final boolean strictly = isStrictlyRouted(wanted, got);
            if (strictly || wanted.equals(got)) {
                final String wrong = ProxyRows.difference(head(message), head(arrived), strictly);
                out.print(wrong.isEmpty() ? "" : "  " + wrong + '\n');
                return wrong.isEmpty() ? "forwarded" : "changed";
            }
            if (!wanted.isEmpty() && !got.isEmpty() && wanted.getFirst().equals(got.getFirst())) {
                out.println("  wanted " + wanted + "\n  got    " + got);
                return "changed";
            }
            // A retransmission of an earlier one.
        }
    }

    /** A first Route without lr takes the place of the Request-URI (RFC 3261 section 16.6 step 6). */
    private static boolean isStrictlyRouted(final List<String> wanted, final List<String> got) {
        return got.getFirst().equals("MESSAGE sip:127.0.0.1:5080 SIP/2.0") && wanted.getFirst().startsWith("MESSAGE ")
                && wanted.subList(1, wanted.size()).equals(got.subList(1, got.size()));
    }

    private void refuse(final byte[] request) throws IOException {
        final StringBuilder answer = new StringBuilder("SIP/2.0 603 Decline\r\n");
        for (final String row : head(request).split("\r\n(?![ \\t])")) {
            final String name = row.split(":", 2)[0].strip().toLowerCase(Locale.ROOT);
            if (List.of("via", "v", "from", "f", "to", "t", "call-id", "i", "cseq").contains(name)) {
                answer.append(row).append("\r\n");
            }
        }
        final byte[] bytes = answer.append("Content-Length: 0\r\n\r\n").toString().getBytes(ISO_8859_1);
        catchAll.send(new DatagramPacket(bytes, bytes.length, SERVER));
    }

    private static byte[] receive(final DatagramSocket socket, final int waitMs) throws IOException {
        final DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
        socket.setSoTimeout(waitMs);
        try {
            socket.receive(packet);
            return java.util.Arrays.copyOf(packet.getData(), packet.getLength());
        } catch (final SocketTimeoutException silence) {
            return null;
        }
    }

    private static String head(final byte[] message) {
        final String text = new String(message, ISO_8859_1).replaceFirst("^[\r\n]+", "");
        final int end = text.indexOf("\r\n\r\n");
        return end < 0 ? text : text.substring(0, end);
    }

    /** Start line, header rows with their folds but for those a proxy changes, and the body by Content-Length. */
    private static List<String> rows(final byte[] message) {
        final String head = head(message);
        final List<String> rows = new ArrayList<>();
        int contentLength = Integer.MAX_VALUE;
        for (final String row : head.split("\r\n(?![ \\t])")) {
            final String name = row.split(":", 2)[0].strip().toLowerCase(Locale.ROOT);
            if (!CHANGED.contains(name)) {
                rows.add(row);
            }
            if (name.equals("content-length") || name.equals("l")) {
                contentLength = Math.max(0, Integer.parseInt(row.split(":", 2)[1].strip()));
            }
        }
        final String text = new String(message, ISO_8859_1).replaceFirst("^[\r\n]+", "");
        final int body = Math.min(text.length(), head.length() + 4);
        rows.add(text.substring(body, (int) Math.min(text.length(), (long) body + contentLength)));
        return rows;
    }

    private static int responsePort(final byte[] message) {
        final Matcher via = TOP_VIA.matcher(new String(message, ISO_8859_1));
        return via.find() && via.group(1) != null ? Integer.parseInt(via.group(1)) : 5060;
    }

    private static boolean provisional(final byte[] answer) {
        return new String(answer, ISO_8859_1).startsWith("SIP/2.0 1");
    }

    private static String status(final byte[] answer) {
        final String status = finalStatus(new String(answer, ISO_8859_1));
        return status == null ? "unreadable answer" : status;
    }

    private static String finalStatus(final String answers) {
        final Matcher line = Pattern.compile("(?m)^SIP/2\\.0 ([2-6]\\d\\d) ").matcher(answers);
        return line.find() ? line.group(1) : null;
    }
}
