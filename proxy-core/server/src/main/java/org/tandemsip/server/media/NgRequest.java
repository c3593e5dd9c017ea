package org.tandemsip.server.media;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.tandemsip.engine.handler.MediaRelay;
import org.tandemsip.engine.handler.MediaRelay.Command;

/** Writes requests as rtpengine's {@code ng} protocol has them. */
final class NgRequest {
    /** What is hidden of the other side in the description itself. */
    private static final List<String> REPLACED = List.of("origin", "session-connection");
    /** Flags whose value is a list, though it may have one member only. */
    private static final Set<String> LISTS = Set.of("rtcp-mux", "SDES", "supports");

    private NgRequest() {}

    /** Writes a request, or a ping for {@code null}. */
    static void write(final ByteBuffer out, final MediaRelay.Request request) {
        out.put((byte) 'd');
        put(out, "command", request == null ? "ping" : switch (request.command()) {
            case OFFER -> "offer";
            case ANSWER -> "answer";
            case DELETE -> "delete";
        });
        if (request != null) {
            put(out, "call-id", request.callId());
            if (request.command() == Command.DELETE) {
                // Without a tag the whole call goes; with one that it does not know nothing would. The ports are free
                // at once: nobody sends there any more.
                Bencode.put(out, "delete-delay");
                Bencode.put(out, 0);
            } else {
                put(out, "from-tag", request.fromTag());
                if (request.toTag() != null) {
                    put(out, "to-tag", request.toTag());
                }
                description(out, request);
            }
        }
        out.put((byte) 'e');
    }

    private static void description(final ByteBuffer out, final MediaRelay.Request request) {
        Bencode.put(out, "sdp");
        Bencode.put(out, request.sdp());
        Bencode.put(out, "replace");
        Bencode.put(out, REPLACED);
        final MediaRelay.Side to = request.to();
        if (to.protocol() != null && request.command() == Command.OFFER) {
            put(out, "transport-protocol", to.protocol());
        }
        if (to.ice() != null) {
            put(out, "ICE", to.ice());
        }
        if (to.interfaceName() != null && request.from().interfaceName() != null) {
            Bencode.put(out, "direction");
            Bencode.put(out, List.of(request.from().interfaceName(), to.interfaceName()));
        }
        final List<String> plain = new ArrayList<>();
        for (final String flag : to.flags()) {
            final int equals = flag.indexOf('=');
            if (equals < 0) {
                plain.add(flag);
                continue;
            }
            final String name = flag.substring(0, equals);
            Bencode.put(out, name);
            if (LISTS.contains(name)) {
                Bencode.put(out, List.of(flag.substring(equals + 1)));
            } else {
                Bencode.put(out, flag.substring(equals + 1));
            }
        }
        if (!plain.isEmpty()) {
            Bencode.put(out, "flags");
            Bencode.put(out, plain);
        }
    }

    private static void put(final ByteBuffer out, final String name, final String value) {
        Bencode.put(out, name);
        Bencode.put(out, value);
    }
}
