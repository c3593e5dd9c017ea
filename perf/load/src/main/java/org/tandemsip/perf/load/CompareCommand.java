package org.tandemsip.perf.load;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.tandemsip.server.cli.ExitCode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tandem bench compare}: two results side by side. */
@Command(name = "compare", mixinStandardHelpOptions = true,
        description = "Shows two JSON results of bench side by side, with ratios.", footer = {
            "",
            "Exit code 99: B is worse than A by more than the tolerance in a line marked with *."})
final class CompareCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "A", description = "Result to compare with.")
    private Path a;

    @Parameters(index = "1", paramLabel = "B", description = "Result to judge.")
    private Path b;

    @Parameters(index = "2..*", arity = "0..*", paramLabel = "MORE",
            description = "More results, for the page of --html only.")
    private List<Path> more = List.of();

    @Option(names = "--tolerance", defaultValue = "10", paramLabel = "PERCENT",
            description = "By how many percent B may be worse (${DEFAULT-VALUE}).")
    private String tolerance;

    @Option(names = "--html", paramLabel = "FILE", description = "Write all of them as one HTML page with plots.")
    private Path html;

    @Override
    public Integer call() throws IOException {
        final PrintWriter out = spec.commandLine().getOut();
        final double allowed;
        final Recorded before;
        final Recorded after;
        final List<Recorded> all = new ArrayList<>();
        try {
            allowed = Double.parseDouble(tolerance.replace("%", "").strip()) / 100;
            before = Recorded.read(a);
            after = Recorded.read(b);
            all.addAll(List.of(before, after));
            for (final Path each : more) {
                all.add(Recorded.read(each));
            }
        } catch (final NumberFormatException e) {
            throw new ParameterException(spec.commandLine(), "--tolerance: '" + tolerance + "' is no percentage", e);
        } catch (final IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        } catch (final java.nio.file.NoSuchFileException e) {
            throw new ParameterException(spec.commandLine(), "there is no file " + e.getMessage(), e);
        }
        out.printf("%-28s %14s %14s %8s%n", "", cut(before.name()), cut(after.name()), "ratio");
        boolean worse = false;
        for (final Comparison.Line line : Comparison.of(before, after)) {
            final boolean missed = line.worseThan(allowed);
            worse |= missed;
            out.printf("%-28s %14s %14s %8s%s%n", line.name() + (line.judged() ? " *" : ""), shown(line.a()),
                    shown(line.b()), Double.isFinite(line.ratio()) ? "%.2f".formatted(line.ratio()) : "",
                    missed ? "  WORSE" : "");
        }
        if (Comparison.conditions(before).equals(Comparison.conditions(after))) {
            out.println("same conditions: " + Comparison.conditions(before));
        } else {
            out.println("DIFFERENT CONDITIONS");
            out.println("  A: " + Comparison.conditions(before));
            out.println("  B: " + Comparison.conditions(after));
        }
        out.flush();
        if (html != null) {
            Files.writeString(html, HtmlReport.of(all));
        }
        return worse ? ExitCode.THRESHOLD_MISSED : ExitCode.OK;
    }

    private static String cut(final String name) {
        return name.length() > 14 ? name.substring(0, 14) : name;
    }

    private static String shown(final double value) {
        return Double.isFinite(value) ? Plot.label(value) : "-";
    }
}
