package org.tandemsip.testkit.judge;

import java.util.ArrayList;
import java.util.List;

/** Collects what is wrong; bounded, because one bug breaks a rule many times. */
public final class Findings {
    private static final int MOST = 50;

    private final List<Violation> violations = new ArrayList<>();

    void add(final String invariant, final ServerSide server, final String text) {
        add(invariant, server.element, server.callId(), text + " [" + server.request() + ']');
    }

    void add(final String invariant, final ClientSide client, final String text) {
        add(invariant, client.element, client.callId(), text + " [" + client.request() + ']');
    }

    /** Adds one. */
    public void add(final String invariant, final String element, final String callId, final String text) {
        if (violations.size() < MOST) {
            violations.add(new Violation(invariant, element, callId, text));
        }
    }

    /** All, in the order found. */
    public List<Violation> violations() {
        return violations;
    }
}
