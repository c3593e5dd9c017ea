package org.tandemsip.server.cli;

/** What {@code tandem} exits with. Scripts and the systemd unit are written against these numbers. */
public final class ExitCode {
    /** Done. */
    public static final int OK = 0;
    /** The verb failed for a reason that none of the others names. */
    public static final int FAILED = 1;
    /** The command line cannot be understood. */
    public static final int USAGE = 2;
    /** No server answers on the admin socket or address. */
    public static final int UNREACHABLE = 3;
    /** A listen address cannot be bound (EX_OSERR). */
    public static final int CANNOT_BIND = 71;
    /** The operating system or the server refuses permission (EX_NOPERM). */
    public static final int NOT_PERMITTED = 77;
    /** The configuration is wrong (EX_CONFIG); systemd does not restart after it. */
    public static final int BAD_CONFIG = 78;
    /** A measurement missed its threshold. */
    public static final int THRESHOLD_MISSED = 99;

    private ExitCode() {}
}
