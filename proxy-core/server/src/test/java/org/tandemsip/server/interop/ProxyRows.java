package org.tandemsip.server.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Checks the header fields that a proxy does change: that it has changed nothing else in them, byte for byte. */
final class ProxyRows {
    private static final String OURS = "127\\.0\\.0\\.1(?::5060)?";
    private static final Pattern OUR_VIA = Pattern.compile("Via: SIP/2\\.0/UDP " + OURS + ";branch=z9hG4bK[^\r\n]+");
    private static final Pattern OUR_RECORD_ROUTE = Pattern.compile("Record-Route: <sip:(?:[^@>]*@)?" + OURS
            + ";[^>\r\n]*lr[^>\r\n]*>");

    private ProxyRows() {}

    /**
     * Compares what arrived at a proxy with what left it.
     *
     * @param before   start line and header rows as received
     * @param after    the same as sent on
     * @param strictly whether a first Route without lr became the Request-URI
     * @return what is wrong, empty when nothing is
     */
    static String difference(final String before, final String after, final boolean strictly) {
        final List<String> wrong = new ArrayList<>();
        vias(rows(before, "via", "v"), rows(after, "via", "v"), wrong);
        maxForwards(rows(before, "max-forwards"), rows(after, "max-forwards"), wrong);
        final List<String> routes = new ArrayList<>(rows(before, "route"));
        if (strictly) {
            // RFC 3261 section 16.6 step 6: the Request-URI goes to the end of the Routes, the first takes its place.
            routes.set(0, "Route: <" + before.split(" ")[1] + '>');
        }
        same("Route", routes, rows(after, "route"), wrong);
        recordRoutes(before, rows(after, "record-route"), wrong);
        return String.join("; ", wrong);
    }

    /** Ours on top; below it all of theirs, the topmost with what we know of the packet's source. */
    private static void vias(final List<String> before, final List<String> after, final List<String> wrong) {
        if (after.isEmpty() || !OUR_VIA.matcher(after.getFirst()).matches()) {
            wrong.add("the topmost Via is not ours: " + after);
            return;
        }
        final String was = String.join("\r\n", before);
        final String is = String.join("\r\n", after.subList(1, after.size()));
        final String source = "received=127\\.0\\.1\\.\\d+";
        final String undone = is.replaceFirst("(?i)(;\\s*rport)\\s*=\\s*\\d+", "$1");
        if (!was.equals(undone.replaceFirst(';' + source, ""))
                && !was.replaceFirst("(?i)received\\s*=\\s*[^;,\\s]+", "received")
                        .equals(undone.replaceFirst(source, "received"))) {
            wrong.add("Vias below ours were " + before + " and are " + after.subList(1, after.size()));
        }
    }

    /** One less, or 70 where there was none. */
    private static void maxForwards(final List<String> before, final List<String> after, final List<String> wrong) {
        final int wanted = before.isEmpty() ? 70 : value(before.getFirst()) - 1;
        if (after.size() != 1 || value(after.getFirst()) != wanted) {
            wrong.add("Max-Forwards was " + before + " and is " + after);
        }
    }

    private static int value(final String row) {
        return Integer.parseInt(row.substring(row.indexOf(':') + 1).strip());
    }

    /** Ours first where a dialog may begin (16.6 step 4), two where the transport changes; theirs as they were. */
    private static void recordRoutes(final String before, final List<String> after, final List<String> wrong) {
        int ours = 0;
        while (ours < after.size() && ours < 2 && OUR_RECORD_ROUTE.matcher(after.get(ours)).matches()) {
            ours++;
        }
        final boolean begins = rows(before, "to", "t").stream().noneMatch(to -> to.matches("(?is).*;\\s*tag\\s*=.*"));
        if (before.startsWith("INVITE ") && begins && ours == 0) {
            wrong.add("no Record-Route of ours: " + after);
        }
        same("Record-Route", rows(before, "record-route"), after.subList(ours, after.size()), wrong);
    }

    private static void same(final String name, final List<String> before, final List<String> after,
            final List<String> wrong) {
        if (!before.equals(after)) {
            wrong.add(name + " should be " + before + " and is " + after);
        }
    }

    /** The rows with one of these names, with their folds. */
    private static List<String> rows(final String head, final String... names) {
        final List<String> rows = new ArrayList<>();
        for (final String row : head.split("\r\n(?![ \\t])")) {
            if (List.of(names).contains(row.split(":", 2)[0].strip().toLowerCase(Locale.ROOT))) {
                rows.add(row);
            }
        }
        return rows;
    }
}
