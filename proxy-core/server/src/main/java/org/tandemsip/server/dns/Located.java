package org.tandemsip.server.dns;

import java.util.List;

/**
 * Where a domain can be reached, and how that was found out.
 *
 * @param domain    what was looked for
 * @param kind      FOUND, NONE (there is no such name, or no server there) or FAILED (nobody answered)
 * @param hops      lowest tier first; at most {@link ServerLocation#MAX_HOPS}
 * @param expiresNs when the first of the answers this rests on runs out, on the clock of {@link Names}
 * @param stale     whether one of them has run out already
 * @param fromHostsFile whether the hosts file of this machine says so
 * @param steps     questions in the order they were asked, with their answers
 */
public record Located(Domain domain, Answer.Kind kind, List<Hop> hops, long expiresNs, boolean stale,
        boolean fromHostsFile, List<Step> steps) {
    /** A question and its answer. */
    public record Step(Question question, Answer answer) {}

    /** Why there is nothing, for people. */
    public String reason() {
        if (kind == Answer.Kind.FOUND) {
            return "";
        }
        return steps.stream().filter(step -> step.answer().kind() == kind).map(step -> step.answer().detail())
                .filter(detail -> !detail.isEmpty()).findFirst().orElse("no server for SIP");
    }
}
