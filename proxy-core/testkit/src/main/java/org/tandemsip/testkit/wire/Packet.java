package org.tandemsip.testkit.wire;

/**
 * One SIP message on the simulated network, from the moment it is sent.
 *
 * @param sender     name of the element that sent it
 * @param from       source address as the receiver sees it (after address translation)
 * @param to         destination address
 * @param connection number of the stream it travels on, 0 for UDP
 * @param bytes      the message
 * @param message    the message as a strict reader sees it, or {@code null} when it is none
 * @param error      why {@code message} is {@code null}
 */
public record Packet(String sender, SimAddress from, SimAddress to, long connection, byte[] bytes, WireMessage message,
        String error) {
    /** Makes a packet and reads its bytes. */
    public static Packet of(final String sender, final SimAddress from, final SimAddress to, final long connection,
            final byte[] bytes) {
        try {
            return new Packet(sender, from, to, connection, bytes, WireMessage.parse(bytes), null);
        } catch (final WireFormatException e) {
            return new Packet(sender, from, to, connection, bytes, null, e.getMessage());
        }
    }

    /** Whether it travels on a stream. */
    public boolean stream() {
        return connection != 0;
    }
}
