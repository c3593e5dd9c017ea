package org.tandemsip.engine.routing;

import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;

/** Reads who From and To name. A flyweight: make one per owner. */
public final class UserReader {
    private final NameAddr nameAddr = new NameAddr();
    private final SipUri uri = new SipUri();

    /**
     * The user part of the address in the first value of a header field: of a sip, sips or tel URI.
     *
     * @return a slice of the bytes of {@code message}; {@link Slice#NONE} when there is none
     */
    public long user(final SipMessage message, final HeaderName name) {
        final long value = message.value(name);
        if (!Slice.exists(value) || !nameAddr.wrap(message.bytes(), Slice.offset(value), Slice.end(value))) {
            return Slice.NONE;
        }
        final long address = nameAddr.uri();
        return uri.wrap(message.bytes(), Slice.offset(address), Slice.end(address))
                && uri.scheme() != SipUri.Scheme.OPAQUE ? uri.user() : Slice.NONE;
    }
}
