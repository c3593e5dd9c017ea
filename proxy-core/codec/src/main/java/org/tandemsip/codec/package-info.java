/**
 * Bytes to SIP and back: parsing in one pass into an index of offsets, and writing by edits over the received bytes.
 * Nothing here knows a thread, a clock or a socket, and nothing touches the heap once made.
 *
 * <pre>
 *   stream --> StreamFramer --+
 *                             +--> SipParser --> SipMessage --> Via, NameAddr, SipUri, ValueCursor   read on demand
 *   datagram -----------------+        |             |
 *                                 ParseError         +--> Edits ----------> the message to forward
 *                                                    +--> ResponseWriter --> our own answer
 * </pre>
 *
 * <p>A value is a {@link org.tandemsip.codec.Slice}: offset and length in one {@code long}, counted from the first byte
 * of the start line. What a proxy must understand is checked while indexing (RFC 3261 section 16.3); every other value
 * is relayed as it came, whatever its bytes. Malformed input gives a {@link org.tandemsip.codec.ParseError} with an
 * offset, never an exception, and leaves enough of an index to answer it.
 */
package org.tandemsip.codec;
