package org.tandemsip.engine.shard;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.util.ArrayList;
import java.util.List;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Source;

/** Writes down what is reported. */
final class FakeReports implements ShardReports {
    final List<String> faults = new ArrayList<>();
    final List<Integer> refused = new ArrayList<>();
    long lastSuppressed;
    boolean broken;

    @Override
    public void fault(final int shard, final Seam seam, final Throwable cause, final SipMessage message,
            final long suppressed) {
        assertNotNull(cause);
        if (broken) {
            throw new IllegalStateException("broken reports");
        }
        faults.add(message == null ? seam.name() : seam + " " + FakeHandler.text(message, message.callId()));
        lastSuppressed = suppressed;
    }

    @Override
    public void refused(final int shard, final Source source, final long suppressed) {
        refused.add(source.port);
        lastSuppressed = suppressed;
    }
}
