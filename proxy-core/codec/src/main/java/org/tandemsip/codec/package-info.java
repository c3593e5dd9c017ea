/**
 * Bytes to SIP and back: parsing in one pass into an index of offsets, and writing by edits over the received bytes.
 * Nothing here knows a thread, a clock or a socket.
 */
package org.tandemsip.codec;
