package org.tandemsip.server.config;

import java.util.Collection;
import java.util.Locale;

/** Did you mean: the nearest of the known words by edit distance. */
final class Suggestion {
    private Suggestion() {}

    /** {@code "; did you mean 'peers'?"}, or nothing when no known word is near. */
    static String hint(final String word, final Collection<String> known) {
        final String nearest = nearest(word, known);
        return nearest == null ? "" : "; did you mean '" + nearest + "'?";
    }

    /** The known word that was meant, {@code null} when none is near. */
    static String nearest(final String word, final Collection<String> known) {
        String nearest = null;
        int best = Integer.MAX_VALUE;
        final String folded = fold(word);
        for (final String candidate : known) {
            final int distance = distance(folded, fold(candidate));
            if (distance < best) {
                best = distance;
                nearest = candidate;
            }
        }
        final boolean near = nearest != null && best <= Math.max(1, Math.min(word.length(), nearest.length()) / 3);
        return near ? nearest : null;
    }

    private static String fold(final String word) {
        final String cut = word.length() > 64 ? word.substring(0, 64) : word;
        return cut.toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Edits (insert, delete, replace, swap of neighbours) that lead from one word to the other. */
    static int distance(final String a, final String b) {
        final int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                final int replace = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                d[i][j] = Math.min(d[i - 1][j - 1] + replace, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
