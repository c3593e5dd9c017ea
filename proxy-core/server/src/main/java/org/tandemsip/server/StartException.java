package org.tandemsip.server;

/** A server that could not start. Nothing of it is left running. */
public final class StartException extends Exception {
    private static final long serialVersionUID = 1L;

    /** Why it could not start. */
    public enum Reason {
        /** An address or socket cannot be had. */
        CANNOT_BIND,
        /** The operating system does not allow it. */
        NOT_PERMITTED,
        /** Something else. */
        FAILED
    }

    private final Reason reason;

    StartException(final Reason reason, final String message, final Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** Tells refusals of the operating system from addresses that are taken. */
    static StartException bind(final Exception cause) {
        final String message = String.valueOf(cause.getMessage());
        final boolean denied = message.contains("ermission denied") || message.contains("not permitted")
                || cause instanceof java.nio.file.AccessDeniedException;
        return new StartException(denied ? Reason.NOT_PERMITTED : Reason.CANNOT_BIND, message, cause);
    }

    /** Why it could not start. */
    public Reason reason() {
        return reason;
    }
}
