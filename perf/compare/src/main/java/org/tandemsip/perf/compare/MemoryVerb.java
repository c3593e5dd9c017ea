package org.tandemsip.perf.compare;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.tandemsip.server.admin.Json;
import org.tandemsip.server.cli.ExitCode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Resident memory: idle, at several rates with RFC timers on, and after the load has stopped. */
@Command(name = "memory", mixinStandardHelpOptions = true,
        description = "Resident memory idle, its slope over the rate with RFC timers on, and what is left afterwards.")
final class MemoryVerb implements Callable<Integer> {
    private static final long IDLE_MS = 5_000;
    private static final long STATUS_SECONDS = 20;

    @Spec
    private CommandSpec spec;

    @Option(names = "--rates", split = ",", defaultValue = "1000,4000", paramLabel = "CALLS/S",
            description = "Rates, each on a server of its own (${DEFAULT-VALUE}).")
    private List<Integer> rates;

    @Option(names = "--seconds", defaultValue = "60", paramLabel = "N",
            description = "Length of the load; over 40, so that as much state ends as begins (${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--after", defaultValue = "70", paramLabel = "N",
            description = "Seconds to wait after the load; all state is to be gone (${DEFAULT-VALUE}).")
    private int after;

    @Option(names = "--native", description = "Print what the JVM's native memory tracking says of the idle server.")
    private boolean tracking;

    @Option(names = "--out", defaultValue = "perf/results", paramLabel = "DIR",
            description = "Where to keep the result (${DEFAULT-VALUE}).")
    private Path directory;

    /** Memory in bytes and transactions held, at one rate. */
    private record Point(int rate, double idle, double loaded, long held, double ended, long left) {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        final PrintWriter out = spec.commandLine().getOut();
        final List<Point> points = new ArrayList<>();
        try (Lab lab = new Lab()) {
            if (tracking) {
                out.println(tracked(lab));
            }
            for (final int rate : rates) {
                points.add(point(lab, rate));
                out.println(points.getLast());
                out.flush();
            }
        }
        final Table table = new Table("Memory",
                "`tandem compare memory`: resident memory of a stateful server with the "
                        + "default configuration: idle, after " + seconds + " s of calls, and " + after
                        + " s after the last one. RFC timers on: state lingers for 64*T1 = 32 s.");
        table.head("", "Calls/s", "idle", "loaded", "transactions held", "afterwards", "transactions left");
        for (final Point point : points) {
            table.row(Integer.toString(point.rate()), Table.mebibytes(point.idle()), Table.mebibytes(point.loaded()),
                    Long.toString(point.held()), Table.mebibytes(point.ended()), Long.toString(point.left()));
        }
        if (points.size() > 1) {
            final Point first = points.getFirst();
            final Point last = points.getLast();
            table.fact("Slope: " + Table.figure((last.loaded() - first.loaded()) / 1_024
                    / (last.rate() - first.rate())) + " KiB per call/s.");
        }
        table.write(out, directory, "memory", json -> {
            json.writeArrayPropertyStart("points");
            for (final Point point : points) {
                json.writeStartObject();
                json.writeNumberProperty("rate_per_s", point.rate());
                json.writeNumberProperty("idle_bytes", (long) point.idle());
                json.writeNumberProperty("loaded_bytes", (long) point.loaded());
                json.writeNumberProperty("transactions", point.held());
                json.writeNumberProperty("afterwards_bytes", (long) point.ended());
                json.writeNumberProperty("transactions_left", point.left());
                json.writeEndObject();
            }
            json.writeEndArray();
        });
        return points.stream().allMatch(point -> point.left() == 0) ? ExitCode.OK : ExitCode.FAILED;
    }

    private Point point(final Lab lab, final int rate) throws IOException, InterruptedException {
        try (Server server = lab.tandem("stateful", _ -> true, List.of())) {
            Thread.sleep(IDLE_MS);
            final double idle = Child.residentBytes(server.pid());
            lab.warmUp(server, rate, seconds);
            final double loaded = Child.residentBytes(server.pid());
            final long held = transactions(lab);
            Thread.sleep(after * 1_000L);
            return new Point(rate, idle, loaded, held, Child.residentBytes(server.pid()), transactions(lab));
        }
    }

    private static long transactions(final Lab lab) throws IOException, InterruptedException {
        try (Child status = new Child(Child.tandem(_ -> true, List.of(),
                List.of("status", "-o", "json", "--socket", lab.adminSocket().toString())), -1, lab.log("status"))) {
            status.await(STATUS_SECONDS);
            final Object live = ((Map<?, ?>) Json.parse(status.output())).get("live");
            return ((Number) live).longValue();
        }
    }

    private static String tracked(final Lab lab) throws IOException, InterruptedException {
        try (Server server = lab.tandem("stateful", _ -> true, List.of("-XX:NativeMemoryTracking=summary"))) {
            Thread.sleep(IDLE_MS);
            final String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
            try (Child child = new Child(List.of(jcmd, Long.toString(server.pid()), "VM.native_memory", "summary",
                    "scale=KB"), -1, lab.log("jcmd"))) {
                child.await(STATUS_SECONDS);
                return child.output();
            }
        }
    }
}
