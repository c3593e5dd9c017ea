package org.tandemsip.codec.sdp;

import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.AsciiWriter;

/**
 * Lines of a letter that no RFC knows, such as {@code y=} and {@code f=} of GB/T 28181: RFC 8866 section 5 wants them
 * passed over, and rtpengine refuses the whole description instead. So they are kept back while it has that, and put
 * behind the section they were in afterwards. Not thread-safe.
 */
public final class ForeignLines {
    private static final String KNOWN = "vosiuepcbtrzkam";
    private static final int MOST_BYTES = 4_096;
    private static final byte[] NONE = {};

    private final byte[] kept = new byte[MOST_BYTES];
    private final UnsafeBuffer keptBuffer = new UnsafeBuffer(kept);
    private final int[] ends = new int[Sdp.MOST_LINES];
    private final int[] sections = new int[Sdp.MOST_LINES];
    private final AsciiWriter out = new AsciiWriter();
    private int count;

    /**
     * Writes a description without foreign lines, and keeps those.
     *
     * @return bytes written; -1 when there is more of them than can be kept
     */
    public int take(final Sdp sdp, final UnsafeBuffer into) {
        count = 0;
        int size = 0;
        out.wrap(into, 0);
        for (int line = 0; line < sdp.lines(); line++) {
            final int length = sdp.end(line) - sdp.start(line);
            if (KNOWN.indexOf(sdp.type(line)) >= 0) {
                out.put(sdp.bytes(), sdp.start(line), length);
                continue;
            }
            if (size + length > MOST_BYTES) {
                return -1;
            }
            sdp.bytes().getBytes(sdp.start(line), kept, size, length);
            size += length;
            sections[count] = sdp.section(line);
            ends[count++] = size;
        }
        return out.overflown() ? -1 : out.position();
    }

    /** Bytes of the lines that are kept, one behind the other, for {@link #putBack}; empty when there are none. */
    public byte[] kept() {
        return count == 0 ? NONE : Arrays.copyOf(kept, ends[count - 1]);
    }

    /** Sections of the lines that are kept. */
    public int[] keptSections() {
        return Arrays.copyOf(sections, count);
    }

    /**
     * Writes a description with lines of another one at the end of their sections, and with an {@code o=} of ours.
     *
     * @param lines        what {@link #kept} gave
     * @param lineSections what {@link #keptSections} gave
     * @param origin       writes the {@code o=}
     * @return bytes written; -1 when there is no room
     */
    public int putBack(final Sdp sdp, final byte[] lines, final int[] lineSections, final OriginLine origin,
            final UnsafeBuffer into) {
        out.wrap(into, 0);
        keptBuffer.wrap(lines);
        int next = 0;
        int at = 0;
        for (int line = 0; line <= sdp.lines(); line++) {
            final boolean ends = line == sdp.lines();
            while (next < lineSections.length && (ends || lineSections[next] < sdp.section(line))) {
                int end = at;
                while (end < lines.length && lines[end] != '\n') {
                    end++;
                }
                end = Math.min(lines.length, end + 1);
                out.put(keptBuffer, at, end - at);
                if (lines[end - 1] != '\n') {
                    out.crlf();
                }
                at = end;
                next++;
            }
            if (!ends) {
                if (line == sdp.origin()) {
                    origin.write(sdp, out);
                } else {
                    out.put(sdp.bytes(), sdp.start(line), sdp.end(line) - sdp.start(line));
                }
            }
        }
        return out.overflown() ? -1 : out.position();
    }
}
