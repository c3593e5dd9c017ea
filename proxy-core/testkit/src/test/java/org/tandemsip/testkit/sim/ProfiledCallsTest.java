package org.tandemsip.testkit.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.routing.Account;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.Devices;
import org.tandemsip.engine.routing.Gb28181;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.Peer;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Profile;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkRules;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.routing.Trust;
import org.tandemsip.engine.routing.Zone;
import org.tandemsip.engine.timer.Timing;
import org.tandemsip.testkit.MessageText;
import org.tandemsip.testkit.judge.Judge;
import org.tandemsip.testkit.judge.NodeFacts;
import org.tandemsip.testkit.judge.Violation;
import org.tandemsip.testkit.wire.Packet;
import org.tandemsip.testkit.wire.SimAddress;
import org.tandemsip.testkit.wire.WireLog;
import org.tandemsip.testkit.wire.WireMessage;

/**
 * Scripted agents through a simulated proxy that does more than RFC 3261 with what it forwards: hides what lies behind
 * it, or relays devices of GB/T 28181; over good and bad networks.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class ProfiledCallsTest {
    private static final int SEEDS = Integer.getInteger("tandem.profiled.seeds", 60);
    private static final LinkProfile LOSSY = new LinkProfile(0.2, 0.05, 0.1, 1_000_000, 20_000_000);
    private static final long SECOND = 1_000_000_000L;
    private static final String[] SCRIPTS =
            {"answer", "busy", "decline", "challenge", "redirect", "ring", "chatty", "silent", "late", "fork"};
    private static final UacPlan.Kind[] KINDS = {UacPlan.Kind.CALL, UacPlan.Kind.REINVITE, UacPlan.Kind.GLARE,
        UacPlan.Kind.CANCEL, UacPlan.Kind.NO_ACK};
    private static final String DEVICE = "34020000001320000001";
    private static final String PLATFORM = "34020000002000000001";

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldTellTheOtherSideNothingOfWhatLiesBehind(final Mode mode) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            final Run run = new Run(seed, mode, seed % 2 == 0 ? LOSSY : LinkProfile.CLEAN, Profile.NONE,
                    Profile.NONE.hiding(true));
            for (int i = 0; i < SCRIPTS.length; i++) {
                run.call(run.left, SCRIPTS[i] + ".r1200.h3000" + (seed % 3 == 0 ? ".c" : "") + ".g@10.0.9.1", i,
                        seed == 1 ? UacPlan.Kind.CALL : KINDS[run.random.nextInt(KINDS.length)]);
            }
            run.play();
            run.log.events().stream().map(event -> event.packet()).filter(packet -> packet != null)
                    .filter(packet -> packet.to().equals(run.right.address())).forEach(run::assertHidden);
            for (final UacResult result : seed == 1 ? run.left.results() : List.<UacResult>of()) {
                final int expected = switch (result.callId().substring(0, result.callId().indexOf('@'))) {
                    case "answer", "chatty", "fork" -> 200;
                    case "busy" -> 486;
                    case "decline" -> 603;
                    case "redirect" -> 302;
                    case "challenge" -> 401;
                    default -> result.status();
                };
                assertEquals(expected, result.status(), () -> run.ladder(result.callId()));
                assertTrue(expected != 200 || result.byeOk(), () -> run.ladder(result.callId()));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"STATELESS", "STATEFUL"})
    void shouldFindADeviceAndItsDialogsByTheirIds(final Mode mode) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            final Gb28181 devices = new Gb28181(new Devices(seed, Devices.FEW_SLOTS));
            final Run run = new Run(seed, mode, seed % 2 == 0 ? LOSSY : LinkProfile.CLEAN,
                    Profile.gb28181(0, devices), Profile.gb28181(0, new Gb28181(new Devices(seed, Devices.FEW_SLOTS))));
            // The device is heard again and again, as its like do; whatever is lost, one of these gets through.
            for (int i = 0; i < 5; i++) {
                run.at(i * 4L, () -> run.fromDevice("REGISTER", ""));
                run.at(i * 4L + 2, () -> run.fromDevice("MESSAGE", "<?xml version=\"1.0\"?>\r\n<Notify>\r\n"
                        + "<CmdType>Keepalive</CmdType>\r\n<SN>1</SN>\r\n<DeviceID>" + DEVICE
                        + "</DeviceID>\r\n<Status>OK</Status>\r\n</Notify>\r\n"));
            }
            for (int i = 0; i < 6; i++) {
                final UacPlan.Kind kind = seed == 1 ? UacPlan.Kind.CALL : KINDS[run.random.nextInt(KINDS.length)];
                final int number = 70 + i;
                run.at(25 + i, () -> run.call(run.right, DEVICE + "@10.0.9.1", number, kind));
            }
            run.play();
            assertEquals(6, run.right.results().size(), () -> run.ladder(null));
            for (final UacResult result : run.profile == LOSSY ? List.<UacResult>of() : run.right.results()) {
                assertTrue(result.status() == 200 || result.plan().kind() == UacPlan.Kind.CANCEL
                        && result.status() == 487, () -> result + run.ladder(result.callId()));
            }
            assertTrue(devices.registered() + devices.refreshed() > 0, () -> run.ladder(null));
        }
    }

    private static final class Run {
        private final WireLog log = new WireLog();
        private final SimLoop loop;
        private final SimNetwork network;
        /** Callers, or the devices. */
        private final SimUa left;
        /** The carrier, or the platform. */
        private final SimUa right;
        private final SimNode node;
        private final SplittableRandom random;
        private final LinkProfile profile;
        private final long seed;
        private final long start;
        private final boolean gb28181;
        private int sequence;

        private Run(final long seed, final Mode mode, final LinkProfile profile, final Profile leftIs,
                final Profile rightIs) {
            this.seed = seed;
            this.profile = profile;
            random = new SplittableRandom(seed);
            loop = new SimLoop(random.nextLong(-1_000_000_000L, 1_000_000_000L));
            start = loop.nowNs();
            network = new SimNetwork(loop, random.split(), log);
            network.standard(profile);
            final SimAddress a = SimAddress.of("10.0.1.1");
            final SimAddress b = SimAddress.of("10.0.2.1");
            final SimAddress us = SimAddress.of("10.0.9.1");
            gb28181 = leftIs.gb28181() != null;
            final Trunk in = trunk(0, "in", a, leftIs, gb28181);
            final Trunk out = trunk(1, "out", b, rightIs, false);
            final RoutingPolicy policy = new RoutingPolicy(mode, List.of(in, out),
                    List.of(new Route("r", in, Route.Match.ANY, List.of(out), List.of(), List.of(), null),
                            new Route("back", out, Route.Match.ANY, List.of(in), List.of(), List.of(), null)),
                    Timing.DEFAULTS, 70, !gb28181);
            node = new SimNode(new NodeSetup("p", us, policy, 1 + (int) (seed % 3), random.nextLong(),
                    random.nextLong(), 1_000, 0, _ -> null, UnaryOperator.identity(), UnaryOperator.identity(),
                    UnaryOperator.identity()), network, random.split());
            left = new SimUa("left", network, random.split(), a, a, false, us, 0);
            right = new SimUa("right", network, random.split(), b, b, false, us, 0);
        }

        /** @param learnt whether nothing but what it says of itself tells where it is */
        private static Trunk trunk(final int index, final String name, final SimAddress address, final Profile profile,
                final boolean learnt) {
            final Peer peer = new Peer(name, Transport.UDP, 0, address.low(), address.port(), index);
            return new Trunk(index, name, learnt ? List.of() : List.of(peer),
                    List.of(Cidr.parse(address.host() + "/32")), new int[] {503}, 0, Balance.CALL_ID, 0, 0, Ping.OFF,
                    new TrunkState(), TrunkRules.NONE, new Trust(Zone.CORE, true, 0, null, HeaderRules.NONE), false,
                    Account.NONE, profile);
        }

        private void at(final long second, final Runnable what) {
            loop.after(second * SECOND, what);
        }

        private void call(final SimUa caller, final String to, final int number, final UacPlan.Kind kind) {
            final String callId = to.replaceAll("[.@].*", "") + '@' + seed + '-' + number;
            final UacPlan plan = new UacPlan(kind, 500 + random.nextInt(3_000), 3_000, seed % 3 == 0, 10, 60_000, 70,
                    seed % 5 == 0);
            loop.after(number * SECOND / 4, () -> caller.start(plan, "sip:" + to, callId));
        }

        private void fromDevice(final String method, final String body) {
            final String number = "d" + seed + '-' + ++sequence;
            final MessageText text = MessageText.request(method, "sip:" + PLATFORM + "@3402000000")
                    .header("Via", left.via(left.newBranch(), false)).header("Max-Forwards", "70")
                    .header("From", "<sip:" + DEVICE + "@3402000000>;tag=" + number)
                    .header("To", "<sip:" + (method.equals("REGISTER") ? DEVICE : PLATFORM) + "@3402000000>")
                    .header("Call-ID", number).header("CSeq", "1 " + method)
                    .header("Contact", "<sip:" + DEVICE + "@10.0.1.1:5060>").header("Expires", "3600");
            left.send(body.isEmpty() ? text : text.body("Application/MANSCDP+xml", body), SimAddress.of("10.0.9.1"),
                    false, new UaClientTx.Listener() {
                        @Override
                        public void onResponse(final WireMessage response) {
                            // What comes of it shows when the device is called.
                        }

                        @Override
                        public void onFailure() {
                            // The next one follows.
                        }
                    });
        }

        private void play() {
            loop.runUntil(start + 60 * SECOND);
            network.heal();
            loop.runUntil(start + 900 * SECOND);
            final NodeFacts facts = node.facts();
            assertEquals(List.of(), facts.faults(), "seed " + seed);
            final List<Violation> violations = Judge.judge(log, List.of(), List.of(facts), Set.of()).stream()
                    .filter(violation -> !isWaived(violation)).toList();
            assertTrue(violations.isEmpty(), () -> "seed " + seed + ": " + violations
                    + ladder(violations.get(0).callId()));
            assertEquals(0, facts.live(), "seed " + seed);
            assertEquals(0, facts.armedTimers(), "seed " + seed);
            assertEquals(left.unanswered(), left.live(), () -> "seed " + seed + ": " + left.leftovers());
            assertEquals(right.unanswered(), right.live(), () -> "seed " + seed + ": " + right.leftovers());
        }

        /** Without state it is no element of its own; a trunk of GB/T 28181 has timers of its own. */
        private boolean isWaived(final Violation violation) {
            return violation.element().equals("p")
                    && (!node.stateful() || gb28181 && violation.invariant().equals("I-12"));
        }

        /** Nothing in what the right side gets may say where the left one is, but who the caller is. */
        private void assertHidden(final Packet packet) {
            final String text = new String(packet.bytes(), StandardCharsets.ISO_8859_1)
                    .replaceAll("(?m)^(From|f|To|t)[ \t]*:(.*\r\n([ \t].*\r\n)*)", "");
            assertFalse(text.contains("10.0.1.1"), () -> "seed " + seed + ": " + text);
        }

        private String ladder(final String callId) {
            return "seed " + seed + '\n' + log.ladder(callId, 80, start);
        }
    }
}
