/**
 * The four transaction state machines of RFC 3261 section 17 with the corrections of RFC 6026, and RFC 4320.
 *
 * <pre>
 *                       layer above (TransactionUser): a proxy, a B2BUA
 *        respond |  ^ onRequest, onTerminated      start, cancel |  ^ Event, onTimeout, onTransportError, onTerminated
 *                V  |                                            V  |
 *   ServerTransaction                             ClientTransaction
 *     InviteServerTransaction      figure 7         InviteClientTransaction      figure 5, makes ACK and CANCEL
 *     NonInviteServerTransaction   figure 8         NonInviteClientTransaction   figure 6
 *                |  ^                                            |  ^
 *   Egress.send  V  | findServer                   Egress.send   V  | findClient
 *                          Transactions: tables, pools, message memory, timer lanes
 * </pre>
 *
 * Each class shows its figure. A message is looked up in {@link org.tandemsip.engine.transaction.Transactions} by the
 * layer above, handed to the transaction found, and what it means is the return value; only time and transport call
 * back. So no transaction ends in the middle of a message: even timers of zero length, those of streams, run out
 * after it.
 *
 * <p>Objects are used again and again, and messages are kept off-heap, as few of them and as short as each state
 * needs: the request until the final response, then that response, or the ACK, only where it may have to be sent
 * again.
 */
package org.tandemsip.engine.transaction;
