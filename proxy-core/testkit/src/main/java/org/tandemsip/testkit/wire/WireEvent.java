package org.tandemsip.testkit.wire;

/**
 * One line of the wire log.
 *
 * @param index   position in the log
 * @param timeNs  virtual time
 * @param kind    what happened
 * @param element whom it happened to: sender for {@code SENT} and {@code LOST}, receiver for {@code DELIVERED}
 * @param packet  the message, or {@code null}
 * @param note    what {@code NOTE}, {@code CRASHED} or {@code RESTARTED} say, or {@code null}
 */
public record WireEvent(int index, long timeNs, Kind kind, String element, Packet packet, String note) {
    /** Kinds of events. */
    public enum Kind {
        /** Handed to the network. */
        SENT,
        /** Never arrives. */
        LOST,
        /** Arrived at an element that is up. */
        DELIVERED,
        /** A stream was closed or could not be opened; the element was told. */
        STREAM_FAILED,
        /** An element lost all its state. */
        CRASHED,
        /** An element is up again. */
        RESTARTED,
        /** A proxy treats new requests by another mode from now on; the note says by which. */
        MODE,
        /** Anything people should know when they read the log. */
        NOTE
    }

    /** The message; {@code null} when there is none or it is not SIP. */
    public WireMessage message() {
        return packet == null ? null : packet.message();
    }
}
