package org.tandemsip.perf.compare;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.tandemsip.server.cli.ExitCode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Tandem, Kamailio, the null forwarders and what the user names, in alternating rounds. */
@Command(name = "peers", mixinStandardHelpOptions = true, description = {
    "CPU per call and latency beside the peers found on this machine.",
    "Every server has core 0, the generator core 1; rounds alternate, the table holds medians and ratios."},
        footer = {
            "",
            "Exit code 1: something failed, or there was no other proxy to compare with (the table is kept)."})
final class PeersVerb implements Callable<Integer> {
    private static final Pattern OTHER = Pattern.compile("([^=]+)=([^:,]+):(\\d+),(\\d+)");
    private static final String NULL = "null, recvfrom/sendto";
    private static final String B2BUA = "b2bua";
    private static final String OPENSIPS = "OpenSIPS b2bua";
    private static final List<String> MODES = List.of("stateless", "stateful", B2BUA);

    @Spec
    private CommandSpec spec;

    @Mixin
    private RoundOptions rounds;

    @Option(names = "--modes", split = ",", defaultValue = "stateless,stateful", paramLabel = "MODE",
            description = "Modes to compare (${DEFAULT-VALUE}); b2bua beside OpenSIPS, since Kamailio is none.")
    private List<String> modes;

    @Option(names = "--other", paramLabel = "NAME=HOST:PORT,PID",
            description = "A proxy that runs already and relays by Request-URI; may be given again.")
    private List<String> others = List.of();

    @Override
    public Integer call() throws IOException, InterruptedException {
        final PrintWriter out = spec.commandLine().getOut();
        if (!MODES.containsAll(modes)) {
            throw new ParameterException(spec.commandLine(), "--modes: " + modes + " are not all of " + MODES);
        }
        try (Lab lab = new Lab()) {
            final Table table = new Table("Side by side", "`tandem compare peers`: " + rounds.text(lab));
            final Map<String, List<Sample>> samples = rounds.run(lab, contenders(lab, table), out);
            table.fact(rounds.repeatedText());
            tabulate(table, samples);
            final Path page = rounds.directory().resolve(fileName() + "-" + LocalDate.now(ZoneOffset.UTC) + ".html");
            final List<String> drawn = samples.keySet().stream().filter(PeersVerb::isDrawn).toList();
            table.write(out, rounds.directory(), fileName(), json -> {
                json.writeNumberProperty("rate_per_s", rounds.rate());
                samples.forEach((name, list) -> {
                    json.writeArrayPropertyStart(name);
                    list.forEach(sample -> sample.write(json));
                    json.writeEndArray();
                });
            });
            if (drawn.size() > 1) {
                lab.comparePage(drawn, page);
                out.println("The last round as a page: " + page);
                out.flush();
            }
        }
        if (others.isEmpty() && modes.stream().noneMatch(mode -> Lab.found(peerOf(mode)))) {
            spec.commandLine().getErr().println("tandem: there was nothing to compare with: install "
                    + modes.stream().map(PeersVerb::peerOf).distinct().collect(Collectors.joining(" or ")));
            return ExitCode.FAILED;
        }
        return ExitCode.OK;
    }

    /** What is kept of other modes than the usual ones does not take the place of those. */
    private String fileName() {
        return modes.equals(List.of("stateless", "stateful")) ? "peers" : String.join("-", modes);
    }

    /** The program that does the same in a mode. */
    private static String peerOf(final String mode) {
        return mode.equals(B2BUA) ? "opensips" : "kamailio";
    }

    /** A page of all variants would have more lines than colours. */
    private static boolean isDrawn(final String name) {
        return !name.contains("recvmmsg") && !name.contains("2 children");
    }

    private Map<String, RoundOptions.Starter> contenders(final Lab lab, final Table table)
            throws IOException, InterruptedException {
        final Map<String, RoundOptions.Starter> all = new LinkedHashMap<>();
        if (Lab.found("cc")) {
            all.put(NULL, () -> lab.nullForwarder(1));
            all.put("null, recvmmsg/sendmmsg", () -> lab.nullForwarder(64));
        } else {
            table.fact("No null forwarder: there is no C compiler.");
        }
        final boolean kamailio = Lab.found("kamailio");
        if (!modes.equals(List.of(B2BUA))) {
            table.fact(kamailio ? "Peer: " + lab.versionOf("kamailio", "-v") + ", `-x fm -X fm`."
                    : "No Kamailio: it is not installed.");
        }
        final boolean opensips = Lab.found("opensips");
        if (modes.contains(B2BUA)) {
            table.fact(opensips ? "Peer: " + lab.versionOf("opensips", "-V") + ", `-a F_MALLOC`, one worker."
                    : "No OpenSIPS: it is not installed.");
        }
        for (final String mode : modes) {
            if (kamailio && !mode.equals(B2BUA)) {
                all.put("Kamailio " + mode, () -> lab.kamailio(mode, 1));
                all.put("Kamailio " + mode + ", 2 children", () -> lab.kamailio(mode, 2));
            }
            if (opensips && mode.equals(B2BUA)) {
                all.put(OPENSIPS, lab::opensips);
            }
            all.put("Tandem " + mode, () -> lab.tandem(mode, _ -> true, List.of()));
        }
        for (final String other : others) {
            final Matcher parts = OTHER.matcher(other);
            if (!parts.matches() || ProcessHandle.of(Long.parseLong(parts.group(4))).isEmpty()) {
                throw new ParameterException(spec.commandLine(),
                        "--other: '" + other + "' is not NAME=HOST:PORT,PID of a process that runs");
            }
            all.put(parts.group(1), () -> new Server(
                    new InetSocketAddress(parts.group(2), Integer.parseInt(parts.group(3))),
                    Long.parseLong(parts.group(4)), null));
        }
        return all;
    }

    private void tabulate(final Table table, final Map<String, List<Sample>> samples) {
        final double limit = Sample.median(samples.getOrDefault(NULL, List.of()), Sample::cpuMicros);
        table.head("", "Server", "CPU per call, us", "user + system", "x null", "x peer", "p50", "p99", "p99.9, us",
                "memory", "failed");
        samples.forEach((name, list) -> {
            final String mode = name.substring(name.indexOf(' ') + 1).replaceFirst(",.*", "");
            final double cpu = Sample.median(list, Sample::cpuMicros);
            final String peer = mode.equals(B2BUA) ? OPENSIPS : "Kamailio " + mode;
            final double ofPeer = Sample.median(samples.getOrDefault(peer, List.of()), Sample::cpuMicros);
            table.row(name, Table.figure(cpu),
                    Table.figure(Sample.median(list, Sample::userMicros)) + " + "
                            + Table.figure(Sample.median(list, Sample::systemMicros)),
                    Table.figure(cpu / limit), Table.figure(cpu / ofPeer),
                    Table.figure(Sample.median(list, Sample::p50)), Table.figure(Sample.median(list, Sample::p99)),
                    Table.figure(Sample.median(list, Sample::p999)),
                    Table.mebibytes(Sample.median(list, Sample::residentBytes)),
                    Integer.toString((int) list.stream().mapToDouble(Sample::failed).sum()));
        });
    }
}
