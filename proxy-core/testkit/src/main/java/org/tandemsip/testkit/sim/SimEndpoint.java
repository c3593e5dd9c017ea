package org.tandemsip.testkit.sim;

import org.tandemsip.testkit.wire.Packet;
import org.tandemsip.testkit.wire.SimAddress;

/** Something bound to an address of the simulated network. */
public interface SimEndpoint {
    /** Name in the wire log. */
    String name();

    /** Whether it takes part at all; what arrives while it is not is lost. */
    default boolean up() {
        return true;
    }

    /** A datagram has arrived at {@code local}. */
    void onDatagram(Packet packet, SimAddress local);

    /** Bytes have arrived on a stream; {@code end} is this element's end of it. */
    void onBytes(SimStream.End end, byte[] bytes);

    /** The stream was closed by the other side or cut, or could not be opened. */
    void onClosed(SimStream.End end);
}
