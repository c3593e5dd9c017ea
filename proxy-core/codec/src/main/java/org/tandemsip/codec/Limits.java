package org.tandemsip.codec;

/**
 * Upper bounds of what the codec accepts. Sizes in bytes, counts in values.
 *
 * @param messageBytes  a whole message; over it {@link ParseError#MESSAGE_TOO_LARGE} (513)
 * @param headersBytes  start line and header block together; over it {@link ParseError#HEADERS_TOO_LARGE} (400)
 * @param headerBytes   one header row with its folds; over it {@link ParseError#HEADER_TOO_LARGE} (400)
 * @param headerRows    header rows; over it {@link ParseError#TOO_MANY_HEADERS} (400)
 * @param bodyBytes     the body; over it {@link ParseError#BODY_TOO_LARGE} (413)
 * @param uriBytes      the Request-URI (414) and any URI a proxy reads (400)
 * @param methodBytes   the method token; over it {@link ParseError#TOKEN_TOO_LONG} (400)
 * @param tokenBytes    a branch, tag or Call-ID; over it {@link ParseError#TOKEN_TOO_LONG} (400)
 * @param viaValues     Via values; over it {@link ParseError#TOO_MANY_HEADERS} (400)
 * @param routeValues   Route values, and Record-Route values; over it {@link ParseError#TOO_MANY_HEADERS} (400)
 */
public record Limits(int messageBytes, int headersBytes, int headerBytes, int headerRows, int bodyBytes, int uriBytes,
        int methodBytes, int tokenBytes, int viaValues, int routeValues) {
    /** What peers in the field never exceed, with room; see the comments in {@code config/tandem.yaml}. */
    public static final Limits DEFAULTS = new Limits(65_535, 16_384, 4_096, 128, 61_440, 1_024, 64, 256, 70, 20);

    /** Checks how the bounds relate, so that no later code has to. */
    public Limits {
        if (messageBytes < 1_500 || messageBytes > 65_535 || headersBytes > messageBytes || headerBytes > headersBytes
                || headerRows < 16 || headerRows > 512 || bodyBytes > messageBytes || uriBytes < 64 || methodBytes < 9
                || tokenBytes < 64 || viaValues < 1 || routeValues < 1) {
            throw new IllegalArgumentException("limits do not fit together: messageBytes 1500..65535 >= headersBytes"
                    + " >= headerBytes, bodyBytes <= messageBytes, headerRows 16..512, uriBytes >= 64,"
                    + " methodBytes >= 9,"
                    + " tokenBytes >= 64, viaValues and routeValues >= 1");
        }
    }
}
