package org.tandemsip.testkit.judge;

/**
 * A broken invariant.
 *
 * @param invariant its number, for example {@code I-07}
 * @param element   who broke it
 * @param callId    call it belongs to, or {@code null}
 * @param text      what was seen
 */
public record Violation(String invariant, String element, String callId, String text) {
    @Override
    public String toString() {
        return invariant + " at " + element + (callId == null ? "" : " in call " + callId) + ": " + text;
    }
}
