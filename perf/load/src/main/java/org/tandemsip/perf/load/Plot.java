package org.tandemsip.perf.load;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleUnaryOperator;

/**
 * Draws lines over a common x axis as SVG that takes its colours from the page around it. Each point tells its values
 * when the pointer rests on it; there is no script.
 */
final class Plot {
    /** One line; NaN interrupts it. */
    private record Line(String name, int colour, boolean faint, double[] x, double[] y) {}

    private static final int WIDTH = 640;
    private static final int HEIGHT = 280;
    private static final int LEFT = 64;
    private static final int RIGHT = 16;
    private static final int TOP = 12;
    private static final int BOTTOM = 44;
    private static final int MOST_POINTS = 240;
    private static final double[] PERCENTILES = {0, 50, 90, 99, 99.9, 99.99, 99.999};

    private final String title;
    private final String xLabel;
    private final String yLabel;
    private final List<Line> lines = new ArrayList<>();
    private boolean percentiles;
    private boolean logarithmic;
    private double minX = Double.POSITIVE_INFINITY;
    private double maxX = Double.NEGATIVE_INFINITY;
    private double minY = Double.POSITIVE_INFINITY;
    private double maxY = Double.NEGATIVE_INFINITY;

    Plot(final String title, final String xLabel, final String yLabel) {
        this.title = title;
        this.xLabel = xLabel;
        this.yLabel = yLabel;
    }

    /** The x axis is percentiles, drawn by their distance from 100 so that the rare ones have room. */
    Plot percentiles() {
        percentiles = true;
        return this;
    }

    /** The y axis is logarithmic; what is not over 0 is left out. */
    Plot logarithmic() {
        logarithmic = true;
        return this;
    }

    /** Adds a line in the page's colour number {@code colour}; a line without any point is not added. */
    Plot line(final String name, final int colour, final boolean faint, final double[] x, final double[] y) {
        boolean any = false;
        for (int i = 0; i < x.length; i++) {
            if (shown(y[i])) {
                any = true;
                minX = Math.min(minX, x[i]);
                maxX = Math.max(maxX, x[i]);
                minY = Math.min(minY, y[i]);
                maxY = Math.max(maxY, y[i]);
            }
        }
        if (any) {
            lines.add(new Line(name, colour, faint, x, y));
        }
        return this;
    }

    private boolean shown(final double y) {
        return Double.isFinite(y) && (!logarithmic || y > 0);
    }

    /** The figure as HTML, or nothing when no line has a point. */
    String figure() {
        if (lines.isEmpty()) {
            return "";
        }
        final StringBuilder html = new StringBuilder();
        html.append("<figure><figcaption><h2>").append(HtmlReport.escape(title)).append(" <small>")
                .append(HtmlReport.escape(yLabel))
                .append("</small></h2><span class=legend>");
        for (final Line line : lines) {
            html.append("<span class=\"key c").append(line.colour()).append(line.faint() ? " faint" : "").append("\">")
                    .append(HtmlReport.escape(line.name())).append("</span>");
        }
        html.append("</span></figcaption><svg viewBox=\"0 0 ").append(WIDTH).append(' ').append(HEIGHT)
                .append("\" role=img aria-label=\"").append(HtmlReport.escape(title)).append("\">");
        final double[] ys = logarithmic ? decades(minY, maxY) : ticks(0, maxY);
        final double bottomY = ys[0];
        final double topY = Math.max(ys[ys.length - 1], bottomY + 1e-9);
        final DoubleUnaryOperator toY = y -> HEIGHT - BOTTOM
                - (logarithmic ? Math.log(y / bottomY) / Math.log(topY / bottomY) : (y - bottomY) / (topY - bottomY))
                        * (HEIGHT - TOP - BOTTOM);
        for (final double y : ys) {
            final String at = number(toY.applyAsDouble(y));
            html.append("<path class=grid d=\"M").append(LEFT).append(' ').append(at).append('H')
                    .append(WIDTH - RIGHT).append("\"/><text class=y x=").append(LEFT - 8).append(" y=").append(at)
                    .append(" dy=.32em>").append(label(y)).append("</text>");
        }
        final DoubleUnaryOperator toX = drawXAxis(html);
        html.append("<text class=axis x=").append(WIDTH - RIGHT).append(" y=").append(HEIGHT - 6).append('>')
                .append(HtmlReport.escape(xLabel)).append("</text>");
        for (final Line line : lines) {
            draw(html, line, toX, toY);
        }
        return html.append("</svg></figure>\n").toString();
    }

    private DoubleUnaryOperator drawXAxis(final StringBuilder html) {
        final double[] ticks = percentiles ? PERCENTILES : ticks(Math.min(minX, 0), maxX);
        final double leftX = percentiles ? 0 : ticks[0];
        final double rightX = percentiles ? Math.max(rarity(minX), rarity(maxX)) : Math.max(maxX, leftX + 1e-9);
        final DoubleUnaryOperator toX = x -> LEFT
                + ((percentiles ? rarity(x) : x) - leftX) / (rightX - leftX) * (WIDTH - LEFT - RIGHT);
        for (final double x : ticks) {
            if ((percentiles ? rarity(x) : x) <= rightX + 1e-9) {
                final String at = number(toX.applyAsDouble(x));
                html.append("<path class=grid d=\"M").append(at).append(' ').append(TOP).append('V')
                        .append(HEIGHT - BOTTOM).append("\"/><text class=x x=").append(at).append(" y=")
                        .append(HEIGHT - BOTTOM + 16).append('>').append(percentiles ? plain(x) + "%" : label(x))
                        .append("</text>");
            }
        }
        return toX;
    }

    private void draw(final StringBuilder html, final Line line, final DoubleUnaryOperator toX,
            final DoubleUnaryOperator toY) {
        final StringBuilder path = new StringBuilder();
        final StringBuilder points = new StringBuilder();
        boolean pen = false;
        final int every = Math.max(1, line.x().length / MOST_POINTS);
        for (int i = 0; i < line.x().length; i++) {
            if (!shown(line.y()[i])) {
                pen = false;
                continue;
            }
            final String x = number(toX.applyAsDouble(line.x()[i]));
            final String y = number(toY.applyAsDouble(line.y()[i]));
            path.append(pen ? 'L' : 'M').append(x).append(' ').append(y);
            pen = true;
            if (i % every == 0) {
                points.append("<circle cx=").append(x).append(" cy=").append(y).append(" r=4><title>")
                        .append(HtmlReport.escape(line.name())).append(": ").append(label(line.y()[i])).append(" at ")
                        .append(plain(line.x()[i])).append(percentiles ? "%" : "").append("</title></circle>");
            }
        }
        html.append("<g class=\"c").append(line.colour()).append(line.faint() ? " faint" : "")
                .append("\"><path class=line d=\"").append(path).append("\"/>").append(points).append("</g>");
    }

    /** How many nines from the left: 0 at 0 %, 1 at 90 %, 2 at 99 %; the largest value stands half a decade on. */
    private static double rarity(final double percentile) {
        return -Math.log10(Math.max(1e-6, 1 - percentile / 100));
    }

    /** Round numbers from at or below {@code from} to at or over {@code to}. */
    static double[] ticks(final double from, final double to) {
        final double span = Math.max(to - from, 1e-9);
        final double power = Math.pow(10, Math.floor(Math.log10(span / 5)));
        double step = power;
        for (final double factor : new double[] {2, 5, 10}) {
            if (span / step > 6) {
                step = factor * power;
            }
        }
        final double first = Math.floor(from / step + 1e-9) * step;
        final int count = Math.max(2, (int) Math.ceil((to - first) / step - 1e-9) + 1);
        final double[] result = new double[count];
        for (int i = 0; i < count; i++) {
            result[i] = first + i * step;
        }
        return result;
    }

    /** 1, 2, 5, 10, 20, ... around what is to be shown; only powers of ten when that is much. */
    static double[] decades(final double from, final double to) {
        final List<Double> result = new ArrayList<>();
        final boolean wide = to / from > 1_000;
        for (int power = (int) Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power++) {
            for (final double factor : wide ? new double[] {1} : new double[] {1, 2, 5}) {
                result.add(factor * Math.pow(10, power));
            }
        }
        while (result.size() > 2 && result.get(1) <= from) {
            result.removeFirst();
        }
        while (result.size() > 2 && result.get(result.size() - 2) >= to) {
            result.removeLast();
        }
        return result.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static String number(final double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    /** A number as people write it: 0.25, 12, 1,500, 2.5M. */
    static String label(final double value) {
        if (Math.abs(value) >= 1e6) {
            return plain(Math.rint(value / 1e4) / 100) + "M";
        }
        return Math.abs(value) >= 100 || value == Math.rint(value)
                ? String.format(Locale.ROOT, "%,.0f", value)
                : String.format(Locale.ROOT, Math.abs(value) >= 10 ? "%.1f" : "%.2f", value);
    }

    private static String plain(final double value) {
        final String text = String.format(Locale.ROOT, "%.3f", value);
        return text.replaceAll("\\.?0+$", "");
    }
}
