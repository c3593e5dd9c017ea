package org.tandemsip.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tandemsip.codec.Edits;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.ResponseWriter;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Status;
import org.tandemsip.codec.StreamFramer;
import org.tandemsip.codec.StreamFramer.Result;

/** The messages of RFC 4475 and RFC 5118 through parser, framer, edits and answers, against the table. */
@Timeout(120)
class TortureTest {
    private static final byte[] VIA = "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx\r\n"
            .getBytes(StandardCharsets.US_ASCII);

    private final SipParser parser = new SipParser(Limits.DEFAULTS);
    private final SipMessage message = new SipMessage(Limits.DEFAULTS.headerRows());
    private final UnsafeBuffer out = new UnsafeBuffer(ByteBuffer.allocateDirect(16_384));

    static List<Torture> rows() {
        return Torture.all();
    }

    @BeforeEach
    void needCorpora() {
        assumeTrue(Torture.present(), "the corpora of RFC 4475 and RFC 5118 are not beside the repository");
    }

    @Test
    void shouldExpectSomethingOfEveryMessageWhenTableIsRead() throws IOException {
        final Set<String> expected = rows().stream().map(Torture::toString)
                .collect(Collectors.toCollection(TreeSet::new));
        final Set<String> found = new TreeSet<>();
        for (final String suite : List.of("rfc4475", "rfc5118")) {
            try (Stream<Path> files = Files.list(Torture.corpora().orElseThrow().resolve(suite))) {
                files.forEach(file -> found.add(suite + '/' + file.getFileName()));
            }
        }
        assertEquals(found, expected);
        assertEquals(62, rows().size());
    }

    @ParameterizedTest
    @MethodSource("rows")
    void shouldJudgeAsTheRfcSaysWhenDatagram(final Torture row) {
        final ParseError error = parse(row.bytes(), false);
        assertEquals(row.udp(), error, "at " + parser.errorOffset());
        if (message.isRequest() && error != ParseError.NONE) {
            final Status answer = error.answer();
            assertEquals(row.proxyUdp(), answer == null ? "dropped" : String.valueOf(answer.code()));
        }
    }

    @ParameterizedTest
    @MethodSource("rows")
    void shouldFrameAsTheRfcSaysWhenStream(final Torture row) {
        final List<String> found = frame(row.bytes(), new int[0]);
        final String whole = "MESSAGE 0+" + row.bytes().length;
        switch (row.stream()) {
            case "=" -> {
                assertEquals(List.of(whole), found);
                final ParseError error = parse(row.bytes(), true);
                assertEquals(row.udp(), error);
            }
            case "2" -> {
                assertEquals(3, found.size());
                assertTrue(found.get(0).startsWith("MESSAGE 0+") && found.get(1).startsWith("MESSAGE "));
                assertEquals("BROKEN NOT_SIP", found.get(2).substring(0, 14));
            }
            case "MORE" -> assertEquals(List.of(), found);
            default -> {
                assertEquals(1, found.size());
                final String[] words = found.getFirst().split(" ");
                assertEquals(row.stream(), "BROKEN:" + words[1]);
                assertEquals(ParseError.valueOf(words[1]),
                        parse(Arrays.copyOf(row.bytes(), Integer.parseInt(words[2])), true),
                        "the parser agrees with the framer on the header block to be answered");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("rows")
    void shouldFrameTheSameWhenStreamIsCutAnywhere(final Torture row) {
        // given: two in a row with a ping between, so that cuts fall into every kind of place
        final byte[] one = row.bytes();
        final byte[] bytes = concat(one, "\r\n\r\n".getBytes(StandardCharsets.US_ASCII), one);
        final List<String> whole = frame(bytes, new int[0]);

        // when, then
        for (int cut = 1; cut < bytes.length; cut++) {
            assertEquals(whole, frame(bytes, new int[] {cut}), "cut at " + cut);
        }
        final int[] everywhere = new int[bytes.length - 1];
        Arrays.setAll(everywhere, i -> i + 1);
        assertEquals(whole, frame(bytes, everywhere), "fed byte by byte");
    }

    @ParameterizedTest
    @MethodSource("rows")
    void shouldStayTheSameWhenWrittenWithoutAndWithEdits(final Torture row) {
        if (parse(row.bytes(), false) != ParseError.NONE) {
            return;
        }
        // when: nothing is changed
        final Edits edits = new Edits(8, 512);
        final byte[] copy = written(edits);

        // then
        assertEquals(new String(row.bytes(), 0, message.length(), StandardCharsets.ISO_8859_1),
                new String(copy, StandardCharsets.ISO_8859_1));

        // when: a proxy's usual changes
        final String rest = rowsBut(HeaderName.VIA, HeaderName.MAX_FORWARDS);
        final int vias = message.viaValues();
        final int bodyLength = message.bodyLength();
        edits.begin(message.rowStart(message.firstRow(HeaderName.VIA)), 0).put(VIA);
        edits.end();
        final long maxForwards = message.value(HeaderName.MAX_FORWARDS);
        if (Slice.exists(maxForwards)) {
            edits.begin(Slice.offset(maxForwards), Slice.length(maxForwards)).putDecimal(9);
            edits.end();
        }
        final byte[] forwarded = written(edits);

        // then
        assertEquals(ParseError.NONE, parse(forwarded, false));
        assertEquals(vias + 1, message.viaValues());
        assertEquals(bodyLength, message.bodyLength());
        assertEquals(rest, rowsBut(HeaderName.VIA, HeaderName.MAX_FORWARDS));
        assertEquals(new String(forwarded, StandardCharsets.ISO_8859_1),
                new String(written(new Edits(1, 16)), StandardCharsets.ISO_8859_1));
    }

    @ParameterizedTest
    @MethodSource("rows")
    void shouldWriteAnAnswerThatParsesWhenRequestCanBeAnswered(final Torture row) {
        // given
        final ParseError error = parse(row.bytes(), false);
        if (!message.isRequest() || error != ParseError.NONE && error.answer() == null) {
            return;
        }

        // when
        final ResponseWriter writer = new ResponseWriter();
        writer.begin(message, error == ParseError.NONE ? Status.OK_200 : error.answer(), 7, null, out, 0);
        final byte[] answer = new byte[writer.finish()];
        out.getBytes(0, answer);
        final ParseError verdict = parse(answer, false);

        // then: an answer repeats the faults of what it must copy, and has none of its own
        assertTrue(verdict == ParseError.NONE || verdict == error, verdict + " of the answer to " + error);
        assertEquals(error == ParseError.NONE ? 200 : error.answer().code(), message.statusCode());
    }

    private ParseError parse(final byte[] bytes, final boolean stream) {
        return parser.parse(message.wrap(offHeap(bytes), 0, bytes.length), stream);
    }

    private byte[] written(final Edits edits) {
        final byte[] copy = new byte[edits.apply(message, out, 0)];
        assertEquals(copy.length, edits.resultLength(message));
        out.getBytes(0, copy);
        return copy;
    }

    private String rowsBut(final HeaderName... left) {
        final StringBuilder text = new StringBuilder();
        for (int row = 0; row < message.rows(); row++) {
            if (!Arrays.asList(left).contains(message.rowName(row))) {
                final byte[] bytes = new byte[message.rowEnd(row) - message.rowStart(row)];
                message.bytes().getBytes(message.rowStart(row), bytes);
                text.append(new String(bytes, StandardCharsets.ISO_8859_1));
            }
        }
        return text.toString();
    }

    /** Feeds {@code bytes} in pieces that end at {@code cuts} and lists what the framer found, with stream offsets. */
    private static List<String> frame(final byte[] bytes, final int[] cuts) {
        final List<String> found = new ArrayList<>();
        final StreamFramer framer = new StreamFramer(Limits.DEFAULTS);
        final UnsafeBuffer memory = offHeap(bytes);
        int done = 0;
        for (int i = 0; i <= cuts.length; i++) {
            final int end = i < cuts.length ? cuts[i] : bytes.length;
            Result result;
            do {
                result = framer.poll(memory, done, end - done);
                switch (result) {
                    case MESSAGE -> found.add("MESSAGE " + framer.messageOffset() + '+' + framer.messageLength());
                    case PING -> found.add("PING");
                    case BROKEN -> {
                        found.add("BROKEN " + framer.error() + ' ' + framer.messageLength());
                        return found;
                    }
                    case NEED_MORE -> {
                        // the next piece
                    }
                }
                done += framer.consumed();
            } while (result != Result.NEED_MORE);
        }
        return found;
    }

    private static UnsafeBuffer offHeap(final byte[] bytes) {
        return new UnsafeBuffer(ByteBuffer.allocateDirect(bytes.length).put(bytes).flip());
    }

    private static byte[] concat(final byte[]... parts) {
        final ByteBuffer all = ByteBuffer.allocate(Arrays.stream(parts).mapToInt(part -> part.length).sum());
        for (final byte[] part : parts) {
            all.put(part);
        }
        return all.array();
    }
}
