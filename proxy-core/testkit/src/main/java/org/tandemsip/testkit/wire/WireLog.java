package org.tandemsip.testkit.wire;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Everything that happened on the simulated network, in order: the only thing the judge looks at besides counters. */
public final class WireLog {
    private final List<WireEvent> events = new ArrayList<>();

    /** Appends an event about a packet. */
    public void add(final long timeNs, final WireEvent.Kind kind, final String element, final Packet packet) {
        events.add(new WireEvent(events.size(), timeNs, kind, element, packet, null));
    }

    /** Appends an event without a packet. */
    public void note(final long timeNs, final WireEvent.Kind kind, final String element, final String note) {
        events.add(new WireEvent(events.size(), timeNs, kind, element, null, note));
    }

    /** All events so far, oldest first. */
    public List<WireEvent> events() {
        return events;
    }

    /** SHA-256 over time, kind, element, addresses and bytes of all events, in hexadecimal. */
    public String sha256() {
        try {
            final MessageDigest digest = MessageDigest.getInstance("SHA-256");
            final ByteBuffer number = ByteBuffer.allocate(Long.BYTES);
            for (final WireEvent event : events) {
                digest.update(number.clear().putLong(event.timeNs()).array());
                digest.update((event.kind() + event.element() + event.note()).getBytes(StandardCharsets.UTF_8));
                if (event.packet() != null) {
                    digest.update((event.packet().from() + ">" + event.packet().to()).getBytes(StandardCharsets.UTF_8));
                    digest.update(event.packet().bytes());
                }
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (final NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The last {@code most} events that mention {@code callId} ({@code null}: all), one line each, for people. */
    public String ladder(final String callId, final int most, final long startNs) {
        final List<String> lines = new ArrayList<>();
        for (final WireEvent event : events) {
            final WireMessage message = event.message();
            final boolean note = event.kind() == WireEvent.Kind.NOTE && !event.element().equals("network");
            if (callId == null || event.packet() == null && (!note || event.note().contains(callId))
                    || message != null && message.callId().equals(callId)) {
                lines.add(line(event, startNs));
            }
        }
        return String.join("\n", lines.subList(Math.max(0, lines.size() - most), lines.size()));
    }

    private static String line(final WireEvent event, final long startNs) {
        final String time = String.format("%12.6f ", (event.timeNs() - startNs) / 1e9);
        if (event.packet() == null) {
            return time + event.kind() + ' ' + event.element() + ' ' + event.note();
        }
        final Packet packet = event.packet();
        final WireMessage message = packet.message();
        final String arrow = switch (event.kind()) {
            case SENT -> " --> ";
            case LOST -> " --x ";
            case DELIVERED -> " ==> ";
            default -> " " + event.kind() + " ";
        };
        final String what = message == null ? packet.bytes().length + " bytes that are not SIP (" + packet.error() + ')'
                : describe(message);
        return time + String.format("%-10s %s%s%s %s %s", event.element(), packet.from(), arrow, packet.to(),
                packet.stream() ? "tcp" + packet.connection() : "udp", what);
    }

    private static String describe(final WireMessage message) {
        final String first = message.isRequest() ? message.method() + ' ' + message.uri() : message.startLine();
        final StringBuilder branches = new StringBuilder();
        message.vias().forEach(via -> branches.append(' ').append(via.sentBy()).append('/').append(
                via.branch().replace("z9hG4bK", "")));
        return first + " (" + message.callId() + ' ' + message.cseq() + ' ' + message.method() + " tags "
                + message.fromTag() + '/' + message.toTag() + branches + ')';
    }
}
