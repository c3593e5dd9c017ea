package org.tandemsip.engine.proxy;

import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.Edits;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Via;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.Privacy;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.Trust;

/**
 * Writes the copy of a response that goes upstream: without its topmost Via, which is ours (RFC 3261 section 16.7 step
 * 3), and without what the rules of the trunks take out; all else as it came. Shared by both proxies. Shard thread
 * only.
 */
final class ResponseForwarder {
    private final Edits edits;
    private final TopologyHider hider;
    private final OriginalNames names;
    private RoutingPolicy policy;
    /** Whether requests have had numbers rewritten, by this configuration or one before. */
    private boolean rewritten;
    private HeaderRules received = HeaderRules.NONE;
    private Trunk caller;
    private final Destination to = new Destination();
    private final MutableDirectBuffer contacts = new UnsafeBuffer(new byte[Registrations.MOST_CONTACT_BYTES]);
    private int contactsLength;

    ResponseForwarder(final ShardContext context, final TopologyHider hider) {
        this.hider = hider;
        names = new OriginalNames(context.keys());
        edits = new Edits(7 + context.limits().headerRows(),
                16 + Registrations.MOST_CONTACT_BYTES + OriginalNames.MOST_BYTES);
        policy = (RoutingPolicy) context.policy();
        rewritten = policy.rewritesNumbers();
    }

    /** Takes over a configuration. */
    void policy(final RoutingPolicy newPolicy) {
        policy = newPolicy;
        rewritten |= newPolicy.rewritesNumbers();
    }

    /**
     * Says where the responses written from now on come from and go to.
     *
     * @param peer   where the request has been sent to
     * @param caller where the request came from
     */
    void between(final Destination peer, final Source caller) {
        to.set(caller);
        between(policy.trunkOf(peer), policy.trunkOf(caller));
    }

    /** As {@link #between(Destination, Source)}, where the response itself is all that is known. */
    void between(final Source peer, final Destination caller) {
        to.set(caller);
        between(policy.trunkOf(peer), policy.trunkOf(caller));
    }

    /** Where the responses written now go to. */
    Destination to() {
        return to;
    }

    private void between(final Trunk peer, final Trunk to) {
        received = Trust.receivedFrom(peer);
        caller = to;
    }

    /** Memory for rows that take the place of Contact in the response written next; say how long they are. */
    MutableDirectBuffer contacts() {
        return contacts;
    }

    /** Says how much of {@link #contacts()} takes the place of Contact; 0 for nothing. */
    void contacts(final int length) {
        contactsLength = length;
    }

    /** Upper bound for the size of the copy, to claim memory with. */
    int maxLength(final SipMessage response) {
        if (hides(response)) {
            hider.turnOn();
        }
        return response.length() + contactsLength + (rewritten ? OriginalNames.MOST_BYTES : 0)
                + hider.maxAdded(response);
    }

    private boolean hides(final SipMessage response) {
        return caller != null && caller.profile().hidesTopology()
                || policy.recordRoute() && !Trust.isTold(caller) && Privacy.hidesHeaders(response);
    }

    /** Writes the copy of {@code response}; returns its size in bytes, written from index 0. */
    int write(final SipMessage response, final MutableDirectBuffer out) {
        final int row = response.firstRow(HeaderName.VIA);
        final Via topVia = response.topVia();
        edits.reset();
        if (topVia.end() == Slice.end(response.rowValue(row))) {
            edits.delete(response.rowStart(row), response.rowEnd(row) - response.rowStart(row));
        } else {
            edits.delete(topVia.start(), response.nextVia().start() - topVia.start());
        }
        if (contactsLength > 0) {
            for (int contact = response.firstRow(HeaderName.CONTACT); contact != SipMessage.NO_ROW; contact =
                    response.nextRow(contact)) {
                edits.delete(response.rowStart(contact), response.rowEnd(contact) - response.rowStart(contact));
            }
            edits.begin(response.headersEnd(), 0).put(contacts, 0, contactsLength);
            edits.end();
        }
        if (rewritten) {
            names.restore(response, edits);
        }
        HeaderChanges.editResponse(response, received, Trust.sentTo(caller, response), edits);
        if (hides(response)) {
            final int length = hider.hide(edits.apply(response, hider.plain(), 0), to.listenPoint,
                    Privacy.hidesHeaders(response), out);
            if (length <= 0) {
                throw new IllegalStateException("a response that was read cannot be written");
            }
            return length;
        }
        return edits.apply(response, out, 0);
    }
}
