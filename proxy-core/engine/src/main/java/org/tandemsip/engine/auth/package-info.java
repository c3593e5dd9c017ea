/**
 * Digest authentication (RFC 3261 section 22, RFC 7616, RFC 8760): of who sends us requests, and of us where we are
 * asked.
 *
 * <pre>
 *   Proxy-Authorization --> DigestFields --> Authenticator --> nonce ours and fresh? --> answer right? --> nc not used?
 *                                              |                 (MAC, no state)       (Realm: H(A1))   (ReplayTable)
 *                                              +--> otherwise 407 with a challenge per algorithm
 *
 *   401, 407 of a peer  --> DigestFields --> DigestClient --> Challenge --> Authorization, Proxy-Authorization
 *                                              |
 *                                              +-- Credentials of the trunk, for one realm
 * </pre>
 *
 * Nothing is kept for a challenge of ours: whoever asks without credentials costs one answer and no memory.
 */
package org.tandemsip.engine.auth;
