package org.tandemsip.testkit.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongToIntFunction;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.handler.MessageHandler;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.testkit.judge.Judge;
import org.tandemsip.testkit.judge.NodeFacts;
import org.tandemsip.testkit.judge.Violation;
import org.tandemsip.testkit.wire.WireEvent;
import org.tandemsip.testkit.wire.WireLog;

/** Bugs put into the product on purpose: the judge must find each of them, by the invariant it breaks. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class SeededBugsTest {
    private static final int SEEDS = 400;

    /** A known bug, and the invariant that must notice it. */
    record Bug(String name, String invariant, UnaryOperator<MessageHandler> handler, UnaryOperator<Egress> egress,
            UnaryOperator<LongToIntFunction> turn) {
        Bug(final String name, final String invariant, final UnaryOperator<MessageHandler> handler,
                final UnaryOperator<Egress> egress) {
            this(name, invariant, handler, egress, UnaryOperator.identity());
        }

        @Override
        public String toString() {
            return name + " breaks " + invariant;
        }
    }

    static Stream<Bug> bugs() {
        return Stream.of(
                sends("second final", "I-01", text -> isFinal(text, "INVITE", '4') ? List.of(text,
                        text.replaceFirst("^SIP/2.0 [0-9]+", "SIP/2.0 500")) : List.of(text)),
                sends("final swallowed", "I-01", text -> isFinal(text, "INVITE", '4') ? List.of() : List.of(text)),
                sends("late 180", "I-02", text -> isFinal(text, "INVITE", '4') ? List.of(text,
                        text.replaceFirst("^SIP/2.0 [0-9]+", "SIP/2.0 180")) : List.of(text)),
                sends("100 forwarded", "I-03", text -> List.of(text.startsWith("SIP/2.0 100")
                        ? text.replaceFirst("\r\n\r\n", "\r\nX-Sim-Agent: uas1\r\n\r\n") : text)),
                sends("no 100", "I-03", text -> text.startsWith("SIP/2.0 100") ? List.of() : List.of(text)),
                sends("CANCEL not answered", "I-04", text -> isFinal(text, "CANCEL", '2') ? List.of() : List.of(text)),
                sends("CANCEL answered 481", "I-04", text -> List.of(isFinal(text, "CANCEL", '2')
                        ? text.replaceFirst("^SIP/2.0 200", "SIP/2.0 481") : text)),
                sends("CANCEL before a provisional", "I-05", text -> text.startsWith("INVITE ") ? List.of(text,
                        hopByHop("CANCEL", text)) : List.of(text)),
                sends("CANCEL with another Request-URI", "I-05", text -> List.of(text.startsWith("CANCEL ")
                        ? text.replaceFirst("@carrier.example SIP", "@other.example SIP") : text)),
                sends("2xx lost", "I-06", nth(3, text -> isFinal(text, "INVITE", '2'), text -> List.of())),
                sends("ACK for a failure swallowed", "I-07", text -> text.startsWith("ACK ") && vias(text) == 1
                        ? List.of() : List.of(text)),
                sends("ACK for a 2xx swallowed", "I-07", nth(2, text -> text.startsWith("ACK ") && vias(text) > 1,
                        text -> List.of())),
                sends("other branches not cancelled", "I-08", text -> text.startsWith("CANCEL ") && vias(text) == 1
                        ? List.of() : List.of(text)),
                strays("response to the wrong port", "I-09", "SIP/2.0 ", destination -> destination.port++),
                strays("response on a connection of its own", "I-09", "SIP/2.0 ", destination -> {
                    destination.connection = 0;
                    destination.port = 5060;
                }),
                sends("body changed", "I-10", text -> List.of(text.replaceFirst("v=0\r\nx", "v=0\r\ny"))),
                sends("Record-Route dropped", "I-10", text -> List.of(text.startsWith("INVITE ")
                        ? text.replaceFirst("Record-Route: [^\r]*\r\n", "") : text)),
                sends("Max-Forwards not lowered", "I-10", text -> List.of(text.replaceFirst(
                        "Max-Forwards: 69", "Max-Forwards: 70"))),
                sends("unknown header dropped", "I-10",
                        text -> List.of(text.replaceFirst("X-Unknown: [^\r]*\r\n", ""))),
                sends("From rewritten", "I-10", text -> List.of(text.replaceFirst("@pbx.example", "@pbx.test"))),
                fresh("new branch for every copy", "I-11", () -> {
                    final int[] count = {0};
                    return text -> List.of(text.startsWith("INVITE ")
                            ? text.replaceFirst("([0-9a-f]{6})(\r\nVia)", String.format("%06x", count[0]++) + "$2")
                            : text);
                }),
                fresh("retransmission swallowed", "I-12", () -> {
                    final Map<String, Integer> seen = new HashMap<>();
                    return text -> text.startsWith("INVITE ") && seen.merge(text, 1, Integer::sum) == 2 ? List.of()
                            : List.of(text);
                }),
                sends("everything twice", "I-12", text -> text.startsWith("INVITE ") ? List.of(text, text)
                        : List.of(text)),
                strays("sent to a stranger", "I-13", "OPTIONS ", destination -> destination.addressLow ^= 0x0100_0000),
                sends("breadth grows", "I-14", text -> List.of(text.replaceFirst("Max-Breadth: [0-9]+",
                        "Max-Breadth: 600"))),
                sends("final repeated without end", "I-14", text -> isFinal(text, "BYE", '2')
                        ? List.of(text, text, text, text, text, text, text, text, text, text, text, text, text, text)
                        : List.of(text)),
                sends("answer padded", "I-14", text -> List.of(text.startsWith("SIP/2.0 ")
                        ? text.replaceFirst("\r\n\r\n", "\r\nX-Pad: " + "x".repeat(1_000) + "\r\n\r\n") : text)),
                sends("request padded", "I-14", text -> List.of(text.startsWith("INVITE ")
                        ? text.replaceFirst("\r\n\r\n", "\r\nX-Pad: " + "x".repeat(1_000) + "\r\n\r\n") : text)),
                handles("transaction kept for ever", "I-20", real -> new MutantHandler(real) {
                    @Override
                    public int live() {
                        return super.live() + 1;
                    }
                }),
                new Bug("flush forgotten", "I-21", UnaryOperator.identity(), real -> new MutantEgress(real, List::of) {
                    private int turns;

                    @Override
                    public int flush() {
                        return ++turns > 40 ? 0 : super.flush();
                    }
                }),
                handles("table without limit", "I-22", real -> new MutantHandler(real) {
                    private int calls;

                    @Override
                    public int live() {
                        return super.live() + (++calls == 10 ? 100_000 : 0);
                    }
                }),
                handles("handler throws", "I-23", real -> new MutantHandler(real) {
                    private int calls;

                    @Override
                    public Disposition onRequest(final SipMessage request, final Source source, final long nowNs) {
                        if (++calls == 5) {
                            throw new IllegalStateException("seeded");
                        }
                        return super.onRequest(request, source, nowNs);
                    }
                }),
                skipsTurns());
    }

    @ParameterizedTest
    @MethodSource("bugs")
    void shouldNoticeABugWhenOneIsSeeded(final Bug bug) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            final SimRun.Outcome outcome = SimRun.run(seed, bug.handler, bug.egress, bug.turn);
            if (outcome.violations().stream().anyMatch(violation -> violation.invariant().equals(bug.invariant))) {
                return;
            }
        }
        fail(bug + " was not noticed in " + SEEDS + " seeds");
    }

    @Test
    void shouldNoticeWorkLeftBehindAndAccountsThatDoNotBalance() {
        final NodeFacts late = new NodeFacts("p1", 0, 0, 0, false, 0, 0, 0, 10, 1, Map.of(), 0, 0, List.of());
        final NodeFacts lost =
                new NodeFacts("p1", 0, 0, 0, true, 0, 0, 0, 10, 0, Map.of("RECEIVED", 3L, "FORWARDED", 2L), 3,
                        2, List.of());
        assertEquals(List.of("I-24"), invariants(late));
        assertEquals(List.of("I-23"), invariants(lost));
    }

    @Test
    void shouldNoticeATrunkThatCarriesMoreCallsThanItMay() {
        final NodeFacts full = new NodeFacts("p1", 0, 0, 0, true, 0, 0, 1, 10, 0, Map.of(), 0, 0, List.of());
        assertEquals(List.of("I-22"), invariants(full));
    }

    @Test
    void shouldReachTheLimitOfATrunk() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            final SimRun.Outcome outcome = SimRun.run(seed);
            if (outcome.plan().contains("one call per trunk") && outcome.log().events().stream()
                    .anyMatch(event -> event.kind() == WireEvent.Kind.SENT && event.element().equals("p1")
                            && event.message() != null && !event.message().isRequest()
                            && event.message().status() == 503 && event.message().method().equals("INVITE"))) {
                return;
            }
        }
        fail("no trunk was full in " + SEEDS + " seeds");
    }

    private static List<String> invariants(final NodeFacts node) {
        return Judge.judge(new WireLog(), List.of(), List.of(node), java.util.Set.of()).stream()
                .map(Violation::invariant).toList();
    }

    private static Bug skipsTurns() {
        final int[] turns = {0};
        return new Bug("turns skipped", "I-24", UnaryOperator.identity(), UnaryOperator.identity(),
                real -> nowNs -> ++turns[0] % 5 == 0 ? 0 : real.applyAsInt(nowNs));
    }

    private static Bug sends(final String name, final String invariant,
            final Function<String, List<String>> mutation) {
        return new Bug(name, invariant, UnaryOperator.identity(), real -> new MutantEgress(real, mutation));
    }

    private static Bug fresh(final String name, final String invariant,
            final Supplier<Function<String, List<String>>> mutation) {
        return new Bug(name, invariant, UnaryOperator.identity(), real -> new MutantEgress(real, mutation.get()));
    }

    private static Bug strays(final String name, final String invariant, final String prefix,
            final java.util.function.Consumer<Destination> astray) {
        return new Bug(name, invariant, UnaryOperator.identity(), real -> new MutantEgress(real, List::of) {
            @Override
            Destination redirect(final String message, final Destination destination) {
                final Destination other = new Destination().set(destination);
                if (message.startsWith(prefix)) {
                    astray.accept(other);
                }
                return other;
            }
        });
    }

    private static Bug handles(final String name, final String invariant, final UnaryOperator<MessageHandler> handler) {
        return new Bug(name, invariant, handler, UnaryOperator.identity());
    }

    private static Function<String, List<String>> nth(final int number,
            final java.util.function.Predicate<String> which, final Function<String, List<String>> mutation) {
        final int[] count = {0};
        return text -> which.test(text) && ++count[0] % number == 0 ? mutation.apply(text) : List.of(text);
    }

    private static boolean isFinal(final String text, final String method, final char digit) {
        return text.startsWith("SIP/2.0 " + digit) && text.contains("\r\nCSeq: ")
                && text.contains(' ' + method + "\r\n");
    }

    private static int vias(final String text) {
        return text.split("\r\nVia:", -1).length - 1;
    }

    /** A CANCEL as the product would write it for its INVITE. */
    private static String hopByHop(final String method, final String invite) {
        final StringBuilder text = new StringBuilder(invite.substring(0, invite.indexOf("\r\n")).replaceFirst("^INVITE",
                method)).append("\r\n");
        boolean via = false;
        for (final String row : invite.substring(0, invite.indexOf("\r\n\r\n")).split("\r\n")) {
            if (row.startsWith("Via:") && !via || row.startsWith("From:") || row.startsWith("To:")
                    || row.startsWith("Call-ID:") || row.startsWith("Route:")) {
                text.append(row).append("\r\n");
                via |= row.startsWith("Via:");
            } else if (row.startsWith("CSeq:")) {
                text.append(row.replace("INVITE", method)).append("\r\n");
            }
        }
        return text.append("Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n").toString();
    }

    /** Passes everything on; bugs override what they break. */
    private static class MutantHandler implements MessageHandler {
        private final MessageHandler real;

        MutantHandler(final MessageHandler real) {
            this.real = real;
        }

        @Override
        public Disposition onRequest(final SipMessage request, final Source source, final long nowNs) {
            return real.onRequest(request, source, nowNs);
        }

        @Override
        public Disposition onResponse(final SipMessage response, final Source source, final long nowNs) {
            return real.onResponse(response, source, nowNs);
        }

        @Override
        public void onCommand(final ShardCommand command, final long nowNs) {
            real.onCommand(command, nowNs);
        }

        @Override
        public int live() {
            return real.live();
        }
    }
}
