package org.tandemsip.server.config;

import java.util.List;

/** A configuration that cannot be used, with all mistakes found in it. */
public final class ConfigException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<Problem> problems;

    ConfigException(final List<Problem> problems) {
        super(problems.getFirst().render());
        this.problems = List.copyOf(problems);
    }

    /** The mistakes, in the order of the file; at least one. */
    public List<Problem> problems() {
        return problems;
    }

    /** All mistakes as people read them, and the line that sums up; ends with a newline. */
    public String report() {
        final StringBuilder out = new StringBuilder();
        for (final Problem problem : problems) {
            out.append(problem.render());
        }
        out.append(problems.size()).append(problems.size() == 1 ? " error" : " errors")
                .append(". Nothing was changed.\n");
        return out.toString();
    }
}
