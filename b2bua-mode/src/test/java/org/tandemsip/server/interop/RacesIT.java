package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The races of RFC 5407 between real SIPp agents that call each other through mode b2bua. Each side gets what its script
 * says and not one message more; then nothing is left of any call, and there is one record of each.
 */
@ExtendWith(Sipp.class)
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class RacesIT {
    private static final Pattern LEFT =
            Pattern.compile("tandem_(dialogs|dropped_total\\{reason=\"(?!stray_ack)|unsent_total"
                    + "|udp_unreachable_total|transaction_timeouts_total|faults_total|calls_lost_total|byes_unsent_total)");

    @ParameterizedTest(name = "caller {0}, callee {1}")
    @CsvSource({"udp,udp", "tcp,tcp", "tls,tls", "tls,udp", "udp,tls"})
    void shouldEndEveryRaceOnBothSides(final String caller, final String callee, @TempDir final Path folder)
            throws Exception {
        // given
        final Path records = folder.resolve("cdr.jsonl");
        final FlowServer.Mix mix = new FlowServer.Mix(caller, callee);
        final List<CallFlows> flows = Races.all().stream().map(Races::flow).toList();
        try (FlowServer server =
                FlowServer.start("b2bua", mix, flows, "500ms", "cdr: {file: " + records + "}\n")) {
            final List<String> before = left(server.server());

            // when
            final List<FlowServer.Pair> pairs = new ArrayList<>();
            final List<String> broken = server.carry(pairs);

            // then
            assertEquals(List.of(), broken, server::toString);
            final List<String> surplus = new ArrayList<>();
            for (final FlowServer.Pair pair : pairs) {
                count(surplus, pair.flow(), pair.flow().caller(), pair.caller());
                count(surplus, pair.flow(), pair.flow().callee(), pair.callee());
            }
            assertEquals(List.of(), surplus, server::toString);
            final Sipp.Agent late = pairs.stream().filter(pair -> pair.flow().name().equals("ack-lost")).findFirst()
                    .orElseThrow().caller();
            assertTrue(late.count("SIP/2.0 200") > 3, late::toString);
            assertEquals(before, left(server.server()), server::toString);
            while (Files.readAllLines(records).size() < flows.size()) {
                Thread.sleep(50);
            }
        }
        final Map<String, String> ends = new TreeMap<>();
        for (final String record : Files.readAllLines(records)) {
            final String before = ends.put(value(record, "trunk_in"),
                    value(record, "code") + ' ' + value(record, "hangup_by"));
            assertEquals(null, before, record);
        }
        final Map<String, String> expected = new TreeMap<>();
        for (int i = 0; i < flows.size(); i++) {
            expected.put("caller" + i, Races.all().get(i).end());
        }
        assertEquals(expected, ends);
    }

    /** An agent must have got as many messages as its script takes; a 100 may or may not come, and one twice. */
    private static void count(final List<String> surplus, final CallFlows flow, final String script,
            final Sipp.Agent agent) throws IOException {
        final long wanted = script.lines().filter(line -> line.startsWith("< ") && !line.startsWith("< silence")
                && !line.startsWith("< 100") && !line.endsWith(" again")).count();
        final List<String> received =
                agent.received().stream().filter(message -> !message.startsWith("SIP/2.0 100")).toList();
        if (received.size() != wanted) {
            surplus.add(flow + " (" + agent.name() + "): " + wanted + " wanted, got " + received);
        }
    }

    /**
     * What there is of dialogs, of messages dropped, undelivered and given up, and of faults; but for ACKs that come when
     * a BYE has ended all.
     */
    private static List<String> left(final ServerProcess server) throws IOException, InterruptedException {
        return server.verb("stats").lines().filter(line -> LEFT.matcher(line).lookingAt() && !line.endsWith(" 0"))
                .toList();
    }

    private static String value(final String record, final String key) {
        final String value = record.replaceFirst(".*\"" + key + "\":\"?([^\",}]*).*", "$1");
        assertTrue(value.length() < record.length(), record);
        return value;
    }
}
