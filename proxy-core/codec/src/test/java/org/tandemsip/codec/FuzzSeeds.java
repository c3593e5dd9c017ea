package org.tandemsip.codec;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What fuzzing starts from: messages and values of our own, and the torture messages of the RFCs where they are at
 * hand.
 */
final class FuzzSeeds {
    private static final String RESPONSE = Wire.crlf("""
            SIP/2.0 200 OK
            v: SIP / 2.0 / TCP [2001:db8::1]:5060 ;branch=z9hG4bKa;received=192.0.2.1,
             SIP/2.0/UDP h;rport=5
            f: sip:a@b;tag=1
            t: "B \\" x" <sips:b@c>;tag=2
            i: x
            CSeq: 1
             INVITE
            Record-Route: <sip:p1;lr>, <sip:p2;lr>
            l: 2

            hi""");

    private FuzzSeeds() {}

    static List<byte[]> messages() {
        final List<byte[]> seeds = new ArrayList<>(texts(Wire.INVITE, RESPONSE, Wire.INVITE.replace("\r\n", "\n"),
                Wire.INVITE.replace("Contact", "Route: <sip:a;lr>\r\nProxy-Require: a, b\r\nContact"),
                "GET / HTTP/1.1\r\n"));
        seeds.addAll(corpora());
        return seeds;
    }

    static List<byte[]> streams() {
        final List<byte[]> seeds = new ArrayList<>(texts("\r\n\r\n" + Wire.INVITE + "\r\n" + RESPONSE + Wire.INVITE));
        seeds.addAll(messages());
        return seeds;
    }

    static List<byte[]> uris() {
        return texts("sip:alice:pw@example.com:5060;transport=tcp;lr;maddr=h?subject=x", "sips:[2001:db8::1]:5061",
                "tel:+1-201;phone-context=a", "urn:service:sos", "sip:h;%6cr", "sip:[::ffff:192.0.2.1]", "192.0.2.1");
    }

    static List<byte[]> vias() {
        return texts("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx;rport;received=192.0.2.2;maddr=h;ttl=1",
                "SIP / 2.0 / TLS [2001:db8::1] : 5061 ; branch = \"q;,\"", "SIP/2.0/UDP h;x=\"\u00d6\u0081\\\"");
    }

    static List<byte[]> nameAddrs() {
        return texts("\"A \\\" <b>\" <sip:a@b;lr>;tag=1;x=\"y,z\"", "sip:a@b;tag=1", "A. B <tel:+1>",
                "\"\u00d6\u00d0\u0081\\\" <sip:a@b>;tag=2", "<urn:x:y>");
    }

    private static List<byte[]> texts(final String... texts) {
        return Stream.of(texts).map(text -> text.getBytes(StandardCharsets.ISO_8859_1)).toList();
    }

    private static List<byte[]> corpora() {
        final String shared = System.getenv("TANDEM_SHARED");
        Path root = Path.of("").toAbsolutePath();
        while (root != null && !Files.isDirectory(root.resolve("proxy-core"))) {
            root = root.getParent();
        }
        final Path folder = shared != null ? Path.of(shared, "corpora") : root.resolve("../shared/corpora").normalize();
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            final List<byte[]> seeds = new ArrayList<>();
            for (final Path file : files.filter(path -> path.toString().endsWith(".dat")).sorted().toList()) {
                seeds.add(Files.readAllBytes(file));
            }
            return seeds;
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
