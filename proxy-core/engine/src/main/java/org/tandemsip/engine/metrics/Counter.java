package org.tandemsip.engine.metrics;

import org.tandemsip.codec.ParseError;

/**
 * What is counted per thread. Each constant documents itself once, for people and for {@code /metrics}: constants that
 * share a metric name differ in their labels.
 *
 * <p>The accounting identity {@link #RECEIVED} = {@link #FORWARDED} + {@link #ANSWERED} + {@link #ABSORBED} + all that
 * is {@linkplain #isDrop dropped} is exact at rest, over the counters of all threads together.
 */
public enum Counter {
    RECEIVED("tandem_messages_received_total", "", "Messages that arrived whole, well-formed or not."),
    FORWARDED("tandem_messages_forwarded_total", "", "Received messages that were sent on."),
    ANSWERED("tandem_messages_answered_total", "", "Received requests that Tandem answered itself."),
    ABSORBED("tandem_messages_absorbed_total", "", "Received messages consumed by a transaction."),

    DROPPED_UNKNOWN_SOURCE("tandem_dropped_total", "reason=\"unknown_source\"",
            "Received messages dropped, by reason."),
    DROPPED_STRAY_RESPONSE("tandem_dropped_total", "reason=\"stray_response\"",
            "Received messages dropped, by reason."),
    DROPPED_STRAY_ACK("tandem_dropped_total", "reason=\"stray_ack\"", "Received messages dropped, by reason."),
    DROPPED_FORGED("tandem_dropped_total", "reason=\"forged\"", "Received messages dropped, by reason."),
    DROPPED_SOURCE_RATE("tandem_dropped_total", "reason=\"source_rate\"", "Received messages dropped, by reason."),
    DROPPED_MALFORMED("tandem_dropped_total", "reason=\"parse\"", "Received messages dropped, by reason."),
    DROPPED_OVERLOAD("tandem_dropped_total", "reason=\"overload\"", "Received messages dropped, by reason."),
    DROPPED_NO_TARGET("tandem_dropped_total", "reason=\"no_route\"", "Received messages dropped, by reason."),
    DROPPED_FAULT("tandem_dropped_total", "reason=\"fault\"", "Received messages dropped, by reason."),

    SENT("tandem_messages_sent_total", "", "Messages handed to the sockets."),
    SENT_TURNS("tandem_flushes_total", "", "Times that a loop handed messages to the sockets, many at once or one."),
    UDP_WAITS("tandem_udp_waits_total", "", "Times that a loop waited for a datagram without asking epoll."),
    BYTES_RECEIVED("tandem_bytes_received_total", "", "Bytes of messages that arrived."),
    BYTES_SENT("tandem_bytes_sent_total", "", "Bytes of messages handed to the sockets."),
    UNSENT_UDP("tandem_unsent_total", "reason=\"udp\"", "Messages that could not be sent, by reason."),
    UNSENT_QUEUE_FULL("tandem_unsent_total", "reason=\"sendq_full\"", "Messages that could not be sent, by reason."),
    UNSENT_CONNECT("tandem_unsent_total", "reason=\"connect\"", "Messages that could not be sent, by reason."),
    UNSENT_CONNECTION_LOST("tandem_unsent_total", "reason=\"connection_lost\"",
            "Messages that could not be sent, by reason."),
    UNSENT_UNREACHABLE("tandem_unsent_total", "reason=\"unreachable\"", "Messages that could not be sent, by reason."),

    UDP_UNREACHABLE("tandem_udp_unreachable_total", "",
            "Datagrams sent of which ICMP reported that they could not be delivered."),

    RETRANSMISSIONS_RECEIVED("tandem_retransmissions_total", "direction=\"in\"", "Retransmissions, by direction."),
    RETRANSMISSIONS_SENT("tandem_retransmissions_total", "direction=\"out\"", "Retransmissions, by direction."),

    TRANSACTIONS_INVITE_SERVER("tandem_transactions", "kind=\"invite_server\"", "Transactions held, by kind."),
    TRANSACTIONS_INVITE_CLIENT("tandem_transactions", "kind=\"invite_client\"", "Transactions held, by kind."),
    TRANSACTIONS_SERVER("tandem_transactions", "kind=\"non_invite_server\"", "Transactions held, by kind."),
    TRANSACTIONS_CLIENT("tandem_transactions", "kind=\"non_invite_client\"", "Transactions held, by kind."),
    DIALOGS("tandem_dialogs", "", "Dialogs known: those of mode b2bua, and those that count against a limit."),
    TIMEOUTS_B("tandem_transaction_timeouts_total", "timer=\"B\"", "Transactions ended by a timer, by its letter."),
    TIMEOUTS_C("tandem_transaction_timeouts_total", "timer=\"C\"", "Transactions ended by a timer, by its letter."),
    TIMEOUTS_F("tandem_transaction_timeouts_total", "timer=\"F\"", "Transactions ended by a timer, by its letter."),
    TIMEOUTS_H("tandem_transaction_timeouts_total", "timer=\"H\"", "Transactions ended by a timer, by its letter."),

    OVERLOAD_REFUSED("tandem_overload_total", "action=\"refused\"",
            "New requests turned away since messages waited too long, by what was done."),
    OVERLOAD_DROPPED("tandem_overload_total", "action=\"dropped\"",
            "New requests turned away since messages waited too long, by what was done."),

    LIMITED_CALLS("tandem_limited_total", "limit=\"max_calls\"",
            "Times that there was no room for something new, by the limit that was reached."),
    LIMITED_RATE("tandem_limited_total", "limit=\"cps\"",
            "Times that there was no room for something new, by the limit that was reached."),
    LIMITED_TRANSACTIONS("tandem_limited_total", "limit=\"transactions\"",
            "Times that there was no room for something new, by the limit that was reached."),
    LIMITED_NAMES("tandem_limited_total", "limit=\"names\"",
            "Times that there was no room for something new, by the limit that was reached."),
    LIMITED_GB_DIALOGS("tandem_limited_total", "limit=\"gb28181_dialogs\"",
            "Times that there was no room for something new, by the limit that was reached."),
    LIMITED_B2BUA_CALLS("tandem_limited_total", "limit=\"b2bua_calls\"",
            "Times that there was no room for something new, by the limit that was reached."),
    LIMITED_SUBSCRIPTIONS("tandem_limited_total", "limit=\"b2bua_subscriptions\"",
            "Times that there was no room for something new, by the limit that was reached."),
    LIMITED_LOOK_UPS("tandem_limited_total", "limit=\"b2bua_look_ups\"",
            "Times that there was no room for something new, by the limit that was reached."),
    LIMITED_RELIABLE("tandem_limited_total", "limit=\"b2bua_reliable_responses\"",
            "Times that there was no room for something new, by the limit that was reached."),
    LIMITED_SOURCE("tandem_limited_source_total", "",
            "Messages over what one source may send: dropped, or answered 503 on a connection."),
    TARGETS_LEFT_OUT("tandem_targets_left_out_total", "",
            "Places that a request could have gone to beyond the ten that are tried."),
    CALLS_LOST("tandem_calls_lost_total", "",
            "Calls that no longer count since their end was missed: no BYE, no refresh of the session."),
    CALLS_RESUMED("tandem_calls_resumed_total", "",
            "Calls of mode b2bua that an earlier process has left and that go on."),
    CALLS_UNREADABLE("tandem_calls_unreadable_total", "",
            "Calls that an earlier process has left and that nobody can read any more: another version, or no room."),

    EARLY_DIALOGS_JOINED("tandem_early_dialogs_joined_total", "",
            "Branches of a fork that callers were shown in the dialog of another one, since they were too many."),
    REPLACES_UNKNOWN("tandem_replaces_refused_total", "reason=\"unknown\"",
            "REFER and INVITE refused since their Replaces or Join names a call of mode b2bua, by reason."),
    REPLACES_UNANSWERED("tandem_replaces_refused_total", "reason=\"unanswered\"",
            "REFER and INVITE refused since their Replaces or Join names a call of mode b2bua, by reason."),
    REPLACES_JOIN("tandem_replaces_refused_total", "reason=\"join\"",
            "REFER and INVITE refused since their Replaces or Join names a call of mode b2bua, by reason."),

    CREDIT_GRANTED("tandem_credit_total", "result=\"granted\"",
            "Requests to the credit service, by what came of them."),
    CREDIT_DENIED("tandem_credit_total", "result=\"denied\"",
            "Requests to the credit service, by what came of them."),
    CREDIT_NEGATIVE("tandem_credit_total", "result=\"negative\"",
            "Requests to the credit service, by what came of them."),
    CREDIT_HUGE("tandem_credit_total", "result=\"huge\"",
            "Requests to the credit service, by what came of them."),
    CREDIT_NONSENSE("tandem_credit_total", "result=\"nonsense\"",
            "Requests to the credit service, by what came of them."),
    CREDIT_ERROR("tandem_credit_total", "result=\"error\"",
            "Requests to the credit service, by what came of them."),
    CREDIT_UNREACHABLE("tandem_credit_total", "result=\"unreachable\"",
            "Requests to the credit service, by what came of them."),
    CREDIT_TIMEOUT("tandem_credit_total", "result=\"timeout\"",
            "Requests to the credit service, by what came of them."),
    CREDIT_REFUSED("tandem_credit_total", "result=\"refused\"",
            "Requests to the credit service, by what came of them."),
    CALLS_CUT_OFF("tandem_calls_cut_off_total", "",
            "Calls that were ended on both sides since their time or credit was used up."),
    BYES_UNSENT("tandem_byes_unsent_total", "",
            "Sides of calls that could not be told of the end, for want of memory."),
    CREDIT_LATE("tandem_replies_late_total", "from=\"credit\"",
            "Replies from outside that no call waited for any more, or not again, by who gave them."),

    MEDIA_LATE("tandem_replies_late_total", "from=\"media\"",
            "Replies from outside that no call waited for any more, or not again, by who gave them."),
    DIALOG_LATE("tandem_replies_late_total", "from=\"shard\"",
            "Replies from outside that no call waited for any more, or not again, by who gave them."),

    MEDIA_REFUSED_CODECS("tandem_media_refused_total", "reason=\"codecs\"",
            "Session descriptions that were not passed on, and their calls or requests refused, by reason."),
    MEDIA_REFUSED_SDP("tandem_media_refused_total", "reason=\"sdp\"",
            "Session descriptions that were not passed on, and their calls or requests refused, by reason."),
    MEDIA_REFUSED_RELAY("tandem_media_refused_total", "reason=\"relay\"",
            "Session descriptions that were not passed on, and their calls or requests refused, by reason."),
    MEDIA_UNANCHORED("tandem_media_unanchored_total", "",
            "Offers passed on as they were, since no media relay was there and the configuration allows that."),

    TOPOLOGY_TOO_LONG("tandem_topology_too_long_total", "",
            "Messages of which there was more to hide than their way back could carry."),
    TOPOLOGY_FORGED("tandem_topology_forged_total", "",
            "Messages refused or dropped since what was hidden came back changed, or is not ours."),

    AUTH_MISSING("tandem_auth_challenges_total", "reason=\"missing\"",
            "Requests answered 407, by what their credentials lack."),
    AUTH_WRONG("tandem_auth_challenges_total", "reason=\"wrong\"",
            "Requests answered 407, by what their credentials lack."),
    AUTH_STALE("tandem_auth_challenges_total", "reason=\"stale\"",
            "Requests answered 407, by what their credentials lack."),
    AUTH_REPLAYED("tandem_auth_challenges_total", "reason=\"replayed\"",
            "Requests answered 407, by what their credentials lack."),

    REGISTERS_ACCEPTED("tandem_registers_total", "result=\"accepted\"",
            "REGISTER requests that the registrar has answered, by result; challenges left aside."),
    REGISTERS_REFUSED("tandem_registers_total", "result=\"refused\"",
            "REGISTER requests that the registrar has answered, by result; challenges left aside."),

    CHALLENGES_ANSWERED("tandem_challenges_total", "result=\"answered\"",
            "Challenges (401, 407) to what was sent to trunks that have credentials, by what was made of them."),
    CHALLENGES_REJECTED("tandem_challenges_total", "result=\"rejected\"",
            "Challenges (401, 407) to what was sent to trunks that have credentials, by what was made of them."),
    CHALLENGES_OTHER_REALM("tandem_challenges_total", "result=\"other_realm\"",
            "Challenges (401, 407) to what was sent to trunks that have credentials, by what was made of them."),
    CHALLENGES_STRANGER("tandem_challenges_total", "result=\"no_peer\"",
            "Challenges (401, 407) to what was sent to trunks that have credentials, by what was made of them."),
    CHALLENGES_NOT_UNDERSTOOD("tandem_challenges_total", "result=\"not_understood\"",
            "Challenges (401, 407) to what was sent to trunks that have credentials, by what was made of them."),

    RING_FULL("tandem_ring_full_total", "", "Messages for which the ring of their shard had no room."),
    CROSSED_SHARDS("tandem_crossed_shards_total", "",
            "Messages that were read on one loop and belong to the shard of another."),
    COMMANDS_REFUSED("tandem_commands_refused_total", "", "Commands for which the queue of a shard had no room."),
    FAULTS("tandem_faults_total", "", "Failures of a handler, timer or command that a shard caught."),
    LOOP_STALLS("tandem_loop_stalls_total", "", "Times that a loop answered its heartbeat more than a second late."),

    KEEPALIVES_STREAM("tandem_keepalives_total", "transport=\"tcp\"",
            "Keep-alives received: pings over TCP are answered."),
    KEEPALIVES_UDP("tandem_keepalives_total", "transport=\"udp\"",
            "Keep-alives received: pings over TCP are answered."),
    STUN_ANSWERED("tandem_stun_answers_total", "", "STUN Binding requests answered (RFC 5626 section 4.4.2)."),
    PINGS_SENT("tandem_phone_pings_total", "event=\"sent\"",
            "OPTIONS sent to registered phones behind a NAT, and what came back."),
    PINGS_ANSWERED("tandem_phone_pings_total", "event=\"answered\"",
            "OPTIONS sent to registered phones behind a NAT, and what came back."),

    CONNECTIONS_ACCEPTED("tandem_connections_total", "event=\"accepted\"", "Connections, by what became of them."),
    CONNECTIONS_OPENED("tandem_connections_total", "event=\"opened\"", "Connections, by what became of them."),
    CONNECTIONS_REFUSED("tandem_connections_total", "event=\"refused\"", "Connections, by what became of them."),
    CONNECTS_FAILED("tandem_connections_total", "event=\"failed\"", "Connections, by what became of them."),
    CLOSED_BY_PEER("tandem_connections_closed_total", "reason=\"peer\"", "Closed connections, by reason."),
    CLOSED_IDLE("tandem_connections_closed_total", "reason=\"idle\"", "Closed connections, by reason."),
    CLOSED_SLOW_MESSAGE("tandem_connections_closed_total", "reason=\"slow_message\"", "Closed connections, by reason."),
    CLOSED_SLOW_READER("tandem_connections_closed_total", "reason=\"slow_reader\"", "Closed connections, by reason."),
    CLOSED_NOT_SIP("tandem_connections_closed_total", "reason=\"not_sip\"", "Closed connections, by reason."),
    CLOSED_BROKEN_FRAMING("tandem_connections_closed_total", "reason=\"framing\"", "Closed connections, by reason."),
    CLOSED_TLS("tandem_connections_closed_total", "reason=\"tls\"", "Closed connections, by reason."),
    CLOSED_PROXY_HEADER("tandem_connections_closed_total", "reason=\"proxy_header\"", "Closed connections, by reason."),
    CLOSED_SHUTDOWN("tandem_connections_closed_total", "reason=\"shutdown\"", "Closed connections, by reason."),
    ACCEPT_PAUSES("tandem_accept_pauses_total", "", "Times that accepting paused for want of file descriptors."),

    TLS_GOOD("tandem_tls_handshakes_total", "result=\"ok\"", "TLS handshakes, by what came of them."),
    TLS_EXPIRED("tandem_tls_handshakes_total", "result=\"expired\"", "TLS handshakes, by what came of them."),
    TLS_UNTRUSTED("tandem_tls_handshakes_total", "result=\"untrusted\"", "TLS handshakes, by what came of them."),
    TLS_NAME("tandem_tls_handshakes_total", "result=\"name\"", "TLS handshakes, by what came of them."),
    TLS_NO_CERTIFICATE("tandem_tls_handshakes_total", "result=\"no_certificate\"",
            "TLS handshakes, by what came of them."),
    TLS_REFUSED("tandem_tls_handshakes_total", "result=\"refused_by_peer\"", "TLS handshakes, by what came of them."),
    TLS_PROTOCOL("tandem_tls_handshakes_total", "result=\"protocol\"", "TLS handshakes, by what came of them."),
    TLS_NOT_TLS("tandem_tls_handshakes_total", "result=\"not_tls\"", "TLS handshakes, by what came of them."),
    TLS_TIMEOUT("tandem_tls_handshakes_total", "result=\"timeout\"", "TLS handshakes, by what came of them."),
    TLS_CLOSED("tandem_tls_handshakes_total", "result=\"closed\"", "TLS handshakes, by what came of them."),
    TLS_TOO_MANY("tandem_tls_handshakes_total", "result=\"too_many\"", "TLS handshakes, by what came of them."),

    PARSE_NOT_SIP(ParseError.NOT_SIP), PARSE_INCOMPLETE(ParseError.INCOMPLETE),
    PARSE_BAD_START_LINE(ParseError.BAD_START_LINE), PARSE_BAD_VERSION(ParseError.BAD_VERSION),
    PARSE_BAD_REQUEST_URI(ParseError.BAD_REQUEST_URI), PARSE_BAD_HEADER_NAME(ParseError.BAD_HEADER_NAME),
    PARSE_BAD_LINE_END(ParseError.BAD_LINE_END), PARSE_BAD_VIA(ParseError.BAD_VIA), PARSE_BAD_FROM(ParseError.BAD_FROM),
    PARSE_BAD_TO(ParseError.BAD_TO), PARSE_BAD_CALL_ID(ParseError.BAD_CALL_ID), PARSE_BAD_CSEQ(ParseError.BAD_CSEQ),
    PARSE_CSEQ_METHOD_MISMATCH(ParseError.CSEQ_METHOD_MISMATCH),
    PARSE_BAD_MAX_FORWARDS(ParseError.BAD_MAX_FORWARDS), PARSE_BAD_ROUTE(ParseError.BAD_ROUTE),
    PARSE_BAD_CONTENT_LENGTH(ParseError.BAD_CONTENT_LENGTH), PARSE_BODY_TOO_SHORT(ParseError.BODY_TOO_SHORT),
    PARSE_BAD_HEADER_VALUE(ParseError.BAD_HEADER_VALUE), PARSE_MISSING_HEADER(ParseError.MISSING_HEADER),
    PARSE_DUPLICATE_HEADER(ParseError.DUPLICATE_HEADER), PARSE_TOO_MANY_HEADERS(ParseError.TOO_MANY_HEADERS),
    PARSE_HEADER_TOO_LARGE(ParseError.HEADER_TOO_LARGE), PARSE_HEADERS_TOO_LARGE(ParseError.HEADERS_TOO_LARGE),
    PARSE_TOKEN_TOO_LONG(ParseError.TOKEN_TOO_LONG), PARSE_URI_TOO_LONG(ParseError.URI_TOO_LONG),
    PARSE_BODY_TOO_LARGE(ParseError.BODY_TOO_LARGE), PARSE_MESSAGE_TOO_LARGE(ParseError.MESSAGE_TOO_LARGE);

    private static final Counter[] BY_PARSE_ERROR = byParseError();

    private final String metric;
    private final String labels;
    private final String help;
    private final ParseError parseError;

    Counter(final String metric, final String labels, final String help) {
        this.metric = metric;
        this.labels = labels;
        this.help = help;
        this.parseError = null;
    }

    Counter(final ParseError parseError) {
        this.metric = "tandem_parse_errors_total";
        this.labels = "reason=\"" + parseError.name().toLowerCase(java.util.Locale.ROOT) + '"';
        this.help = "Malformed messages, answered or dropped, by what is wrong.";
        this.parseError = parseError;
    }

    /** Prometheus name. */
    public String metric() {
        return metric;
    }

    /**
     * Labels as written between the braces of a Prometheus line, for example {@code reason="parse"}; empty for none.
     */
    public String labels() {
        return labels;
    }

    /** One sentence for people; the same for all constants of one metric. */
    public String help() {
        return help;
    }

    /** Whether this goes up and down: how many of something there are now. */
    public boolean isGauge() {
        return !metric.endsWith("_total");
    }

    /** Whether this counts received messages that were dropped: a term of the accounting identity. */
    public boolean isDrop() {
        return metric.equals("tandem_dropped_total");
    }

    /** What counts messages refused for {@code error}; not for {@link ParseError#NONE}. */
    public static Counter of(final ParseError error) {
        return BY_PARSE_ERROR[error.ordinal()];
    }

    private static Counter[] byParseError() {
        final Counter[] counters = new Counter[ParseError.values().length];
        for (final Counter counter : values()) {
            if (counter.parseError != null) {
                counters[counter.parseError.ordinal()] = counter;
            }
        }
        return counters;
    }
}
