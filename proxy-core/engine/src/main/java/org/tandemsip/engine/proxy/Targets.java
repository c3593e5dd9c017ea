package org.tandemsip.engine.proxy;

/** The target set of one request, in the order they are to be tried. Reused; bounded by {@link #MAX}. */
final class Targets {
    /** Most targets of one request. */
    static final int MAX = 10;

    /** Number of targets. */
    int size() {
        throw new UnsupportedOperationException();
    }

    /** Target number {@code index}, from 0. */
    Target get(final int index) {
        throw new UnsupportedOperationException();
    }

    /** Forgets all. */
    void clear() {
        throw new UnsupportedOperationException();
    }

    /** Adds one and returns it to be filled, or {@code null} when the set is full. */
    Target add() {
        throw new UnsupportedOperationException();
    }
}
