package org.tandemsip.testkit.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.LongToIntFunction;
import java.util.function.UnaryOperator;

import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.handler.MessageHandler;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.testkit.judge.Judge;
import org.tandemsip.testkit.judge.NodeFacts;
import org.tandemsip.testkit.judge.Violation;
import org.tandemsip.testkit.wire.SimAddress;
import org.tandemsip.testkit.wire.WireLog;

/**
 * One seeded run: chaos with calls, then a healed network with one more plain call, then nothing until every timer has
 * ended, then judgement.
 */
public final class SimRun {
    private static final long SECOND = 1_000_000_000L;
    private static final long HEAL_NS = 60 * SECOND;
    /** Four times 50 s of ringing, timer C, patience, CANCEL and BYE, each with 64*T1. */
    private static final long END_NS = 1_000 * SECOND;
    private static final String PROBE = "probe";
    private static final Set<String> WAIVED_WHEN_TIGHT = Set.of("I-01", "I-02", "I-03", "I-04", "I-05", "I-07",
            "I-12");

    private final RunPlan plan;
    private final SimLoop loop;
    private final WireLog log = new WireLog();
    private final SimNetwork network;
    private final Topology topology;
    private final SplittableRandom random;
    private final long startNs;

    private SimRun(final long seed, final UnaryOperator<MessageHandler> handler, final UnaryOperator<Egress> egress,
            final UnaryOperator<LongToIntFunction> turn) {
        plan = new RunPlan(seed);
        random = plan.random;
        startNs = random.nextLong(-1_000_000 * SECOND, 1_000_000 * SECOND);
        loop = new SimLoop(startNs);
        network = new SimNetwork(loop, random.split(), log);
        topology = new Topology(plan, network, handler, egress, turn);
    }

    /** Runs a seed and judges it. */
    public static Outcome run(final long seed) {
        return run(seed, UnaryOperator.identity(), UnaryOperator.identity(), UnaryOperator.identity());
    }

    /** Runs a seed with something put around every handler, egress and turn of a shard. */
    static Outcome run(final long seed, final UnaryOperator<MessageHandler> handler,
            final UnaryOperator<Egress> egress, final UnaryOperator<LongToIntFunction> turn) {
        final SimRun run = new SimRun(seed, handler, egress, turn);
        run.schedule();
        run.loop.runUntil(run.startNs + HEAL_NS);
        run.heal();
        run.loop.runUntil(run.startNs + END_NS);
        return run.outcome();
    }

    /**
     * What became of a run.
     *
     * @param seed       the seed
     * @param plan       what it stands for, for people
     * @param violations what is wrong
     * @param sha256     hash of everything on the wire
     * @param packets    events in the wire log
     * @param virtualNs  virtual time
     * @param log        everything on the wire
     * @param startNs    virtual time at which it began
     */
    public record Outcome(long seed, String plan, List<Violation> violations, String sha256, int packets,
            long virtualNs, WireLog log, long startNs) {
        /** What people need to see of a run that failed. */
        public String report() {
            final StringBuilder text = new StringBuilder("replay with -Dtandem.sim.seed=" + seed + "\n" + plan + "\n");
            violations.stream().limit(8).forEach(violation -> text.append(violation).append('\n'));
            final String callId = violations.stream().map(Violation::callId).filter(id -> id != null).findFirst()
                    .orElse(null);
            return text.append(log.ladder(callId, Integer.getInteger("tandem.sim.ladder", 120), startNs)).toString();
        }
    }

    private void schedule() {
        network.standard(plan.profile);
        for (int i = 0; i < plan.calls; i++) {
            final SimUa caller = topology.callers.get(random.nextInt(plan.callers));
            final UacPlan.Kind[] kinds = UacPlan.Kind.values();
            UacPlan.Kind kind = kinds[random.nextInt(kinds.length)];
            if ((plan.switching || plan.crashing) && kind == UacPlan.Kind.LATE_RETRANSMISSION) {
                // Who does not know the request any more repeats a late copy for 64*T1, past the end of timer L.
                kind = UacPlan.Kind.CALL;
            }
            final UacPlan call = new UacPlan(kind, random.nextLong(50, 4_000),
                    random.nextLong(200, 20_000), plan.chance(40),
                    plan.large && plan.chance(50) ? random.nextInt(900, 1_600) : 20,
                    plan.chance(50) ? random.nextLong(10_000, 60_000) : 260_000, maxForwards(), plan.chance(30));
            final String uri = uri(call);
            final String callId = "c" + i + '-' + plan.seed + "@sim";
            loop.after(random.nextLong(20 * SECOND), () -> caller.start(call, uri, callId));
        }
        faults();
        if (plan.attacked) {
            final SimAttacker attacker = new SimAttacker(network, random.split());
            for (int i = 0; i < 8; i++) {
                final SimAddress victim = topology.proxyAddresses.get(random.nextInt(plan.proxies));
                final SimAddress peer = topology.callees.get(random.nextInt(plan.callees)).address();
                loop.after(random.nextLong(40 * SECOND), () -> attacker.attack(victim, peer));
            }
        }
    }

    private int maxForwards() {
        return switch (random.nextInt(20)) {
            case 0 -> -1;
            case 1 -> random.nextInt(3);
            default -> 70;
        };
    }

    private String uri(final UacPlan call) {
        final UasScript.Kind[] kinds = UasScript.Kind.values();
        final StringBuilder user = new StringBuilder();
        for (int i = 0; i < plan.callees; i++) {
            final boolean plain = plan.chance(40) || call.kind() == UacPlan.Kind.LATE_RETRANSMISSION;
            final UasScript.Kind kind = plain ? UasScript.Kind.ANSWER : kinds[random.nextInt(kinds.length)];
            user.append(i == 0 ? "" : "_").append(kind.name().toLowerCase(Locale.ROOT));
        }
        user.append(".r").append(random.nextLong(20, 5_000)).append(".h").append(call.holdMs());
        user.append(call.calleeHangsUp() ? ".c" : "").append(call.kind() == UacPlan.Kind.GLARE ? ".g" : "");
        return "sip:" + user + "@carrier.example";
    }

    private void faults() {
        for (final SimNode node : topology.nodes) {
            if (plan.crashing) {
                final long at = random.nextLong(40 * SECOND);
                loop.after(at, node::crash);
                loop.after(at + random.nextLong(SECOND / 10, 4 * SECOND), node::restart);
            }
            if (plan.switching) {
                boolean stateful = node.stateful();
                for (int i = 0; i < 1 + random.nextInt(3); i++) {
                    stateful = !stateful;
                    final Mode mode = stateful ? Mode.STATEFUL : Mode.STATELESS;
                    // Not faster than 64*T1 apart: what is in transition from one switch is not disturbed by the next.
                    loop.after(i * 33 * SECOND + random.nextLong(10 * SECOND), () -> node.mode(mode));
                }
            }
        }
        if (plan.partitioned) {
            final String a = topology.proxyAddresses.get(random.nextInt(plan.proxies)).host();
            final String b = topology.callees.get(random.nextInt(plan.callees)).address().host();
            loop.after(random.nextLong(20 * SECOND), () -> {
                network.partition(a, b);
                if (plan.calls % 2 == 0) {
                    network.partition(b, a);
                }
            });
        }
        if (plan.cutting) {
            for (int i = 0; i < 3; i++) {
                loop.after(random.nextLong(40 * SECOND), () -> {
                    final List<SimStream> open = network.openStreams();
                    if (!open.isEmpty()) {
                        open.get(random.nextInt(open.size())).cut();
                    }
                });
            }
        }
        if (plan.targeted) {
            target();
        }
    }

    /** Loses the first few packets of one kind. */
    private void target() {
        final String[] kinds = {"INVITE", "ACK", "BYE", "CANCEL", "100", "180", "200", "486", "487"};
        final String kind = kinds[random.nextInt(kinds.length)];
        final int[] left = {random.nextInt(1, 8)};
        network.doom(packet -> packet.message() != null && left[0] > 0
                && (packet.message().isRequest() ? packet.message().method() : "" + packet.message().status()).equals(
                        kind)
                && left[0]-- > 0);
    }

    private void heal() {
        network.heal();
        topology.nodes.forEach(SimNode::restart);
        final UacPlan call = new UacPlan(UacPlan.Kind.CALL, 0, 500, false, 20, 60_000, 70, false);
        final String all = "answer_".repeat(plan.callees).replaceFirst("_$", "");
        loop.after(SECOND, () -> topology.callers.get(0).start(call, "sip:" + all + ".r50.h500@carrier.example",
                PROBE + plan.seed));
    }

    private Outcome outcome() {
        final List<NodeFacts> nodes = topology.nodes.stream().map(SimNode::facts).toList();
        final List<Violation> violations = new ArrayList<>(
                Judge.judge(log, topology.facts, nodes, topology.udpOnly));
        if (plan.refuses()) {
            // What is refused for want of room is refused statelessly, once or not at all, and a copy that finds room
            // later is taken: the other invariants must hold all the more.
            violations.removeIf(violation -> WAIVED_WHEN_TIGHT.contains(violation.invariant()));
        }
        final List<SimUa> agents = new ArrayList<>(topology.callers);
        agents.addAll(topology.callees);
        for (final SimUa agent : agents) {
            if (agent.live() != agent.unanswered()) {
                violations.add(new Violation("E-01", agent.name(), null, "left at the agent: " + agent.leftovers()));
            }
            if (agent.mergedRequests() > 0 && !plan.refuses()) {
                violations.add(new Violation("E-02", agent.name(), null, "saw merged requests"));
            }
            agent.results().forEach(result -> check(agent, result, violations));
        }
        return new Outcome(plan.seed, plan.toString(), violations, log.sha256(), log.events().size(),
                loop.nowNs() - startNs, log, startNs);
    }

    private void check(final SimUa agent, final UacResult result, final List<Violation> violations) {
        if (result.callId().startsWith(PROBE)) {
            if (!plan.refuses() && (result.status() != 200 || !result.byeOk())) {
                violations.add(new Violation("E-03", agent.name(), result.callId(),
                        "a plain call over the healed network failed: " + result));
            }
            return;
        }
        final int hops = result.plan().maxForwards();
        if (hops == 0 && result.status() != 483 && plan.clean()) {
            violations.add(new Violation("E-05", agent.name(), result.callId(), "no hops left, no 483: " + result));
        }
        final boolean simple = (result.plan().kind() == UacPlan.Kind.CALL
                || result.plan().kind() == UacPlan.Kind.REINVITE) && hops != 0 && hops != 1;
        if (!plan.clean() || plan.callees > 1 || !simple) {
            return;
        }
        final int expected = switch (result.script()) {
            case "answer", "chatty", "fork" -> 200;
            case "busy" -> 486;
            case "decline" -> 603;
            case "redirect" -> 302;
            default -> result.status();
        };
        if (result.status() != expected || expected == 200 && !result.byeOk()) {
            violations.add(new Violation("E-04", agent.name(), result.callId(),
                    "expected " + expected + " on a clean network: " + result));
        }
    }
}
