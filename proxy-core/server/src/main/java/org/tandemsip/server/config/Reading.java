package org.tandemsip.server.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.Node;

/** One run of the reader: the texts it read, the overrides that apply, and the mistakes found so far. */
final class Reading {
    /** More mistakes than this are not listed; nobody reads them. */
    private static final int MAX_PROBLEMS = 20;

    private final Map<String, String[]> linesBySource = new HashMap<>();
    private final List<Problem> problems = new ArrayList<>();
    private final Overrides overrides;
    private final UnaryOperator<String> environment;

    Reading(final Overrides overrides, final UnaryOperator<String> environment) {
        this.overrides = overrides;
        this.environment = environment;
    }

    Overrides overrides() {
        return overrides;
    }

    /** Value of an environment variable, or {@code null}. */
    String environment(final String name) {
        return environment.apply(name);
    }

    /** Keeps a text, so that mistakes can show its lines. */
    void source(final String name, final String text) {
        linesBySource.put(name, text.split("\r\n|\r|\n", -1));
    }

    /** Notes a mistake at a node. */
    void problem(final ErrorCode code, final Node node, final String message) {
        final Optional<Mark> start = node.getStartMark();
        if (start.isEmpty()) {
            problem(code, "default", message);
            return;
        }
        final Mark from = start.get();
        final int width = node.getEndMark().filter(end -> end.getLine() == from.getLine())
                .map(end -> end.getColumn() - from.getColumn()).orElse(Integer.MAX_VALUE);
        problem(code, from, width, message);
    }

    /** Notes a mistake at a position. */
    void problem(final ErrorCode code, final Mark mark, final int width, final String message) {
        final String[] lines = linesBySource.getOrDefault(mark.getName(), new String[0]);
        final String text = mark.getLine() < lines.length ? lines[mark.getLine()] : "";
        add(new Problem(code, mark.getName(), mark.getLine() + 1, mark.getColumn() + 1, width, text, message));
    }

    /** Notes a mistake in a file that is no part of the configuration's own text. */
    void problem(final ErrorCode code, final String source, final int line, final int column, final String text,
            final String message) {
        add(new Problem(code, source, line, column, 1, text, message));
    }

    /** Notes a mistake without a position. */
    void problem(final ErrorCode code, final String source, final String message) {
        add(new Problem(code, source, 0, 0, 1, "", message));
    }

    private void add(final Problem problem) {
        if (problems.size() < MAX_PROBLEMS) {
            problems.add(problem);
        }
    }

    /** Whether so many mistakes are known that no others will be told. */
    boolean full() {
        return problems.size() >= MAX_PROBLEMS;
    }

    boolean failed() {
        return !problems.isEmpty();
    }

    /** Ends the reading if there were mistakes; they are told in the order of the file. */
    void check() throws ConfigException {
        if (failed()) {
            final List<String> sources = problems.stream().map(Problem::source).distinct().toList();
            problems.sort(Comparator.comparingInt((Problem problem) -> sources.indexOf(problem.source()))
                    .thenComparingInt(Problem::line).thenComparingInt(Problem::column));
            throw new ConfigException(problems);
        }
    }
}
