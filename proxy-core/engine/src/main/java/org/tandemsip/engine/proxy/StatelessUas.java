package org.tandemsip.engine.proxy;

import java.nio.charset.StandardCharsets;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.Edits;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.ResponseWriter;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;
import org.tandemsip.codec.ValueCursor;
import org.tandemsip.engine.auth.Authenticator;
import org.tandemsip.engine.auth.Realm;
import org.tandemsip.engine.handler.AnswerTag;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.handler.ReceivedVia;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;

/**
 * Tandem's own answers, given without state (RFC 3261 section 8.2.7): refusals by section 16.3 and routing, in both
 * modes, and 200 to OPTIONS. Over UDP nobody repeats them but in answer to a retransmitted request, which gets the very
 * same one: that is all a stateless server promises, and a refusal is not worth 32 seconds of memory to whoever sends
 * it.
 *
 * <p>The ACK for such an answer, or for one that an I/O loop has given, is known by its {@link AnswerTag} and ends
 * here. Shard thread only.
 */
final class StatelessUas {
    private static final int OPTIONS_BYTES = 320;
    private static final byte[] RETRY_AFTER = ascii("Retry-After: ");
    private static final byte[] UNSUPPORTED = ascii("Unsupported: ");
    /** Section 11.2. The methods are those that pass through, since whoever asks wants to know what it may send. */
    private static final byte[] CAPABILITIES =
            ascii("Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, PRACK, UPDATE,"
                    + " INFO, SUBSCRIBE, NOTIFY, REFER, MESSAGE, PUBLISH\r\n"
                    + "Accept: */*\r\nAccept-Encoding: identity\r\nAccept-Language: *\r\nSupported:\r\n");

    private final Authenticator authenticator;
    private final AnswerTag answerTag;
    private final Egress egress;
    private final ReceivedVia receivedVia = new ReceivedVia();
    private final Edits viaEdits = new Edits(4, 128);
    private final ResponseWriter writer = new ResponseWriter();
    private final ValueCursor tags = new ValueCursor();
    private final Destination destination = new Destination();

    StatelessUas(final ShardContext context, final Authenticator authenticator) {
        this.authenticator = authenticator;
        answerTag = new AnswerTag(context.keys());
        egress = context.egress();
    }

    /** Answers {@code request}, which is no ACK, with {@code status}: 420 lists what is not supported, 200 what is. */
    Disposition answer(final SipMessage request, final Source source, final Status status) {
        return answer(request, source, status, 0);
    }

    /** As {@link #answer(SipMessage, Source, Status)}, saying after how many seconds to come again; 0 for not. */
    Disposition answer(final SipMessage request, final Source source, final Status status, final int retryAfter) {
        final AsciiWriter out = begin(request, source, status, OPTIONS_BYTES);
        if (retryAfter > 0) {
            out.put(RETRY_AFTER).putDecimal(retryAfter).crlf();
        }
        if (status == Status.BAD_EXTENSION_420) {
            putUnsupported(request, HeaderName.PROXY_REQUIRE, out);
        } else if (status == Status.OK_200) {
            out.put(CAPABILITIES);
        }
        return end(request, source);
    }

    /**
     * Answers with a challenge for {@code realm}: 407, or 401 by a registrar (sections 22.2, 22.3).
     *
     * @param proxy whether it is the proxy that asks
     * @param stale whether the credentials were right but for their nonce
     */
    Disposition challenge(final SipMessage request, final Source source, final Realm realm, final boolean proxy,
            final boolean stale, final long nowNs) {
        final AsciiWriter out = begin(request, source,
                proxy ? Status.PROXY_AUTHENTICATION_REQUIRED_407 : Status.UNAUTHORIZED_401,
                Authenticator.maxLength(realm));
        authenticator.writeChallenges(out, request, realm, proxy, stale, nowNs);
        return end(request, source);
    }

    /** Begins an answer that gets at most {@code addedBytes} more of rows; {@link #end} sends it. */
    AsciiWriter begin(final SipMessage request, final Source source, final Status status,
            final int addedBytes) {
        receivedVia.edit(viaEdits.reset(), request, request.topVia(), source);
        // A response repeats headers of the request; the 420 repeats Proxy-Require; what is added beyond is small.
        final int length = Math.min(65_535, request.bodyOffset() + addedBytes + 256);
        return writer.begin(request, status, answerTag.of(request), viaEdits, egress.claim(length), 0);
    }

    /** Sends the answer begun last. */
    Disposition end(final SipMessage request, final Source source) {
        ReceivedVia.responseDestination(request.topVia(), source, destination);
        egress.send(writer.finish(), destination, 0);
        return Disposition.ANSWERED;
    }

    private void putUnsupported(final SipMessage request, final HeaderName name, final AsciiWriter out) {
        out.put(UNSUPPORTED);
        tags.reset(request, name);
        boolean more = false;
        while (tags.next()) {
            if (more) {
                // Without a blank, so that the list is never longer than what it repeats.
                out.put(',');
            }
            out.put(request.bytes(), tags.start(), tags.end() - tags.start());
            more = true;
        }
        out.crlf();
    }

    /** Whether {@code ack} is for an answer given here: it ends here (section 17.1.1.3 sends it hop by hop). */
    boolean absorbs(final SipMessage ack) {
        return answerTag.isOf(ack);
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
