package org.tandemsip.b2bua;

import org.agrona.DirectBuffer;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.ShardContext;

/** Tells dialogs and URIs apart by a keyed hash: nobody outside can make two alike. Shard thread only. */
final class Hashes {
    private static final long DIALOG_LABEL = 0x6469_616c_6f67L;
    private static final long REQUEST_LABEL = 0x696e_7669_7465L;
    private static final long URI_LABEL = 0x7572_69L;

    private final KeyedHash hash;

    Hashes(final ShardContext context) {
        hash = new KeyedHash(context.keys().table0(), context.keys().table1());
    }

    /** The dialog of a response, by its To tag. Never 0. */
    long dialog(final SipMessage response) {
        return hash.begin().add(DIALOG_LABEL).addSlice(response.bytes(), response.toTag()).end() | 1;
    }

    /** The dialog that a leg is in now, likewise. */
    long dialog(final Leg leg) {
        return hash.begin().add(DIALOG_LABEL).addSlice(leg.buffer(), leg.remoteTag()).end() | 1;
    }

    /** A request outside of all dialogs, by what its copies on other ways agree in, and whom it is for. */
    long request(final SipMessage request) {
        final DirectBuffer bytes = request.bytes();
        return hash.begin().add(REQUEST_LABEL).add(request.cseqNumber()).addSlice(bytes, request.callId())
                .add(Slice.length(request.callId())).addSlice(bytes, request.fromTag())
                .add(Slice.length(request.fromTag())).addSlice(bytes, request.requestUri()).end();
    }

    /** A URI that leads somewhere, by its user, host, port and transport. */
    long uri(final DirectBuffer bytes, final SipUri uri) {
        final Transport transport = uri.scheme() == SipUri.Scheme.SIPS ? Transport.TLS
                : uri.transport() == null ? Transport.UDP : uri.transport();
        hash.begin().add(URI_LABEL).add(transport.ordinal())
                .add(uri.port() == SipUri.NOT_GIVEN ? transport.defaultPort() : uri.port());
        if (Slice.exists(uri.host())) {
            hash.addLowerCase(bytes, Slice.offset(uri.host()), Slice.length(uri.host()));
        }
        if (Slice.exists(uri.user())) {
            hash.add(Slice.length(uri.user())).addSlice(bytes, uri.user());
        }
        return hash.end();
    }
}
