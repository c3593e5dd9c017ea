package org.tandemsip.codec;

/**
 * Why a message was refused by {@link SipParser}, with the status that a request is answered with.
 *
 * <p>A response is never answered: any error but {@link #NONE} drops it. {@link #NOT_SIP} and {@link #INCOMPLETE} drop
 * a request as well, since nothing says where an answer should go.
 */
public enum ParseError {
    NONE,
    /** The first bytes are not SIP at all (no method or SIP-Version where the start line should be). */
    NOT_SIP,
    /**
     * There is no Via, so nothing says where an answer should go. A request that has one is answered even when From,
     * To, Call-ID or CSeq is missing ({@link #MISSING_HEADER}) or its header block does not end ({@link
     * #BAD_LINE_END}); the answer copies what exists (RFC 4475 section 3.3.1).
     */
    INCOMPLETE,
    BAD_START_LINE("Bad Start Line"), BAD_VERSION(Status.VERSION_NOT_SUPPORTED_505),
    BAD_REQUEST_URI("Bad Request-URI"), BAD_HEADER_NAME("Bad Header Field Name"),
    BAD_LINE_END("Bad Line End"), BAD_VIA("Bad Via"), BAD_FROM("Bad From"),
    BAD_TO("Bad To"), BAD_CALL_ID("Bad Call-ID"), BAD_CSEQ("Bad CSeq"),
    CSEQ_METHOD_MISMATCH("CSeq Names Another Method"), BAD_MAX_FORWARDS("Bad Max-Forwards"),
    BAD_ROUTE("Bad Route"), BAD_CONTENT_LENGTH("Bad Content-Length"),
    /** The body is shorter than Content-Length says (RFC 3261 section 18.3). */
    BODY_TOO_SHORT("Body Shorter Than Content-Length"),
    /** Another value of a header that Tandem must understand is malformed. */
    BAD_HEADER_VALUE("Bad Header Field Value"),
    MISSING_HEADER("Missing Header Field"), DUPLICATE_HEADER("Duplicate Header Field"),
    TOO_MANY_HEADERS("Too Many Header Fields"), HEADER_TOO_LARGE("Header Field Too Large"),
    HEADERS_TOO_LARGE("Header Fields Too Large"), TOKEN_TOO_LONG("Token Too Long"),
    URI_TOO_LONG(Status.REQUEST_URI_TOO_LONG_414), BODY_TOO_LARGE(Status.REQUEST_ENTITY_TOO_LARGE_413),
    MESSAGE_TOO_LARGE(Status.MESSAGE_TOO_LARGE_513);

    private final Status answer;
    private final byte[] statusLine;

    ParseError() {
        this.answer = null;
        this.statusLine = null;
    }

    ParseError(final Status answer) {
        this.answer = answer;
        this.statusLine = answer.startLine();
    }

    /** Answered 400 with a phrase that says what is wrong (RFC 3261 section 21.4.1). */
    ParseError(final String reason) {
        this.answer = Status.BAD_REQUEST_400;
        this.statusLine = answer.startLine(reason);
    }

    /** Status to answer a request with, or {@code null} where it can only be dropped. */
    public Status answer() {
        return answer;
    }

    /** Status line of that answer with its CRLF, as wire bytes, not to be modified; {@code null} without an answer. */
    public byte[] statusLine() {
        return statusLine;
    }
}
