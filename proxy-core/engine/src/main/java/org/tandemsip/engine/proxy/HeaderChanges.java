package org.tandemsip.engine.proxy;

import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.Edits;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.routing.HeaderRules;

/**
 * Header fields taken out and put in on the way from one trunk to another, as edits over the received bytes: first what
 * the trunk asks for that a message comes from, then the route, then the trunk that it goes to. A function of the
 * message and the rules alone, so that a retransmission is changed alike.
 */
final class HeaderChanges {
    private HeaderChanges() {}

    /** Adds to {@code edits} what the rules make of a request. */
    static void edit(final SipMessage request, final HeaderRules received, final HeaderRules route,
            final HeaderRules sent, final Edits edits) {
        if (received.isEmpty() && route.isEmpty() && sent.isEmpty()) {
            return;
        }
        for (int row = 0; row < request.rows(); row++) {
            if (received.removes(request, row) || route.removes(request, row) || sent.removes(request, row)) {
                delete(request, row, edits);
            }
        }
        if (received.addedBytes() + route.addedBytes() + sent.addedBytes() > 0) {
            final AsciiWriter rows = edits.begin(request.headersEnd(), 0);
            received.putRows(rows, route, sent);
            route.putRows(rows, sent, HeaderRules.NONE);
            sent.putRows(rows, HeaderRules.NONE, HeaderRules.NONE);
            edits.end();
        }
    }

    /** Adds to {@code edits} what is taken out of a response; nothing is put into one. */
    static void editResponse(final SipMessage response, final HeaderRules received, final HeaderRules sent,
            final Edits edits) {
        if (received.isEmpty() && sent.isEmpty()) {
            return;
        }
        for (int row = 0; row < response.rows(); row++) {
            if (received.removes(response, row) || sent.removes(response, row)) {
                delete(response, row, edits);
            }
        }
    }

    private static void delete(final SipMessage message, final int row, final Edits edits) {
        edits.delete(message.rowStart(row), message.rowEnd(row) - message.rowStart(row));
    }
}
