/**
 * Session descriptions (RFC 8866), read and changed by lines: {@link org.tandemsip.codec.sdp.Sdp} is an index over the
 * lines as they came, and whatever nobody changes is copied byte for byte and in its order, lines that no RFC knows
 * included (the {@code y=} and {@code f=} of GB/T 28181). Everything has a bound, and nothing calls itself.
 */
package org.tandemsip.codec.sdp;
