/**
 * Host names: an asynchronous stub resolver with a cache, and the procedure by which SIP finds servers (RFC 3263).
 *
 * <pre>
 *   Names ── locate(sip:HOST) ──► ServerLocation   pure: answers so far ──► questions still open, or hops
 *     │                                 ▲
 *     └── ask(Question) ──► AnswerCache │          TTL, negative answers, stale ones while DNS is dead
 *                               │       │
 *                           DnsServers ─┘          Netty's resolver: UDP, TCP for what is truncated
 * </pre>
 *
 * All of it runs on one thread of its own, {@code tandem-dns}, that is started when the first name is looked up; nobody
 * waits for it. What came back is data of strangers: every list, chain and name has a bound.
 */
package org.tandemsip.server.dns;
