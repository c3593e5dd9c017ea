package org.tandemsip.perf.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class FairnessVerbTest {
    @Test
    void shouldGiveEachHalfOfWhatBothWantTooMuchOf() {
        assertEquals(0.5, FairnessVerb.fair(1.5, 1.5));
        assertEquals(0.5, FairnessVerb.fair(2.4, 0.6));
    }

    @Test
    void shouldGiveWhoWantsLittleAllOfItAndTheOtherTheRest() {
        assertEquals(0.2, FairnessVerb.fair(0.2, 2.8));
        assertEquals(0.8, FairnessVerb.fair(2.8, 0.2));
    }

    @Test
    void shouldSayHowUnequalSharesAre() {
        assertEquals(1, FairnessVerb.jain(0.4, 0.4));
        assertEquals(0.5, FairnessVerb.jain(0.9, 0));
        assertEquals(0, FairnessVerb.jain(0, 0));
    }
}
