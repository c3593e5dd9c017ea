package org.tandemsip.engine.registrar;

import org.tandemsip.codec.Transport;

/**
 * The way by which a user agent can be reached, since that is how it came (RFC 5626 section 3.1).
 *
 * @param transport   UDP, TCP and so on
 * @param local       listen point that it came in on, as {@code ListenPoints.identity} says it, so that it means the
 *                    same after a restart; 0 for any
 * @param addressHigh upper half of its address
 * @param addressLow  lower half of its address
 * @param port        its port
 * @param connection  connection that it came over, of this process; 0 for UDP and after a restart
 * @param pinned      whether requests inside its dialogs have to take it too, since its Contact does not lead there
 */
public record Flow(Transport transport, long local, long addressHigh, long addressLow, int port, long connection,
        boolean pinned) {}
