package org.tandemsip.engine.metrics;

/**
 * What is counted per shard and per I/O loop. Each constant documents itself once, for people and for {@code /metrics}.
 */
public enum Counter {
    RECEIVED("tandem_messages_received_total", "Messages that arrived whole, well-formed or not."),
    FORWARDED("tandem_messages_forwarded_total", "Received messages that were sent on."),
    ANSWERED("tandem_messages_answered_total", "Received requests that Tandem answered itself."),
    ABSORBED("tandem_messages_absorbed_total", "Received messages consumed by a transaction."),
    SENT("tandem_messages_sent_total", "Messages handed to the sockets.");

    private final String metric;
    private final String help;

    Counter(final String metric, final String help) {
        this.metric = metric;
        this.help = help;
    }

    /** Prometheus name. */
    public String metric() {
        return metric;
    }

    /** One sentence for people. */
    public String help() {
        return help;
    }
}
