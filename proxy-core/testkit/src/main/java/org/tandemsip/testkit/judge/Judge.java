package org.tandemsip.testkit.judge;

import java.util.List;
import java.util.Set;

import org.tandemsip.testkit.wire.WireLog;

/** Holds a finished run to all invariants. */
public final class Judge {
    private Judge() {}

    /**
     * Judges a run.
     *
     * @param log     everything that was on the wire, up to the end of the last timer
     * @param proxies what the proxies are meant to do
     * @param nodes   what every life of every proxy says of itself
     * @param udpOnly hosts of trunk peers that are fixed to UDP
     * @return what is wrong, empty when nothing is
     */
    public static List<Violation> judge(final WireLog log, final List<ProxyFacts> proxies, final List<NodeFacts> nodes,
            final Set<String> udpOnly) {
        final WireView view = new WireView(log, proxies);
        final Findings findings = new Findings();
        ResponseRules.i01ExactlyOneFinal(view, findings);
        ResponseRules.i02NothingAfterFinal(view, findings);
        ResponseRules.i03TryingIsOurOwn(view, findings);
        CancelRules.i04CancelGets200(view, findings);
        CancelRules.i05CancelAfterProvisional(view, findings);
        CancelRules.i06SuccessBeatsCancel(view, findings);
        AckRules.i07AckHopByHopOrEndToEnd(view, findings);
        ForkRules.i08SixHundredWaits(view, findings);
        ResponseRules.i09ResponseToSource(view, findings);
        ForwardRules.i10OnlyWhatTheRfcChanges(view, findings);
        ForkRules.i11SameBranchSameTarget(view, findings);
        TimerRules.i12TimersToTheNanosecond(view, findings);
        PolicyRules.i13PolicyAndSize(view, udpOnly, findings);
        ForkRules.i14BoundedBreadth(view, findings);
        PolicyRules.i29ForgeriesGoNowhere(view, findings);
        for (final NodeFacts node : nodes) {
            RestRules.i20NothingLives(node, findings);
            RestRules.i21NoMemoryHeld(node, findings);
            RestRules.i22LimitsHold(node, findings);
            RestRules.i23AccountsBalance(node, findings);
            RestRules.i24RingsEmpty(node, findings);
        }
        return findings.violations();
    }
}
