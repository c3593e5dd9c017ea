package org.tandemsip.engine.metrics;

/**
 * Responses that one loop has exchanged with one trunk, by status code: written by its thread alone without locks, read
 * by any. Codes that are registered with IANA have a cell of their own, all others of a class share one.
 */
public final class ResponseCounts {
    /** Codes with a cell of their own, in ascending order. */
    private static final int[] CODES = {100, 180, 181, 182, 183, 199, 200, 202, 204, 300, 301, 302, 305, 380, 400, 401,
        402, 403, 404, 405, 406, 407, 408, 410, 412, 413, 414, 415, 416, 417, 420, 421, 422, 423, 424, 425, 428,
        429, 430, 433, 436, 437, 438, 439, 440, 469, 470, 480, 481, 482, 483, 484, 485, 486, 487, 488, 489, 491,
        493, 494, 500, 501, 502, 503, 504, 505, 513, 555, 580, 600, 603, 604, 606, 607, 608};
    private static final int FIRST_CODE = 100;
    private static final int END_CODE = 700;
    /** Cells of one direction: one per code, then one per class for the rest. */
    private static final int CLASSES = 6;
    private static final int REST = CODES.length;
    private static final int SIZE = CODES.length + CLASSES;
    private static final byte[] CELL_OF = cellOf();

    private final Cells cells = new Cells(2 * SIZE);

    /** Counts a response with a code from 100 to 699. Owner thread only. @param received whether the trunk sent it */
    public void count(final boolean received, final int code) {
        if (code >= FIRST_CODE && code < END_CODE) {
            cells.add((received ? 0 : SIZE) + CELL_OF[code - FIRST_CODE], 1);
        }
    }

    /** Codes that are told apart, in ascending order. */
    public static int[] codes() {
        return CODES.clone();
    }

    /** Responses with one of {@link #codes}. Any thread. */
    public long code(final boolean received, final int code) {
        return cells.get((received ? 0 : SIZE) + CELL_OF[code - FIRST_CODE]);
    }

    /** Responses of a class, 1 to 6. Any thread. */
    public long ofClass(final boolean received, final int first) {
        final int base = received ? 0 : SIZE;
        long sum = cells.get(base + REST + first - 1);
        for (int i = 0; i < CODES.length; i++) {
            if (CODES[i] / 100 == first) {
                sum += cells.get(base + i);
            }
        }
        return sum;
    }

    private static byte[] cellOf() {
        final byte[] cellOf = new byte[END_CODE - FIRST_CODE];
        for (int code = FIRST_CODE; code < END_CODE; code++) {
            cellOf[code - FIRST_CODE] = (byte) (REST + code / 100 - 1);
        }
        for (int i = 0; i < CODES.length; i++) {
            cellOf[CODES[i] - FIRST_CODE] = (byte) i;
        }
        return cellOf;
    }
}
