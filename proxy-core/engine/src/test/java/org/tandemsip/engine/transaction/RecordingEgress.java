package org.tandemsip.engine.transaction;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Egress;

/** An egress that remembers what was sent. */
final class RecordingEgress implements Egress {
    /** One message sent. */
    record Sent(String text, Destination destination, long correlation) {
        String startLine() {
            return text.substring(0, text.indexOf("\r\n"));
        }

        /** First row of that name, with its name; fails when there is none. */
        String row(final String name) {
            return rows(name).getFirst();
        }

        List<String> rows(final String name) {
            return text.lines().filter(line -> line.startsWith(name + ':')).toList();
        }
    }

    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[65_535]);
    private final List<Sent> sent = new ArrayList<>();

    @Override
    public MutableDirectBuffer claim(final int length) {
        buffer.setMemory(0, buffer.capacity(), (byte) '?');
        return buffer;
    }

    @Override
    public void send(final int length, final Destination destination, final long correlation) {
        final String text = buffer.getStringWithoutLengthUtf8(0, length);
        sent.add(new Sent(text, new Destination().set(destination), correlation));
        buffer.putBytes(0, "sent, no longer yours".getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public int flush() {
        return 0;
    }

    /** What has been sent since the last call. */
    List<Sent> take() {
        final List<Sent> taken = List.copyOf(sent);
        sent.clear();
        return taken;
    }

    /** Requests of {@code method} that have been sent since the last call; forgets the others as well. */
    List<Sent> take(final String method) {
        return take().stream().filter(message -> message.text().startsWith(method + ' ')).toList();
    }

    /** The one message that has been sent since the last call. */
    Sent takeOne() {
        final List<Sent> taken = take();
        if (taken.size() != 1) {
            throw new AssertionError("sent " + taken.size() + " messages instead of one: " + taken);
        }
        return taken.getFirst();
    }
}
