package org.tandemsip.b2bua;

import java.util.Arrays;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.HeaderField;
import org.tandemsip.codec.HeaderFieldSet;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.codec.sdp.CodecFilter;
import org.tandemsip.codec.sdp.ForeignLines;
import org.tandemsip.codec.sdp.OriginLine;
import org.tandemsip.codec.sdp.Sdp;
import org.tandemsip.codec.sdp.SdpBody;
import org.tandemsip.engine.routing.MediaRules;

/**
 * Finds session descriptions in messages, applies the rules of trunks to them, and makes the message again with
 * another one in it. Everything else of a message stays as it came. Scratch of one shard, used by one message after the
 * other; shard thread only.
 */
final class Descriptions {
    /** What was found. */
    enum Found {
        /** There is none. */
        NONE,
        /** One that may stay as it is. */
        AS_IT_IS,
        /** One that the rules have changed. */
        CHANGED,
        /** Something that is none, or cannot be read. */
        UNREADABLE,
        /** One of which the rules leave nothing. */
        NOTHING_LEFT
    }

    private static final byte[] CONTENT_LENGTH = B2bua.ascii("Content-Length: ");
    /** What says something of a body. */
    private static final HeaderFieldSet ABOUT_BODY = new HeaderFieldSet(Stream.of("Content-Disposition",
            "Content-Encoding", "Content-Language", "Content-Type", "MIME-Version").map(HeaderField::of).toList());
    private static final int OWN_BYTES = 64;
    private static final int USUAL_BYTES = 16_384;
    private static final byte[] NO_BYTES = {};

    private final SipParser parser;
    private final SdpBody body = new SdpBody();
    private final Sdp sdp = new Sdp();
    private final CodecFilter filter = new CodecFilter();
    private final ForeignLines foreign = new ForeignLines();
    private final AsciiWriter out = new AsciiWriter();
    private final UnsafeBuffer filtered = new UnsafeBuffer(new byte[Sdp.MOST_BYTES]);
    private final UnsafeBuffer written = new UnsafeBuffer(new byte[2 * Sdp.MOST_BYTES]);
    /** What is usual fits. */
    private final UnsafeBuffer rewritten = new UnsafeBuffer(new byte[USUAL_BYTES]);
    private final UnsafeBuffer source = new UnsafeBuffer(0, 0);

    Descriptions(final Limits limits) {
        parser = new SipParser(limits);
    }

    /**
     * Looks at the description of a message.
     *
     * @param from    rules of who has sent it
     * @param to      rules of who gets it
     * @param reorder whether the codecs may be put in the order of {@code to}
     * @param relays  whether a relay is to describe all that is passed on, so that a second one cannot be
     */
    Found find(final SipMessage message, final MediaRules from, final MediaRules to, final boolean reorder,
            final boolean relays) {
        switch (body.find(message)) {
            case NONE -> {
                return Found.NONE;
            }
            case UNREADABLE -> {
                return Found.UNREADABLE;
            }
            case FOUND -> {
                // As follows.
            }
        }
        if (message.firstRow(HeaderName.CONTENT_TYPE) < 0 || relays && !body.isOnly()
                || !sdp.wrap(message.bytes(), body.offset(), body.length())) {
            return Found.UNREADABLE;
        }
        return switch (filter.apply(sdp, to.codecs(), from.codecs(), reorder, filtered)) {
            case UNCHANGED -> Found.AS_IT_IS;
            case CHANGED -> {
                sdp.wrap(filtered, 0, filter.length());
                yield Found.CHANGED;
            }
            case NOTHING_LEFT -> Found.NOTHING_LEFT;
        };
    }

    /** Whether a message has a description, or may have one. */
    boolean mayBeIn(final SipMessage message) {
        return body.find(message) != SdpBody.Kind.NONE;
    }

    /** A copy of the description found last, without lines that a relay does not know; {@code null} for too many. */
    byte[] forRelay() {
        final int length = foreign.take(sdp, written);
        return length < 0 ? null : Arrays.copyOf(written.byteArray(), length);
    }

    /** Lines that {@link #forRelay()} has left out, for {@link #fromRelay}. */
    byte[] leftOut() {
        return foreign.kept();
    }

    /** Sections of these. */
    int[] leftOutSections() {
        return foreign.keptSections();
    }

    /**
     * Makes what the relay has given what the other side is to see.
     *
     * @return {@code null} when the relay has given no description
     */
    byte[] fromRelay(final byte[] given, final byte[] lines, final int[] sections, final OriginLine origin) {
        source.wrap(given);
        if (!sdp.wrap(source, 0, given.length)) {
            return null;
        }
        final int length = foreign.putBack(sdp, lines, sections, origin, written);
        return length < 0 ? null : Arrays.copyOf(written.byteArray(), length);
    }

    /** The description that the rules have changed. */
    byte[] changed() {
        return Arrays.copyOf(filtered.byteArray(), filter.length());
    }

    /** Makes {@code original} again with {@code description} in the place of the one that is in it. */
    byte[] replace(final SipMessage original, final byte[] description) {
        return body.find(original) == SdpBody.Kind.FOUND
                ? rewrite(original, body.offset(), body.offset() + body.length(), description)
                : bytesOf(original);
    }

    /** Makes {@code original} again without a body. */
    byte[] strip(final SipMessage original) {
        return rewrite(original, original.bodyOffset(), original.length(), NO_BYTES);
    }

    private byte[] rewrite(final SipMessage original, final int from, final int to, final byte[] instead) {
        final int body = original.bodyLength() - (to - from) + instead.length;
        final int most = original.length() + instead.length + OWN_BYTES;
        final UnsafeBuffer into = most <= USUAL_BYTES ? rewritten : new UnsafeBuffer(new byte[most]);
        out.wrap(into, 0).put(original.bytes(), 0, original.rowStart(0));
        for (int row = 0; row < original.rows(); row++) {
            if (original.rowName(row) != HeaderName.CONTENT_LENGTH
                    && (body > 0 || !ABOUT_BODY.names(original, row))) {
                out.put(original.bytes(), original.rowStart(row), original.rowEnd(row) - original.rowStart(row));
            }
        }
        out.put(CONTENT_LENGTH).putDecimal(body).crlf().crlf();
        out.put(original.bytes(), original.bodyOffset(), from - original.bodyOffset()).put(instead);
        out.put(original.bytes(), to, original.length() - to);
        return Arrays.copyOf(into.byteArray(), out.position());
    }

    /** A copy of a message. */
    static byte[] bytesOf(final SipMessage message) {
        final byte[] bytes = new byte[message.length()];
        message.bytes().getBytes(0, bytes);
        return bytes;
    }

    /** Reads a message made here, or copied, into {@code into}; {@code false} when it has become too large. */
    boolean read(final byte[] bytes, final SipMessage into) {
        into.wrap(new UnsafeBuffer(bytes), 0, bytes.length);
        return parser.parse(into, false) == ParseError.NONE;
    }
}
