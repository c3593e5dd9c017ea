package org.tandemsip.codec;

/**
 * Header fields that Tandem looks at by name. All others are {@link #OTHER}, kept and relayed byte for byte.
 *
 * <p>Each constant costs one {@code int} per message index: add a header only when code asks for it.
 */
public enum HeaderName {
    VIA("Via", 'v', false), FROM("From", 'f', true), TO("To", 't', true), CALL_ID("Call-ID", 'i', true),
    CSEQ("CSeq", '\0', true), MAX_FORWARDS("Max-Forwards", '\0', true), CONTACT("Contact", 'm', false),
    ROUTE("Route", '\0', false), RECORD_ROUTE("Record-Route", '\0', false), CONTENT_LENGTH("Content-Length", 'l', true),
    CONTENT_TYPE("Content-Type", 'c', true), PROXY_REQUIRE("Proxy-Require", '\0', false),
    REQUIRE("Require", '\0', false), SUPPORTED("Supported", 'k', false), MAX_BREADTH("Max-Breadth", '\0', true),
    EXPIRES("Expires", '\0', true), TIMESTAMP("Timestamp", '\0', true), REASON("Reason", '\0', false),
    WWW_AUTHENTICATE("WWW-Authenticate", '\0', false), PROXY_AUTHENTICATE("Proxy-Authenticate", '\0', false),
    AUTHORIZATION("Authorization", '\0', false), PROXY_AUTHORIZATION("Proxy-Authorization", '\0', false),
    RETRY_AFTER("Retry-After", '\0', true), REFER_TO("Refer-To", 'r', true), EVENT("Event", 'o', true),
    RSEQ("RSeq", '\0', true), RACK("RAck", '\0', true), PATH("Path", '\0', false),
    P_ASSERTED_IDENTITY("P-Asserted-Identity", '\0', false), PRIVACY("Privacy", '\0', false),
    DIVERSION("Diversion", '\0', false),
    /** A header field that this list does not name. */
    OTHER("", '\0', false);

    private final String canonical;
    private final char compact;
    private final boolean single;

    HeaderName(final String canonical, final char compact, final boolean single) {
        this.canonical = canonical;
        this.compact = compact;
        this.single = single;
    }

    /** The name as written in RFC 3261, for writing and for people. */
    public String canonical() {
        return canonical;
    }

    /** The compact form (RFC 3261 section 7.3.3), lower case, or {@code '\0'} when there is none. */
    public char compact() {
        return compact;
    }

    /** Whether a message may carry the field only once, in one row, with one value. */
    public boolean single() {
        return single;
    }
}
