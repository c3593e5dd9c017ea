package org.tandemsip.engine.registrar;

import java.util.List;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.Slice;

/**
 * What the registrar is told by the configuration. Immutable.
 *
 * @param domains    hosts, in lower case, whose users are kept apart; our own addresses stand for the first
 * @param expires    seconds that a contact is good for which asks for none
 * @param minExpires fewest seconds; who asks for less is answered 423
 * @param maxExpires most seconds
 * @param contacts   most contacts of a user
 * @param pingNs     how often a phone behind a NAT is sent something; 0 for never
 */
public record Rules(List<byte[]> domains, int expires, int minExpires, int maxExpires, int contacts, long pingNs) {
    private static final byte[] NAMELESS = new byte[0];

    /** The domain that a host means; {@code null} when it is none of them. */
    public byte[] domainOf(final DirectBuffer bytes, final long host) {
        for (int i = 0; i < domains.size(); i++) {
            if (is(bytes, host, domains.get(i))) {
                return domains.get(i);
            }
        }
        return null;
    }

    /** The domain that our own addresses stand for. */
    public byte[] ownDomain() {
        return domains.isEmpty() ? NAMELESS : domains.get(0);
    }

    private static boolean is(final DirectBuffer bytes, final long host, final byte[] lowerCase) {
        if (!Slice.exists(host) || Slice.length(host) != lowerCase.length) {
            return false;
        }
        for (int i = 0; i < lowerCase.length; i++) {
            final byte value = bytes.getByte(Slice.offset(host) + i);
            if ((value >= 'A' && value <= 'Z' ? value | 0x20 : value) != lowerCase[i]) {
                return false;
            }
        }
        return true;
    }
}
