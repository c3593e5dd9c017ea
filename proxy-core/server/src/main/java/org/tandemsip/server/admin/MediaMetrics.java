package org.tandemsip.server.admin;

import org.tandemsip.engine.handler.MediaRelay;
import org.tandemsip.server.media.NodeStats;
import org.tandemsip.server.media.Rtpengine;

/** The numbers of media relays. */
final class MediaMetrics {
    private final Metrics out;

    MediaMetrics(final Metrics out) {
        this.out = out;
    }

    void write(final Rtpengine rtpengine) {
        out.head("tandem_rtpengine_up", "gauge", "Whether a daemon answers and gets calls.");
        for (final NodeStats node : rtpengine.stats()) {
            out.line("tandem_rtpengine_up", label(node), node.up() ? 1 : 0);
        }
        out.head("tandem_rtpengine_state_changes_total", "counter", "Changes of that.");
        for (final NodeStats node : rtpengine.stats()) {
            out.line("tandem_rtpengine_state_changes_total", label(node), node.changes());
        }
        out.head("tandem_rtpengine_in_flight", "gauge", "Requests to a daemon that have no answer yet.");
        for (final NodeStats node : rtpengine.stats()) {
            out.line("tandem_rtpengine_in_flight", label(node), node.inFlight());
        }
        out.head("tandem_rtpengine_requests_total", "counter", "Requests to a daemon, by command and result.");
        for (final NodeStats node : rtpengine.stats()) {
            for (final MediaRelay.Command command : MediaRelay.Command.values()) {
                for (final NodeStats.Result result : NodeStats.Result.values()) {
                    out.line("tandem_rtpengine_requests_total", label(node) + ",command=\"" + Metrics.word(command)
                            + "\",result=\"" + Metrics.word(result) + '"', node.results(command, result));
                }
            }
        }
        out.head("tandem_rtpengine_retransmissions_total", "counter", "Requests sent again since no answer came.");
        for (final NodeStats node : rtpengine.stats()) {
            out.line("tandem_rtpengine_retransmissions_total", label(node), node.retransmissions());
        }
        out.head("tandem_rtpengine_dropped_total", "counter", "Datagrams of a daemon that were dropped, by reason.");
        for (final NodeStats node : rtpengine.stats()) {
            for (final NodeStats.Drop drop : NodeStats.Drop.values()) {
                out.line("tandem_rtpengine_dropped_total", label(node) + ",reason=\"" + Metrics.word(drop) + '"',
                        node.drops(drop));
            }
        }
        out.head("tandem_rtpengine_duration_seconds", "summary", "Time that answers of a daemon took, pings included.");
        for (final NodeStats node : rtpengine.stats()) {
            out.line("tandem_rtpengine_duration_seconds_sum", label(node), node.answerNs() / 1e9);
            out.line("tandem_rtpengine_duration_seconds_count", label(node), node.answered());
        }
        out.single("tandem_rtpengine_unserved_total", "counter",
                "Requests for which no daemon was there, or of which there were too many.",
                rtpengine.unserved() + rtpengine.refused());
    }

    private static String label(final NodeStats node) {
        return "node=\"" + Metrics.escape(node.address()) + '"';
    }
}
