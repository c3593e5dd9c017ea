package org.tandemsip.codec.sdp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.codec.sdp.CodecFilter.Result;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class SdpTest {
    private static final String HEAD = "v=0\r\no=alice 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n";
    private static final String AUDIO =
            "m=audio 4000 RTP/AVP 0 8 96 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
                    + "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:* ccm fir\r\n"
                    + "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\n";
    private static final String VIDEO =
            "m=video 4002 RTP/AVP 97 98\r\na=rtpmap:97 H264/90000\r\na=rtpmap:98 rtx/90000\r\n"
                    + "a=fmtp:98 apt=97;rtx-time=2000\r\n";
    /** A camera of GB/T 28181, with lines that no RFC knows. */
    private static final String CAMERA = "v=0\r\no=34020000001320000001 0 0 IN IP4 192.0.2.7\r\ns=Play\r\n"
            + "c=IN IP4 192.0.2.7\r\nt=0 0\r\nm=video 6000 TCP/RTP/AVP 96 98\r\na=rtpmap:96 PS/90000\r\n"
            + "a=rtpmap:98 H264/90000\r\na=setup:passive\r\na=downloadspeed:1\r\ny=0100000001\r\nf=v/2/5/25/1/4000a/1/8/1\r\n";

    private final Sdp sdp = new Sdp();
    private final CodecFilter filter = new CodecFilter();
    private final UnsafeBuffer out = new UnsafeBuffer(new byte[Sdp.MOST_BYTES + 1_000]);

    @Test
    void shouldReadWhatPeersSend() {
        for (final String text : List.of(HEAD, HEAD + AUDIO, HEAD + AUDIO + VIDEO, CAMERA, HEAD.replace("\r\n", "\n"),
                HEAD + "\r\n", HEAD + AUDIO.strip())) {
            assertTrue(wrap(text), text);
        }
        wrap(HEAD + AUDIO + VIDEO);
        assertEquals(2, sdp.media());
        assertEquals(-1, sdp.section(4));
        assertEquals(0, sdp.section(5));
        assertEquals(1, sdp.section(sdp.lines() - 1));
    }

    @Test
    void shouldRefuseWhatIsNoSessionDescription() {
        for (final String text : List.of("", "\r\n", "v", "v=0", "hello", "o=a 1 1 IN IP4 1.2.3.4\r\nv=0\r\n",
                "v=0\r\ns=-\r\n", "v=0\r\no=a 1 1 IN IP4\r\n", HEAD + "m=audio 4000 RTP/AVP\r\n", HEAD + "x\r\n",
                HEAD + "A=b\r\n", HEAD + "a=b\0c\r\n", HEAD + "a=b\rc\r\n", HEAD + HEAD, HEAD + "\r\n" + AUDIO,
                HEAD + "m=a 1 RTP/AVP 0\r\n".repeat(33), HEAD + "a=x\r\n".repeat(1_024),
                HEAD + "a=" + "x".repeat(33_000))) {
            assertFalse(wrap(text), text.substring(0, Math.min(200, text.length())));
        }
    }

    @Test
    void shouldLeaveEverythingAsItIsWhenNothingHasToGo() {
        assertEquals(Result.UNCHANGED, apply(HEAD + AUDIO, CodecList.ANY, CodecList.ANY));
        assertEquals(Result.UNCHANGED, apply(HEAD + AUDIO, codecs("pcmu", "PCMA", "opus", "telephone-event"),
                CodecList.ANY));
        assertEquals(Result.UNCHANGED, apply(CAMERA, codecs("ps", "h264"), CodecList.ANY));
    }

    @Test
    void shouldTakeOutCodecsWithTheirRowsAndPutTheRestInOrder() {
        assertEquals(Result.CHANGED, apply(HEAD + AUDIO, codecs("PCMA", "PCMU", "telephone-event"), CodecList.ANY));
        assertEquals(HEAD + "m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
                + "a=rtcp-fb:* ccm fir\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\n",
                written());
        // by both lists, in the order of the first
        assertEquals(Result.CHANGED, apply(HEAD + AUDIO, codecs("opus", "PCMA"), codecs("PCMA", "PCMU", "opus")));
        assertTrue(written().contains("m=audio 4000 RTP/AVP 96 8\r\n"), written());
    }

    @Test
    void shouldLeaveTheOrderOfAnAnswerAlone() {
        wrap(HEAD + AUDIO);
        assertEquals(Result.CHANGED, filter.apply(sdp, codecs("opus", "PCMA", "PCMU"), CodecList.ANY, false, out));
        assertTrue(written().contains("m=audio 4000 RTP/AVP 0 8 96\r\n"), written());
    }

    @Test
    void shouldKnowStaticPayloadTypesWithoutRows() {
        assertEquals(Result.CHANGED,
                apply(HEAD + "m=audio 4000 RTP/AVP 18 8 0 3\r\n", codecs("G729", "PCMA"), CodecList.ANY));
        assertEquals(HEAD + "m=audio 4000 RTP/AVP 18 8\r\n", written());
        // a dynamic one of which nobody says what it is
        assertEquals(Result.CHANGED, apply(HEAD + "m=audio 4000 RTP/AVP 8 99\r\n", codecs("PCMA"), CodecList.ANY));
        assertEquals(HEAD + "m=audio 4000 RTP/AVP 8\r\n", written());
    }

    @Test
    void shouldRefuseAMediumWithoutCodecsButKeepItsPlace() {
        assertEquals(Result.CHANGED, apply(HEAD + VIDEO + AUDIO, codecs("PCMA"), CodecList.ANY));
        assertTrue(written().startsWith(HEAD + VIDEO.replace("4002", "0") + "m=audio 4000 RTP/AVP 8\r\n"), written());
    }

    @Test
    void shouldSayWhenNothingIsLeft() {
        assertEquals(Result.NOTHING_LEFT, apply(HEAD + AUDIO, codecs("G729"), CodecList.ANY));
        assertEquals(Result.NOTHING_LEFT, apply(HEAD + AUDIO, codecs("PCMA"), codecs("PCMU")));
        // tones alone are no call
        assertEquals(Result.NOTHING_LEFT, apply(HEAD + AUDIO, codecs("telephone-event"), CodecList.ANY));
        // what repairs a codec that goes is of no use
        assertEquals(Result.NOTHING_LEFT, apply(HEAD + VIDEO, codecs("rtx", "VP8"), CodecList.ANY));
        // a hold of all media, or none at all, is not our affair
        assertEquals(Result.UNCHANGED, apply(HEAD + VIDEO.replace("4002", "0"), codecs("G729"), CodecList.ANY));
        assertEquals(Result.UNCHANGED, apply(HEAD, codecs("G729"), CodecList.ANY));
    }

    @Test
    void shouldNotTouchWhatIsNotRtp() {
        final String fax = "m=image 4004 udptl t38\r\na=T38FaxVersion:0\r\n";
        assertEquals(Result.UNCHANGED, apply(HEAD + fax, codecs("PCMA"), CodecList.ANY));
        assertEquals(Result.CHANGED, apply(HEAD + fax + AUDIO, codecs("PCMA"), CodecList.ANY));
        assertTrue(written().startsWith(HEAD + fax), written());
    }

    @Test
    void shouldKeepLinesThatNoRfcKnowsInTheirPlace() {
        assertEquals(Result.CHANGED, apply(CAMERA, codecs("PS"), CodecList.ANY));
        assertEquals(CAMERA.replace("AVP 96 98", "AVP 96").replace("a=rtpmap:98 H264/90000\r\n", ""), written());
        // and take them aside for a relay that does not bear them
        final ForeignLines foreign = new ForeignLines();
        wrap(CAMERA);
        final int length = foreign.take(sdp, out);
        final String without = out.getStringWithoutLengthAscii(0, length);
        assertEquals(CAMERA.replace("y=0100000001\r\nf=v/2/5/25/1/4000a/1/8/1\r\n", ""), without);
        // what comes back has lines more, and another origin
        final String relayed = without.replace("192.0.2.7", "203.0.113.5").replace("6000", "30000") + "a=rtcp:30001\r\n"
                + AUDIO;
        wrap(relayed);
        final OriginLine origin = new OriginLine().begin(84);
        final int whole = foreign.putBack(sdp, foreign.kept(), foreign.keptSections(), origin, out);
        assertEquals(relayed.replace("o=34020000001320000001 0 0", "o=- 42 1").replace("a=rtcp:30001\r\n",
                "a=rtcp:30001\r\ny=0100000001\r\nf=v/2/5/25/1/4000a/1/8/1\r\n"),
                out.getStringWithoutLengthAscii(0, whole));
        // the version rises when something else is said, and only then
        foreign.putBack(sdp, foreign.kept(), foreign.keptSections(), origin, out);
        wrap(relayed.replace("30000", "30002"));
        final int next = foreign.putBack(sdp, foreign.kept(), foreign.keptSections(), origin, out);
        assertTrue(out.getStringWithoutLengthAscii(0, next).contains("o=- 42 2 IN IP4 203.0.113.5\r\n"));
    }

    @Test
    void shouldNeitherFailNorLoseBytesWhateverComes() {
        final long seed = System.nanoTime();
        final SplittableRandom random = new SplittableRandom(seed);
        final String[] seeds = {HEAD + AUDIO + VIDEO, CAMERA, HEAD.replace("\r\n", "\n") + VIDEO};
        final ForeignLines foreign = new ForeignLines();
        for (int i = 0; i < 50_000; i++) {
            final byte[] bytes = seeds[i % seeds.length].getBytes(StandardCharsets.US_ASCII);
            for (int change = random.nextInt(0, 6); change > 0; change--) {
                bytes[random.nextInt(bytes.length)] = (byte) "\r\n =:/0m9avoyfz;-\0\177".charAt(random.nextInt(19));
            }
            final int length = random.nextInt(4) == 0 ? random.nextInt(bytes.length) : bytes.length;
            try {
                if (!sdp.wrap(new UnsafeBuffer(bytes, 0, length), 0, length)) {
                    continue;
                }
                final Result result = filter.apply(sdp, codecs("PCMA", "H264", "PS"), CodecList.ANY, true, out);
                if (result == Result.CHANGED) {
                    final Sdp again = new Sdp();
                    assertTrue(again.wrap(out, 0, filter.length()), "seed " + seed);
                    assertEquals(sdp.media(), again.media(), "seed " + seed);
                }
                assertTrue(foreign.take(sdp, out) > 0, "seed " + seed);
                foreign.putBack(sdp, foreign.kept(), foreign.keptSections(), new OriginLine().begin(i), out);
            } catch (final RuntimeException e) {
                throw new AssertionError(
                        "seed " + seed + ": " + new String(bytes, 0, length, StandardCharsets.US_ASCII), e);
            }
        }
    }

    // Where it stands in a message.

    @Test
    void shouldFindTheDescriptionInTheBody() {
        assertEquals("v=0", found("application/sdp", "v=0"));
        assertEquals("v=0", found("Application/SDP;charset=utf-8", "v=0"));
        assertEquals("NONE", found("text/plain", "v=0"));
        assertEquals("NONE", found("application/sdp", ""));
        assertEquals("UNREADABLE", found(null, "v=0"));
        assertEquals("UNREADABLE",
                found("application/trickle-ice-sdpfrag", "a=candidate:1 1 UDP 1 192.0.2.1 5000 typ"));
    }

    @Test
    void shouldFindTheDescriptionAmongParts() {
        final String isup = "--b1\r\nContent-Type: application/isup;version=itu-t92+\r\n\r\n\1\2\3\r\n";
        final String part =
                "--b1\r\nContent-Disposition: session\r\nContent-Type: application/sdp\r\n\r\nv=0\r\no=1\r\n";
        assertEquals("v=0\r\no=1\r\n", found("multipart/mixed;boundary=b1", isup + part + "--b1--\r\n"));
        assertEquals("v=0\r\no=1\r\n", found("multipart/mixed; boundary=\"b1\"", part + isup + "--b1--\r\n"));
        assertEquals("NONE", found("multipart/mixed;boundary=b1", isup + "--b1--\r\n"));
        assertEquals("NONE", found("multipart/mixed;boundary=b2", isup + part + "--b1--\r\n"));
        assertEquals("UNREADABLE", found("multipart/mixed", isup + part + "--b1--\r\n"));
        assertEquals("UNREADABLE", found("multipart/mixed;boundary=b1", isup.repeat(40) + part + "--b1--\r\n"));
        assertEquals("UNREADABLE", found("multipart/mixed;boundary=b1",
                "--b1\r\nContent-Type: multipart/mixed;boundary=b2\r\n\r\n--b2\r\n\r\n--b2--\r\n--b1--\r\n"));
        assertEquals("UNREADABLE", found("multipart/mixed;boundary=b1", part), "no end");
        assertEquals("v=0\r\no=1\r\n and more", found("multipart/mixed;boundary=b1", part + part + "--b1--\r\n"));
        assertEquals("v=0\r\no=1\r\n and more", found("multipart/mixed;boundary=b1", part + part));
        assertEquals("v=0\r\no=1\r\n and more",
                found("multipart/mixed;boundary=b1", part + isup.repeat(40) + part + "--b1--\r\n"));
    }

    private static String found(final String type, final String body) {
        final String text = "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
                + "To: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n"
                + (type == null ? "" : "Content-Type: " + type + "\r\n") + "Content-Length: " + body.length()
                + "\r\n\r\n" + body;
        final byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        final SipMessage message = new SipMessage(20).wrap(new UnsafeBuffer(bytes), 0, bytes.length);
        assertEquals(ParseError.NONE, new SipParser(Limits.DEFAULTS).parse(message, false));
        final SdpBody found = new SdpBody();
        final SdpBody.Kind kind = found.find(message);
        return kind != SdpBody.Kind.FOUND ? kind.name()
                : new String(bytes, found.offset(), found.length(), StandardCharsets.ISO_8859_1)
                        + (found.isOnly() ? "" : " and more");
    }

    private boolean wrap(final String text) {
        final byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        return sdp.wrap(new UnsafeBuffer(bytes), 0, bytes.length);
    }

    private Result apply(final String text, final CodecList wanted, final CodecList allowed) {
        assertTrue(wrap(text), text);
        return filter.apply(sdp, wanted, allowed, true, out);
    }

    private String written() {
        return out.getStringWithoutLengthAscii(0, filter.length());
    }

    private static CodecList codecs(final String... names) {
        return new CodecList(List.of(names));
    }
}
