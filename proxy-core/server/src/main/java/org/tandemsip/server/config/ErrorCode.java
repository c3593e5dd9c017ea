package org.tandemsip.server.config;

/** What can be wrong with a configuration. The numbers are stable: scripts and documentation name them. */
public enum ErrorCode {
    /** The file cannot be read. */
    FILE_UNREADABLE("C001"),
    /** The text is not YAML. */
    SYNTAX("C002"),
    /** An included file is missing, or includes others itself. */
    INCLUDE("C003"),
    /** A list stands where a mapping should, and so on. */
    WRONG_SHAPE("C010"),
    /** The same key is given twice. */
    DUPLICATE_KEY("C011"),
    /** No such key. */
    UNKNOWN_KEY("C012"),
    /** A key that must be given is not. */
    MISSING_KEY("C013"),
    /** The value cannot be understood. */
    BAD_VALUE("C020"),
    /** The value is outside its range. */
    OUT_OF_RANGE("C021"),
    /** What {@code ${env:NAME}} or {@code ${file:PATH}} refers to does not exist. */
    BAD_REFERENCE("C022"),
    /** A secret stands in the file itself. */
    LITERAL_SECRET("C023"),
    /** Not an address to listen on. */
    BAD_LISTEN("C024"),
    /** Not a peer. */
    BAD_PEER("C025"),
    /** Not an address range. */
    BAD_RANGE("C027"),
    /** This build has no such mode. */
    NO_SUCH_MODE("C030"),
    /** A route names a trunk that is not defined. */
    UNKNOWN_TRUNK("C031"),
    /** Two trunks claim the same address. */
    ADDRESS_CLAIMED("C032"),
    /** The keys of a route do not fit together. */
    ROUTE_INCOMPLETE("C033"),
    /** A trunk that nothing can be sent to or received from. */
    TRUNK_UNUSABLE("C034"),
    /** A name that is taken or reserved. */
    BAD_NAME("C035"),
    /** The admin API would be open to the network without a token. */
    TOKEN_NEEDED("C036"),
    /** Values that contradict each other. */
    CONTRADICTION("C037"),
    /** Somebody unknown could call out. */
    UNAUTHENTICATED("C043"),
    /** A header field that only the proxy itself may change. */
    OWNED_HEADER("C041"),
    /** A row of a table of prefixes that cannot be used. */
    BAD_ROW("C042"),
    /** A file of certificates or a key that cannot be used. */
    TLS_FILE("C050"),
    /** TLS is asked for where something for it is missing. */
    TLS_NEEDED("C051");

    private final String code;

    ErrorCode(final String code) {
        this.code = code;
    }

    /** The code as printed, for example {@code C012}. */
    public String code() {
        return code;
    }
}
