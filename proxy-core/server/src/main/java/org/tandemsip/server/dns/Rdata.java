package org.tandemsip.server.dns;

import org.tandemsip.codec.IpAddress;

/** What a record says. */
public sealed interface Rdata {
    /** A or AAAA, as in {@link IpAddress}. */
    record Address(long high, long low) implements Rdata {
        @Override
        public String toString() {
            return IpAddress.toString(high, low);
        }
    }

    /** SRV (RFC 2782). @param target empty where the service is decidedly not available at this domain */
    record Srv(int priority, int weight, int port, String target) implements Rdata {
        @Override
        public String toString() {
            return priority + " " + weight + " " + port + " " + (target.isEmpty() ? "." : target);
        }
    }

    /** NAPTR (RFC 3403 section 4.1). @param flags, service in lower case; @param replacement may be empty */
    record Naptr(int order, int preference, String flags, String service, String regexp, String replacement)
            implements
            Rdata {
        @Override
        public String toString() {
            return order + " " + preference + " \"" + flags + "\" \"" + service + "\" \"" + regexp + "\" "
                    + (replacement.isEmpty() ? "." : replacement);
        }
    }
}
