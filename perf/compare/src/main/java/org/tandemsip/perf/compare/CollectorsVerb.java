package org.tandemsip.perf.compare;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.tandemsip.server.cli.ExitCode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The same load under each collector of this JDK. */
@Command(name = "collectors", mixinStandardHelpOptions = true,
        description = "CPU per call, latency and memory under each garbage collector of this JDK.")
final class CollectorsVerb implements Callable<Integer> {
    private static final Pattern COLLECTOR_FLAG = Pattern.compile("-XX:[+-]Use(\\w+GC)|-XX:AOTCache=.*");
    private static final long PROBE_SECONDS = 20;

    @Spec
    private CommandSpec spec;

    @Mixin
    private RoundOptions rounds;

    @Option(names = "--mode", defaultValue = "stateful", paramLabel = "MODE", description = "Mode (${DEFAULT-VALUE}).")
    private String mode;

    @Option(names = "--collectors", split = ",", defaultValue = "ZGC,ShenandoahGC,G1GC,SerialGC", paramLabel = "NAME",
            description = "Collectors to compare (${DEFAULT-VALUE}).")
    private List<String> collectors;

    @Override
    public Integer call() throws IOException, InterruptedException {
        final PrintWriter out = spec.commandLine().getOut();
        try (Lab lab = new Lab()) {
            final Table table = new Table("Collectors", "`tandem compare collectors`: Tandem " + mode
                    + " without AOT cache, " + rounds.text(lab));
            final Map<String, RoundOptions.Starter> contenders = new LinkedHashMap<>();
            for (final String collector : collectors) {
                if (known(lab, collector)) {
                    contenders.put(collector,
                            () -> lab.tandem(mode, CollectorsVerb::keep, List.of("-XX:+Use" + collector)));
                } else {
                    table.fact("This JDK has no " + collector + '.');
                }
            }
            final Map<String, List<Sample>> samples = rounds.run(lab, contenders, out);
            table.fact(rounds.repeatedText());
            table.head("", "Collector", "CPU per call, us", "p50", "p99", "p99.9, us", "memory under load", "failed");
            samples.forEach((name, list) -> table.row(name, Table.figure(Sample.median(list, Sample::cpuMicros)),
                    Table.figure(Sample.median(list, Sample::p50)), Table.figure(Sample.median(list, Sample::p99)),
                    Table.figure(Sample.median(list, Sample::p999)),
                    Table.mebibytes(Sample.median(list, Sample::residentBytes)),
                    Integer.toString((int) list.stream().mapToDouble(Sample::failed).sum())));
            table.write(out, rounds.directory(), "collectors-" + mode, json -> samples.forEach((name, list) -> {
                json.writeArrayPropertyStart(name);
                list.forEach(sample -> sample.write(json));
                json.writeEndArray();
            }));
        }
        return ExitCode.OK;
    }

    private static boolean keep(final String flag) {
        return !COLLECTOR_FLAG.matcher(flag).matches();
    }

    private static boolean known(final Lab lab, final String collector) throws IOException, InterruptedException {
        try (Child child = new Child(Child.tandem(CollectorsVerb::keep, List.of("-XX:+Use" + collector),
                List.of("version")), -1, lab.log("version"))) {
            return child.await(PROBE_SECONDS) == 0;
        }
    }
}
