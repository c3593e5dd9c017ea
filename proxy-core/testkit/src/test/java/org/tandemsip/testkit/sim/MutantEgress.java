package org.tandemsip.testkit.sim;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Function;

import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.Egress;

/** Sends something else than it was told to: a bug put into the product on purpose. */
class MutantEgress implements Egress {
    private final Egress real;
    private final Function<String, List<String>> mutation;
    private final UnsafeBuffer claimed = new UnsafeBuffer(new byte[65_536]);

    /** Sends what {@code mutation} makes of each message, one character per byte. */
    MutantEgress(final Egress real, final Function<String, List<String>> mutation) {
        this.real = real;
        this.mutation = mutation;
    }

    @Override
    public MutableDirectBuffer claim(final int length) {
        return claimed;
    }

    @Override
    public void send(final int length, final Destination destination, final long correlation) {
        final byte[] bytes = new byte[length];
        claimed.getBytes(0, bytes);
        final String text = new String(bytes, StandardCharsets.ISO_8859_1);
        final List<String> messages = mutation.apply(text);
        for (int i = 0; i < messages.size(); i++) {
            final byte[] mutated = messages.get(i).getBytes(StandardCharsets.ISO_8859_1);
            real.claim(mutated.length).putBytes(0, mutated);
            real.send(mutated.length, redirect(text, destination), correlation);
        }
    }

    /** Where it goes; overridden by mutants that go astray. */
    Destination redirect(final String message, final Destination destination) {
        return destination;
    }

    @Override
    public int flush() {
        return real.flush();
    }
}
