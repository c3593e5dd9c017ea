package org.tandemsip.b2bua;

import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;

/** The session of somebody who is to wait: as it was, but that no medium flows (RFC 3264 section 8.4). */
final class HeldSession {
    private HeldSession() {}

    /** Makes one out of {@code sdp}; belongs to the caller. */
    static KeptBytes of(final B2bua owner, final KeptBytes sdp) {
        final StringBuilder text = new StringBuilder();
        boolean media = false;
        for (final String line : sdp.text().split("\r?\n")) {
            if (line.matches("a=(sendrecv|sendonly|recvonly|inactive)") || line.isEmpty()) {
                continue;
            }
            if (line.startsWith("m=")) {
                text.append(media ? "a=inactive\r\n" : "");
                media = true;
            }
            text.append(line.startsWith("o=") ? next(line) : line).append("\r\n");
        }
        text.append("a=inactive\r\n");
        final byte[] bytes = text.toString().getBytes(StandardCharsets.ISO_8859_1);
        final KeptBytes held = new KeptBytes(owner.memory);
        held.keep(new UnsafeBuffer(bytes), 0, bytes.length);
        return held;
    }

    /** An origin line with the next version (RFC 3264 section 8). */
    private static String next(final String origin) {
        final String[] words = origin.split(" ");
        if (words.length != 6 || !words[2].matches("[0-9]{1,18}")) {
            return origin;
        }
        words[2] = Long.toString(Long.parseLong(words[2]) + 1);
        return String.join(" ", words);
    }
}
