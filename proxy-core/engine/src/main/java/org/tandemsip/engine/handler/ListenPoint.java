package org.tandemsip.engine.handler;

import org.tandemsip.codec.Transport;

/**
 * A local address that Tandem listens on and sends from.
 *
 * @param index       position in {@link ShardContext#listenPoints()}
 * @param transport   UDP, TCP and so on
 * @param addressHigh upper half of the local address
 * @param addressLow  lower half of the local address
 * @param port        local port, 1 to 65535
 * @param sentBy      host and port as written in Via and Record-Route, for example {@code 203.0.113.10:5060} or
 *                    {@code [2001:db8::1]:5060}; the advertised name where one is configured. Wire bytes, not to be
 *                    modified
 */
public record ListenPoint(int index, Transport transport, long addressHigh, long addressLow, int port, byte[] sentBy) {}
