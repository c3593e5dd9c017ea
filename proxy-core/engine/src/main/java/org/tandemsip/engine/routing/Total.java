package org.tandemsip.engine.routing;

/**
 * Limits over all trunks. A call counts once here, however many trunks it goes through.
 *
 * @param state    what all trunks carry together, kept over reloads
 * @param maxCalls most calls at a time; 0 for any number
 */
public record Total(TrunkState state, int maxCalls) {
    /** Whether calls have to be counted for it. */
    public boolean countsCalls() {
        return maxCalls > 0;
    }

    /** Whether there are as many calls as there may be. */
    public boolean isFull() {
        return maxCalls > 0 && state.calls() >= maxCalls;
    }

    /**
     * Takes room for a call.
     *
     * @param must whether no limit keeps it out
     * @return whether there was room; then {@link TrunkState#endCall} gives it back
     */
    public boolean tryCall(final boolean must) {
        return state.tryCall(must ? 0 : maxCalls, true);
    }
}
