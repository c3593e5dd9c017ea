package org.tandemsip.b2bua;

import java.util.List;
import java.util.stream.Stream;
import org.tandemsip.codec.HeaderField;
import org.tandemsip.codec.HeaderFieldSet;
import org.tandemsip.codec.SipMessage;

/**
 * Header fields that go from one leg to the other. All others stay where they are: what describes one side's hosts,
 * software and dialog is of no use on the other and tells about the inside. Immutable.
 */
final class PassList {
    /** What is passed as it is. */
    private static final List<HeaderField> PASSED = fields("Accept", "Accept-Contact", "Accept-Encoding",
            "Accept-Language", "Allow", "Allow-Events", "Answer-Mode", "Authentication-Info", "Authorization",
            "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type", "Date", "Event", "Expires",
            "Geolocation-Routing", "Identity", "Info-Package", "Max-Breadth", "MIME-Version", "Min-Expires",
            "P-Early-Media", "Priority", "Privacy", "Proxy-Authenticate", "Proxy-Authorization", "Reason",
            "Recv-Info", "Refer-Sub", "Reject-Contact", "Request-Disposition", "Require", "Retry-After",
            "SIP-ETag", "SIP-If-Match",
            "Subject", "Subscription-State", "Supported", "Unsupported", "User-to-User",
            "WWW-Authenticate");
    /** What names people by URIs: passed, with our host in the place of addresses. */
    private static final List<HeaderField> NAMING = fields("Diversion", "Geolocation", "History-Info",
            "P-Asserted-Identity", "P-Preferred-Identity", "Referred-By", "Remote-Party-ID");

    private final HeaderFieldSet passed = new HeaderFieldSet(PASSED);
    private final HeaderFieldSet naming = new HeaderFieldSet(NAMING);

    /** Whether a row is passed as it is. */
    boolean passes(final SipMessage message, final int row) {
        return passed.names(message, row);
    }

    /** Whether a row is passed with our host in the place of addresses. */
    boolean names(final SipMessage message, final int row) {
        return naming.names(message, row);
    }

    private static List<HeaderField> fields(final String... names) {
        return Stream.of(names).map(HeaderField::of).toList();
    }
}
