package org.tandemsip.server.transport;

/** Told about handshakes that fail, not about each of them. Loop threads. */
@FunctionalInterface
public interface TlsReports {
    /** Tells nobody. */
    TlsReports NONE = (_, _, _, _, _) -> {};

    /**
     * A handshake failed.
     *
     * @param remote     address and port
     * @param incoming   whether they connected to us
     * @param failure    kind of failure
     * @param reason     what the library says, for people; may hold text of the peer's
     * @param suppressed failures of this kind that were not reported since the last one that was
     */
    void failed(String remote, boolean incoming, TlsFailure failure, String reason, long suppressed);
}
