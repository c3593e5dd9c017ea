package org.tandemsip.engine.registrar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * All contacts of one user at one time, the preferred ones first, of equal ones the latest first. Immutable: a change
 * makes another one, of a higher {@link #version()}.
 */
public final class Bindings {
    private static final Comparator<Binding> PREFERENCE =
            Comparator.comparingInt(Binding::q).thenComparingLong(Binding::expiresAtMs).reversed();

    private final Binding[] sorted;
    private final long version;

    /** Takes over {@code bindings} in any order. */
    public Bindings(final List<Binding> bindings, final long version) {
        sorted = bindings.toArray(new Binding[0]);
        Arrays.sort(sorted, PREFERENCE);
        this.version = version;
    }

    /** Number of contacts, those that have run out included. */
    public int size() {
        return sorted.length;
    }

    /** Contact number {@code index}, from 0. */
    public Binding get(final int index) {
        return sorted[index];
    }

    /** Number of the change that they come from, see {@link LocationTable#nextVersion}: the highest is the latest. */
    public long version() {
        return version;
    }

    /** Whether one of them is still good. */
    public boolean isLive(final long nowMs) {
        for (final Binding binding : sorted) {
            if (binding.isLive(nowMs)) {
                return true;
            }
        }
        return false;
    }

    /** What is left of them; this, when all are good. */
    public Bindings live(final long nowMs) {
        final List<Binding> live = new ArrayList<>(sorted.length);
        for (final Binding binding : sorted) {
            if (binding.isLive(nowMs)) {
                live.add(binding);
            }
        }
        return live.size() == sorted.length ? this : new Bindings(live, version);
    }
}
