package org.tandemsip.b2bua;

import org.tandemsip.codec.Edits;
import org.tandemsip.codec.ResponseWriter;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.handler.AnswerTag;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.handler.ReceivedVia;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;

/** Answers to requests of no call, given without state (RFC 3261 section 8.2.7). Shard thread only. */
final class Stateless {
    private static final int OWN_BYTES = 256;

    private final AnswerTag answerTag;
    private final Egress egress;
    private final ReceivedVia receivedVia = new ReceivedVia();
    private final Edits viaEdits = new Edits(4, 128);
    private final ResponseWriter writer = new ResponseWriter();
    private final Destination destination = new Destination();

    Stateless(final ShardContext context) {
        answerTag = new AnswerTag(context.keys());
        egress = context.egress();
    }

    Disposition answer(final SipMessage request, final Source source, final Status status) {
        receivedVia.edit(viaEdits.reset(), request, request.topVia(), source);
        final int length = Math.min(65_535, request.bodyOffset() + OWN_BYTES);
        writer.begin(request, status, answerTag.of(request), viaEdits, egress.claim(length), 0);
        ReceivedVia.responseDestination(request.topVia(), source, destination);
        egress.send(writer.finish(), destination, 0);
        return Disposition.ANSWERED;
    }
}
