/**
 * Open-loop load: attempts start when they are due, and latency counts from the intended send time.
 *
 * <pre>
 *   load thread, one or several                               timeline thread, once a second
 *   LoadRun ─ due? ─▶ Caller ─ Wire ─▶ system under test      percentiles, /proc of the target,
 *      │                 ▲                    │               live line, .hlog
 *      │              latencies               ▼                      ▲
 *      └─ each turn ─▶ Pair ◀── Answerer ◀─ Wire                     │
 *      └─ each second ── counts and a histogram ── Timeline ─────────┘
 * </pre>
 *
 * <p>Load threads share one {@link org.tandemsip.perf.load.Schedule}; each has a caller and an answerer of its own, and
 * meets the others in the timeline alone. What lies under a wire is UDP, TCP, or TLS over TCP.
 *
 * <p>{@link org.tandemsip.perf.load.Rehearsal} comes before: the same without a system under test, for warm code and a
 * known ceiling. What comes out is a {@link org.tandemsip.perf.load.LoadResult}; {@code Report} writes it as JSON, and
 * page and comparison are made from that JSON alone. {@code Measurement} is where a result is refused: too near the
 * ceiling, behind the schedule, or no answer at all.
 */
package org.tandemsip.perf.load;
