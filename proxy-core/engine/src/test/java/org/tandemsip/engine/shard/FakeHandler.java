package org.tandemsip.engine.shard;

import java.util.ArrayList;
import java.util.List;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.MessageHandler;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.metrics.StageTimers;

/** Writes down what it is given, and fails when told to. */
final class FakeHandler implements MessageHandler {
    private final StageTimers stages;
    final List<String> handled = new ArrayList<>();
    final List<Long> failed = new ArrayList<>();
    Disposition disposition = Disposition.FORWARDED;
    Throwable poison = new IllegalStateException("poison");
    Source lastSource;
    boolean recording = true;
    int largestBody;
    int live;
    long nowNs;
    long clockNs;
    long takesNs;
    long receivedNsSeen;

    FakeHandler(final StageTimers stages) {
        this.stages = stages;
    }

    @Override
    public Disposition onRequest(final SipMessage request, final Source from, final long now) {
        return handle(request, from, now);
    }

    @Override
    public Disposition onResponse(final SipMessage response, final Source from, final long now) {
        return handle(response, from, now);
    }

    private Disposition handle(final SipMessage handledMessage, final Source from, final long now) {
        if (recording) {
            record(handledMessage, from, now);
        }
        return disposition;
    }

    private void record(final SipMessage handledMessage, final Source from, final long now) {
        final String callId = text(handledMessage, handledMessage.callId());
        handled.add((handledMessage.isRequest() ? text(handledMessage, handledMessage.methodToken())
                : handledMessage.statusCode()) + " " + callId);
        lastSource = from;
        largestBody = Math.max(largestBody, handledMessage.bodyLength());
        nowNs = now;
        clockNs += takesNs;
        receivedNsSeen = stages.receivedNs();
        if (callId.equals("poison")) {
            FakeHandler.<RuntimeException>sneakyThrow(poison);
        }
    }

    @Override
    public void onCommand(final ShardCommand command, final long now) {
        if (command instanceof ShardCommand.SendFailed(final long correlation, _)) {
            if (correlation < 0) {
                throw new IllegalStateException("poison command");
            }
            failed.add(correlation);
        }
    }

    @Override
    public int live() {
        return live;
    }

    static String text(final SipMessage message, final long slice) {
        return message.bytes().getStringWithoutLengthAscii(Slice.offset(slice), Slice.length(slice));
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneakyThrow(final Throwable cause) throws T {
        throw (T) cause;
    }
}
