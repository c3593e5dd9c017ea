package org.tandemsip.engine.handler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PlacesTest {
    @Test
    void shouldTellShardSlotAndGenerationWhenWrittenDown() {
        final Places<String> places = new Places<>(0xAB, 100, 7);

        assertEquals(0xAB00_0000_0000_0007L, places.add("a"));
        assertEquals(0xAB00_0001_0000_0007L, places.add("b"));
        assertEquals(0xAB00_0001_0000_0008L, places.next(0xAB00_0001_0000_0007L));
    }

    @Test
    void shouldFindNothingWhenThePlaceIsOfAnotherUseShardOrSlot() {
        final Places<String> places = new Places<>(1, 100, 1);
        final long before = places.add("a");
        final long now = places.next(before);

        assertEquals("a", places.get(now));
        assertNull(places.get(before));
        assertNull(places.get(now + 1));
        assertNull(places.get(now ^ 3L << 56));
        assertNull(places.get(now + (1L << 32)));
        assertNull(places.get(Places.NONE));
        assertNull(places.get(-1));
    }

    @Test
    void shouldNeverGiveAPlaceThatMeansNone() {
        final Places<String> places = new Places<>(0, 1, 0);

        long place = places.add("a");
        assertNotEquals(Places.NONE, place);
        final Places<String> last = new Places<>(0, 1, -1);
        place = last.next(last.add("a"));

        assertNotEquals(Places.NONE, place);
        assertEquals("a", last.get(place));
    }

    @Test
    void shouldGiveNoPlaceWhenSlotsAreUsedUp() {
        final Places<Integer> places = new Places<>(0, 5_000, 1);
        final List<Long> given = new ArrayList<>();
        for (int i = 0; i < 8_192; i++) {
            given.add(places.add(i));
        }

        assertEquals(Places.NONE, places.add(8_192));
        assertEquals(Places.NONE, places.next(Places.NONE));
        for (int i = 0; i < given.size(); i++) {
            assertEquals(i, places.get(given.get(i)));
        }
    }

    @Test
    void shouldFindNothingWhenPlacesAreGuessed() {
        final Places<Integer> places = new Places<>(3, 1_000, 0x1234_5678);
        for (int i = 0; i < 1_000; i++) {
            places.add(i);
        }
        final SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 100_000; i++) {
            assertNull(places.get(random.nextLong()));
        }
    }
}
