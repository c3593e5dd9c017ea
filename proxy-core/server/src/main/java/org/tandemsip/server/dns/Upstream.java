package org.tandemsip.server.dns;

import java.util.function.Consumer;

/** Whoever answers questions, sooner or later. */
interface Upstream {
    /**
     * Asks. Called on the resolver's thread; {@code answered} is called there as well, exactly once and within a
     * bounded time, perhaps before this returns.
     */
    void ask(Question question, Consumer<Reply> answered);
}
