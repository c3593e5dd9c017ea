package org.tandemsip.codec;

/**
 * Why a message was refused by {@link SipParser}, with the status that a request is answered with.
 *
 * <p>A response is never answered: any error but {@link #NONE} drops it. {@link #NOT_SIP} and {@link #INCOMPLETE} drop
 * a request as well, since nothing says where an answer should go.
 */
public enum ParseError {
    NONE(null),
    /** The first bytes are not SIP at all (no method or SIP-Version where the start line should be). */
    NOT_SIP(null),
    /**
     * There is no Via, so nothing says where an answer should go. A request that has one is answered even when From,
     * To, Call-ID or CSeq is missing ({@link #MISSING_HEADER}) or its header block does not end ({@link
     * #BAD_LINE_END}); the answer copies what exists (RFC 4475 section 3.3.1).
     */
    INCOMPLETE(null),
    BAD_START_LINE(Status.BAD_REQUEST_400), BAD_VERSION(Status.VERSION_NOT_SUPPORTED_505),
    BAD_REQUEST_URI(Status.BAD_REQUEST_400), BAD_HEADER_NAME(Status.BAD_REQUEST_400),
    BAD_LINE_END(Status.BAD_REQUEST_400), BAD_VIA(Status.BAD_REQUEST_400), BAD_FROM(Status.BAD_REQUEST_400),
    BAD_TO(Status.BAD_REQUEST_400), BAD_CALL_ID(Status.BAD_REQUEST_400), BAD_CSEQ(Status.BAD_REQUEST_400),
    CSEQ_METHOD_MISMATCH(Status.BAD_REQUEST_400), BAD_MAX_FORWARDS(Status.BAD_REQUEST_400),
    BAD_ROUTE(Status.BAD_REQUEST_400), BAD_CONTENT_LENGTH(Status.BAD_REQUEST_400),
    /** The body is shorter than Content-Length says (RFC 3261 section 18.3). */
    BODY_TOO_SHORT(Status.BAD_REQUEST_400),
    /** Another value of a header that Tandem must understand is malformed. */
    BAD_HEADER_VALUE(Status.BAD_REQUEST_400),
    MISSING_HEADER(Status.BAD_REQUEST_400), DUPLICATE_HEADER(Status.BAD_REQUEST_400),
    TOO_MANY_HEADERS(Status.BAD_REQUEST_400), HEADER_TOO_LARGE(Status.BAD_REQUEST_400),
    HEADERS_TOO_LARGE(Status.BAD_REQUEST_400), TOKEN_TOO_LONG(Status.BAD_REQUEST_400),
    URI_TOO_LONG(Status.REQUEST_URI_TOO_LONG_414), BODY_TOO_LARGE(Status.REQUEST_ENTITY_TOO_LARGE_413),
    MESSAGE_TOO_LARGE(Status.MESSAGE_TOO_LARGE_513);

    private final Status answer;

    ParseError(final Status answer) {
        this.answer = answer;
    }

    /** Status to answer a request with, or {@code null} where it can only be dropped. */
    public Status answer() {
        return answer;
    }
}
