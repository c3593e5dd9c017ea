package org.tandemsip.house;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The rules of the house that a reader of text can check. Each failure names file and line, and what to do about it.
 * The formatter sees to layout, the compiler to what it warns of, {@link LayeringTest} to who knows whom.
 */
class TidyTest {

    private static final int MAX_COLUMNS = 120;
    /** The formatter breaks code at 120 everywhere; what is longer in a test is text that is expected as it stands. */
    private static final int MAX_COLUMNS_IN_TESTS = 140;
    private static final int MAX_LINES = 500;
    private static final int MAX_LINES_IN_TESTS = 600;
    private static final Pattern IMPORT = Pattern.compile("import (?:static )?[\\w.]+?\\.(\\w+);");
    private static final Pattern TYPE = Pattern.compile(
            "(?:public |abstract |final |sealed |non-sealed )*(?:class|interface|enum|record|@interface) \\w+.*");
    private static final Pattern TEXT = Pattern.compile(
            ".*\\.(java|xml|md|yaml|yml|json|properties|prefs|options|service|conf|cfg|sh|py)"
                    + "|tandem|mvnw|run|\\.git\\w+");

    private static Path root;
    private static List<Source> java;
    private static List<Source> texts;

    private final List<String> findings = new ArrayList<>();

    /** The project's directory, wherever in it the tests run. */
    static Path root() {
        Path directory = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(directory.resolve("proxy-core"))) {
            directory = directory.getParent();
        }
        return directory;
    }

    @BeforeAll
    static void readSources() {
        root = root();
        texts = read(root);
        java = texts.stream().filter(s -> s.path().endsWith(".java") && s.path().contains("src/")).toList();
        assertFalse(java.isEmpty(), "no sources under " + root);
    }

    @Test
    void shouldLeaveNothingUnfinished() {
        // Written in halves, or this file would accuse itself.
        String words = "\\b(FIX" + "ME|TO" + "DO|XX" + "X)\\b";
        forbid(java, words, "do it now, or write an issue and delete the note");
        forbid(java, "@Dis" + "abled\\b", "repair the test or delete it; a test that does not run says nothing");
        forbid(java, "\\.print" + "StackTrace\\(", "count it, log it once by kind, or let it out");
    }

    @Test
    void shouldPrintOnlyThroughTheCommandLine() {
        List<Source> main = java.stream().filter(s -> s.isMain() && !s.path().startsWith("perf/")).toList();
        forbid(main, "System\\.(out|err)\\.(print|append|write)", "write to spec.commandLine().getOut() or getErr()");
    }

    @Test
    void shouldNotLockInCodecAndEngine() {
        List<Source> hot = java.stream().filter(s -> s.isMain()
                && (s.path().startsWith("proxy-core/codec/") || s.path().startsWith("proxy-core/engine/"))).toList();
        forbid(hot, "^(?!\\s*(\\*|//|/\\*)).*\\bsynchronized\\b",
                "one thread owns each field; cross by ring or command");
    }

    @Test
    void shouldFitTheScreen() {
        for (Source s : java) {
            int columns = s.isTest() ? MAX_COLUMNS_IN_TESTS : MAX_COLUMNS;
            each(s, line -> line.length() > columns, "longer than " + columns + " columns; break it");
            int lines = s.isTest() ? MAX_LINES_IN_TESTS : MAX_LINES;
            if (s.lines().size() > lines) {
                add(s, lines + 1, "longer than " + lines + " lines; split it by responsibility");
            }
        }
        report();
    }

    @Test
    void shouldUseSpacesAndNoTrailingBlanks() {
        for (Source s : texts) {
            boolean blanksMeanNothing = !s.path().endsWith(".md");
            each(s, line -> line.indexOf('\t') >= 0 && !s.path().startsWith("mvnw"), "has a tab; use spaces");
            each(s, line -> blanksMeanNothing && !line.equals(line.stripTrailing()), "ends in blanks; delete them");
        }
        report();
    }

    @Test
    void shouldImportOnlyWhatItUses() {
        for (Source s : java) {
            String body = String.join("\n", s.lines().stream().filter(line -> !line.startsWith("import ")).toList());
            each(s, line -> {
                Matcher m = IMPORT.matcher(line);
                return m.matches() && !Pattern.compile("\\b" + m.group(1) + "\\b").matcher(body).find();
            }, "imports what it does not use; delete the line");
            each(s, line -> line.startsWith("import ") && line.endsWith(".*;"), "imports by asterisk; name each class");
        }
        report();
    }

    @Test
    void shouldTeachEveryPackage() {
        TreeSet<String> packages = new TreeSet<>();
        for (Source s : java) {
            if (s.isMain()) {
                packages.add(s.path().substring(0, s.path().lastIndexOf('/')));
            }
        }
        for (String directory : packages) {
            if (!Files.exists(root.resolve(directory).resolve("package-info.java"))) {
                findings.add(
                        directory + "/package-info.java:1: is missing; say in a few sentences what lives here and why");
            }
        }
        report();
    }

    @Test
    void shouldExplainEveryType() {
        for (Source s : java) {
            if (!s.isMain() || s.path().endsWith("package-info.java")) {
                continue;
            }
            boolean explained = false;
            for (int i = 0; i < s.lines().size(); i++) {
                String line = s.lines().get(i);
                explained |= line.startsWith(" */") || line.startsWith("/** ") || line.startsWith("///");
                if (TYPE.matcher(line).matches()) {
                    if (!explained) {
                        add(s, i + 1,
                                "has no Javadoc; say what it is for, who owns it and which RFC section it follows");
                    }
                    break;
                }
            }
        }
        report();
    }

    @Test
    void shouldNotNameOneMachine() {
        String homes = "(^|[\\s\"'=(:])/(ho" + "me|wo" + "rk|ro" + "ot|Us" + "ers)/\\w";
        forbid(texts, homes,
                "names a path of one machine; make it relative to the project, or take it from the environment");
    }

    private void forbid(List<Source> sources, String regex, String advice) {
        Pattern pattern = Pattern.compile(regex);
        for (Source s : sources) {
            each(s, line -> pattern.matcher(line).find(), advice);
        }
        report();
    }

    private void each(Source s, Predicate<String> guilty, String advice) {
        for (int i = 0; i < s.lines().size(); i++) {
            if (guilty.test(s.lines().get(i))) {
                add(s, i + 1, advice + ": " + s.lines().get(i).strip());
            }
        }
    }

    private void add(Source s, int line, String text) {
        findings.add(s.path() + ':' + line + ": " + text);
    }

    private void report() {
        if (!findings.isEmpty()) {
            fail(findings.size() + " untidy place(s):\n" + String.join("\n", findings));
        }
    }

    /** All text files of the project; not what is built, and not recorded messages, whose every byte counts. */
    private static List<Source> read(Path directory) {
        List<Source> found = new ArrayList<>();
        try (Stream<Path> children = Files.list(directory)) {
            for (Path child : children.sorted().toList()) {
                String name = child.getFileName().toString();
                if (Files.isDirectory(child)) {
                    if (!name.equals("target") && !name.equals(".git") && !name.equals(".idea")
                            && !name.equals("resources")) {
                        found.addAll(read(child));
                    }
                } else if (TEXT.matcher(name).matches()) {
                    found.add(new Source(root.relativize(child).toString().replace('\\', '/'),
                            Files.readString(child, StandardCharsets.UTF_8).lines().toList()));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found;
    }

    private record Source(String path, List<String> lines) {
        boolean isMain() {
            return path.contains("/src/main/");
        }

        boolean isTest() {
            return path.contains("/src/test/");
        }
    }
}
