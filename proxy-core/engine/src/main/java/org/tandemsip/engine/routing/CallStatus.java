package org.tandemsip.engine.routing;

/**
 * A call of a {@link CallMode} as people see it.
 *
 * @param id         unique while the process lives, and what orders name it by
 * @param state      {@code setup}, {@code answered} or {@code ending}
 * @param callIdA    Call-ID of the side that called us
 * @param callIdB    Call-ID of the side that we called; {@code null} before
 * @param from       user part or URI of the caller
 * @param to         user part or URI of the called party
 * @param trunkIn    trunk that the call came from
 * @param trunkOut   trunk that it goes to, or {@code null}
 * @param ageMs      milliseconds since the INVITE
 * @param answeredMs milliseconds since the answer, -1 before it
 * @param leftMs     milliseconds until it is ended by route, credit or order, -1 when it is not
 */
public record CallStatus(String id, String state, String callIdA, String callIdB, String from, String to,
        String trunkIn, String trunkOut, long ageMs, long answeredMs, long leftMs) {}
