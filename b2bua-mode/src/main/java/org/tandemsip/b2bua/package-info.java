/**
 * Mode b2bua: Tandem is a user agent to both sides of a call (RFC 3261 sections 12 to 15, RFC 7092).
 *
 * <pre>
 *            leg 0: we were called                         leg 1: we call
 *   caller ----- dialog A -----  Call  ----- dialog B ----- callee
 *                                 |
 *       Exchange   one request here and the same there, with its answers
 *       Setup      which peer is tried, while there is no answer; EarlyDialogs: what the caller is shown of a fork
 *       Credit     time that was reserved for it outside: see Questions for how that is asked
 *       CutOff     when it has to end
 *       LoneRequest, Subscription    what is no call, and hidden all the same
 *       Keeper     ACKs again what is repeated after a 2xx, ends dialogs that nobody wants
 * </pre>
 *
 * {@link org.tandemsip.b2bua.B2bua} has the calls of one shard. The proxy hands it each INVITE that it has checked and
 * routed and whose route asks for this mode; everything that belongs to such a call goes there by its transaction, its
 * branch, or our tag. Both legs belong to one shard, so that nothing here is locked. All objects are used again, and
 * text is kept off-heap: nothing is allocated for a message.
 */
package org.tandemsip.b2bua;
