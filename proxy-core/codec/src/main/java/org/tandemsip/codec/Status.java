package org.tandemsip.codec;

import java.nio.charset.StandardCharsets;

/**
 * Status codes that Tandem itself answers with or turns others into, and their reason phrases (RFC 3261 section 21, RFC
 * 5393 section 5.4, RFC 5079, RFC 8197, RFC 8688).
 */
public enum Status {
    TRYING_100(100, "Trying"), OK_200(200, "OK"), ACCEPTED_202(202, "Accepted"), BAD_REQUEST_400(400, "Bad Request"),
    UNAUTHORIZED_401(401, "Unauthorized"), PAYMENT_REQUIRED_402(402, "Payment Required"),
    FORBIDDEN_403(403, "Forbidden"),
    NOT_FOUND_404(404, "Not Found"), METHOD_NOT_ALLOWED_405(405, "Method Not Allowed"),
    PROXY_AUTHENTICATION_REQUIRED_407(407, "Proxy Authentication Required"),
    NOT_ACCEPTABLE_406(406, "Not Acceptable"), REQUEST_TIMEOUT_408(408, "Request Timeout"), GONE_410(410, "Gone"),
    REQUEST_ENTITY_TOO_LARGE_413(413, "Request Entity Too Large"),
    REQUEST_URI_TOO_LONG_414(414, "Request-URI Too Long"), UNSUPPORTED_MEDIA_TYPE_415(415, "Unsupported Media Type"),
    UNSUPPORTED_URI_SCHEME_416(416, "Unsupported URI Scheme"),
    BAD_EXTENSION_420(420, "Bad Extension"), SESSION_INTERVAL_TOO_SMALL_422(422, "Session Interval Too Small"),
    INTERVAL_TOO_BRIEF_423(423, "Interval Too Brief"),
    ANONYMITY_DISALLOWED_433(433, "Anonymity Disallowed"),
    FIRST_HOP_LACKS_OUTBOUND_SUPPORT_439(439, "First Hop Lacks Outbound Support"),
    MAX_BREADTH_EXCEEDED_440(440, "Max-Breadth Exceeded"),
    TEMPORARILY_UNAVAILABLE_480(480, "Temporarily Unavailable"),
    CALL_DOES_NOT_EXIST_481(481, "Call/Transaction Does Not Exist"), LOOP_DETECTED_482(482, "Loop Detected"),
    TOO_MANY_HOPS_483(483, "Too Many Hops"), ADDRESS_INCOMPLETE_484(484, "Address Incomplete"),
    AMBIGUOUS_485(485, "Ambiguous"), BUSY_HERE_486(486, "Busy Here"), REQUEST_TERMINATED_487(487, "Request Terminated"),
    NOT_ACCEPTABLE_HERE_488(488, "Not Acceptable Here"), REQUEST_PENDING_491(491, "Request Pending"),
    UNDECIPHERABLE_493(493, "Undecipherable"), SERVER_INTERNAL_ERROR_500(500, "Server Internal Error"),
    NOT_IMPLEMENTED_501(501, "Not Implemented"), BAD_GATEWAY_502(502, "Bad Gateway"),
    SERVICE_UNAVAILABLE_503(503, "Service Unavailable"), SERVER_TIMEOUT_504(504, "Server Time-out"),
    VERSION_NOT_SUPPORTED_505(505, "Version Not Supported"), MESSAGE_TOO_LARGE_513(513, "Message Too Large"),
    PRECONDITION_FAILURE_580(580, "Precondition Failure"), BUSY_EVERYWHERE_600(600, "Busy Everywhere"),
    DECLINE_603(603, "Decline"), DOES_NOT_EXIST_ANYWHERE_604(604, "Does Not Exist Anywhere"),
    NOT_ACCEPTABLE_606(606, "Not Acceptable"), UNWANTED_607(607, "Unwanted"), REJECTED_608(608, "Rejected");

    private final int code;
    private final String reason;
    private final byte[] startLine;

    Status(final int code, final String reason) {
        this.code = code;
        this.reason = reason;
        this.startLine = startLine(reason);
    }

    /** The status with this code, or {@code null}. */
    public static Status of(final int code) {
        for (final Status status : values()) {
            if (status.code == code) {
                return status;
            }
        }
        return null;
    }

    /** The three-digit code. */
    public int code() {
        return code;
    }

    /** The default reason phrase. */
    public String reason() {
        return reason;
    }

    /** The whole status line with its CRLF, as wire bytes; not to be modified. */
    public byte[] startLine() {
        return startLine;
    }

    /** A status line of this code with another reason phrase. */
    byte[] startLine(final String phrase) {
        return ("SIP/2.0 " + code + ' ' + phrase + "\r\n").getBytes(StandardCharsets.US_ASCII);
    }
}
